/* SPDX-License-Identifier: MIT */
/* From a profile to a plan: the facts about the host that this profile needs, and no others. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "host/sources.h"
#include "run/run.h"

enum { SECCOMP_FILE_MAX = 4 * 1024 * 1024 };

static int file_err(const struct profile *p, const char *path, const char *why, struct err *e)
{
	struct origin at = p->s[KEY_SECCOMP_FILE].at;

	err_set(e, "%s: SeccompFile=%s: %s", origin_text(p->pool, at), str_safe(p->pool, path),
		why);
	e->located = at.line > 0;
	return -1;
}

static int read_seccomp_file(const struct profile *p, struct host *h, struct plan_inputs *in,
			     struct err *e)
{
	const struct setting *s = &p->s[KEY_SECCOMP_FILE];
	struct value v = {.text = s->text, .at = s->at};
	struct utsname kernel;
	_cleanup_fd_ int fd = -1;
	const char *path;
	struct stat st;
	ssize_t n;
	char *text;

	if (!s->set)
		return 0;
	path = plan_expand_path(p, h, &v, s->text, e);
	if (!path)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) || uname(&kernel))
		return file_err(p, path, strerror(errno), e);
	if (!S_ISREG(st.st_mode))
		return file_err(p, path, "not a regular file", e);
	if (st.st_mode & S_IWOTH)
		return file_err(p, path, "anybody may write to it", e);
	n = fd_read_all(p->pool, fd, SECCOMP_FILE_MAX, &text);
	if (n < 0)
		return file_err(p, path, strerror(errno), e);
	h->kernel = pool_strdup(h->pool, kernel.release);
	in->seccomp_json = text;
	in->seccomp_json_length = (size_t)n;
	return 0;
}

static bool below_a_writable_tree(const path_use_vec *uses, const char *path)
{
	for (size_t i = 0; i < uses->n; i++) {
		const struct path_use *u = &uses->v[i];

		if (plan_use_is_writable_tree(u) && path_within(path, u->source.real))
			return true;
	}
	return false;
}

static int probe_own_path(struct host *h, const path_use_vec *uses, const char *path, struct err *e)
{
	struct host_path own = {.path = path};

	host_path_probe(h->pool, &own);
	if (own.error == EACCES || own.error == ENOTDIR)
		return 0; /* closed to us, and so to the program */
	if (!own.real)
		return err_set(e, "%s: %s", path, strerror(own.error));
	if (below_a_writable_tree(uses, own.real))
		*vec_add(h->pool, &h->own) = own;
	return 0;
}

/* What decides about the next run: our directories, and the files that this profile is made of. */
static int probe_own(const struct profile *p, struct host *h, const path_use_vec *uses,
		     struct err *e)
{
	const char *const dirs[] = {h->config_home,
				    h->config_home ? path_join(h->pool, h->config_home, "profiles")
						   : NULL,
				    h->cache_home, h->runtime_home};
	const struct setting *filter = &p->s[KEY_SECCOMP_FILE];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (dirs[i] && probe_own_path(h, uses, dirs[i], e))
			return -1;
	}
	for (size_t i = 0; h->cwd && i < p->files.n; i++) {
		if (probe_own_path(h, uses, path_join(h->pool, h->cwd, p->files.v[i]), e))
			return -1;
	}
	if (!h->cwd || !filter->set || *filter->text == '~')
		return 0;
	return probe_own_path(h, uses, path_join(h->pool, h->cwd, filter->text), e);
}

/* Whether the program can make a socket to connect with: AF_UNIX is there, or something opens it. */
static bool has_unix_sockets(const struct profile *p)
{
	const struct setting *s = &p->s[KEY_FAMILIES];

	for (size_t i = 0; i < s->list.n; i++) {
		if (str_eq(s->list.v[i].text, "AF_UNIX"))
			return true;
	}
	return !s->list.n || p->s[KEY_SOCKETS].list.n || p->s[KEY_ABSTRACT_SOCKETS].number;
}

static int probe_sockets(struct host *h, const path_use_vec *uses, struct err *e)
{
	struct host_sockets live = {0};

	if (host_sockets_read(h->pool, &live, e))
		return -1;
	for (size_t i = 0; i < live.v.n; i++) {
		struct host_path socket = {.path = live.v.v[i]};

		if (!plan_in_view(uses, socket.path))
			continue;
		host_path_probe(h->pool, &socket);
		if (socket.kind == PATH_SOCKET)
			*vec_add(h->pool, &h->sockets) = socket;
		else if (socket.kind == PATH_MISSING && !host_path_absent(&socket))
			return err_set(e, "%s: %s", socket.path, strerror(socket.error));
	}
	return 0;
}

static int probe_trees(const struct profile *p, struct host *h, const path_use_vec *uses,
		       struct err *e)
{
	if (profile_number(p, KEY_PROTECT_GIT, GIT_YES) == GIT_NO)
		return 0;
	for (size_t i = 0; i < uses->n; i++) {
		const struct path_use *u = &uses->v[i];

		if (plan_use_is_writable_tree(u) && host_git_probe(h, u->source.real, h->cwd, e))
			return -1;
	}
	return 0;
}

