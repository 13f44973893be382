/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * The steps on the host, in the order of the table. Nothing lasts longer than the launcher: what a
 * step makes is a descriptor, memory or the child, and the kernel ends the child with us
 * (PR_SET_PDEATHSIG, and the channel's end).
 *
 *	descriptors	0, 1 and 2 exist, so that none of ours becomes one of them, and are no
 *			directories; all others close on exec
 *	signals		all blocked, and read from a descriptor; the child starts with them blocked.
 *			Undone last: what is put right behind the program must not be cut short
 *	registry	a name that was asked for is claimed among the sandboxes that run, before
 *			anything is made under it; given back when nothing else is left to undo
 *	own-directories	made only if the program could otherwise make them (and write profiles
 *			for the next run)
 *	git		what is remembered of a writable .git; undoing it is looking at it again,
 *			when all is over
 *	filter		compiled, or from the cache. Before the clone: the child has a copy of
 *			this memory
 *	terminal	who has it, and whether the program is to have it from the start
 *	group		the cgroup below which PID 1 makes that of the sandbox; systemd's scope, if need
 *			be. Undone when all processes have ended
 *	store		the sandbox's directory with the layers of what is copy-on-write. Undone when
 *			nothing of the sandbox runs any more: what has changed is recorded, or all
 *			of it removed
 *	listing		what runs in the background without a name that was asked for has its directory's, and
 *			is claimed by it: before anything is started that nobody could find again
 *	output		pipes and the log of what runs in the background. Undone when nobody can write
 *			any more
 *	channel		the socket pair, and the page in which the child names its step
 *	clone		every namespace in one call
 *	state		of the sandbox is written, while the child opens what it will mount: until its
 *			ids are mapped it does not go on, so that no program changes what has no state
 *	entry		of a sandbox with a name among those that run, and its control socket: also before
 *			the program, which may say at once to others that it is ready
 *	id-maps		by us, or newuidmap and newgidmap
 *	network		processes that make the sandbox's own network, in its namespace
 *	overlays	processes of fuse-overlayfs, which send their mounts to the child
 *	network-up	until the network is there: then the child goes on to its program
 *	start		the child's set-up goes on meanwhile; here we wait until it has exec'd or
 *			failed
 *	tidy		what the kernel has put into the layers and needs only while it mounts: now,
 *			when nobody waits for us
 *	sweep		groups of launchers that were killed; likewise
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "host/features.h"
#include "run/cell.h"
#include "run/filter.h"
#include "run/run.h"

int run_open_standard(void *context, struct err *e)
{
	struct stat st;
	int fd;

	(void)context;
	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return err_errno(e, "/dev/null");
		if (fd <= 2 && fcntl(fd, F_SETFD, 0))
			return err_errno(e, "fcntl");
	} while (fd <= 2);
	close(fd);
	for (fd = 0; fd <= 2; fd++) {
		/* Everything below it could be opened through it, whatever is mounted (openat(2)).
		 */
		if (fstat(fd, &st))
			return err_errno(e, "descriptor %d", fd);
		if (S_ISDIR(st.st_mode))
			return err_set(e, "descriptor %d is a directory of the host: not passed on",
				       fd);
	}
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		return err_errno(e, "close_range");
	return 0;
}

static bool has_registry(const struct plan *p)
{
	return p->runtime_home;
}

static bool needs_own_directories(const struct plan *p)
{
	return p->own_dirs.n > 0;
}

static int make_own_directories(void *context, struct err *e)
{
	const struct launch *l = context;

	for (size_t i = 0; i < l->plan->own_dirs.n; i++) {
		char *path = pool_strdup(l->plan->pool, l->plan->own_dirs.v[i]);

		for (char *c = strchr(path + 1, '/'); c; c = strchr(c + 1, '/')) {
			*c = '\0';
			if (mkdir(path, 0700) && errno != EEXIST)
				return err_errno(e, "%s", path);
			*c = '/';
		}
		if (mkdir(path, 0700) && errno != EEXIST)
			return err_errno(e, "%s", path);
	}
	return 0;
}

static bool plan_is_detached(const struct plan *p)
{
	return p->detached;
}

