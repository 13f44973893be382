/* SPDX-License-Identifier: MIT */
/*
 * The program's own process, between vfork and exec. It shares memory with PID 1, so it changes no
 * memory but the error, and calls the kernel directly where the C library would want to tell its
 * other threads.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cap.h"
#include "base/str.h"
#include "inside/inside.h"
#include "inside/program.h"

int program_descriptors(void *context, struct err *e)
{
	const struct start *start = ((const struct inside *)context)->start;

	for (int i = 0; i < 3; i++) {
		/* Each is above 2, or what it is to become: dup2 would leave it open otherwise, too. */
		if (start->standard[i] >= 0 && start->standard[i] != i &&
		    dup2(start->standard[i], i) < 0)
			return err_errno(e, "descriptor %d", i);
	}
	return 0;
}

static int leave_group(const struct inside *in, struct err *e)
{
	const struct start *start = in->start;

	if (start->session ? setsid() < 0 : setpgid(0, 0))
		return err_errno(e, start->session ? "setsid" : "setpgid");
	if (start->terminal >= 0 && ioctl(start->terminal, TIOCSCTTY, 0))
		return err_errno(e, "pty");
	/* All signals are blocked, SIGTTOU too, so that this works from the background. */
	if (start->foreground && tcsetpgrp(in->terminal, getpid()))
		return err_errno(e, "cannot give the terminal to the program");
	return 0;
}

int program_group(void *context, struct err *e)
{
	struct inside *in = context;
	struct rlimit files = {in->files_limit, in->files_limit_max};
	/* core(5): one byte is too little for a file, and a handler behind a pipe is not started.
	 */
	const struct rlimit no_core = {1, 1};

	if (leave_group(in, e))
		return -1;
	if (setrlimit(RLIMIT_CORE, &no_core) && errno != EPERM)
		return err_errno(e, "RLIMIT_CORE");
	if (in->files_limit_max && setrlimit(RLIMIT_NOFILE, &files))
		return err_errno(e, "RLIMIT_NOFILE");
	umask(in->plan->umask >= 0 ? (mode_t)in->plan->umask : in->umask);
	/* It has a process group of its own, and gets the terminal when it stops for want of it. */
	if (signal(SIGTTIN, SIG_DFL) == SIG_ERR || signal(SIGTTOU, SIG_DFL) == SIG_ERR)
		return err_errno(e, "signal");
	if (sigaction(SIGCHLD, &in->child_action, NULL))
		return err_errno(e, "sigaction");
	if (sigprocmask(SIG_SETMASK, &in->mask, NULL))
		return err_errno(e, "sigprocmask");
	return 0;
}

int program_ids(void *context, struct err *e)
{
	const struct plan_identity *id = &((const struct inside *)context)->plan->identity;
	const unsigned long keep = SECBIT_NO_SETUID_FIXUP;

	if (id->drop_groups && syscall(SYS_setgroups, 0, NULL))
		return err_errno(e, "setgroups");
	if (!id->switch_ids)
		return 0;
	/* The capabilities are still needed for the steps behind this one; the flag goes when they
	 * do. */
	if (prctl(PR_SET_SECUREBITS, keep, 0, 0, 0))
		return err_errno(e, "PR_SET_SECUREBITS");
	if (syscall(SYS_setresgid, id->gid, id->gid, id->gid) ||
	    syscall(SYS_setresuid, id->uid, id->uid, id->uid))
		return err_errno(e, "cannot become uid %u, gid %u", (unsigned)id->uid,
				 (unsigned)id->gid);
	if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0))
		return err_errno(e, "PR_SET_SECUREBITS");
	return 0;
}

int program_directory(void *context, struct err *e)
{
	const char *directory = ((const struct inside *)context)->start->directory;

	if (chdir("/") == 0 && chdir(directory) == 0)
		return 0;
	err_errno(e, "working directory %s", directory);
	return err_hint(e, "--chdir names another");
}

int program_capabilities(void *context, struct err *e)
{
	const struct plan *p = ((const struct inside *)context)->plan;

	return cap_apply(p->caps_bounding, p->caps_held, p->caps_ambient, e);
}

int program_no_new_privs(void *context, struct err *e)
{
	(void)context;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? err_errno(e, "PR_SET_NO_NEW_PRIVS") : 0;
}

int program_load_filter(const struct bpf *filter, const char *what, struct err *e)
{
	struct sock_fprog prog = {.len = (unsigned short)filter->n, .filter = filter->insn};

	/*
	 * SPEC_ALLOW: no speculative-store-bypass mitigation is switched on for the sake of the
	 * filter (kernels before 5.16 would, and it costs up to 30 %). The program can only
	 * speculate on its own memory.
	 */
	if (filter->n &&
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog))
		return err_errno(e, "cannot load the filter of %s", what);
	return 0;
}

int program_filter(void *context, struct err *e)
{
	const struct inside *in = context;

	/* The filter of names may forbid seccomp(2) itself, so it comes second. */
	if (program_load_filter(in->arguments, "arguments", e))
		return -1;
	return program_load_filter(in->names, "system calls", e);
}

/* Tries one file; returns only on failure. A script without #! is given to the shell, as execvp(3)
 * does. */
static void try_exec(const char *path, const struct start *s)
{
	char *const *environment = (char *const *)(uintptr_t)s->environment;
	char *const *argv = (char *const *)(uintptr_t)s->argv;
	size_t n = 0;

	execve(path, argv, environment);
	if (errno != ENOEXEC)
		return;
	while (argv[n])
		n++;
	{
		char *shell[n + 2];

		shell[0] = (char *)(uintptr_t) "/bin/sh";
		shell[1] = (char *)(uintptr_t)path;
		memcpy(shell + 2, argv + 1, n * sizeof(*argv));
		execve(shell[0], shell, environment);
	}
	errno = ENOEXEC;
}

static const char *search_path(const struct start *s)
{
	for (const char *const *v = s->environment; *v; v++) {
		const char *path = str_after(*v, "PATH=");

		if (path)
			return path;
	}
	return "/usr/local/bin:/usr/bin:/bin";
}

/* As execvp(3): what is found but cannot be executed is remembered, and the search goes on. */
static int search_and_exec(const struct start *s)
{
	const char *name = s->argv[0];
	int found = ENOENT;

	for (const char *dir = search_path(s); dir; dir = *dir ? dir + 1 : NULL) {
		size_t n = strcspn(dir, ":");
		char path[4096];

		if (n + strlen(name) + 2 <= sizeof(path)) {
			snprintf(path, sizeof(path), "%.*s%s%s", (int)n, dir, n ? "/" : "", name);
			try_exec(path, s);
			if (errno != ENOENT && errno != ENOTDIR && errno != ESTALE)
				found = errno;
		}
		dir += n;
	}
	return found;
}

int program_exec(void *context, struct err *e)
{
	const struct start *s = ((const struct inside *)context)->start;

	if (strchr(s->argv[0], '/')) {
		try_exec(s->argv[0], s);
	} else {
		errno = *s->argv[0] ? search_and_exec(s) : ENOENT;
	}
	if (errno == ENOENT && !strchr(s->argv[0], '/'))
		err_set(e, "%s: command not found in the sandbox's PATH", s->argv[0]);
	else
		err_errno(e, "%s", s->argv[0]);
	e->code = e->error == ENOENT || e->error == 0 ? 127 : e->error == E2BIG ? 125 : 126;
	return -1;
}
