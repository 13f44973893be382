/* SPDX-License-Identifier: MIT */
/*
 * The caller's terminal, and the relay between it and a pty: see terminal.h.
 *
 * A terminal that stays raw when we are killed is unusable, and interactive shells alone restore it. So while
 * it is raw there is a second process, the guard, which does nothing but wait for our end, by a pidfd: an end
 * of file on a pipe would not come before every other child had closed its copy, too. It must outlive us:
 *
 *	its process group	is its own, since `kill -9 %1` and timeout(1) kill ours
 *	its signals		are all blocked; so tcsetattr(3) from the background does not stop it (SIGTTOU)
 *	its descriptors		are the terminal and the pidfd; with another one a pipe of our pipeline would
 *				not end before we do
 *
 * When its time comes, a shell with job control may have the terminal again, with modes of its own, which are
 * not to be touched; one without (a script) may not, and `set -m` has a script with job control that restores
 * nothing. What tells these cases apart is not who has the terminal, but whether its modes are still those that
 * we have set. In the foreground we ourselves restore them in any case, as ssh(1) does.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/terminal.h"

enum {
	QUIET = 100,		/* milliseconds without output, after which the rest has come */
	PTY_HOLDS = 128 * 1024, /* more than that a pty does not (its buffers: 64 KiB and 4 KiB) */
};

bool terminal_in_background(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group >= 0 && group != getpgrp();
}

static bool still_raw(const struct terminal *t)
{
	struct termios now;

	return tcgetattr(t->fd, &now) == 0 && now.c_iflag == t->raw.c_iflag &&
	       now.c_oflag == t->raw.c_oflag && now.c_lflag == t->raw.c_lflag;
}

/*
 * All signals are blocked. No need to wait until what has been written is out: it was processed when it was
 * written, and a line that is held (Ctrl-S, a dead modem) would hold us.
 */
static void put_back(const struct terminal *t)
{
	if (!terminal_in_background(t->fd) || still_raw(t))
		tcsetattr(t->fd, TCSANOW, &t->saved);
}

static void close_all_but(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (low > 0)
		close_range(0, low - 1, 0);
	if (high - low > 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

static _Noreturn void watch(const struct terminal *t, int parent)
{
	struct pollfd end = {.fd = parent, .events = POLLIN};

	close_all_but(t->fd, parent);
	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	put_back(t);
	_exit(0);
}

static int start_guard(struct terminal *t, struct err *e)
{
	_cleanup_fd_ int self = pidfd_open(getpid(), 0);
	pid_t pid = self < 0 ? -1 : fork();

	if (pid < 0)
		return err_errno(e, "cannot start the process that restores the terminal");
	if (pid == 0)
		watch(t, self);
	setpgid(pid, pid);
	t->guard = pid;
	return 0;
}

/* Only now: until then it makes good that we are killed. */
static void end_guard(struct terminal *t)
{
	kill(t->guard, SIGKILL);
	while (waitpid(t->guard, NULL, 0) < 0 && errno == EINTR)
		;
	t->guard = 0;
}

static void block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, before);
}

static int set(struct terminal *t, int fd, void (*change)(struct termios *), struct err *e)
{
	sigset_t before;
	int rc;

	if (t->guard || terminal_in_background(fd) || tcgetattr(fd, &t->saved))
		return 0;
	t->fd = fd;
	t->raw = t->saved;
	change(&t->raw);
	block_signals(&before);
	rc = start_guard(t, e);
	if (rc == 0 && tcsetattr(fd, TCSANOW, &t->raw)) {
		rc = err_errno(e, "cannot change the modes of the terminal");
		end_guard(t);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc ? rc : 1;
}

int terminal_raw(struct terminal *t, int fd, struct err *e)
{
	return set(t, fd, cfmakeraw, e);
}

static void make_keys(struct termios *modes)
{
	modes->c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	modes->c_iflag &= ~(tcflag_t)IXON;
	modes->c_cc[VMIN] = 1;
	modes->c_cc[VTIME] = 0;
}

int terminal_keys(struct terminal *t, int fd, struct err *e)
{
	return set(t, fd, make_keys, e);
}

void terminal_restore(struct terminal *t)
{
	int keep = errno;
	sigset_t before;

	if (!t->guard)
		return;
	block_signals(&before);
	put_back(t);
	end_guard(t);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = keep;
}

void terminal_copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		ioctl(to, TIOCSWINSZ, &size);
}

