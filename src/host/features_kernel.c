/* SPDX-License-Identifier: MIT */
/* Rows of `doctor`: the kernel and its namespaces. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "host/features_probe.h"

#ifndef PROFILE_DIR
#error "PROFILE_DIR, beside which the AppArmor profile is installed, comes from the Makefile"
#endif

static const char needs_user[] = "not to be had without user namespaces";

enum { NEEDED_MAJOR = 5, NEEDED_MINOR = 14 };

void probe_linux(struct probe *p)
{
	struct utsname u = {0};
	unsigned long major, minor;
	char *rest;
	bool enough;

	uname(&u);
	major = strtoul(u.release, &rest, 10);
	minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
	enough = major > NEEDED_MAJOR || (major == NEEDED_MAJOR && minor >= NEEDED_MINOR);
	probe_add(
		p, "Linux", enough ? FEATURE_OK : FEATURE_MISSING,
		pool_printf(p->pool, "%s%s", u.release, enough ? "" : "; 5.14 or newer is needed"),
		enough ? NULL
		       : probe_install(p, "linux-image-$(dpkg --print-architecture)", "kernel",
				       "linux"));
}

static const char *error_text(struct probe *p, const struct attempt *a)
{
	if (a->error == ETIMEDOUT)
		return "it did not answer in time";
	return *a->text ? pool_printf(p->pool, "%s: %s", str_safe(p->pool, a->text),
				      strerror(a->error))
			: strerror(a->error);
}

static const char *obstacle_remedy(enum obstacle obstacle)
{
	switch (obstacle) {
	case OBSTACLE_SANDBOX:
		return "sandbox --profile nested ... for the outer sandbox";
	case OBSTACLE_FILTER:
		return "podman run --security-opt seccomp=unconfined ... (or docker run) for this container";
	case OBSTACLE_CHROOT:
		return "systemd-nspawn --directory=DIR instead of chroot DIR";
	case OBSTACLE_PROCESSES:
		return "ulimit -S -u \"$(ulimit -H -u)\"";
	case OBSTACLE_UNKNOWN:
	case OBSTACLE_CLONE_SYSCTL:
	case OBSTACLE_APPARMOR:
	case OBSTACLE_LIMIT:
	case OBSTACLE_KERNEL:
		break;
	}
	return NULL;
}

void probe_calls(struct probe *p)
{
	const struct attempt *a = &p->tries[ATTEMPT_CALLS];
	enum obstacle obstacle = a->error ? obstacle_find(ENOSYS) : OBSTACLE_UNKNOWN;

	if (!a->error)
		probe_add(p, "system calls", FEATURE_OK,
			  "clone3, openat2, the mount calls of Linux 5.12", NULL);
	else
		probe_add_own(p, "system calls", FEATURE_MISSING,
			      pool_printf(p->pool, "not there:%s", str_safe(p->pool, a->text)),
			      obstacle_remedy(obstacle));
}

void probe_filter(struct probe *p)
{
	const struct attempt *filter = &p->tries[ATTEMPT_FILTER],
			     *notify = &p->tries[ATTEMPT_NOTIFY];

	if (filter->error)
		probe_add(p, "seccomp filter", FEATURE_MISSING, error_text(p, filter), NULL);
	else
		probe_add(p, "seccomp filter", FEATURE_OK, "system calls can be filtered", NULL);
	/* EBUSY: a filter above has its supervisor already. */
	if (notify->error && notify->error != EBUSY)
		probe_add(p, "seccomp notification", FEATURE_WARNING, error_text(p, notify), NULL);
	else
		probe_add(p, "seccomp notification", FEATURE_OK,
			  notify->error ? "yes; taken by somebody around us"
					: "a supervisor can answer calls",
			  NULL);
}

/* What each ABI brought: landlock(7). */
static const char *const landlock_gains[] = {
	"files", "rename", "truncate", "TCP ports", "device ioctls", "signals and abstract sockets",
	"audit",
};
enum { LANDLOCK_GAINS = sizeof(landlock_gains) / sizeof(landlock_gains[0]) };

