/* SPDX-License-Identifier: MIT */
/*
 * inject [-o REPORT] [-t SECONDS] [-r ROLE -n N (-e ERRNO | -k)] COMMAND [ARG...]
 *
 * Runs a launch of a sandbox, and makes the N-th system call of one of its processes fail (-e), or
 *kills that process with SIGKILL when it is about to make the call (-k). Without -r it lists the
 *calls of all of them.
 *
 * strace(1) does the same with -e inject=, but counts for every process on its own, so that a call
 *of PID 1 could not be reached without the launcher's failing first; and it stays with newuidmap,
 *which then has no privilege. Here the processes have names:
 *
 *	launcher	the command itself
 *	mapper1/2	what it makes by vfork: newuidmap, newgidmap. Left alone from their exec on
 *	init		what it makes by clone3: PID 1
 *	server		what it makes by fork behind that: fuse-overlayfs. Left alone from its exec on
 *	program		what PID 1 makes by vfork. Left alone from its exec on
 *
 * We are the subreaper of all of it: whoever outlives the launcher by twenty seconds is reported as
 *left behind, and killed.
 *
 * The report, one line each:	call ROLE N NAME ARGUMENT...	hit ROLE N NAME ARGUMENT...	exec
 *				status exit N | status signal N		left PID NAME		hang
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reg.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum role { NOBODY, LAUNCHER, MAPPER1, MAPPER2, INIT, SERVER, PROGRAM, ROLES };
static const char *const role_names[ROLES] = {"nobody", "launcher", "mapper1", "mapper2",
					      "init",	"server",   "program"};

enum { PROCESSES = 64, GRACE = 20 };

struct process {
	pid_t pid, parent;
	enum role role;
	int calls;    /* made so far */
	bool known;   /* its parent has told us what it is */
	bool waiting; /* stopped, and we do not know yet what it is */
	bool failing; /* the call it is in is the one to fail */
	bool through; /* it was made all the same */
};

struct run {
	struct process list[PROCESSES];
	FILE *report;
	enum role role; /* NOBODY: list */
	int n, error, mappers, forked;
	bool kill, done;
	pid_t launcher;
	int status;
	bool ended;
};

static volatile sig_atomic_t time_is_up;

static void on_alarm(int signal)
{
	(void)signal;
	time_is_up = 1;
}

static struct process *find(struct run *r, pid_t pid, bool make)
{
	struct process *spare = NULL;

	for (size_t i = 0; i < PROCESSES; i++) {
		if (r->list[i].pid == pid)
			return &r->list[i];
		if (!r->list[i].pid && !spare)
			spare = &r->list[i];
	}
	if (!make || !spare)
		return NULL;
	*spare = (struct process){.pid = pid};
	return spare;
}

/* --- what a call is about --- */

/* Which arguments are paths or other text; a digit each. */
static const char *text_arguments(const char *name)
{
	static const char *const table[][2] = {
		{"access", "0"},     {"chdir", "0"},	     {"execve", "0"},
		{"fsconfig", "23"},  {"fsopen", "0"},	     {"linkat", "13"},
		{"mkdir", "0"},	     {"mkdirat", "1"},	     {"mknodat", "1"},
		{"fchmodat", "1"},   {"mount_setattr", "1"}, {"move_mount", "13"},
		{"newfstatat", "1"}, {"open", "0"},	     {"openat", "1"},
		{"openat2", "1"},    {"open_tree", "1"},     {"readlink", "0"},
		{"readlinkat", "1"}, {"symlinkat", "02"},    {"unlinkat", "1"},
		{"faccessat", "1"},  {"faccessat2", "1"},    {"pivot_root", "01"},
		{"umount2", "0"},    {"sethostname", "0"},   {"statx", "1"},
		{"fchownat", "1"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i][0], name) == 0)
			return table[i][1];
	}
	return "";
}

static void put_text(FILE *out, pid_t pid, uint64_t address)
{
	char text[256] = "";
	struct iovec to = {text, sizeof(text) - 1},
		     from = {(void *)(uintptr_t)address, sizeof(text) - 1};
	ssize_t n = -1;

	/* Shorter when the page ends before. */
	for (; address && from.iov_len >= 8 && n < 0; from.iov_len /= 2)
		n = process_vm_readv(pid, &to, 1, &from, 1, 0);
	if (n < 0) {
		fputs(" ?", out);
		return;
	}
	for (char *c = text; *c; c++) {
		if (*c <= ' ' || *c > '~')
			*c = '_';
	}
	fprintf(out, " %s", *text ? text : "\"\"");
}

