/* SPDX-License-Identifier: MIT */
/* A fresh pty and two pipes for each test, and a child that goes with it. */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE = 60 }; /* seconds; then SIGALRM says that something hangs */

static int master, slave;	/* a fresh pty for each test */
static struct termios usual;	/* its modes, without echo */
static int input[2], output[2]; /* pipes: what the relay reads from, and writes to */
static pid_t child;		/* that a test has started */

static int set_up(void **state)
{
	(void)state;
	alarm(PATIENCE);
	signal(SIGPIPE, SIG_IGN);
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(master >= 0);
	assert_int_equal(unlockpt(master), 0);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	assert_int_equal(tcgetattr(slave, &usual), 0);
	usual.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(slave, TCSANOW, &usual), 0);
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	return 0;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int tear_down(void **state)
{
	int *all[] = {&master, &slave, &input[0], &input[1], &output[0], &output[1]};

	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		close_end(all[i]);
	alarm(0);
	return 0;
}

#define on_a_pty(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
