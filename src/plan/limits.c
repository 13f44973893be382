/* SPDX-License-Identifier: MIT */
/*
 * [Resources]: which files of the sandbox's cgroup get which text (cgroup-v2.rst), and where that group
 * can be. A limit that nothing enforces is refused with its line, the reason and the cure.
 */
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "plan/plan.h"

enum { HUNDREDTHS = 10000 }; /* of a per cent, in a whole */

static const char *number_text(struct pool *p, int64_t n)
{
	return n == STR_INFINITY ? "max" : pool_printf(p, "%lld", (long long)n);
}

static struct plan_limit *add_limit(const struct plan_inputs *in, struct plan *p, enum key_id key,
				    const char *file, const char *text)
{
	const struct setting *s = &in->profile->s[key];
	struct plan_limit *limit = vec_add(p->pool, &p->limits);

	*limit = (struct plan_limit){.key = key,
				     .at = s->at,
				     .value = s->text,
				     .file = file,
				     .text = text,
				     .optional = !origin_is_option(s->at) &&
						 plan_is_optional(in->profile, key)};
	for (size_t i = 0; i < CONTROLLERS; i++) {
		if (strncmp(file, host_controllers[i], strlen(host_controllers[i])) == 0 &&
		    file[strlen(host_controllers[i])] == '.')
			limit->controller = 1u << i;
	}
	/* Files are written back on the account of the group in which memory is counted (cgroup-v2.rst, "Writeback"). */
	if (key == KEY_IO_WRITE || key == KEY_IO_WEIGHT)
		limit->controller |= CONTROLLER_MEMORY;
	return limit;
}

