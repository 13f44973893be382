/* SPDX-License-Identifier: MIT */
/* The plan as text and as JSON: see print.h. */
#include <linux/sched.h>
#include <string.h>

#include "base/cap.h"
#include "base/str.h"
#include "plan/print.h"

static const struct {
	uint64_t flag;
	const char *name;
} namespaces[] = {{CLONE_NEWUSER, "user"},     {CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"},
		  {CLONE_NEWIPC, "ipc"},       {CLONE_NEWUTS, "uts"},  {CLONE_NEWNET, "net"},
		  {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"}};
static const char *const identities[] = {"self", "root", "separate"};

/* The filter words are checked when they are set, so expanding them cannot fail here. */
static size_t allowed_calls(const struct plan *p, struct seccomp_name **ret)
{
	struct err e;
	size_t n = 0;

	if (p->filter.oci_json || filter_expand(p->pool, &p->filter, ret, &n, &e))
		return 0;
	return n;
}

static const char *rights(const struct plan *p, const struct plan_mount *m)
{
	if (m->kind == MOUNT_BIND)
		return pool_printf(p->pool, "%s%s", m->read_only ? "ro" : "rw",
				   m->no_exec ? ",noexec" : "");
	if (m->kind == MOUNT_TMPFS || m->kind == MOUNT_COW)
		return m->no_exec ? "rw,noexec" : "rw";
	return m->kind == MOUNT_PROC || m->kind == MOUNT_DEV ? "" : "ro";
}

static const char *mount_origin(const struct plan *p, const struct plan_mount *m)
{
	return m->at.file ? pool_printf(p->pool, "%s, %s", m->reason, origin_text(p->pool, m->at))
			  : m->reason;
}

static void print_maps(const struct id_map *maps, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%s%u is %u", i ? "; " : "", maps[i].inside, maps[i].outside);
		if (maps[i].count > 1)
			fprintf(out, " and so on, %u ids", maps[i].count);
	}
}

static void print_identity(const struct plan *p, FILE *out)
{
	const struct plan_identity *id = &p->identity;

	fprintf(out, "Identity    %s: uid %u, gid %u inside", identities[id->kind], id->uid,
		id->gid);
	fprintf(out, "\n  uids      ");
	print_maps(id->uids, id->n_uids, out);
	fprintf(out, "\n  gids      ");
	print_maps(id->gids, id->n_gids, out);
	fprintf(out, "\n  groups    %s\n",
		id->drop_groups ? "none" : "the caller's (no right to drop them)");
}

static void print_mounts(const struct plan *p, FILE *out)
{
	fprintf(out, "Root        %s, %s\n",
		p->root == ROOT_HOST	? "the host's"
		: p->root == ROOT_EMPTY ? "empty"
					: str_safe(p->pool, p->root_path),
		p->root_cow	   ? "copy-on-write"
		: p->root_writable ? "writable"
				   : "read-only");
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];

		fprintf(out, "  %-5s %-9s %s", mount_kind_name(m->kind), rights(p, m),
			str_quoted(p->pool, m->place));
		if ((m->kind == MOUNT_BIND || m->kind == MOUNT_COW) && !str_eq(m->source, m->place))
			fprintf(out, " from %s", str_quoted(p->pool, m->source));
		if (m->size)
			fprintf(out, " of %lld bytes", (long long)m->size);
		fprintf(out, "  (%s)\n", mount_origin(p, m));
	}
	for (size_t i = 0; i < p->devices.n; i++)
		fprintf(out, "  node            %s  (%s)\n",
			str_quoted(p->pool, p->devices.v[i].place),
			mount_origin(p, &p->devices.v[i]));
}

static const char *const squashes[] = {"no", "root", "others", "program"};
static const char *const keeps[] = {"if there are changes", "always", "never"};

static void print_manner(const struct plan *p, FILE *out)
{
	static const char *const ttys[] = {[TTY_NEVER] = "none", [TTY_ALWAYS] = "a pty of its own"};

	if (p->tty != TTY_AUTO)
		fprintf(out, "Terminal    %s\n", ttys[p->tty]);
	if (p->detached)
		fputs("Background  yes, and what it prints goes into a log\n", out);
}