static const char *landlock_remedy(struct probe *p)
{
	char *list = probe_read(p, "/sys/kernel/security/lsm");

	if (!*list || strstr(list, "landlock") || !host_tool(p->pool, "update-grub"))
		return NULL;
	return pool_printf(
		p->pool,
		"mkdir -p /etc/default/grub.d && echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX lsm=landlock,%.*s\"'"
		" >/etc/default/grub.d/landlock.cfg && update-grub && reboot",
		(int)strcspn(list, "\n"), list);
}

void probe_landlock(struct probe *p)
{
	int abi = host_landlock_abi();
	const char *text = "";

	if (abi == 0) {
		probe_add(p, "Landlock", FEATURE_WARNING,
			  errno == ENOSYS
				  ? "the kernel was built without it: sandboxes have one wall less"
				  : "switched off: sandboxes have one wall less",
			  landlock_remedy(p));
		return;
	}
	for (int i = 0; i < abi && i < LANDLOCK_GAINS; i++)
		text = pool_printf(p->pool, "%s%s%s", text, i ? ", " : "", landlock_gains[i]);
	if (abi == 1)
		text = pool_printf(p->pool,
				   "%s; not used: files could not be moved (Linux 5.19 has ABI 2)",
				   text);
	probe_add(p, "Landlock", abi == 1 ? FEATURE_WARNING : FEATURE_OK,
		  pool_printf(p->pool, "ABI %d: %s", abi, text), NULL);
	if (abi < 6)
		probe_add(
			p, "Landlock scopes", FEATURE_WARNING,
			"need ABI 6 (Linux 6.12); --net host needs Network.AbstractSockets=yes without them",
			NULL);
}

/* Where the layers of copies lie. */
static void probe_layers(struct probe *p)
{
	struct host *h = &p->host;
	struct err e = {0};

	if (host_overlay_probe(h, &e))
		probe_add(p, "layers", FEATURE_WARNING, pool_strdup(p->pool, e.text), NULL);
	else if (!h->state_home)
		probe_add(p, "layers", FEATURE_WARNING,
			  "there is no home directory to keep changes in", "export HOME=DIR");
	else if (h->state_type)
		probe_add(p, "layers", FEATURE_WARNING,
			  pool_printf(
				  p->pool,
				  "%s is on %s: copies are made by fuse-overlayfs, which is slower",
				  str_safe(p->pool, h->state_home), h->state_type),
			  "export XDG_STATE_HOME=DIR, on ext4, XFS or Btrfs");
	else
		probe_add(
			p, "layers", FEATURE_OK,
			pool_printf(p->pool, "%s can hold them", str_safe(p->pool, h->state_home)),
			NULL);
}

void probe_overlay(struct probe *p)
{
	const struct attempt *a = &p->tries[ATTEMPT_OVERLAY];

	if (a->error == ENODEV)
		probe_add(p, "overlay", FEATURE_WARNING, "the kernel has no overlay file system",
			  "modprobe overlay");
	else if (a->error)
		probe_add(p, "overlay", FEATURE_WARNING,
			  a->error == p->tries[ATTEMPT_USER].error ? needs_user : error_text(p, a),
			  NULL);
	else
		probe_add(p, "overlay", FEATURE_OK, "can be mounted in a user namespace", NULL);
	probe_layers(p);
}

/* For information: neither is needed. */
void probe_settings(struct probe *p)
{
	const char *ptrace = probe_sysctl(p->pool, "kernel.yama.ptrace_scope");
	const char *push = probe_sysctl(p->pool, "dev.tty.legacy_tiocsti");
	bool none = ptrace && *ptrace == '3';

	probe_add(p, "kernel.yama.ptrace_scope", none ? FEATURE_WARNING : FEATURE_OK,
		  !ptrace ? "not there: debuggers can attach to processes of their user"
		  : none  ? "3: no debugger works, in a sandbox or outside, until the next boot"
		  : *ptrace == '0'
			  ? "0: debuggers can attach to processes of their user"
			  : pool_printf(p->pool, "%s: debuggers reach what they started", ptrace),
		  NULL);
	probe_add(p, "dev.tty.legacy_tiocsti", FEATURE_OK,
		  push && *push == '0'
			  ? "0: nobody can push terminal input"
			  : "terminal input can be pushed on this host; not from inside a sandbox",
		  NULL);
}