static bool first_is_descriptor(const char *name)
{
	static const char *const names[] = {
		"read",	    "write",	"close",   "fstat",   "fstatfs",    "getdents64",
		"recvfrom", "sendto",	"recvmsg", "sendmsg", "ioctl",	    "fchdir",
		"fsconfig", "fsmount",	"openat2", "mkdirat", "newfstatat", "open_tree",
		"linkat",   "unlinkat", "openat"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void put_call(struct run *r, const char *kind, const struct process *p,
		     const struct __ptrace_syscall_info *info)
{
	char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), (int)info->entry.nr);
	char link[64], target[256];
	ssize_t n;

	fprintf(r->report, "%s %s %d %s", kind, role_names[p->role], p->calls, name ? name : "?");
	if (name && first_is_descriptor(name) && (int)info->entry.args[0] >= 0) {
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)p->pid,
			 (int)info->entry.args[0]);
		n = readlink(link, target, sizeof(target) - 1);
		fprintf(r->report, " <%.*s>", n > 0 ? (int)n : 1, n > 0 ? target : "?");
	}
	for (const char *c = name ? text_arguments(name) : ""; *c; c++)
		put_text(r->report, p->pid, info->entry.args[*c - '0']);
	if (name && (strcmp(name, "prctl") == 0 || strcmp(name, "prlimit64") == 0))
		fprintf(r->report, " %ld %ld", (long)info->entry.args[0],
			(long)info->entry.args[1]);
	fputc('\n', r->report);
	fflush(r->report);
	free(name);
}

/* --- making it fail --- */

#if defined(__x86_64__)
static void skip_call(pid_t pid)
{
	ptrace(PTRACE_POKEUSER, pid, 8L * ORIG_RAX, -1L);
}

static void set_result(pid_t pid, long value)
{
	ptrace(PTRACE_POKEUSER, pid, 8L * RAX, value);
}
#elif defined(__aarch64__)
static void skip_call(pid_t pid)
{
	int number = -1;
	struct iovec v = {&number, sizeof(number)};

	ptrace(PTRACE_SETREGSET, pid, (void *)0x404L /* NT_ARM_SYSTEM_CALL */, &v);
}

static void set_result(pid_t pid, long value)
{
	struct user_regs_struct regs;
	struct iovec v = {&regs, sizeof(regs)};

	ptrace(PTRACE_GETREGSET, pid, (void *)(long)NT_PRSTATUS, &v);
	regs.regs[0] = (unsigned long long)value;
	ptrace(PTRACE_SETREGSET, pid, (void *)(long)NT_PRSTATUS, &v);
}
#endif

/* True if the process goes on by itself now: killed, or let go. */
static bool at_entry(struct run *r, struct process *p, const struct __ptrace_syscall_info *info)
{
	bool mapper = p->role == MAPPER1 || p->role == MAPPER2;

	p->calls++;
	if (r->role == NOBODY)
		put_call(r, "call", p, info);
	if (!r->done && p->role == r->role && p->calls == r->n) {
		r->done = true;
		put_call(r, "hit", p, info);
		if (r->kill) {
			kill(p->pid, SIGKILL);
			return true;
		}
		p->failing = true;
		/* close(2) that fails has closed: only the answer is false. */
		p->through = info->entry.nr == SYS_close;
		if (!p->through)
			skip_call(p->pid);
		return false;
	}
	if (mapper && info->entry.nr == SYS_execve) {
		ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
		p->pid = 0;
		return true;
	}
	return false;
}

static void resume(const struct run *r, const struct process *p, int signal)
{
	bool calls = r->role == NOBODY || (!r->done && p->role == r->role) || p->failing ||
		     ((p->role == MAPPER1 || p->role == MAPPER2) && !r->done && r->role == p->role);

	ptrace(calls ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, NULL, (void *)(long)signal);
}

/* --- who is who --- */

static enum role role_of_child(struct run *r, const struct process *parent, int event)
{
	if (parent->role == LAUNCHER && event == PTRACE_EVENT_VFORK)
		return r->mappers++ ? MAPPER2 : MAPPER1;
	if (parent->role == LAUNCHER)
		return r->forked++ ? SERVER : INIT;
	return parent->role == INIT && event == PTRACE_EVENT_VFORK ? PROGRAM : NOBODY;
}

/* newuidmap must be no tracee when it starts; it is traced only if its own calls are looked at. */
static void begin(struct run *r, struct process *p)
{
	bool mapper = p->role == MAPPER1 || p->role == MAPPER2;

	p->waiting = false;
	if (p->role == NOBODY || (mapper && r->role != NOBODY && r->role != p->role)) {
		ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
		p->pid = 0;
		return;
	}
	resume(r, p, 0);
}