static void print_cows(const struct plan *p, FILE *out)
{
	if (!plan_uses_store(p))
		return;
	fprintf(out, "Layers      in %s, kept %s\n", str_quoted(p->pool, p->state_home),
		keeps[p->keep]);
	for (size_t i = 0; i < p->cows.n; i++) {
		const struct plan_cow *cow = &p->cows.v[i];

		fprintf(out, "  %s by %s", str_quoted(p->pool, cow->path),
			cow->fuse ? "fuse-overlayfs" : "the kernel");
		if (cow->why)
			fprintf(out, " (%s)", cow->why);
		fprintf(out, "%s\n",
			cow->squash == SQUASH_ROOT	? "; all files are root's"
			: cow->squash == SQUASH_OTHERS	? "; the host's files are root's"
			: cow->squash == SQUASH_PROGRAM ? "; all files are the program's"
							: "");
	}
}

static const char *limit_origin(const struct plan *p, const struct plan_limit *limit)
{
	return pool_printf(p->pool, "%s%s", origin_text(p->pool, limit->at),
			   limit->optional ? ", optional" : "");
}

static void print_limits(const struct plan *p, FILE *out)
{
	if (p->group.wanted)
		fprintf(out, "Group       %s%s\n",
			p->group.by_scope ? "in a scope of systemd"
					  : str_quoted(p->pool, p->group.parent),
			p->group.has_callers && !p->group.by_scope
				? "; the processes there move to " CGROUP_CALLERS
				: "");
	for (size_t i = 0; i < p->limits.n; i++) {
		const struct plan_limit *limit = &p->limits.v[i];

		fprintf(out, "  %s=%s: %s gets %s  (%s)\n", keys[limit->key].name,
			str_safe(p->pool, limit->value), limit->file, limit->text,
			limit_origin(p, limit));
	}
	if (p->runtime_max != STR_INFINITY)
		fprintf(out, "Time        RuntimeMaxSec=%s: SIGTERM, 5 s later SIGKILL\n",
			p->runtime_max_text);
}

static void print_caps(const char *title, uint64_t set, FILE *out)
{
	fprintf(out, "  %-9s", title);
	for (int i = 0; i < CAP_COUNT; i++) {
		if (set & CAP_BIT(i))
			fprintf(out, " %s", cap_name(i));
	}
	fprintf(out, "%s\n", set ? "" : " none");
}

static void print_arguments(const struct seccomp_args *a, FILE *out)
{
	fprintf(out, "  refused   pushing terminal input%s%s%s%s%s\n",
		a->restrict_namespaces ? ", namespaces" : "",
		a->lock_personality ? ", changing the personality" : "",
		a->memory_deny_write_execute ? ", writable and executable memory" : "",
		a->restrict_suid_sgid ? ", set-user-ID bits" : "",
		a->restrict_families ? ", socket families but those named" : "");
}

static void print_filter(const struct plan *p, FILE *out)
{
	struct seccomp_name *calls;
	size_t n = allowed_calls(p, &calls);

	if (p->filter.oci_json)
		fprintf(out, "Calls       as %s says\n", str_safe(p->pool, p->filter.oci_name));
	else
		fprintf(out, "Calls       %zu allowed, the rest give %s\n", n,
			strerrorname_np(p->filter.default_error));
	fprintf(out, "  words    ");
	for (size_t i = 0; i < p->filter.n_words; i++)
		fprintf(out, " %s", p->filter.words[i]);
	fputc('\n', out);
	print_arguments(&p->filter.args, out);
}