static void probe_resolver(struct host *h)
{
	struct host_path resolv = {.path = "/etc/resolv.conf"};

	host_path_probe(h->pool, &resolv);
	if (resolv.kind == PATH_FILE)
		h->resolv_conf = resolv.real;
}

/* Layers of sandboxes that the program would see. */
static int probe_state(const struct profile *p, struct host *h, const path_use_vec *uses,
		       bool detached, struct err *e)
{
	bool is_made = detached || p->s[KEY_COW].list.n ||
		       profile_number(p, KEY_KEEP, KEEP_AUTO) == KEEP_YES;
	struct host_path state = {.path = h->state_home};

	if (!h->state_home)
		return 0;
	host_path_probe(h->pool, &state);
	if (state.real && !plan_in_view(uses, state.real))
		return 0;
	if (state.error == EACCES || state.error == ENOTDIR)
		return 0;
	if (!state.real)
		return err_set(e, "%s: %s", state.path, strerror(state.error));
	/* What neither we nor the program will make need not be hidden. */
	if (state.kind != PATH_MISSING || is_made || below_a_writable_tree(uses, state.real))
		h->state = state;
	return 0;
}

static bool has_limits(const struct profile *p)
{
	for (enum key_id id = KEY_MEMORY_MAX; id < KEY_RUNTIME_MAX; id++) {
		if (p->s[id].set)
			return true;
	}
	return false;
}

static int probe_disks(const struct profile *p, struct host *h, enum key_id key, struct err *e)
{
	const struct setting *s = &p->s[key];

	for (size_t i = 0; i < s->list.n; i++) {
		const struct value *v = &s->list.v[i];
		const char *path = plan_expand_path(p, h, v, v->text, e);

		if (!path)
			return -1;
		host_disk_probe(h, path);
	}
	return 0;
}

static int probe_resources(const struct profile *p, struct host *h, bool measure, struct err *e)
{
	if (!measure && !has_limits(p))
		return 0;
	host_cgroup_probe(h, measure);
	if (h->cgroup.kind == CGROUP_V2 &&
	    (p->s[KEY_CPUS].list.n || p->s[KEY_MEMORY_MAX].is_percent ||
	     p->s[KEY_MEMORY_HIGH].is_percent || p->s[KEY_SWAP_MAX].is_percent))
		host_machine_probe(h);
	return probe_disks(p, h, KEY_IO_READ, e) || probe_disks(p, h, KEY_IO_WRITE, e) ? -1 : 0;
}

/* Puts the place in front, and keeps the cure. */
static int group_err(const struct profile *p, const struct value *v, struct err *e)
{
	const char *text = pool_strdup(p->pool, e->text), *hint = pool_strdup(p->pool, e->hint);

	err_set(e, "%s: AllowHosts=%s", origin_text(p->pool, v->at), text);
	e->located = v->at.line > 0;
	return *hint ? err_hint(e, "%s", hint) : -1;
}

static int probe_network(const struct profile *p, struct host *h, struct err *e)
{
	const struct setting *hosts = &p->s[KEY_ALLOW_HOSTS];
	enum choice_network mode = plan_network_mode(p);

	if (mode == NETWORK_HOST)
		probe_resolver(h);
	if (mode != NETWORK_PRIVATE)
		return 0;
	host_network_probe(h);
	for (size_t i = 0; i < hosts->list.n; i++) {
		const char *name = hosts->list.v[i].text;
		host_source_vec sources = {0};

		if (*name != '@')
			continue;
		if (host_sources_read(h, name, &sources, e))
			return group_err(p, &hosts->list.v[i], e);
		*vec_add(h->pool, &h->host_groups) =
			(struct host_group){name, sources.v, sources.n};
	}
	return 0;
}

int run_prepare(const struct profile *profile, struct host *host, const char *const *argv,
		const struct plan_wishes *wishes, struct plan *ret, struct err *e)
{
	path_use_vec uses = {0};
	struct plan_inputs in = {
		.profile = profile, .host = host, .uses = &uses, .argv = argv, .wishes = *wishes};

	if (plan_uses(profile, host, &uses, e) || read_seccomp_file(profile, host, &in, e))
		return -1;
	for (size_t i = 0; i < uses.n; i++) {
		host_path_probe(host->pool, &uses.v[i].source);
		if (uses.v[i].place.path)
			host_path_probe(host->pool, &uses.v[i].place);
	}
	if (probe_state(profile, host, &uses, wishes->detached, e) ||
	    probe_own(profile, host, &uses, e) || probe_trees(profile, host, &uses, e))
		return -1;
	if (has_unix_sockets(profile) && probe_sockets(host, &uses, e))
		return -1;
	if (profile->s[KEY_COW].list.n && host_overlay_probe(host, e))
		return -1;
	if (probe_resources(profile, host, wishes->measure, e))
		return -1;
	if (profile_number(profile, KEY_IDENTITY, IDENTITY_SELF) != IDENTITY_SELF)
		host_ids_probe(host);
	if (profile->s[KEY_COW].list.n &&
	    profile_number(profile, KEY_IDENTITY, IDENTITY_SELF) == IDENTITY_ROOT)
		host_standins_probe(host);
	if (probe_network(profile, host, e))
		return -1;
	return plan_build(&in, ret, e);
}