static bool is_pending(const struct relay_buffer *b)
{
	return b->begin < b->end;
}

static void discard(struct relay_buffer *b)
{
	b->begin = b->end = 0;
}

/*
 * poll(2) calls a pipe ready when PIPE_BUF bytes fit; of terminals and sockets nothing better is known. What is
 * neither takes all, and one write is faster than sixteen.
 */
static size_t writes_at_once(int fd)
{
	struct stat st;
	bool waits = fstat(fd, &st) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd);

	return waits ? PIPE_BUF : RELAY_BUFFER;
}

int relay_init(struct relay *r, int in, int out, int master, struct err *e)
{
	int flags = fcntl(master, F_GETFL);

	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK))
		return err_errno(e, "cannot set up the pty");
	r->in = in;
	r->out = out;
	r->master = master;
	r->input = in < 0 ? RELAY_INPUT_ENDED : RELAY_INPUT;
	r->ended = false;
	r->last = '\n';
	r->at_once = writes_at_once(out);
	discard(&r->to_program);
	discard(&r->to_caller);
	return 0;
}

int relay_fds(const struct relay *r, struct pollfd fds[RELAY_FDS])
{
	bool input = r->input == RELAY_INPUT && !is_pending(&r->to_program);
	bool background = input && terminal_in_background(r->in);
	int events = (is_pending(&r->to_caller) ? 0 : POLLIN) |
		     (is_pending(&r->to_program) ? POLLOUT : 0);

	/* Even without events poll(2) returns for POLLHUP and POLLERR. */
	fds[RELAY_IN] = (struct pollfd){.fd = input && !background ? r->in : -1, .events = POLLIN};
	fds[RELAY_OUT] =
		(struct pollfd){.fd = is_pending(&r->to_caller) ? r->out : -1, .events = POLLOUT};
	fds[RELAY_MASTER] = (struct pollfd){.fd = events && !r->ended ? r->master : -1,
					    .events = (short)events};
	return background ? TERMINAL_AGAIN : -1;
}

static void read_input(struct relay *r)
{
	struct relay_buffer *b = &r->to_program;
	ssize_t n = read(r->in, b->data, sizeof(b->data));

	discard(b);
	if (n > 0) {
		b->end = (size_t)n;
		r->last = b->data[n - 1];
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		r->input = RELAY_INPUT_ENDS;
	}
}

/* Nobody will read it. */
static void end_input(struct relay *r)
{
	r->input = RELAY_INPUT_ENDED;
	discard(&r->to_program);
}

/*
 * In a line that has begun VEOF only ends the read(2) that waits for the rest of the line; a second one then
 * is the end of file. Without lines it is a byte, which line editors take for the same.
 */
static void tell_end(struct relay *r)
{
	struct termios modes;
	cc_t end;

	end_input(r);
	if (tcgetattr(r->master, &modes) || modes.c_cc[VEOF] == _POSIX_VDISABLE)
		return;
	end = modes.c_cc[VEOF];
	r->to_program.data[0] = r->to_program.data[1] = (char)end;
	r->to_program.end = 1;
	if ((modes.c_lflag & ICANON) && r->last != '\n' && r->last != (char)end &&
	    !(r->last == '\r' && (modes.c_iflag & ICRNL)))
		r->to_program.end = 2;
}

static void write_program(struct relay *r)
{
	struct relay_buffer *b = &r->to_program;

	while (is_pending(b)) {
		ssize_t n = write(r->master, b->data + b->begin, b->end - b->begin);

		if (n >= 0)
			b->begin += (size_t)n;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			end_input(r);
	}
	if (r->input == RELAY_INPUT_ENDS) {
		tell_end(r);
		write_program(r);
	}
}

/* One read(2) has no more than 4095 bytes, whatever there is. */
static int read_program(struct relay *r, struct err *e)
{
	struct relay_buffer *b = &r->to_caller;

	discard(b);
	while (b->end < sizeof(b->data)) {
		ssize_t n = read(r->master, b->data + b->end, sizeof(b->data) - b->end);

		if (n > 0) {
			b->end += (size_t)n;
		} else if (n == 0 || errno == EIO) {
			r->ended = true;
			end_input(r);
			return 0;
		} else if (errno == EAGAIN) {
			return 0;
		} else if (errno != EINTR) {
			return err_errno(e, "cannot read from the pty");
		}
	}
	return 0;
}