void plan_print(const struct plan *p, FILE *out)
{
	fprintf(out, "Profile     %s%s%s\n", str_safe(p->pool, p->profile_name),
		p->description ? ": " : "",
		p->description ? str_safe(p->pool, p->description) : "");
	fprintf(out, "Command    ");
	for (size_t i = 0; p->argv && p->argv[i]; i++)
		fprintf(out, " %s", str_quoted(p->pool, p->argv[i]));
	fprintf(out, "\n  in        %s\n  host name %s\n",
		str_quoted(p->pool, p->working_directory), p->hostname);
	print_identity(p, out);
	fprintf(out, "Namespaces ");
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		if (p->namespaces & namespaces[i].flag)
			fprintf(out, " %s", namespaces[i].name);
	}
	fprintf(out, "%s\n", p->restrict_namespaces ? "; none below them" : "");
	print_network(p, out);
	print_mounts(p, out);
	print_manner(p, out);
	print_cows(p, out);
	print_limits(p, out);
	fprintf(out, "Landlock    ");
	if (p->landlock_abi)
		fprintf(out, "ABI %d: %s%s\n", p->landlock_abi,
			p->landlock_paths ? "the paths above again" : "no paths",
			p->landlock_abi < 6   ? ""
			: p->abstract_sockets ? "; signals stay inside"
					      : "; signals and abstract sockets stay inside");
	else
		fprintf(out, "not used\n");
	fprintf(out, "Capabilities\n");
	print_caps("bounding", p->caps_bounding, out);
	print_caps("held", p->caps_held, out);
	print_filter(p, out);
	fprintf(out, "Environment");
	for (size_t i = 0; i < p->n_environment; i++)
		fprintf(out, " %s",
			str_safe(p->pool, pool_strndup(p->pool, p->environment[i],
						       strcspn(p->environment[i], "="))));
	fputc('\n', out);
	for (size_t i = 0; i < p->notes.n; i++)
		fprintf(out, "Note        %s\n", p->notes.v[i]);
}