static bool plan_has_output(const struct plan *p)
{
	return p->detached || p->tty == TTY_ALWAYS;
}

static bool plan_has_own_network(const struct plan *p)
{
	return p->network == NETWORK_PRIVATE;
}

static bool has_cells(const struct plan *p)
{
	return plan_has_own_network(p) || plan_uses_fuse(p);
}

static bool guards_git(const struct plan *p)
{
	return p->git_dirs.n > 0;
}

static int get_filter(void *context, struct err *e)
{
	struct launch *l = context;

	if (has_cells(l->plan) && cell_get_filter(l->plan->cache_dir, &l->of_cells, e))
		return -1;
	return filter_get(&l->plan->filter, l->plan->cache_dir, &l->names, &l->arguments, e);
}

static void drop_filter(void *context)
{
	struct launch *l = context;

	bpf_done(&l->names);
	bpf_done(&l->arguments);
	bpf_done(&l->of_cells);
}

static int block_signals(void *context, struct err *e)
{
	struct launch *l = context;
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t all;

	/* A caller that ignores it would make the kernel reap our children before we ask for them.
	 */
	if (sigaction(SIGCHLD, &usual, &l->child_action))
		return err_errno(e, "sigaction");
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &l->mask))
		return err_errno(e, "sigprocmask");
	/* SIGCHLD says nothing that the channel does not; the terminal's stop signals are for those
	 * who read it. */
	sigdelset(&all, SIGCHLD);
	sigdelset(&all, SIGTTIN);
	sigdelset(&all, SIGTTOU);
	sigdelset(&all, SIGPIPE);
	l->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return l->signals < 0 ? err_errno(e, "signalfd") : 0;
}

static void unblock_signals(void *context)
{
	struct launch *l = context;

	fd_closep(&l->signals);
	sigaction(SIGCHLD, &l->child_action, NULL);
	sigprocmask(SIG_SETMASK, &l->mask, NULL);
}

/*
 * Where all three standard descriptors are the terminal, the program is an interactive one and gets
 * the terminal at once. In a pipeline others of our process group may be reading it (`sandbox make
 * | less`), so there the program starts in the background and gets the terminal when it stops for
 * want of it (SIGTTIN, SIGTTOU): see supervise.c.
 */
static int find_terminal(void *context, struct err *e)
{
	struct launch *l = context;

	(void)e;
	/* One of its own, or none. */
	if (l->plan->tty != TTY_AUTO)
		return 0;
	l->terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (l->terminal < 0)
		return 0;
	l->had_terminal = tcgetpgrp(l->terminal) == getpgrp();
	l->foreground = l->had_terminal && isatty(0) && isatty(1) && isatty(2);
	l->has_modes = tcgetattr(l->terminal, &l->modes) == 0;
	return 0;
}

/* A program in a pipeline may have taken the terminal for a group of its own, and ended. */
static bool is_of_dead_group(int terminal)
{
	pid_t group = tcgetpgrp(terminal);

	return group > 0 && kill(-group, 0) && errno == ESRCH;
}

static void leave_terminal(void *context)
{
	struct launch *l = context;

	if (l->foreground || (l->had_terminal && is_of_dead_group(l->terminal)))
		tcsetpgrp(l->terminal, getpgrp());
	/* A program that was killed has not put the modes back; a shell does it for its own jobs.
	 */
	if (l->foreground && l->has_modes && l->killed)
		tcsetattr(l->terminal, TCSADRAIN, &l->modes);
	fd_closep(&l->terminal);
}

static int make_channel(void *context, struct err *e)
{
	struct launch *l = context;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_errno(e, "socketpair");
	l->channel = pair[0];
	l->channel_inside = pair[1];
	l->progress = mmap(NULL, sizeof(*l->progress), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->progress != MAP_FAILED)
		return 0;
	l->progress = NULL;
	fd_closep(&l->channel);
	fd_closep(&l->channel_inside);
	return err_errno(e, "mmap");
}

static void drop_channel(void *context)
{
	struct launch *l = context;

	fd_closep(&l->channel);
	fd_closep(&l->channel_inside);
	munmap(l->progress, sizeof(*l->progress));
}

