/* SPDX-License-Identifier: MIT */
/*
 * Hosts of git: the remotes of the repository that the working directory is in.
 *
 * The repository's own configuration is believed as far as its remotes go, for that is what the group
 * means. How URLs are rewritten (url.BASE.insteadOf) only the user and the machine say; files that are
 * included are not read.
 */
#include <string.h>

#include "base/path.h"
#include "host/sources.h"

/* git-config(1), "Syntax"; a value that has a line of its own or several. */
struct setting {
	char section[64], sub[1024], key[64], value[4096];
	int line;
};
struct cursor {
	const char *at;
	int line;
};

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_key(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* A text that grows; what does not fit makes it worthless. */
struct text {
	char *s;
	size_t n, size;
	bool bad;
};

static void put(struct text *t, char c)
{
	if (t->n + 1 >= t->size || (unsigned char)c < 0x20 || c == 0x7f)
		t->bad = true;
	else
		t->s[t->n++] = c;
	t->s[t->n] = '\0';
}

static void skip_line(struct cursor *c)
{
	c->at += strcspn(c->at, "\n");
}

/* White space, lines that are empty, comments. */
static void skip_space(struct cursor *c)
{
	for (; *c->at; c->at++) {
		if (*c->at == '#' || *c->at == ';')
			skip_line(c);
		if (*c->at == '\n')
			c->line++;
		else if (*c->at != ' ' && *c->at != '\t' && *c->at != '\r')
			return;
	}
}

static bool at_line_end(const char *s)
{
	return *s == '\0' || *s == '\n' || (s[0] == '\r' && (s[1] == '\n' || s[1] == '\0'));
}

/* [section "sub"] or [section.sub]; false if it is neither. */
static bool read_header(struct cursor *c, struct setting *ret)
{
	struct text section = {ret->section, 0, sizeof(ret->section), false};
	struct text sub = {ret->sub, 0, sizeof(ret->sub), false};

	ret->section[0] = ret->sub[0] = '\0';
	for (c->at++; is_key(*c->at); c->at++)
		put(&section, lower(*c->at));
	if (*c->at == '.') {
		for (c->at++; is_key(*c->at) || *c->at == '.'; c->at++)
			put(&sub, lower(*c->at));
	}
	c->at += strspn(c->at, " \t");
	if (*c->at == '"') {
		for (c->at++; *c->at != '"' && !at_line_end(c->at); c->at++) {
			c->at += *c->at == '\\' && !at_line_end(c->at + 1);
			put(&sub, *c->at);
		}
		if (*c->at != '"')
			return false;
		c->at++;
	}
	if (*c->at != ']' || section.bad || sub.bad)
		return false;
	c->at++;
	return true;
}

/* Up to the end of the line, which is not the end behind a backslash; false: not to be used. */
static bool read_value(struct cursor *c, struct setting *ret)
{
	struct text value = {ret->value, 0, sizeof(ret->value), false};
	size_t end = 0; /* without white space at the end */
	bool quoted = false;

	ret->value[0] = '\0';
	c->at += strspn(c->at, " \t");
	for (; !at_line_end(c->at); c->at++) {
		if (!quoted && (*c->at == '#' || *c->at == ';')) {
			skip_line(c);
			break;
		}
		if (*c->at == '"') {
			quoted = !quoted;
			end = value.n;
			continue;
		}
		if (*c->at == '\\') {
			c->at++;
			if (at_line_end(c->at)) {
				skip_line(c);
				if (!*c->at)
					break;
				c->line++;
				continue;
			}
			/* \n, \t and \b: none of them is part of a URL. */
			value.bad = value.bad || (*c->at != '"' && *c->at != '\\');
		}
		if (*c->at == '\t' && !quoted)
			put(&value, ' ');
		else
			put(&value, *c->at);
		if (quoted || (*c->at != ' ' && *c->at != '\t'))
			end = value.n;
	}
	ret->value[end] = '\0';
	return !quoted && !value.bad;
}

/* The next key with a value, in a section that is understood; false at the end. */
static bool next_setting(struct cursor *c, struct setting *ret)
{
	for (;;) {
		struct text key = {ret->key, 0, sizeof(ret->key), false};

		skip_space(c);
		if (!*c->at)
			return false;
		if (*c->at == '[') {
			if (!read_header(c, ret)) {
				ret->section[0] = '\0';
				skip_line(c);
			}
			continue;
		}
		for (ret->key[0] = '\0'; is_key(*c->at); c->at++)
			put(&key, lower(*c->at));
		c->at += strspn(c->at, " \t");
		if (*c->at != '=' || !key.n) {
			skip_line(c);
			continue;
		}
		c->at++;
		ret->line = c->line;
		if (read_value(c, ret) && !key.bad && ret->section[0])
			return true;
	}
}

static struct cursor begin(const char *text)
{
	const char *rest = str_after(text, "\xef\xbb\xbf");

	return (struct cursor){rest ? rest : text, 1};
}

void sources_parse_git_rewrites(struct sources *s, const char *text, const char *file)
{
	struct cursor c = begin(text);
	struct setting set = {0};
	struct pool *p = s->h->pool;

	(void)file;
	while (next_setting(&c, &set)) {
		bool push = str_eq(set.key, "pushinsteadof");

		if (str_eq(set.section, "url") && *set.sub && *set.value &&
		    (push || str_eq(set.key, "insteadof")))
			*vec_add(p, &s->rewrites) =
				(struct sources_rewrite){.base = pool_strdup(p, set.sub),
							 .prefix = pool_strdup(p, set.value),
							 .push = push};
	}
}

/* The longest prefix wins; false if there is none. */
static bool rewrite(const struct sources *s, const char *url, bool push, char *ret, size_t size)
{
	const struct sources_rewrite *best = NULL;
	size_t base, rest;

	for (size_t i = 0; i < s->rewrites.n; i++) {
		const struct sources_rewrite *r = &s->rewrites.v[i];

		if (r->push == push && str_begins(url, r->prefix) &&
		    (!best || strlen(r->prefix) > strlen(best->prefix)))
			best = r;
	}
	if (!best)
		return false;
	base = strlen(best->base);
	rest = strlen(url) - strlen(best->prefix);
	if (base + rest >= size)
		return false;
	memcpy(ret, best->base, base);
	memcpy(ret + base, url + strlen(best->prefix), rest + 1);
	return true;
}

static void add(struct sources *s, const char *url, const char *file, int line)
{
	struct sources_address address;

	if (sources_git_url(url, &address) == 0)
		sources_add(s, &address, file, line);
}

void sources_parse_git_remotes(struct sources *s, const char *text, const char *file)
{
	struct cursor c = begin(text);
	struct setting set = {0};
	char url[sizeof(set.sub) + sizeof(set.value)];

	while (next_setting(&c, &set)) {
		bool push = str_eq(set.key, "pushurl");

		if (!str_eq(set.section, "remote") || !*set.sub ||
		    (!push && !str_eq(set.key, "url")))
			continue;
		if (rewrite(s, set.value, false, url, sizeof(url)))
			add(s, url, file, set.line);
		else
			add(s, set.value, file, set.line);
		/* Only a url without a pushurl is rewritten so; to tell would take a second pass. */
		if (!push && rewrite(s, set.value, true, url, sizeof(url)))
			add(s, url, file, set.line);
	}
}

/* The first line of a file that names a directory, relative to `dir`; NULL in *ret: none. */
static int read_pointer(struct sources *s, const char *dir, const char *path, const char *prefix,
			const char **ret, struct err *e)
{
	struct sources_lines lines;
	const char *line, *rest;
	char *text;

	*ret = NULL;
	if (sources_text(s, path, SOURCES_ANY, &text, e))
		return -1;
	if (!text)
		return 0;
	lines = sources_lines(s->h->pool, text);
	line = sources_line(&lines);
	rest = line && *line != '#' ? str_after(line, prefix) : NULL;
	if (rest && *rest)
		*ret = path_join(s->h->pool, dir, rest);
	return 0;
}

static const char *real_path(struct sources *s, const char *path)
{
	struct host_path at = {.path = path};

	host_path_probe(s->h->pool, &at);
	return at.real ? at.real : path;
}

/* With an error: `path` came with the project, and leads to a repository of which it is no part. */
static int refuse_pointer(struct sources *s, const char *path, struct err *e)
{
	err_set(e, "%s: %s leads to another repository", s->group, str_safe(s->h->pool, path));
	return sources_cure(s, e);
}

/*
 * Where a file in the place of .git leads: into the repository of a directory above (a submodule), or to one that
 * says where its worktree is (gitrepository-layout(5)).
 */
static int check_pointer(struct sources *s, const char *file, const char *git, struct err *e)
{
	const char *real = real_path(s, git), *inside = strstr(real, "/.git/"), *back;

	if (inside &&
	    path_within(s->h->cwd, pool_strndup(s->h->pool, real, (size_t)(inside - real))))
		return 0;
	if (read_pointer(s, real, path_join(s->h->pool, real, "gitdir"), "", &back, e))
		return -1;
	return back && str_eq(real_path(s, back), real_path(s, file)) ? 0
								      : refuse_pointer(s, file, e);
}

/* The nearest .git, of the working directory or of one above; NULL in *ret: none. */
static int find_git(struct sources *s, const char **ret, struct err *e)
{
	const char *dir = s->h->cwd;
	struct pool *p = s->h->pool;

	*ret = NULL;
	for (;;) {
		struct host_path git = {.path = path_join(p, dir, ".git")};

		host_path_probe(p, &git);
		if (git.kind == PATH_DIRECTORY || git.kind == PATH_FILE) {
			/* As git(1) does itself since 2.35.2: somebody may have put it into /tmp. */
			if (git.owner != s->h->uid && git.owner != 0) {
				err_set(e, "%s: %s belongs to somebody else", s->group,
					str_safe(p, git.path));
				return sources_cure(s, e);
			}
			*ret = git.path;
			if (git.kind == PATH_DIRECTORY)
				return 0;
			if (read_pointer(s, dir, git.path, "gitdir: ", ret, e))
				return -1;
			return *ret ? check_pointer(s, git.path, *ret, e) : 0;
		}
		if (str_eq(dir, "/"))
			return 0;
		dir = path_join(p, "/", pool_strndup(p, dir, (size_t)(path_name(dir) - dir)));
	}
}

static int read_rewrites(struct sources *s, struct err *e)
{
	const char *global = sources_path_of(s, "GIT_CONFIG_GLOBAL");
	const char *files[] = {
		global ? global : sources_in_config(s, "git/config"),
		!global && s->h->home ? path_join(s->h->pool, s->h->home, ".gitconfig") : NULL};

	if (sources_file(s, "/etc/gitconfig", SOURCES_SYSTEM, sources_parse_git_rewrites, e))
		return -1;
	for (size_t i = 0; i < 2; i++) {
		if (files[i] &&
		    sources_file(s, files[i], SOURCES_ANY, sources_parse_git_rewrites, e))
			return -1;
	}
	return 0;
}

int sources_read_git(struct sources *s, struct err *e)
{
	const char *git, *common, *pointer;

	if (!s->h->cwd)
		return err_set(e, "%s: working directory: %s", s->group, s->h->cwd_error);
	if (find_git(s, &git, e))
		return -1;
	if (!git) {
		err_set(e, "%s: no repository in %s or above", s->group,
			str_safe(s->h->pool, s->h->cwd));
		return sources_cure(s, e);
	}
	/* gitrepository-layout(5): that of a worktree is in the repository that it belongs to. */
	pointer = path_join(s->h->pool, git, "commondir");
	if (read_pointer(s, git, pointer, "", &common, e) || read_rewrites(s, e))
		return -1;
	if (common && !path_within(real_path(s, git), real_path(s, common)))
		return refuse_pointer(s, pointer, e);
	return sources_file(s, path_join(s->h->pool, common ? common : git, "config"), SOURCES_ANY,
			    sources_parse_git_remotes, e);
}