static int limit_memory(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	static const struct {
		enum key_id key;
		const char *file;
	} rows[] = {{KEY_MEMORY_MAX, "memory.max"},
		    {KEY_MEMORY_HIGH, "memory.high"},
		    {KEY_SWAP_MAX, "memory.swap.max"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct setting *s = &in->profile->s[rows[i].key];
		int64_t n = s->number;

		if (!plan_is_asked_for(s, rows[i].key))
			continue;
		/* Not known where it does not matter: on a host without cgroup v2. */
		if (s->is_percent && !in->host->memory && in->host->cgroup.kind == CGROUP_V2)
			return plan_refuse(in, rows[i].key, e, "sysinfo(2) does not say of what");
		if (s->is_percent)
			n = (int64_t)((__int128)in->host->memory * n / HUNDREDTHS);
		add_limit(in, p, rows[i].key, rows[i].file, number_text(p->pool, n));
	}
	/* When memory is short, not one process of the sandbox is ended but all of it. */
	if (plan_is_asked_for(&in->profile->s[KEY_MEMORY_MAX], KEY_MEMORY_MAX))
		add_limit(in, p, KEY_MEMORY_MAX, "memory.oom.group", "1");
	return 0;
}

/* cpu.max is "QUOTA PERIOD" in microseconds; the kernel takes no quota of less than 1000. */
static int limit_cpu(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	enum { PERIOD = 100000, PERIOD_MAX = 1000000, QUOTA_MIN = 1000 };
	const struct setting *quota = &in->profile->s[KEY_CPU_QUOTA],
			     *weight = &in->profile->s[KEY_CPU_WEIGHT];
	int64_t period = PERIOD, n;

	if (plan_is_asked_for(quota, KEY_CPU_QUOTA)) {
		if (quota->number < QUOTA_MIN * HUNDREDTHS / PERIOD)
			period = PERIOD_MAX;
		if (__builtin_mul_overflow(quota->number, period / HUNDREDTHS, &n))
			return plan_refuse(in, KEY_CPU_QUOTA, e, "more than any machine has");
		if (n < QUOTA_MIN)
			return plan_refuse(in, KEY_CPU_QUOTA, e,
					   "less than the kernel can divide: 0.1% is the least");
		add_limit(in, p, KEY_CPU_QUOTA, "cpu.max",
			  pool_printf(p->pool, "%lld %lld", (long long)n, (long long)period));
	}
	if (plan_is_asked_for(weight, KEY_CPU_WEIGHT))
		add_limit(in, p, KEY_CPU_WEIGHT, "cpu.weight",
			  number_text(p->pool, weight->number));
	return 0;
}

/* Whether one of the processors of `list` is among those of `online`. */
static bool cpus_meet(const char *list, const char *online)
{
	unsigned first, last, from, to;

	while (*list && str_range(&list, &first, &last) == 0) {
		const char *rest = online;

		while (*rest && str_range(&rest, &from, &to) == 0) {
			if (first <= to && from <= last)
				return true;
		}
	}
	return false;
}

static int limit_cpus(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct setting *s = &in->profile->s[KEY_CPUS];
	const char *list = "";

	if (!plan_is_asked_for(s, KEY_CPUS))
		return 0;
	for (size_t i = 0; i < s->list.n; i++)
		list = pool_printf(p->pool, "%s%s%s", list, i ? "," : "", s->list.v[i].text);
	/* The kernel takes such a list, and lets the group have all processors. */
	if (in->host->cpus && !cpus_meet(list, in->host->cpus))
		return plan_refuse(
			in, KEY_CPUS, e,
			pool_printf(p->pool, "this machine has processors %s", in->host->cpus));
	add_limit(in, p, KEY_CPUS, "cpuset.cpus", list)->value = list;
	return 0;
}

static const struct host_disk *find_disk(const struct host *h, const char *path)
{
	for (size_t i = 0; i < h->disks.n; i++) {
		if (str_eq(h->disks.v[i].path, path))
			return &h->disks.v[i];
	}
	return NULL;
}

static bool is_limited(const struct plan *p, enum key_id key, const char *device)
{
	for (size_t i = 0; i < p->limits.n; i++) {
		if (p->limits.v[i].key == key &&
		    strncmp(p->limits.v[i].text, device, strlen(device)) == 0)
			return true;
	}
	return false;
}

static int limit_bandwidth(const struct plan_inputs *in, struct plan *p, enum key_id key,
			   struct err *e)
{
	const struct setting *s = &in->profile->s[key];

	/* The last word on a disk counts. */
	for (size_t i = s->list.n; i-- > 0;) {
		const struct value *v = &s->list.v[i];
		const char *path = plan_expand_path(in->profile, in->host, v, v->text, e), *text,
			   *device;
		const struct host_disk *disk = path ? find_disk(in->host, path) : NULL;
		struct plan_limit *limit;

		if (!path)
			return -1;
		if (v->optional && (!disk || !disk->device)) {
			*vec_add(p->pool, &p->notes) =
				pool_printf(p->pool, "%s: %s is on no disk: not limited there",
					    keys[key].name, str_safe(p->pool, path));
			continue;
		}
		if (!disk || !disk->device) {
			err_set(e, "%s: %s=%s: %s", origin_text(p->pool, v->at), keys[key].name,
				str_safe(p->pool, v->text),
				disk && disk->error ? strerror(disk->error)
						    : "it is on no disk whose use can be limited");
			e->located = v->at.line > 0;
			return -1;
		}
		device = pool_printf(p->pool, "%s ", disk->device);
		if (is_limited(p, key, device))
			continue;
		text = pool_printf(p->pool, "%s%s=%s", device, key == KEY_IO_READ ? "rbps" : "wbps",
				   number_text(p->pool, v->number));
		limit = add_limit(in, p, key, "io.max", text);
		limit->at = v->at;
		limit->value = pool_printf(p->pool, "%s %lld", v->text, (long long)v->number);
	}
	return 0;
}

static int limit_all(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct setting *tasks = &in->profile->s[KEY_TASKS_MAX],
			     *weight = &in->profile->s[KEY_IO_WEIGHT];

	if (limit_memory(in, p, e) || limit_cpu(in, p, e) || limit_cpus(in, p, e) ||
	    limit_bandwidth(in, p, KEY_IO_READ, e) || limit_bandwidth(in, p, KEY_IO_WRITE, e))
		return -1;
	if (plan_is_asked_for(tasks, KEY_TASKS_MAX))
		add_limit(in, p, KEY_TASKS_MAX, "pids.max", number_text(p->pool, tasks->number));
	if (plan_is_asked_for(weight, KEY_IO_WEIGHT))
		add_limit(in, p, KEY_IO_WEIGHT, "io.weight", number_text(p->pool, weight->number));
	return 0;
}

static uint32_t controllers_of(const struct plan *p, bool optional)
{
	uint32_t set = 0;

	for (size_t i = 0; i < p->limits.n; i++)
		set |= optional || !p->limits.v[i].optional ? p->limits.v[i].controller : 0;
	return set;
}

/* Why no group has controller `c` here, and the cure. */
static const char *reason(const struct plan_inputs *in, uint32_t c, const char **cure)
{
	const struct host_cgroup *g = &in->host->cgroup;
	const char *name = host_controller_names(in->profile->pool, c);

	*cure = pool_printf(in->profile->pool, "as root: %s", host_cgroup_cure(g));
	if (g->kind == CGROUP_V1)
		return "this host has cgroups of version 1 only";
	if (g->kind == CGROUP_HYBRID)
		return pool_printf(
			in->profile->pool,
			"the cgroups of this host are hybrid: version 1 has the controller %s",
			name);
	if (g->kind == CGROUP_ABSENT)
		return "no cgroup2 file system is mounted on /sys/fs/cgroup";
	*cure = "`sandbox doctor` has the command that delegates it";
	if (g->subtree || g->runtime_dir)
		return pool_printf(in->profile->pool,
				   "the cgroup controller %s is not delegated to you", name);
	*cure = "log in through systemd, or as root: loginctl enable-linger USER";
	if (g->systemd)
		return "your cgroup is not yours to divide, and no systemd of yours can be reached";
	*cure = "`sandbox doctor` has the command that gives you one";
	return "your cgroup is not yours to divide";
}

static const char *reason_of_helper(const char **cure)
{
	*cure = "make install puts it beside the profiles";
	return "a scope of systemd is needed, and sandbox-scope is not installed";
}

/* The limits that cannot be are taken out, if they are optional; else the first of them is an error. */
static int drop_limits(const struct plan_inputs *in, struct plan *p, uint32_t there, bool helper,
		       struct err *e)
{
	const char *names = "", *why = NULL, *cure;
	size_t kept = 0;

	for (size_t i = 0; i < p->limits.n; i++) {
		const struct plan_limit limit = p->limits.v[i];

		if (!(limit.controller & ~there)) {
			p->limits.v[kept++] = limit;
			continue;
		}
		why = helper ? reason_of_helper(&cure)
			     : reason(in, limit.controller & ~there, &cure);
		if (!limit.optional) {
			plan_refuse(in, limit.key, e, why);
			return err_hint(e, "%s", cure);
		}
		if (!strstr(names, keys[limit.key].name))
			names = pool_printf(p->pool, "%s%s%s", names, *names ? ", " : "",
					    keys[limit.key].name);
	}
	p->limits.n = kept;
	if (why)
		*vec_add(p->pool, &p->notes) =
			pool_printf(p->pool, "%s: not enforced: %s", names, why);
	return 0;
}

/* Controllers without which the kernel does not count. */
enum { COUNTING = CONTROLLER_CPU | CONTROLLER_IO | CONTROLLER_MEMORY | CONTROLLER_PIDS };

static void place_group(const struct plan_inputs *in, struct plan *p, bool by_scope)
{
	const struct host_cgroup *g = &in->host->cgroup;
	uint32_t limited = controllers_of(p, true);
	uint32_t needed =
		limited |
		(in->wishes.measure ? (by_scope ? g->of_manager : g->there) & COUNTING : 0);

	p->group = (struct plan_group){.wanted = true,
				       .by_scope = by_scope,
				       .mount = g->mount,
				       .to_enable = needed,
				       .to_read = in->wishes.measure
							  ? CONTROLLERS_ALL
							  : limited & ~(uint32_t)CONTROLLER_IO,
				       .optional = !controllers_of(p, false),
				       .inner = !p->restrict_namespaces,
				       .has_callers = true};
	if (by_scope) {
		p->group.scope_helper = g->scope_helper;
		p->group.runtime_dir = g->runtime_dir;
		return;
	}
	p->group.parent = g->subtree;
	p->group.to_enable = needed & ~g->enabled;
	p->group.has_callers = g->has_callers && p->group.to_enable;
}

/*
 * A part of the host's tree with the hierarchy in it that the program may write to: it could leave its
 * group by writing to another one's cgroup.procs.
 */
static const struct plan_mount *find_opening(const struct plan *p, const char *hierarchy)
{
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];

		if (m->kind == MOUNT_BIND && !m->read_only && !str_eq(m->source, "/") &&
		    (path_within(hierarchy, m->source) || path_within(m->source, hierarchy)))
			return m;
	}
	return NULL;
}

