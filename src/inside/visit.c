/* SPDX-License-Identifier: MIT */
/* Commands that are executed in the sandbox while its program runs: see visit.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "inside/inside.h"
#include "inside/visit.h"

/* The name of the step is an address in our memory: what is not the user's matter has it in its text. */
static void refuse(int connection, struct err *e)
{
	struct err copy = *e;

	if (e->step && *e->step && e->code == 125)
		snprintf(copy.text, sizeof(copy.text), "%s: %.*s", e->step,
			 (int)sizeof(copy.text) - 40, e->text);
	copy.step = NULL;
	channel_send(connection, MESSAGE_FAILED, 0, &copy);
}

/* --- in the command's process --- */

/* The next of the strings; NULL: there is none. */
static const char *take(const char **text, const char *end)
{
	const char *word = *text,
		   *stop = *text < end ? memchr(word, '\0', (size_t)(end - word)) : NULL;

	if (!stop)
		return NULL;
	*text = stop + 1;
	return word;
}

static int take_all(struct pool *pool, const char **text, const char *end, size_t n, str_vec *ret)
{
	for (size_t i = 0; i < n; i++) {
		const char *word = take(text, end);

		if (!word)
			return -1;
		*vec_add(pool, ret) = word;
	}
	return 0;
}

/* By one of those from number `i` on. */
static bool is_set(const str_vec *list, size_t i, const char *assignment)
{
	size_t n = strcspn(assignment, "=");

	for (; i < list->n; i++) {
		if (strncmp(list->v[i], assignment, n) == 0 && list->v[i][n] == '=')
			return true;
	}
	return false;
}

/* Of several values the last one counts: getenv(3) would find the first. */
static void add_environment(struct inside *in, const str_vec *assignments, str_vec *ret)
{
	for (size_t i = 0; i < assignments->n; i++) {
		if (!is_set(assignments, i + 1, assignments->v[i]))
			*vec_add(&in->pool, ret) = assignments->v[i];
	}
	for (const char *const *p = in->environment; *p; p++) {
		if (!is_set(assignments, 0, *p))
			*vec_add(&in->pool, ret) = *p;
	}
	*vec_add(&in->pool, ret) = NULL;
}

static int read_text(struct inside *in, const struct visit *v, int fd, struct start *ret,
		     struct err *e)
{
	struct pool *pool = &in->pool;
	str_vec words = {0}, assignments = {0}, environment = {0};
	const char *at, *end;
	char *text;

	if (v->length > VISIT_TEXT_MAX)
		return err_set(e, "the command is too long");
	text = pool_alloc(pool, v->length);
	if (pread(fd, text, v->length, 0) != (ssize_t)v->length)
		return err_errno(e, "the command");
	at = text;
	end = text + v->length;
	ret->directory = take(&at, end);
	if (!ret->directory || !v->words || take_all(pool, &at, end, v->words, &words) ||
	    take_all(pool, &at, end, v->assignments, &assignments))
		return err_set(e, "the command is damaged");
	if (!*ret->directory)
		ret->directory = in->plan->working_directory;
	else if (*ret->directory != '/')
		ret->directory =
			pool_printf(pool, "%s/%s", in->plan->working_directory, ret->directory);
	*vec_add(pool, &words) = NULL;
	add_environment(in, &assignments, &environment);
	ret->argv = words.v;
	ret->environment = environment.v;
	return 0;
}

static int make_terminal(struct inside *in, const struct visit *v, int connection,
			 struct start *start, struct err *e)
{
	const struct message m = {.kind = MESSAGE_TERMINAL};
	_cleanup_fd_ int master = -1;

	if (!v->terminal)
		return 0;
	start->terminal = inside_new_terminal(&in->plan->identity, &master, e);
	if (start->terminal < 0)
		return -1;
	ioctl(master, TIOCSWINSZ, &v->size);
	for (int i = 0; i < 3; i++)
		start->standard[i] = start->terminal;
	return fd_send(connection, &m, offsetof(struct message, err), master)
		       ? err_errno(e, "connection")
		       : 0;
}

