/* SPDX-License-Identifier: MIT */
/* Hosts of tools: the groups, what is built into the tools, and which files are believed. See sources.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/nearest.h"
#include "base/path.h"
#include "host/sources.h"
#include "profile/net_word.h"

enum { APT, NPM, PIP, CARGO, GIT, GROUPS };

static int (*const readers[GROUPS])(struct sources *s, struct err *e) = {
	sources_read_apt, sources_read_npm, sources_read_pip, sources_read_cargo, sources_read_git,
};

/* What the tools use where their configuration says nothing else. */
static const struct {
	int group;
	const char *host;
	const char *from;
} defaults[] = {
	{NPM, "registry.npmjs.org", "the default of npm"},
	{PIP, "pypi.org", "the default of pip"},
	{PIP, "files.pythonhosted.org", "the default of pip"},
	{CARGO, "index.crates.io", "the default of cargo"},
	{CARGO, "static.crates.io", "the default of cargo"},
	{CARGO, "crates.io", "the default of cargo"},
};

static bool has_source(const host_source_vec *v, const char *host, int port)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->v[i].port == port && str_eq(v->v[i].host, host))
			return true;
	}
	return false;
}

void sources_add(struct sources *s, const struct sources_address *address, const char *file,
		 int line)
{
	struct pool *p = s->h->pool;
	const char *name;

	if (s->too_many || has_source(&s->v, address->host, address->port))
		return;
	if (s->v.n == SOURCES_MAX) {
		s->too_many = true;
		return;
	}
	name = str_safe(p, file);
	*vec_add(p, &s->v) = (struct host_source){
		.host = pool_strdup(p, address->host),
		.port = address->port,
		.from = line ? pool_printf(p, "%s:%d", name, line) : name,
	};
}

void sources_add_url(struct sources *s, const char *url, const char *file, int line)
{
	struct sources_address address;

	if (sources_url(url, &address) == 0)
		sources_add(s, &address, file, line);
}

int sources_cure(const struct sources *s, struct err *e)
{
	return err_hint(e, "name the hosts themselves, in place of %s", s->group);
}

/* No reason to refuse a start: the tool does not read it either. */
static bool is_no_file(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == EPERM ||
	       error == ELOOP || error == ENAMETOOLONG;
}

/* The repository that the working directory is in, unless it is that of the home; else the directory itself. */
static const char *project(const struct sources *s)
{
	struct pool *p = s->h->pool;
	const char *dir = s->h->cwd;

	while (!str_eq(dir, "/") && !(s->h->home && path_within(s->h->home, dir))) {
		if (access(path_join(p, dir, ".git"), F_OK) == 0)
			return dir;
		dir = path_join(p, "/", pool_strndup(p, dir, (size_t)(path_name(dir) - dir)));
	}
	return s->h->cwd;
}

static int refuse_in_project(const struct sources *s, const char *path, struct err *e)
{
	err_set(e, "%s: %s is in the project, and can have come with what runs there", s->group,
		str_safe(s->h->pool, path));
	return sources_cure(s, e);
}

int sources_text(struct sources *s, const char *path, enum sources_trust trust, char **ret,
		 struct err *e)
{
	struct pool *p = s->h->pool;
	struct host_path at = {.path = path_join(p, "/", path)};
	_cleanup_fd_ int fd = -1;
	struct stat st;
	ssize_t n;