static const char *own_binary(struct probe *p)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	return n > 0 && n < (ssize_t)sizeof(path) ? pool_strndup(p->pool, path, (size_t)n)
						  : "/usr/bin/sandbox";
}

/* What `make install` has installed names the usual places; elsewhere it is spelt out. */
static const char *apparmor_remedy(struct probe *p)
{
	static const char load[] =
		">/etc/apparmor.d/sandbox && apparmor_parser -r /etc/apparmor.d/sandbox";
	const char *binary = own_binary(p), *profiles = PROFILE_DIR;
	const char *data =
		pool_strndup(p->pool, profiles, (size_t)(strrchr(profiles, '/') - profiles));
	const char *file = pool_printf(p->pool, "%s/apparmor/sandbox", data);

	if ((str_eq(binary, "/usr/bin/sandbox") || str_eq(binary, "/usr/local/bin/sandbox")) &&
	    access(file, R_OK) == 0)
		return pool_printf(p->pool, "cat %s %s", file, load);
	return pool_printf(
		p->pool,
		"printf 'abi <abi/4.0>,\\nprofile sandbox %s flags=(unconfined) {\\n\\tuserns,\\n}\\n' %s",
		str_safe(p->pool, binary), load);
}

static void probe_clone_sysctl(struct probe *p)
{
	static const char name[] = "kernel.unprivileged_userns_clone";
	const char *value = probe_sysctl(p->pool, name);
	bool closed = value && str_eq(value, "0");

	if (closed && p->tries[ATTEMPT_USER].error)
		probe_add(p, name, FEATURE_MISSING, "0: only root can make user namespaces",
			  probe_set_sysctl(p, name, "1"));
	else
		probe_add(p, name, FEATURE_OK,
			  !value   ? "not there: no restriction"
			  : closed ? "0, but you may"
				   : value,
			  NULL);
}

static void probe_apparmor(struct probe *p)
{
	static const char name[] = "kernel.apparmor_restrict_unprivileged_userns";
	const char *value = probe_sysctl(p->pool, name), *found;
	bool restricts = value && str_eq(value, "1"),
	     closed = restricts && p->tries[ATTEMPT_USER].error;

	found = !value	    ? "none"
		: closed    ? "takes the rights in a new user namespace away"
		: restricts ? "of others; this program may make user namespaces"
			    : "off";
	probe_add(p, "AppArmor restriction", closed ? FEATURE_MISSING : FEATURE_OK,
		  value ? pool_printf(p->pool, "%s (%s=%s)", found, name, value) : found,
		  closed ? apparmor_remedy(p) : NULL);
}

/* user.max_user_namespaces and its neighbours: 0 closes them, a small limit is soon reached. */
static void probe_limits(struct probe *p)
{
	static const char *const names[] = {
		"user.max_user_namespaces", "user.max_mnt_namespaces",	  "user.max_pid_namespaces",
		"user.max_ipc_namespaces",  "user.max_uts_namespaces",	  "user.max_net_namespaces",
		"user.max_time_namespaces", "user.max_cgroup_namespaces",
	};
	enum { SMALL = 16, ENOUGH = 15000 };
	bool all = true;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = probe_sysctl(p->pool, names[i]);
		int64_t n = ENOUGH;

		if (value && str_number(value, 0, INT64_MAX - 1, &n) == 0 && n < SMALL) {
			probe_add(p, names[i], n ? FEATURE_WARNING : FEATURE_MISSING,
				  pool_printf(p->pool, "%s: %s", value,
					      n ? "few sandboxes can run at a time"
						: "none can be made"),
				  probe_set_sysctl(p, names[i], "15000"));
			all = false;
		}
	}
	if (all)
		probe_add(p, "user.max_*_namespaces", FEATURE_OK,
			  pool_printf(p->pool, "%s user namespaces, and enough of the others",
				      probe_sysctl(p->pool, names[0]) ?: "no limit of"),
			  NULL);
}