static int write_caller(struct relay *r, bool wait, struct err *e)
{
	struct relay_buffer *b = &r->to_caller;

	while (is_pending(b)) {
		struct pollfd out = {.fd = r->out, .events = POLLOUT};
		size_t n = b->end - b->begin;
		int ready = poll(&out, 1, wait ? -1 : 0);
		ssize_t done;

		if (ready == 0)
			return 0;
		done = ready < 0
			       ? -1
			       : write(r->out, b->data + b->begin, n < r->at_once ? n : r->at_once);
		if (done >= 0)
			b->begin += (size_t)done;
		else if (errno == EAGAIN && !wait)
			return 0;
		else if (errno != EINTR && errno != EAGAIN)
			return err_errno(e, "cannot write the program's output");
	}
	return 0;
}

int relay_work(struct relay *r, const struct pollfd fds[RELAY_FDS], struct err *e)
{
	if (fds[RELAY_IN].revents)
		read_input(r);
	if (fds[RELAY_MASTER].revents & POLLHUP)
		end_input(r);
	write_program(r);
	if ((fds[RELAY_MASTER].revents & (POLLIN | POLLHUP | POLLERR)) &&
	    !is_pending(&r->to_caller) && read_program(r, e))
		return -1;
	if (write_caller(r, false, e))
		return -1;
	return !r->ended || is_pending(&r->to_caller);
}

/* Bounded: a process that has left the program's session may still be writing. */
int relay_drain(struct relay *r, struct err *e)
{
	for (size_t n = 0; n < PTY_HOLDS; n += r->to_caller.end) {
		struct pollfd master = {.fd = r->master, .events = POLLIN};

		if (write_caller(r, true, e))
			return -1;
		if (r->ended || poll(&master, 1, QUIET) == 0)
			return 0;
		if (read_program(r, e))
			return -1;
	}
	return write_caller(r, true, e);
}

/* 0 to 255, or -1. */
static int key_parse(const char *text, size_t n)
{
	if (n == 1)
		return (unsigned char)*text;
	if (n == 6 && strncasecmp(text, "ctrl-", 5) == 0) {
		int key = toupper((unsigned char)text[5]);

		return key >= '@' && key <= '_' ? key - '@' : -1;
	}
	return -1;
}

int keys_parse(struct keys *ret, const char *text, struct err *e)
{
	struct keys keys = {0};

	for (const char *at = *text ? text : NULL; at;) {
		size_t n = strcspn(at, ",");
		int key = key_parse(at, n);

		if (key < 0) {
			err_set(e,
				"--detach-keys: %s: neither a character nor ctrl- and one of a-z@[\\]^_",
				text);
			return err_hint(e, "write them like ctrl-p,ctrl-q");
		}
		if (keys.n == KEYS_MAX)
			return err_set(e, "--detach-keys: %s: more than %d", text, KEYS_MAX);
		keys.sequence[keys.n++] = (char)key;
		at = at[n] ? at + n + 1 : NULL;
	}
	*ret = keys;
	return 0;
}

/*
 * The end of what is held and `byte` may begin the sequence anew: with a,a,b the second a of "aaab" does. Passes
 * on what does not.
 */
static size_t hold(struct keys *k, char byte, char *out)
{
	char typed[KEYS_MAX];
	size_t n = k->held + 1, passed = 0;

	memcpy(typed, k->sequence, k->held);
	typed[k->held] = byte;
	while (memcmp(typed + passed, k->sequence, n - passed) != 0)
		passed++;
	memcpy(out, typed, passed);
	k->held = n - passed;
	return passed;
}

bool keys_filter(struct keys *k, const char *data, size_t n, char *out, size_t *ret_n)
{
	size_t done = 0;

	if (!k->n) {
		memcpy(out, data, n);
		*ret_n = n;
		return false;
	}
	for (size_t i = 0; i < n && k->held < k->n; i++)
		done += hold(k, data[i], out + done);
	*ret_n = done;
	if (k->held < k->n)
		return false;
	k->held = 0;
	return true;
}