static int check_closed(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct plan_mount *m = p->group.wanted ? find_opening(p, in->host->cgroup.mount)
						     : NULL;

	if (!m)
		return 0;
	if (p->group.optional) {
		p->group.wanted = false;
		p->limits.n = 0;
		*vec_add(p->pool, &p->notes) = pool_printf(
			p->pool, "limits are not enforced: %s is writable, and the cgroups in it",
			str_safe(p->pool, m->place));
		return 0;
	}
	err_set(e, "%s: %s=%s: the program could leave the cgroup with its limits",
		origin_text(p->pool, m->at), m->reason, str_safe(p->pool, m->place));
	e->located = m->at.line > 0;
	return err_hint(e, "read-only, or without the limits");
}

int plan_limits(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct host_cgroup *g = &in->host->cgroup;
	uint32_t all, needed, own = g->subtree ? g->there : 0;
	uint32_t scope = g->runtime_dir ? g->of_manager : 0;
	bool by_scope;

	p->runtime_max = profile_number(in->profile, KEY_RUNTIME_MAX, STR_INFINITY);
	p->runtime_max_text = profile_text_of(in->profile, KEY_RUNTIME_MAX, NULL);
	if (limit_all(in, p, e))
		return -1;
	all = controllers_of(p, true);
	needed = controllers_of(p, false);
	/* Our own group costs nothing; a scope is worth its milliseconds only for what it has more. */
	by_scope = (all & scope & ~own) && (!(needed & ~scope) || (needed & ~own));
	if (drop_limits(in, p,
			by_scope && g->scope_helper ? scope
			: by_scope		    ? 0
						    : own,
			by_scope && !g->scope_helper, e))
		return -1;
	if (p->limits.n || (in->wishes.measure && g->subtree))
		place_group(in, p, by_scope);
	return check_closed(in, p, e);
}