static void at_event(struct run *r, struct process *p, int event)
{
	struct process *child;
	unsigned long message = 0;

	if (event == PTRACE_EVENT_EXEC) {
		if (p->role == PROGRAM)
			fputs("exec\n", r->report);
		if (p->role == PROGRAM || p->role == SERVER) {
			ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
			p->pid = 0;
			return;
		}
		resume(r, p, 0);
		return;
	}
	ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &message);
	child = find(r, (pid_t)message, true);
	if (child) {
		child->known = true;
		child->role = role_of_child(r, p, event);
		if (child->waiting)
			begin(r, child);
	}
	resume(r, p, 0);
}

static void at_stop(struct run *r, struct process *p, int status)
{
	struct __ptrace_syscall_info info = {0};
	int signal = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_STOP) {
		p->waiting = !p->known;
		if (p->known)
			begin(r, p);
	} else if (event) {
		at_event(r, p, event);
	} else if (signal == (SIGTRAP | 0x80)) {
		ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY && at_entry(r, p, &info))
			return;
		if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->failing) {
			set_result(p->pid, -(long)r->error);
			p->failing = false;
			if (p->role == MAPPER1 || p->role == MAPPER2) {
				ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
				p->pid = 0;
				return;
			}
		}
		resume(r, p, 0);
	} else {
		resume(r, p, signal);
	}
}

/* --- the run --- */

static void set_alarm(double seconds)
{
	struct itimerval t = {
		.it_value = {(time_t)seconds,
			     (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)},
		.it_interval = {0, 100000}};

	time_is_up = 0;
	setitimer(ITIMER_REAL, &t, NULL);
}

/* Everything below us that is alive, named; one pass kills, the next finds what was made meanwhile.
 */
static bool kill_descendants(FILE *report)
{
	char path[64], name[64];
	bool any = false;
	pid_t pid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
		comm = fopen(path, "re");
		if (!comm || !fgets(name, sizeof(name), comm))
			snprintf(name, sizeof(name), "?\n");
		if (comm)
			fclose(comm);
		fprintf(report, "left %d %s", (int)pid, name);
		kill(pid, SIGKILL);
		any = true;
	}
	if (f)
		fclose(f);
	return any;
}

static void follow(struct run *r, double seconds)
{
	set_alarm(seconds);
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct process *p;

		if (pid < 0 && errno == ECHILD)
			return;
		if (time_is_up) {
			if (!r->ended)
				fputs("hang\n", r->report);
			if (r->launcher && !r->ended)
				kill(r->launcher, SIGKILL);
			kill_descendants(r->report);
			set_alarm(0.5);
		}
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			p = find(r, pid, true);
			if (p)
				at_stop(r, p, status);
			continue;
		}
		if (pid == r->launcher) {
			r->status = status;
			r->ended = true;
			set_alarm(GRACE);
		}
		p = find(r, pid, false);
		if (p)
			p->pid = 0;
	}
}

static int start(struct run *r, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	struct process *p;
	int gate[2];

	if (pipe2(gate, O_CLOEXEC))
		return -1;
	r->launcher = fork();
	if (r->launcher == 0) {
		char c;

		(void)!read(gate[0], &c, 1);
		execv(argv[0], argv);
		_exit(99);
	}
	if (r->launcher < 0 || ptrace(PTRACE_SEIZE, r->launcher, NULL, (void *)options))
		return -1;
	p = find(r, r->launcher, true);
	p->role = LAUNCHER;
	p->known = true;
	(void)!write(gate[1], "", 1);
	close(gate[0]);
	close(gate[1]);
	return 0;
}

static enum role role_named(const char *name)
{
	for (int i = LAUNCHER; i < ROLES; i++) {
		if (strcmp(role_names[i], name) == 0)
			return (enum role)i;
	}
	fprintf(stderr, "inject: no role %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	struct sigaction alarm = {.sa_handler = on_alarm};
	struct run r = {.report = stdout};
	double seconds = 10;
	int c;

	while ((c = getopt(argc, argv, "+o:t:r:n:e:k")) != -1) {
		switch (c) {
		case 'o':
			r.report = fopen(optarg, "we");
			break;
		case 't':
			seconds = atof(optarg);
			break;
		case 'r':
			r.role = role_named(optarg);
			break;
		case 'n':
			r.n = atoi(optarg);
			break;
		case 'e':
			r.error = atoi(optarg);
			break;
		case 'k':
			r.kill = true;
			break;
		default:
			exit(2);
		}
	}
	if (!argv[optind] || !r.report)
		exit(2);
	sigaction(SIGALRM, &alarm, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (start(&r, argv + optind)) {
		perror("inject");
		exit(2);
	}
	follow(&r, seconds);
	fprintf(r.report, "status %s %d\n", WIFSIGNALED(r.status) ? "signal" : "exit",
		WIFSIGNALED(r.status) ? WTERMSIG(r.status) : WEXITSTATUS(r.status));
	return 0;
}
