/* SPDX-License-Identifier: MIT */
/*
 * `sandbox run --detach`: a process in a session of its own becomes the launcher, and tells this one when
 * the program has been executed, or why it has not. Nobody reads what it says afterwards: its standard
 * descriptors are /dev/null, the program's go into a log (run/output.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "run/run.h"
#include "store/store.h"

struct report {
	struct err err; /* text is empty: it has begun, under this name */
	char name[65];
};

struct background {
	int socket;
	bool told;
};

static void tell(struct background *b, const struct err *e, const char *name)
{
	struct report report;

	if (b->told)
		return;
	memset(&report, 0, sizeof(report));
	if (e)
		report.err = *e;
	snprintf(report.name, sizeof(report.name), "%s", name);
	fd_send(b->socket, &report, sizeof(report), -1);
	fd_closep(&b->socket);
	b->told = true;
}

static void started(void *context, const char *name)
{
	tell(context, NULL, name);
}

static int take_null(struct err *e)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, "/dev/null");
	for (int i = 0; i < 3; i++) {
		if (dup2(fd, i) < 0)
			return err_errno(e, "descriptor %d", i);
	}
	if (fd > 2)
		close(fd);
	return 0;
}

/* What else the caller has open would stay so as long as the sandbox: locks, pipes that somebody reads. */
static int close_others(int socket, struct err *e)
{
	return (socket > 3 && close_range(3, (unsigned)socket - 1, 0)) ||
			       close_range((unsigned)socket + 1, ~0U, 0)
		       ? err_errno(e, "close_range")
		       : 0;
}

static _Noreturn void launch(const struct session *s, struct sandbox_request *request, int socket)
{
	static struct background b;
	struct outcome out = {0};
	struct err e = {0};
	int status = -1;

	b.socket = socket;
	request->started = started;
	request->context = &b;
	if (setsid() < 0)
		err_errno(&e, "setsid");
	else if (take_null(&e) == 0 && close_others(socket, &e) == 0)
		status = run_plan(&s->plan, request, &out, &e);
	tell(&b, &e, "");
	_exit(status < 0 ? EXIT_SANDBOX : status);
}

int detach(const struct session *s, struct sandbox_request *request, struct err *e)
{
	struct report report;
	int pair[2], none, rc;
	pid_t pid;

	fflush(NULL);
	if (run_open_standard(NULL, e))
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_errno(e, "socketpair");
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		launch(s, request, pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_errno(e, "fork");
	}
	rc = fd_receive(pair[0], &report, sizeof(report), &none);
	close(pair[0]);
	if (rc != 1)
		return err_set(e, "the launcher in the background was killed");
	if (report.err.text[0]) {
		*e = report.err;
		return -1;
	}
	if (!s->options.json) {
		puts(report.name);
		return 0;
	}
	{
		struct jsonw j = {.out = stdout};

		jsonw_open(&j, NULL, '{');
		jsonw_string(&j, "name", report.name);
		jsonw_close(&j, '}');
	}
	return 0;
}