static _Noreturn void execute(struct inside *in, const struct visitor *visitor,
			      const struct visit *v, const int *fds)
{
	static struct start start;
	volatile size_t at;

	start = (struct start){
		.session = true, .terminal = -1, .standard = {fds[1], fds[2], fds[3]}};
	in->start = &start;
	if (read_text(in, v, fds[0], &start, visitor->err) == 0 &&
	    make_terminal(in, v, visitor->connection, &start, visitor->err) == 0)
		inside_execute(in, &at, visitor->err);
	_exit(125);
}

/* --- in PID 1 --- */

static pid_t make_process(const struct inside *in)
{
	struct clone_args args = {.flags = in->group >= 0 ? CLONE_INTO_CGROUP : 0,
				  .exit_signal = SIGCHLD,
				  .cgroup = in->group >= 0 ? (uint64_t)in->program_group : 0};

	return fd_clone3(&args);
}

static void forget(struct inside *in, size_t i)
{
	const int connection = in->visitors.v[i].connection;

	/* By itself epoll would not while a command that does not exec (stopped, paused) has a copy. */
	epoll_ctl(in->events, EPOLL_CTL_DEL, connection, NULL);
	close(connection);
	if (in->visitors.v[i].err)
		munmap(in->visitors.v[i].err, sizeof(struct err));
	in->visitors.v[i] = in->visitors.v[--in->visitors.n];
}

void visit_begin(struct inside *in, int connection)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = connection};
	struct visitor *more;

	more = realloc(in->visitors.v, (in->visitors.n + 1) * sizeof(*more));
	if (more)
		in->visitors.v = more;
	if (!more || epoll_ctl(in->events, EPOLL_CTL_ADD, connection, &event)) {
		close(connection);
		return;
	}
	in->visitors.v[in->visitors.n++] = (struct visitor){.connection = connection};
}

/* False: nothing that we could do. */
static bool start(struct inside *in, struct visitor *visitor, const struct visit *v, int *fds)
{
	struct err e = {0};
	pid_t pid;

	for (int i = 0; i < (v->terminal ? 1 : FDS_MAX); i++) {
		if (fds[i] < 0)
			return false;
	}
	visitor->err =
		mmap(NULL, sizeof(e), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (visitor->err == MAP_FAILED)
		visitor->err = NULL;
	pid = visitor->err ? make_process(in) : -1;
	if (pid == 0)
		execute(in, visitor, v, fds);
	if (pid < 0) {
		err_errno(&e, "cannot make a process");
		refuse(visitor->connection, &e);
		return false;
	}
	visitor->pid = pid;
	return true;
}

/* False: the visitor is gone, or says what nobody says. */
static bool hear(struct inside *in, struct visitor *visitor)
{
	union {
		struct visit visit;
		struct message message;
	} word;
	int fds[FDS_MAX];
	ssize_t n = fd_receive_all(visitor->connection, &word, sizeof(word), MSG_DONTWAIT, fds);
	bool ok = n < 0 && errno == EAGAIN;

	if (visitor->pid == 0 && n == sizeof(word.visit))
		ok = start(in, visitor, &word.visit, fds);
	if (visitor->pid > 0 && n == offsetof(struct message, err) &&
	    word.message.kind == MESSAGE_SIGNAL)
		ok = true;
	if (visitor->pid > 0 && ok && n > 0 && word.message.kind == MESSAGE_SIGNAL)
		inside_signal(visitor->pid, word.message.value);
	for (int i = 0; i < FDS_MAX; i++)
		fd_closep(&fds[i]);
	return ok;
}

void visit_hear(struct inside *in, int connection)
{
	for (size_t i = 0; i < in->visitors.n; i++) {
		struct visitor *visitor = &in->visitors.v[i];

		if (visitor->connection != connection || hear(in, visitor))
			continue;
		/* As when a terminal is hung up; what is stopped is to hear of it. */
		if (visitor->pid > 0) {
			inside_signal(visitor->pid, SIGHUP);
			inside_signal(visitor->pid, SIGCONT);
		}
		forget(in, i);
		return;
	}
}

bool visit_ended(struct inside *in, pid_t pid, int status)
{
	for (size_t i = 0; i < in->visitors.n; i++) {
		if (in->visitors.v[i].pid != pid)
			continue;
		if (in->visitors.v[i].err->text[0])
			refuse(in->visitors.v[i].connection, in->visitors.v[i].err);
		else
			channel_send(in->visitors.v[i].connection, MESSAGE_ENDED, status, NULL);
		forget(in, i);
		return true;
	}
	return false;
}
