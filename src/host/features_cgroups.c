/* SPDX-License-Identifier: MIT */
/* Rows of `doctor`: what the limits of [Resources] need. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "host/features_probe.h"

static const char all_limits[] =
	"limits of resources (--memory, --cpus, --pids, --io-read, --io-write)";

static void add_hierarchy(struct probe *p)
{
	static const char *const found[] = {
		[CGROUP_ABSENT] = "not mounted on /sys/fs/cgroup; no limits",
		[CGROUP_V1] = "v1; limits need v2",
		[CGROUP_HYBRID] = "hybrid: v2 without the controllers that v1 has; limits need v2",
		[CGROUP_V2] = "v2",
	};
	static const char boot[] =
		"mkdir -p /etc/default/grub.d && echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX systemd.unified_cgroup_hierarchy=1\"'"
		" >/etc/default/grub.d/cgroup.cfg && update-grub && reboot";
	const struct host_cgroup *c = &p->host.cgroup;
	enum cgroup_kind kind = c->kind;
	bool grub = kind != CGROUP_ABSENT && c->systemd && host_tool(p->pool, "update-grub");

	probe_add(p, "cgroup hierarchy", kind == CGROUP_V2 ? FEATURE_OK : FEATURE_WARNING,
		  found[kind],
		  kind == CGROUP_V2 ? NULL
		  : grub	    ? boot
				    : host_cgroup_cure(c));
	if (kind != CGROUP_V2)
		probe_refuses(p, all_limits);
}

/* Where a sandbox with limits would be: which of the ways there are, in their order. sandbox-delegate
 * moves whoever has started us, and so all that it starts next. */
static void add_place(struct probe *p)
{
	const struct host_cgroup *c = &p->host.cgroup;
	const char *own = c->own ? str_safe(p->pool, c->own) : "";

	if (!c->own)
		probe_add(p, "own cgroup", FEATURE_WARNING, "not in the v2 hierarchy; no limits",
			  NULL);
	else if (c->subtree)
		probe_add(
			p, "own cgroup", FEATURE_OK,
			pool_printf(p->pool, "%s, delegated to you", str_safe(p->pool, c->subtree)),
			NULL);
	else if (c->runtime_dir)
		probe_add_own(
			p, "own cgroup", FEATURE_OK,
			pool_printf(
				p->pool,
				"%s, not yours to divide: each run with limits asks systemd for a scope;"
				" a shell from `systemd-run --user --scope -p Delegate=yes` asks once",
				own),
			NULL);
	else
		probe_add(p, "own cgroup", FEATURE_WARNING,
			  pool_printf(p->pool, "%s, not yours to divide; no limits", own),
			  c->kind == CGROUP_V2 && !c->systemd
				  ? pool_printf(p->pool, "%s/sandbox-delegate %s %d", HELPER_DIR,
						p->host.user ?: "USER", (int)getppid())
				  : NULL);
	if (!c->subtree && !c->runtime_dir)
		probe_refuses(p, all_limits);
	if (c->runtime_dir && !c->subtree && !c->scope_helper) {
		probe_add(p, "sandbox-scope", FEATURE_WARNING,
			  "not installed; limits need it to ask systemd for a scope",
			  "make install");
		probe_refuses(p, all_limits);
	}
}

static void add_controllers(struct probe *p)
{
	static const char drop_in[] =
		"mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory"
		" pids\\n' >/etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload";
	const struct host_cgroup *c = &p->host.cgroup;
	/* What the manager has is what any place below it can be given. */
	uint32_t there = c->runtime_dir ? c->of_manager : c->there, lost = CONTROLLERS_ALL & ~there;

	if (c->kind != CGROUP_V2 || (!c->runtime_dir && !c->subtree))
		return;
	probe_add(p, "cgroup controllers", lost ? FEATURE_WARNING : FEATURE_OK,
		  lost ? pool_printf(p->pool, "delegated to you: %s; not: %s",
				     there ? host_controller_names(p->pool, there) : "none",
				     host_controller_names(p->pool, lost))
		       : pool_printf(p->pool, "delegated to you: %s",
				     host_controller_names(p->pool, there)),
		  lost && c->runtime_dir ? drop_in : NULL);
	if (lost)
		probe_refuses(p, pool_printf(p->pool, "limits of the controllers %s",
					     host_controller_names(p->pool, lost)));
}

void probe_cgroups(struct probe *p)
{
	add_hierarchy(p);
	if (p->host.cgroup.mount)
		add_place(p);
	add_controllers(p);
}

void probe_manager(struct probe *p)
{
	const struct host_cgroup *c = &p->host.cgroup;
	const char *user = p->host.user ?: pool_printf(p->pool, "%u", (unsigned)p->host.uid);

	if (!c->systemd)
		probe_add(p, "systemd user manager", FEATURE_WARNING,
			  "this host does not run systemd; limits need a cgroup of your own", NULL);
	else if (c->runtime_dir)
		probe_add(
			p, "systemd user manager", FEATURE_OK,
			pool_printf(p->pool, "it listens in %s", str_safe(p->pool, c->runtime_dir)),
			NULL);
	else
		probe_add(p, "systemd user manager", FEATURE_WARNING,
			  "yours cannot be reached; limits may need it",
			  pool_printf(p->pool, "loginctl enable-linger %s", user));
}