/*
 * What the child is to wipe. The kernel puts the strings of arguments and environment behind one
 * another (execve(2)), so this begins with the program's words; what does not lie there is left
 * alone.
 */
static void find_environment(struct inside *in)
{
	const char *const *lists[] = {in->plan->argv, (const char *const *)environ};

	for (size_t i = 0; i < 2; i++) {
		for (const char *const *v = lists[i]; v && *v; v++) {
			if (!in->scrub_end)
				in->scrub_begin = in->scrub_end = (char *)(uintptr_t)*v;
			if (*v == in->scrub_end)
				in->scrub_end += strlen(*v) + 1;
		}
	}
}

static int clone_child(void *context, struct err *e)
{
	struct launch *l = context;
	struct clone_args args = {.flags = l->plan->namespaces, .exit_signal = SIGCHLD};
	pid_t pid;

	/* That of the program begins at its own group: program_cgroup_namespace. */
	if (plan_has_group(l->plan))
		args.flags &= ~(uint64_t)CLONE_NEWCGROUP;

	l->inside = (struct inside){
		.plan = l->plan,
		.names = &l->names,
		.arguments = &l->arguments,
		.channel = l->channel_inside,
		.store_path = l->store.pool
				      ? path_join(l->plan->pool, l->plan->state_home, l->store.name)
				      : NULL,
		.store = l->store.pool ? l->store.dir : -1,
		.layers = l->layers,
		.groups = l->groups,
		.group_name = l->group_name,
		.overlays = l->overlays_inside,
		.standard = {-1, l->output.ends[0], l->output.ends[1]},
		.terminal = l->terminal,
		.foreground = l->foreground,
		.mask = l->mask,
		.child_action = l->child_action,
		.progress = l->progress};
	find_environment(&l->inside);
	pid = fd_clone3(&args);
	if (pid == 0) {
		/* Ours to hold while the launcher lives: if both ends were here, its end would
		 * never be seen. */
		close(l->channel);
		close(l->signals);
		fd_closep(&l->overlays);
		running_done(&l->running);
		inside_main(&l->inside);
	}
	fd_closep(&l->channel_inside);
	fd_closep(&l->overlays_inside);
	output_close_ends(&l->output);
	if (pid < 0) {
		err_errno(e, "cannot make namespaces");
		return err_hint(e, "%s", features_namespace_hint(e->error));
	}
	l->pid = pid;
	return 0;
}

static void kill_child(void *context)
{
	struct launch *l = context;

	if (l->pid <= 0)
		return;
	kill(l->pid, SIGKILL);
	run_thaw(l);
	overlay_await_init(l);
	while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		;
	l->pid = 0;
}

bool launch_child_reason(const struct launch *l, struct err *e)
{
	struct message m;

	if (recv(l->channel, &m, sizeof(m), MSG_PEEK | MSG_DONTWAIT) <= 0 ||
	    m.kind != MESSAGE_FAILED || channel_receive(l->channel, &m) != 1)
		return false;
	*e = m.err;
	return true;
}

/* A child that has failed is gone, and so cannot be mapped. */
static int child_reason(const struct launch *l, struct err *e)
{
	launch_child_reason(l, e);
	return -1;
}

static int overlay_hold(struct launch *l, struct err *e)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)l->pid);
	l->user_namespace = open(path, O_RDONLY | O_CLOEXEC);
	return l->user_namespace < 0 ? err_errno(e, "%s", path) : 0;
}

static int map_ids(void *context, struct err *e)
{
	struct launch *l = context;

	if (idmap_write(&l->plan->identity, l->pid, &l->mask, e))
		return child_reason(l, e);
	if (plan_uses_store(l->plan) && overlay_hold(l, e))
		return -1;
	if (channel_send(l->channel, MESSAGE_MAPPED, 0, NULL) == 0)
		return 0;
	err_errno(e, "channel");
	return child_reason(l, e);
}

/* Killed before its first step it has not written which one that is. */
static const char *program_step(const struct plan *p, size_t at)
{
	while (at + 1 < inside_program_rows && inside_program[at].wanted &&
	       !inside_program[at].wanted(p))
		at++;
	return inside_program[at < inside_program_rows ? at : inside_program_rows - 1].name;
}

