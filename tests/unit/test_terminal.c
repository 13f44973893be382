/* SPDX-License-Identifier: MIT */
/* run/terminal.c: the modes of a terminal, which is a pty here; test_relay.c has the bytes. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pty.h"
#include "run/terminal.h"

static struct relay relay;

static bool has_modes(const struct termios *modes)
{
	struct termios now;

	assert_int_equal(tcgetattr(master, &now), 0);
	return now.c_iflag == modes->c_iflag && now.c_oflag == modes->c_oflag &&
	       now.c_cflag == modes->c_cflag && now.c_lflag == modes->c_lflag &&
	       memcmp(now.c_cc, modes->c_cc, sizeof(now.c_cc)) == 0;
}

static bool is_raw(void)
{
	struct termios raw = usual;

	cfmakeraw(&raw);
	return has_modes(&raw);
}

static void test_raw(void **state)
{
	struct terminal t = {0};
	struct err e = {0};
	pid_t guard;

	(void)state;
	terminal_restore(&t);
	assert_int_equal(terminal_raw(&t, slave, &e), 1);
	assert_true(is_raw());
	guard = t.guard;
	assert_int_equal(terminal_raw(&t, slave, &e), 0);
	assert_int_equal(t.guard, guard);
	terminal_restore(&t);
	assert_true(has_modes(&usual));
	assert_int_equal(kill(guard, 0), -1); /* and no zombie */
	terminal_restore(&t);
	assert_true(has_modes(&usual));
}

static void test_no_terminal(void **state)
{
	struct terminal t = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(terminal_raw(&t, input[0], &e), 0);
	assert_int_equal(terminal_raw(&t, -1, &e), 0);
	assert_int_equal(t.guard, 0);
	terminal_restore(&t);
}

static int count_descriptors(pid_t pid)
{
	char path[40];
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += *d->d_name != '.';
	closedir(dir);
	return n;
}

/* The pipe ends though the guard lives. */
static void test_guard_holds_nothing(void **state)
{
	struct terminal t = {0};
	struct err e = {0};
	char byte;

	(void)state;
	assert_int_equal(terminal_raw(&t, slave, &e), 1);
	close_end(&input[1]);
	assert_int_equal(read(input[0], &byte, 1), 0);
	while (count_descriptors(t.guard) > 2)
		usleep(1000);
	assert_int_equal(count_descriptors(t.guard), 2);
	assert_int_equal(waitpid(t.guard, NULL, WNOHANG), 0);
	assert_int_equal(getpgid(t.guard), t.guard);
	terminal_restore(&t);
}

/*
 * A shell and its job in a session of which the pty is the controlling terminal. Both do what they are told by
 * one byte, and answer with a number.
 */
static int shell, job; /* sockets */

