/* SPDX-License-Identifier: MIT */
/* What this host offers: see features.h. The rows are in features_kernel.c, features_tools.c and
 * features_cgroups.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "host/features_probe.h"

/* Small files of /proc, without a pool: the hint is asked for when things go wrong already. */
static bool read_small(const char *path, char *buffer, size_t size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);

	if (n <= 0)
		return false;
	buffer[n] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	return true;
}

static bool file_says(const char *path, const char *text)
{
	char buffer[64];

	return read_small(path, buffer, sizeof(buffer)) && str_eq(buffer, text);
}

/*
 * user_namespaces(7): a process in a chroot(2) cannot make one. proc(5): mountinfo lists what can
 * be reached from the root, so without a line for "/" the root is no mount point. (A chroot on a
 * mount point cannot be told from a root.)
 */
static bool is_chrooted(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = !f;
	char line[8192];

	while (f && !found && fgets(line, sizeof(line), f)) {
		char place[4096];

		found = sscanf(line, "%*s %*s %*s %*s %4095s", place) == 1 && str_eq(place, "/");
	}
	if (f)
		fclose(f);
	return !found;
}

static bool is_filtered(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	bool found = false;
	char line[256];

	while (f && !found && fgets(line, sizeof(line), f))
		found = str_begins(line, "Seccomp:\t2");
	if (f)
		fclose(f);
	return found;
}

bool host_is_confined(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && is_filtered();
}

static enum obstacle obstacle_filter(void)
{
	if (!is_filtered())
		return OBSTACLE_UNKNOWN;
	return file_says("/proc/1/comm", "sandbox") ? OBSTACLE_SANDBOX : OBSTACLE_FILTER;
}

enum obstacle obstacle_find(int error)
{
	enum obstacle filter = obstacle_filter();