static void json_maps(struct jsonw *j, const char *key, const struct id_map *maps, size_t n)
{
	jsonw_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		jsonw_open(j, NULL, '{');
		jsonw_number(j, "inside", maps[i].inside);
		jsonw_number(j, "outside", maps[i].outside);
		jsonw_number(j, "count", maps[i].count);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

static void json_mounts(struct jsonw *j, const struct plan *p)
{
	jsonw_open(j, "mounts", '[');
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];

		jsonw_open(j, NULL, '{');
		jsonw_string(j, "kind", mount_kind_name(m->kind));
		jsonw_string(j, "place", m->place);
		if (m->kind == MOUNT_BIND || m->kind == MOUNT_COW)
			jsonw_string(j, "source", m->source);
		jsonw_string(j, "rights", rights(p, m));
		if (m->size)
			jsonw_number(j, "size", m->size);
		jsonw_string(j, "reason", m->reason);
		jsonw_string(j, "origin", m->at.file ? origin_text(p->pool, m->at) : NULL);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

static void json_cows(struct jsonw *j, const struct plan *p)
{
	static const char *const ttys[] = {
		[TTY_AUTO] = "auto", [TTY_NEVER] = "never", [TTY_ALWAYS] = "always"};
	static const char *const words[] = {"auto", "yes", "no"};

	jsonw_open(j, "copy_on_write", '[');
	for (size_t i = 0; i < p->cows.n; i++) {
		const struct plan_cow *cow = &p->cows.v[i];

		jsonw_open(j, NULL, '{');
		jsonw_string(j, "path", cow->path);
		jsonw_string(j, "overlay", cow->fuse ? "fuse" : "kernel");
		jsonw_string(j, "why", cow->why);
		jsonw_string(j, "squash", squashes[cow->squash]);
		jsonw_open(j, "covers", '[');
		for (size_t k = 0; k < cow->covers.n; k++)
			jsonw_string(j, NULL, cow->covers.v[k]);
		jsonw_close(j, ']');
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	jsonw_string(j, "layers", plan_uses_store(p) ? p->state_home : NULL);
	jsonw_string(j, "keep", words[p->keep]);
	jsonw_string(j, "tty", ttys[p->tty]);
	jsonw_bool(j, "detached", p->detached);
}

static void json_limits(struct jsonw *j, const struct plan *p)
{
	jsonw_open(j, "group", '{');
	jsonw_bool(j, "wanted", p->group.wanted);
	jsonw_bool(j, "scope", p->group.by_scope);
	jsonw_string(j, "parent", p->group.parent);
	jsonw_close(j, '}');
	jsonw_open(j, "limits", '[');
	for (size_t i = 0; i < p->limits.n; i++) {
		const struct plan_limit *limit = &p->limits.v[i];

		jsonw_open(j, NULL, '{');
		jsonw_string(j, "key", keys[limit->key].name);
		jsonw_string(j, "value", limit->value);
		jsonw_string(j, "file", limit->file);
		jsonw_string(j, "text", limit->text);
		jsonw_bool(j, "optional", limit->optional);
		jsonw_string(j, "origin", origin_text(p->pool, limit->at));
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	if (p->runtime_max != STR_INFINITY)
		jsonw_number(j, "runtime_max_us", p->runtime_max);
	else
		jsonw_string(j, "runtime_max_us", NULL);
}

static void json_caps(struct jsonw *j, const char *key, uint64_t set)
{
	jsonw_open(j, key, '[');
	for (int i = 0; i < CAP_COUNT; i++) {
		if (set & CAP_BIT(i))
			jsonw_string(j, NULL, cap_name(i));
	}
	jsonw_close(j, ']');
}

static void json_filter(struct jsonw *j, const struct plan *p)
{
	const struct seccomp_args *a = &p->filter.args;
	struct seccomp_name *calls;
	size_t n = allowed_calls(p, &calls);

	jsonw_open(j, "seccomp", '{');
	jsonw_string(j, "file", p->filter.oci_name);
	jsonw_string(j, "default", strerrorname_np(p->filter.default_error));
	jsonw_bool(j, "restrict_namespaces", a->restrict_namespaces);
	jsonw_bool(j, "lock_personality", a->lock_personality);
	jsonw_bool(j, "memory_deny_write_execute", a->memory_deny_write_execute);
	jsonw_bool(j, "restrict_suid_sgid", a->restrict_suid_sgid);
	jsonw_open(j, "calls", '{');
	for (size_t i = 0; i < n; i++)
		jsonw_string(j, calls[i].name,
			     calls[i].error ? strerrorname_np(calls[i].error) : "allow");
	jsonw_close(j, '}');
	jsonw_close(j, '}');
}

static void json_list(struct jsonw *j, const char *key, const char *const *list, size_t n)
{
	jsonw_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		jsonw_string(j, NULL, list[i]);
	jsonw_close(j, ']');
}

void plan_json(const struct plan *p, struct jsonw *j)
{
	size_t argc = 0;

	while (p->argv && p->argv[argc])
		argc++;
	jsonw_string(j, "profile", p->profile_name);
	jsonw_string(j, "description", p->description);
	json_list(j, "command", p->argv, argc);
	jsonw_string(j, "working_directory", p->working_directory);
	jsonw_string(j, "hostname", p->hostname);
	jsonw_open(j, "identity", '{');
	jsonw_string(j, "kind", identities[p->identity.kind]);
	jsonw_number(j, "uid", p->identity.uid);
	jsonw_number(j, "gid", p->identity.gid);
	json_maps(j, "uids", p->identity.uids, p->identity.n_uids);
	json_maps(j, "gids", p->identity.gids, p->identity.n_gids);
	jsonw_close(j, '}');
	jsonw_open(j, "namespaces", '[');
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		if (p->namespaces & namespaces[i].flag)
			jsonw_string(j, NULL, namespaces[i].name);
	}
	jsonw_close(j, ']');
	json_network(p, j);
	jsonw_string(j, "root",
		     p->root == ROOT_HOST    ? "host"
		     : p->root == ROOT_EMPTY ? "empty"
					     : p->root_path);
	jsonw_bool(j, "root_writable", p->root_writable);
	jsonw_bool(j, "root_copy_on_write", p->root_cow);
	json_mounts(j, p);
	json_cows(j, p);
	json_limits(j, p);
	jsonw_open(j, "landlock", '{');
	jsonw_number(j, "abi", p->landlock_abi);
	jsonw_bool(j, "paths", p->landlock_paths);
	jsonw_close(j, '}');
	jsonw_open(j, "capabilities", '{');
	json_caps(j, "bounding", p->caps_bounding);
	json_caps(j, "held", p->caps_held);
	json_caps(j, "ambient", p->caps_ambient);
	jsonw_close(j, '}');
	json_filter(j, p);
	/* Names only: a value may be a secret. */
	jsonw_open(j, "environment", '[');
	for (size_t i = 0; i < p->n_environment; i++)
		jsonw_string(
			j, NULL,
			pool_strndup(p->pool, p->environment[i], strcspn(p->environment[i], "=")));
	jsonw_close(j, ']');
	json_list(j, "notes", p->notes.v, p->notes.n);
}