void probe_user_namespaces(struct probe *p)
{
	const struct attempt *a = &p->tries[ATTEMPT_USER];
	enum obstacle obstacle = a->error ? obstacle_find(a->error) : OBSTACLE_UNKNOWN;

	if (!a->error)
		probe_add(p, "user namespaces", FEATURE_OK,
			  "can be made, and have their capabilities", NULL);
	else if (obstacle == OBSTACLE_CLONE_SYSCTL || obstacle == OBSTACLE_APPARMOR ||
		 obstacle == OBSTACLE_LIMIT)
		probe_add(p, "user namespaces", FEATURE_MISSING,
			  pool_printf(p->pool, "%s; the reason is below", error_text(p, a)), NULL);
	else
		probe_add_own(p, "user namespaces", FEATURE_MISSING,
			      pool_printf(p->pool, "%s%s%s", error_text(p, a), obstacle ? "; " : "",
					  obstacle ? obstacle_text(obstacle) : ""),
			      obstacle_remedy(obstacle));
	probe_clone_sysctl(p);
	probe_apparmor(p);
	probe_limits(p);
}

void probe_other_namespaces(struct probe *p)
{
	static const char *const names[] = {
		[ATTEMPT_MOUNT] = "mount namespaces", [ATTEMPT_PID] = "pid namespaces",
		[ATTEMPT_IPC] = "ipc namespaces",     [ATTEMPT_UTS] = "uts namespaces",
		[ATTEMPT_NETWORK] = "net namespaces", [ATTEMPT_CGROUP] = "cgroup namespaces",
		[ATTEMPT_TIME] = "time namespaces",
	};

	for (int i = ATTEMPT_MOUNT; i <= ATTEMPT_TIME; i++) {
		const struct attempt *a = &p->tries[i];
		enum feature_state bad = i == ATTEMPT_TIME ? FEATURE_WARNING : FEATURE_MISSING;
		bool same = a->error == p->tries[ATTEMPT_USER].error;

		if (!a->error)
			probe_add(p, names[i], FEATURE_OK, "can be made", NULL);
		else
			probe_add(p, names[i], bad,
				  same		       ? needs_user
				  : a->error == EINVAL ? "the kernel was built without them"
				  : i == ATTEMPT_TIME  ? "only PrivateTime= needs them"
						       : error_text(p, a),
				  NULL);
	}
}

/* What hides a part of /proc, as in a container: mount_too_revealing() in fs/namespace.c. */
static const char *first_mask(struct probe *p)
{
	char *text = probe_read(p, "/proc/self/mountinfo"), *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char place[4096];

		if (sscanf(line, "%*s %*s %*s %*s %4095s", place) == 1 &&
		    str_begins(place, "/proc/") && !str_begins(place, "/proc/sys/fs/binfmt_misc"))
			return pool_strdup(p->pool, place);
	}
	return NULL;
}

void probe_proc(struct probe *p)
{
	const struct attempt *a = &p->tries[ATTEMPT_PROC];
	const char *mask = a->error ? first_mask(p) : NULL;

	if (!a->error)
		probe_add(p, "/proc", FEATURE_OK, "a new one can be mounted", NULL);
	else if (p->tries[ATTEMPT_USER].error)
		probe_add(p, "/proc", FEATURE_MISSING, needs_user, NULL);
	else if (a->error == EPERM && mask)
		probe_add_own(
			p, "/proc", FEATURE_MISSING,
			pool_printf(p->pool,
				    "no new one can be mounted: %s is covered here (a container?)",
				    str_safe(p->pool, mask)),
			"podman run --security-opt unmask=ALL ... (docker run --security-opt"
			" systempaths=unconfined ...) for this container");
	else
		probe_add(p, "/proc", FEATURE_MISSING, error_text(p, a), NULL);
}
