/* SPDX-License-Identifier: MIT */
/*
 * sandbox-scope UNIT DESCRIPTION [WEIGHT...]: asks the user's systemd for a scope with one process in it.
 *
 * WEIGHT is CPUWeight=N or IOWeight=N: shares are those of siblings, so they are the scope's, while limits
 * belong into groups below, where systemd does not put them back (daemon-reload does, in the scope).
 *
 * A program of its own, because the launcher is static and speaks no D-Bus. It is started before the
 * process exists: what takes long (libraries, the connection) is done by then. The id of the process
 * comes as a line on standard input; if that ends without one, nothing is asked. Exit status 0: the
 * process is in the scope, and the scope is delegated. 1: one line on standard error tells why not.
 *
 * Nothing has to be undone: systemd removes the scope and all groups below it with the last process.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#define MANAGER	   "org.freedesktop.systemd1"
#define OBJECT	   "/org/freedesktop/systemd1"
#define PATIENCE   5000000 /* microseconds for the connection, and as many for the scope */
#define UNIT_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\-"

struct job {
	const char *path;
	char result[32]; /* "done", "failed", ...; empty while it runs */
};

_Noreturn __attribute__((format(printf, 1, 2))) static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static const char *why(int r)
{
	switch (-r) {
	case ETIMEDOUT:
		return "no answer";
	case ENOMEDIUM:
		return "neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set";
	default:
		return strerror(-r);
	}
}

/* Sends and receives until *finished, which a message that is dispatched may change. */
static int serve(sd_bus *bus, int (*finished)(sd_bus *, const struct job *), const struct job *job,
		 uint64_t end)
{
	uint64_t t;
	int r;

	while (!(r = finished(bus, job))) {
		r = sd_bus_process(bus, NULL);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		t = now();
		if (t >= end)
			return -ETIMEDOUT;
		r = sd_bus_wait(bus, end - t);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return r < 0 ? r : 0;
}

static int connected(sd_bus *bus, const struct job *job)
{
	(void)job;
	return sd_bus_is_ready(bus);
}

static int job_ended(sd_bus *bus, const struct job *job)
{
	(void)bus;
	return *job->result != '\0';
}

/* Somebody else's socket, reached through a variable that su(1) left, could claim what it likes. */
static int check_peer(sd_bus *bus)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(sd_bus_get_fd(bus), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	return peer.uid == getuid() ? 0 : -EPERM;
}

/* The manager's own socket: no bus daemon between. A path that would need escapes has none here. */
static int open_private(sd_bus **bus)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char address[256];
	int r;

	if (!dir || strpbrk(dir, "%,;="))
		return -ENOENT;
	if (snprintf(address, sizeof(address), "unix:path=%s/systemd/private", dir) >=
	    (int)sizeof(address))
		return -ENAMETOOLONG;
	r = sd_bus_new(bus);
	if (r >= 0)
		r = sd_bus_set_address(*bus, address);
	return r < 0 ? r : sd_bus_start(*bus);
}

static int connect_manager(sd_bus **bus)
{
	int r = open_private(bus);

	if (r < 0) {
		sd_bus_unref(*bus);
		*bus = NULL;
		r = sd_bus_open_user(bus);
	}
	if (r >= 0)
		r = serve(*bus, connected, NULL, now() + PATIENCE);
	return r < 0 ? r : check_peer(*bus);
}

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *result;
	int r = sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result);

	(void)error;
	if (r >= 0 && job->path && !strcmp(path, job->path))
		snprintf(job->result, sizeof(job->result), "%s", result);
	return r < 0 ? r : 0;
}

/* 0 at the end of input: nobody wants a scope. */
static uint32_t read_pid(void)
{
	char text[16];
	size_t digits;

	if (!fgets(text, sizeof(text), stdin)) {
		if (ferror(stdin))
			fail("standard input: %s", strerror(errno));
		return 0;
	}
	digits = strspn(text, "0123456789");
	if (*text < '1' || digits > 9 || strcmp(text + digits, "\n") != 0)
		fail("standard input: not a process id");
	return (uint32_t)strtoul(text, NULL, 10);
}

static int append_weight(sd_bus_message *m, const char *text)
{
	static const char *const names[] = {"CPUWeight", "IOWeight"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i]);
		char *end;
		uint64_t value;

		if (strncmp(text, names[i], n) != 0 || text[n] != '=')
			continue;
		value = strtoul(text + n + 1, &end, 10);
		if (*end || value < 1 || value > 10000)
			break;
		return sd_bus_message_append(m, "(sv)", names[i], "t", value);
	}
	fail("'%s' is not a weight", text);
}

/* StartTransientUnit(name, mode, properties, other units), not sent. */
static int describe_scope(sd_bus *bus, const char *const *argv, uint32_t pid, sd_bus_message **ret)
{
	int r = sd_bus_message_new_method_call(bus, ret, MANAGER, OBJECT, MANAGER ".Manager",
					       "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(*ret, "ss", argv[1], "fail");
	if (r >= 0)
		r = sd_bus_message_open_container(*ret, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_append(*ret, "(sv)(sv)(sv)(sv)", "Description", "s", argv[2],
					  "Delegate", "b", 1, "CollectMode", "s",
					  "inactive-or-failed", "PIDs", "au", 1, pid);
	for (argv += 3; r >= 0 && *argv; argv++)
		r = append_weight(*ret, *argv);
	if (r >= 0)
		r = sd_bus_message_close_container(*ret);
	return r < 0 ? r : sd_bus_message_append(*ret, "a(sa(sv))", 0);
}

static void start_scope(sd_bus *bus, const char *const *argv, uint32_t pid, struct job *job)
{
	uint64_t end = now() + PATIENCE;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *call = NULL;
	/* It holds the job's path. */
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	int r = describe_scope(bus, argv, pid, &call);

	if (r >= 0)
		r = sd_bus_call(bus, call, PATIENCE, &error, &reply);
	if (sd_bus_error_has_name(&error, MANAGER ".UnitExists"))
		fail("there is a %s already", argv[1]);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &job->path);
	if (r >= 0)
		r = serve(bus, job_ended, job, end);
	if (r < 0)
		fail("systemd: %s", r != -ETIMEDOUT && error.message ? error.message : why(r));
	if (strcmp(job->result, "done") != 0)
		fail("systemd could not move process %u into %s (the job: %s)", pid, argv[1],
		     job->result);
}

static int is_scope(const char *unit)
{
	size_t n = strlen(unit), suffix = strlen(".scope");

	return n > suffix && n < 256 && !strcmp(unit + n - suffix, ".scope") &&
	       strspn(unit, UNIT_CHARS) == n;
}

int main(int argc, char **argv)
{
	struct job job = {0};
	__attribute__((cleanup(sd_bus_unrefp))) sd_bus *bus = NULL;
	uint32_t pid;
	int r;

	if (argc < 3)
		fail("usage: sandbox-scope UNIT DESCRIPTION [WEIGHT...], a process id on standard input");
	if (!is_scope(argv[1]))
		fail("'%s' is not the name of a scope", argv[1]);
	r = connect_manager(&bus);
	if (r >= 0) /* not waited for: a bus daemon keeps the order of messages */
		r = sd_bus_match_signal_async(bus, NULL, MANAGER, OBJECT, MANAGER ".Manager",
					      "JobRemoved", on_job_removed, NULL, &job);
	if (r < 0)
		fail("no connection to the user's systemd: %s", why(r));
	pid = read_pid();
	if (pid)
		start_scope(bus, (const char *const *)argv, pid, &job);
	return EXIT_SUCCESS;
}