	*ret = NULL;
	/* Looked at without being opened: a device may act when it is, a FIFO waits. */
	host_path_probe(p, &at);
	if (at.kind == PATH_MISSING && at.error && !is_no_file(at.error)) {
		errno = at.error;
		return err_errno(e, "%s: %s", s->group, str_safe(p, path));
	}
	if (at.kind != PATH_FILE)
		return 0;
	if ((trust == SOURCES_CALLER || trust == SOURCES_OUTSIDE) && s->h->cwd &&
	    path_within(at.real, project(s)))
		return trust == SOURCES_CALLER ? refuse_in_project(s, path, e) : 0;
	fd = open(at.real, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 && is_no_file(errno))
		return 0;
	if (fd < 0 || fstat(fd, &st))
		return err_errno(e, "%s: %s", s->group, str_safe(p, path));
	if (!S_ISREG(st.st_mode))
		return 0;
	n = st.st_size > SOURCES_FILE_MAX ? (errno = EFBIG, -1)
					  : fd_read_all(p, fd, SOURCES_FILE_MAX, ret);
	if (n < 0)
		return err_errno(e, "%s: %s", s->group, str_safe(p, path)), sources_cure(s, e);
	/* What stands behind a NUL counts as well; its line does not, because of this. */
	for (char *nul = *ret; (nul = memchr(nul, '\0', (size_t)(*ret + n - nul)));)
		*nul = '\1';
	return 0;
}

int sources_file(struct sources *s, const char *path, enum sources_trust trust,
		 sources_parser *parse, struct err *e)
{
	char *text;

	if (trust == SOURCES_SYSTEM)
		path = pool_printf(s->h->pool, "%s%s", s->root, path);
	if (sources_text(s, path, trust, &text, e))
		return -1;
	if (text)
		parse(s, text, path);
	return 0;
}

const char *sources_path_of(const struct sources *s, const char *variable)
{
	const char *path = host_getenv(s->h, variable);

	return path && *path ? path_join(s->h->pool, s->h->cwd ? s->h->cwd : "/", path) : NULL;
}

const char *sources_in_config(const struct sources *s, const char *path)
{
	const char *base = host_getenv(s->h, "XDG_CONFIG_HOME");

	if (base && *base == '/')
		return path_join(s->h->pool, base, path);
	if (!s->h->home)
		return NULL;
	return path_join(s->h->pool, path_join(s->h->pool, s->h->home, ".config"), path);
}

static const char *group_at(size_t i, const void *ctx)
{
	(void)ctx;
	return host_group_names[i];
}

static int unknown(const struct host *h, const char *group, struct err *e)
{
	const char *near = nearest(group, group_at, NULL), *all = "";

	err_set(e, "%s: there is no such group of hosts", str_quoted(h->pool, group));
	if (near)
		return err_hint(e, "did you mean %s?", near);
	for (int i = 0; i < GROUPS; i++)
		all = pool_printf(h->pool, "%s%s%s", all, *all ? ", " : "", host_group_names[i]);
	return err_hint(e, "there are %s", all);
}

static void add_defaults(struct sources *s, int group)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		struct sources_address address = {.port = 443};

		if (defaults[i].group != group || s->replaced)
			continue;
		memcpy(address.host, defaults[i].host, strlen(defaults[i].host) + 1);
		sources_add(s, &address, defaults[i].from, 0);
	}
}

int host_sources_read_below(const struct host *h, const char *root, const char *group,
			    host_source_vec *ret, struct err *e)
{
	struct sources s = {.h = h, .group = group, .root = root};
	int which = 0;

	while (which < GROUPS && !str_eq(host_group_names[which], group))
		which++;
	if (which == GROUPS)
		return unknown(h, group, e);
	if (readers[which](&s, e))
		return -1;
	add_defaults(&s, which);
	if (s.too_many) {
		err_set(e, "%s: more than %d hosts", group, SOURCES_MAX);
		return sources_cure(&s, e);
	}
	if (s.v.n == 0) {
		err_set(e, "%s: the configuration of %s names no host", group, group + 1);
		return sources_cure(&s, e);
	}
	for (size_t i = 0; i < s.v.n; i++) {
		if (!has_source(ret, s.v.v[i].host, s.v.v[i].port))
			*vec_add(h->pool, ret) = s.v.v[i];
	}
	return 0;
}

int host_sources_read(const struct host *h, const char *group, host_source_vec *ret, struct err *e)
{
	return host_sources_read_below(h, "", group, ret, e);
}