	switch (error) {
	case EPERM:
	case EACCES:
		if (is_chrooted())
			return OBSTACLE_CHROOT;
		if (geteuid() && file_says("/proc/sys/kernel/unprivileged_userns_clone", "0"))
			return OBSTACLE_CLONE_SYSCTL;
		if (geteuid() &&
		    file_says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
			return OBSTACLE_APPARMOR;
		return filter;
	case ENOSPC:
	case EUSERS:
		return filter == OBSTACLE_SANDBOX ? filter : OBSTACLE_LIMIT;
	case EAGAIN:
		return OBSTACLE_PROCESSES;
	case ENOSYS:
	case EINVAL:
		return filter ? filter : OBSTACLE_KERNEL;
	default:
		return OBSTACLE_UNKNOWN;
	}
}

const char *obstacle_text(enum obstacle obstacle)
{
	static const char *const texts[] = {
		[OBSTACLE_UNKNOWN] = "`sandbox doctor` checks what the kernel offers",
		[OBSTACLE_CHROOT] = "this is a chroot, in which nobody can make a user namespace",
		[OBSTACLE_CLONE_SYSCTL] =
			"kernel.unprivileged_userns_clone is 0; as root: sysctl -w kernel.unprivileged_userns_clone=1",
		[OBSTACLE_APPARMOR] =
			"AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns"
			" is 1); `sandbox doctor` prints the command that lets sandbox make them",
		[OBSTACLE_SANDBOX] =
			"this is a sandbox that forbids namespaces; run the outer one with --profile nested",
		[OBSTACLE_FILTER] =
			"a system call filter forbids namespaces here; of a container: start it with"
			" --security-opt seccomp=unconfined; of a sandbox: with --profile nested",
		[OBSTACLE_LIMIT] =
			"a limit of namespaces is reached: sysctl user.max_user_namespaces and its neighbours,"
			" or 32 levels of nesting",
		[OBSTACLE_PROCESSES] = "the limit of processes is reached: ulimit -u",
		[OBSTACLE_KERNEL] =
			"the kernel is too old (Linux 5.14 is needed) or was built without namespaces",
	};

	return texts[obstacle];
}

const char *features_namespace_hint(int error)
{
	return obstacle_text(obstacle_find(error));
}

int features_check_clone(struct err *e)
{
	/* Called with nonsense, one that is there says EINVAL. */
	if (syscall(SYS_clone3, NULL, 0) < 0 && errno == EINVAL)
		return 0;
	err_errno(e, "cannot make namespaces");
	return err_hint(e, "%s", features_namespace_hint(e->error));
}

const char *feature_state_name(enum feature_state state)
{
	static const char *const names[] = {"ok", "warning", "missing"};

	return names[state];
}

void probe_add_own(struct probe *p, const char *name, enum feature_state state, const char *found,
		   const char *remedy)
{
	struct feature *f = vec_add(p->pool, p->rows);

	*f = (struct feature){p->group, name, state, found, remedy, false, NULL};
}

void probe_add(struct probe *p, const char *name, enum feature_state state, const char *found,
	       const char *remedy)
{
	probe_add_own(p, name, state, found, p->confined ? NULL : remedy);
	p->rows->v[p->rows->n - 1].as_root = remedy && !p->confined;
}

void probe_refuses(struct probe *p, const char *what)
{
	p->rows->v[p->rows->n - 1].refused = what;
}

const char *probe_install(struct probe *p, const char *debian, const char *fedora, const char *arch)
{
	if (host_tool(p->pool, "apt-get"))
		return pool_printf(p->pool, "apt-get install %s", debian);
	if (host_tool(p->pool, "dnf"))
		return pool_printf(p->pool, "dnf install %s", fedora);
	if (host_tool(p->pool, "pacman"))
		return pool_printf(p->pool, "pacman -S %s", arch);
	return pool_printf(p->pool, "install the package that Debian calls %s", debian);
}

char *probe_read(struct probe *p, const char *path)
{
	enum { BYTES_MAX = 1 << 24 };
	char *text;

	return fd_read_path(p->pool, path, BYTES_MAX, &text) < 0 ? pool_strdup(p->pool, "") : text;
}

const char *probe_sysctl(struct pool *pool, const char *name)
{
	char *path = pool_printf(pool, "/proc/sys/%s", name), buffer[128];

	for (char *c = path; (c = strchr(c, '.')); c++)
		*c = '/';
	return read_small(path, buffer, sizeof(buffer)) ? pool_strdup(pool, buffer) : NULL;
}

/* What `sysctl -w` prints is what a file of sysctl.d(5) has. */
const char *probe_set_sysctl(struct probe *p, const char *name, const char *value)
{
	return pool_printf(p->pool, "sysctl -w %s=%s | tee -a /etc/sysctl.d/50-sandbox.conf", name,
			   value);
}

static const struct {
	const char *group;
	void (*rows)(struct probe *p);
} probes[] = {
	{"Kernel", probe_linux},
	{"Kernel", probe_calls},
	{"Kernel", probe_filter},
	{"Kernel", probe_landlock},
	{"Kernel", probe_overlay},
	{"Kernel", probe_settings},
	{"Namespaces", probe_user_namespaces},
	{"Namespaces", probe_other_namespaces},
	{"Namespaces", probe_proc},
	{"Identities", probe_ranges},
	{"Identities", probe_mappers},
	{"Devices", probe_devices},
	{"Resources", probe_cgroups},
	{"Resources", probe_manager},
	{"Programs", probe_programs},
};

void features_probe(struct pool *pool, const struct host *h, feature_vec *ret)
{
	/* Usually it is all over after 30 ms; a busy machine is slow, not without namespaces. */
	enum { TIMEOUT = 20 * 1000 * 1000 };
	struct probe p = {.pool = pool, .host = *h, .rows = ret};
	int64_t deadline = clock_now() + TIMEOUT;

	p.confined = host_is_confined();
	host_ids_probe(&p.host);
	host_cgroup_probe(&p.host, true);
	probe_start_programs(&p);
	for (int i = 0; i < ATTEMPT_COUNT; i++)
		attempt_start(&p.tries[i], (enum attempt_id)i);
	for (int i = 0; i < ATTEMPT_COUNT; i++)
		attempt_end(&p.tries[i], deadline);
	probe_end_programs(&p, deadline);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		p.group = probes[i].group;
		probes[i].rows(&p);
	}
}