static int serve_job(int commands)
{
	static const char stops[] = {SIGINT, SIGTSTP, SIGHUP, SIGTTOU};
	struct terminal t = {0};
	struct pollfd fds[RELAY_FDS];
	struct err e = {0};
	char command;

	while (read(commands, &command, 1) == 1) {
		int answer = 0;

		if (command == 'r') {
			answer = terminal_raw(&t, slave, &e) < 0 ? -1 : t.guard;
		} else if (command == 'c') {
			terminal_restore(&t);
		} else if (command == 'w') {
			relay_init(&relay, slave, output[1], master, &e);
			answer = relay_fds(&relay, fds);
			if (answer < 0 && fds[RELAY_IN].fd != slave)
				answer = -2;
		} else if (command == 'k') {
			for (size_t i = 0; i < sizeof(stops); i++)
				kill(t.guard, stops[i]);
		}
		if (write(commands, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

static int serve_shell(int commands, int to_job)
{
	pid_t pid;
	char command;

	alarm(PATIENCE);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* The guard shall come to us when its parent is gone: a group without a parent in its session would
	 * not stay stopped. */
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) || prctl(PR_SET_CHILD_SUBREAPER, 1))
		_exit(1);
	pid = fork();
	if (pid == 0) {
		alarm(PATIENCE);
		signal(SIGTTOU, SIG_DFL);
		close(commands);
		serve_job(to_job);
	}
	close(to_job);
	setpgid(pid, pid);
	while (read(commands, &command, 1) == 1) {
		int answer = pid;

		if (command == 't') /* takes the terminal */
			answer = tcsetpgrp(slave, getpgrp());
		else if (command == 'g') /* gives it */
			answer = tcsetpgrp(slave, pid);
		else if (command == 'e') /* waits until job and guard have ended */
			while (wait(NULL) > 0)
				;
		if (write(commands, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

static int tell(int server, char command)
{
	int answer;

	assert_int_equal(write(server, &command, 1), 1);
	assert_int_equal(read(server, &answer, sizeof(answer)), sizeof(answer));
	return answer;
}

static pid_t start_job(void)
{
	int to_shell[2], to_job[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, to_shell), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, to_job), 0);
	child = fork();
	if (child == 0) {
		close(to_shell[0]);
		close(to_job[0]);
		serve_shell(to_shell[1], to_job[1]);
	}
	close(to_shell[1]);
	close(to_job[1]);
	shell = to_shell[0];
	job = to_job[0];
	pid = tell(shell, 'p');
	assert_int_equal(tell(shell, 'g'), 0);
	return pid;
}

static void end_job(void)
{
	close(job);
	close(shell);
	waitpid(child, NULL, 0);
	child = 0;
}

/* Nobody but the guard restores: a script. */
static void test_killed(void **state)
{
	(void)state;
	for (int group = 0; group < 2; group++) {
		pid_t pid = start_job();

		assert_true(tell(job, 'r') > 0);
		assert_true(is_raw());
		tell(job, 'k');
		assert_int_equal(kill(group ? -pid : pid, SIGKILL), 0);
		tell(shell, 'e');
		assert_true(has_modes(&usual));
		end_job();
	}
}

/* The guard is late: it is stopped until the shell is through. */
static void kill_before_shell(const struct termios *of_shell)
{
	pid_t pid = start_job(), guard = tell(job, 'r');

	assert_true(guard > 0);
	assert_int_equal(kill(guard, SIGSTOP), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(tell(shell, 't'), 0);
	assert_true(is_raw());
	if (of_shell)
		assert_int_equal(tcsetattr(master, TCSANOW, of_shell), 0);
	assert_int_equal(kill(guard, SIGCONT), 0);
	tell(shell, 'e');
	assert_true(has_modes(of_shell ? of_shell : &usual));
	end_job();
}

static void test_shell_takes_over(void **state)
{
	struct termios line_editor = usual;

	(void)state;
	kill_before_shell(NULL); /* set -m in a script */
	line_editor.c_lflag &= ~(tcflag_t)ICANON;
	kill_before_shell(&line_editor);
}

static void test_background(void **state)
{
	struct termios changed = usual;

	(void)state;
	start_job();
	assert_int_equal(tell(shell, 't'), 0);
	assert_int_equal(tell(job, 'r'), 0);
	assert_true(has_modes(&usual));
	assert_true(tell(job, 'w') > 0);
	assert_int_equal(tell(shell, 'g'), 0);
	assert_int_equal(tell(job, 'w'), -1);
	assert_true(tell(job, 'r') > 0);
	assert_true(is_raw());
	tell(job, 'c'); /* before a stop, while which stty(1) runs */
	assert_true(has_modes(&usual));
	changed.c_cc[VERASE] = 'H';
	assert_int_equal(tcsetattr(master, TCSANOW, &changed), 0);
	assert_true(tell(job, 'r') > 0);
	tell(job, 'c');
	assert_true(has_modes(&changed));
	/* Stopped by SIGSTOP while raw; the shell has restored; then it ends in the background. */
	assert_true(tell(job, 'r') > 0);
	assert_int_equal(tell(shell, 't'), 0);
	assert_int_equal(tcsetattr(master, TCSANOW, &usual), 0);
	tell(job, 'c');
	assert_true(has_modes(&usual));
	end_job();
}

static void test_size(void **state)
{
	struct winsize size = {.ws_row = 17, .ws_col = 71}, got;
	int other = posix_openpt(O_RDWR | O_NOCTTY);

	(void)state;
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	terminal_copy_size(slave, other);
	terminal_copy_size(input[0], other);
	assert_int_equal(ioctl(other, TIOCGWINSZ, &got), 0);
	assert_memory_equal(&got, &size, sizeof(size));
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_a_pty(test_raw),
		on_a_pty(test_no_terminal),
		on_a_pty(test_guard_holds_nothing),
		on_a_pty(test_killed),
		on_a_pty(test_shell_takes_over),
		on_a_pty(test_background),
		on_a_pty(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