static int await_start(void *context, struct err *e)
{
	struct launch *l = context;
	struct message m;
	size_t at;
	int fd, rc = fd_receive(l->channel, &m, sizeof(m), &fd);

	if (rc == 1 && m.kind == MESSAGE_TERMINAL) {
		if (fd < 0 || output_take_terminal(l, fd, e))
			return -1;
		rc = channel_receive(l->channel, &m);
	}
	if (rc == 1 && m.kind == MESSAGE_STARTED)
		return 0;
	if (rc == 1 && m.kind == MESSAGE_FAILED) {
		*e = m.err;
		return overlay_reason(l, e);
	}
	at = l->progress->setup;
	if (at < inside_setup_rows)
		return err_set(e, "PID 1 of the sandbox died in its step \"%s\"",
			       inside_setup[at].name);
	return err_set(e, "the program's process died in its step \"%s\"",
		       program_step(l->plan, l->progress->program));
}

const struct step launch_steps[] = {
	{"descriptors", NULL, run_open_standard, NULL},
	{"signals", NULL, block_signals, unblock_signals},
	{"registry", has_registry, registry_claim, registry_leave},
	{"own-directories", needs_own_directories, make_own_directories, NULL},
	{"git", guards_git, git_remember, git_put_right},
	{"filter", NULL, get_filter, drop_filter},
	{"terminal", NULL, find_terminal, leave_terminal},
	{"group", plan_has_group, group_begin, group_end},
	{"store", plan_uses_store, overlay_begin, overlay_end},
	{"listing", plan_is_detached, registry_list, NULL},
	{"output", plan_has_output, output_begin, output_end},
	{"channel", NULL, make_channel, drop_channel},
	{"clone", NULL, clone_child, kill_child},
	{"state", plan_uses_store, overlay_record, NULL},
	{"entry", has_registry, registry_announce, NULL},
	{"id-maps", NULL, map_ids, NULL},
	{"network", plan_has_own_network, network_begin, network_end},
	{"overlays", plan_uses_fuse, overlay_serve, NULL},
	{"network-up", plan_has_own_network, network_await, NULL},
	{"start", NULL, await_start, NULL},
	{"tidy", plan_uses_store, overlay_tidy, NULL},
	{"sweep", plan_has_group, group_sweep, NULL},
};
const size_t launch_rows = sizeof(launch_steps) / sizeof(launch_steps[0]);

void run_die_likewise(int signal)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	sigaction(signal, &usual, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signal);
}

int run_plan(const struct plan *plan, const struct sandbox_request *request, struct outcome *ret,
	     struct err *e)
{
	struct launch l = {.plan = plan,
			   .request = request,
			   .outcome = ret,
			   .signals = -1,
			   .terminal = -1,
			   .channel = -1,
			   .channel_inside = -1,
			   .groups = -1,
			   .running = {.home = -1, .dir = -1, .process = -1},
			   .overlays = -1,
			   .overlays_inside = -1,
			   .output = {.pipes = {-1, -1}, .ends = {-1, -1}, .master = -1},
			   .control = {.socket = -1},
			   .status = -1,
			   .user_namespace = -1};
	const int64_t began = clock_now();
	volatile size_t at = 0;
	bool had_terminal;
	int status;

	ret->usage = usage_unknown;
	if (steps_run(launch_steps, launch_rows, plan, &l, &at, e))
		return -1;
	status = supervise(&l, e);
	ret->wall = clock_now() - began;
	ret->timed_out = l.timed_out;
	for (int i = 0; i < KEY_COUNT; i++)
		ret->refused[i] = l.progress->refused[i];
	had_terminal = l.foreground;
	l.killed = status < 0 || WIFSIGNALED(status);
	l.status = status < 0 ? -1 : l.killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	steps_undo(launch_steps, launch_rows, plan, &l);
	serve_end(&l.control, l.running.name, l.status);
	ret->interrupted = had_terminal && l.killed && l.status == 128 + SIGINT;
	return l.status;
}
