/* SPDX-License-Identifier: MIT */
/*
 * A profile and a command line to a plan, on a host that is made up: no file is looked at. The
 * input: a byte of facts, the text of a profile, a NUL, and words of the command line with a NUL
 * behind each.
 */
#include "base/path.h"
#include "base/str.h"
#include "cli/cli.h"
#include "fuzz.h"
#include "plan/print.h"

enum { WORDS_MAX = 64 };

static const char ground[] =
	"[Filesystem]\nInaccessiblePaths=-/home -/root\nTemporaryFileSystem=/tmp /run -~\n"
	"[Seccomp]\nSystemCallFilter=@default @basic-io @file-system @process\n";

static int no_inherit(struct profile *p, const char *name, struct origin at, void *context,
		      struct err *e)
{
	(void)context;
	return profile_err(p, at, e, "there is no profile %.50s", name);
}

static int parse(struct profile *p, const char *text, size_t n, struct err *e)
{
	struct profile_text t = {
		.text = text, .length = n, .file = "fuzz.profile", .inherit = no_inherit};

	return profile_parse(p, &t, e);
}

/* Something is everywhere, and what it is depends on the path alone. */
static void probe(struct pool *pool, struct host_path *path)
{
	static const enum path_kind kinds[] = {PATH_DIRECTORY, PATH_DIRECTORY, PATH_FILE,
					       PATH_MISSING,   PATH_SOCKET,    PATH_DEVICE,
					       PATH_OTHER,     PATH_DIRECTORY};
	unsigned hash = 0;

	for (const char *c = path->path; *c; c++)
		hash = hash * 31 + (unsigned char)*c;
	path->kind = strlen(path->path) < 8 ? PATH_DIRECTORY : kinds[hash % 8];
	path->error = path->kind == PATH_MISSING ? 2 : 0;
	path->real = hash % 16 == 3 ? NULL : path_join(pool, "/", path->path);
	if (!path->real)
		path->kind = PATH_MISSING;
}

static void make_up_host(struct host *h, struct pool *pool, uint8_t facts)
{
	static const char *const environment[] = {"PATH=/usr/bin", "HOME=/home/user", "LANG=C",
						  "SECRET=x", NULL};

	*h = (struct host){.pool = pool,
			   .uid = facts & 1 ? 0 : 1000,
			   .gid = facts & 1 ? 0 : 1000,
			   .user = "user",
			   .home = facts & 2 ? NULL : "/home/user",
			   .cwd = facts & 4 ? NULL : "/home/user/project",
			   .cwd_error = "it has been deleted",
			   .environment = environment,
			   .landlock_abi = facts & 8 ? 0 : 7,
			   .cache_home = "/home/user/.cache/sandbox"};
	if (facts & 16)
		return;
	h->newuidmap = "/usr/bin/newuidmap";
	h->newgidmap = "/usr/bin/newgidmap";
	h->subuid = h->subgid = (struct id_range){100000, 65536};
	*vec_add(pool, &h->sockets) = (struct host_path){
		.path = "/srv/socket", .real = "/srv/socket", .kind = PATH_SOCKET};
	*vec_add(pool, &h->git) = (struct host_git){
		.path = "/home/user/project/.git", .is_directory = true, .present = 3};
}

/* What a line hides stays hidden, unless another line or option is about that very place or one
 * below. */
static void check_hidden(const struct plan *p, const path_use_vec *uses)
{
	for (size_t i = 0; p->root == ROOT_HOST && i < uses->n; i++) {
		const struct path_use *u = &uses->v[i];
		const struct plan_mount *over;
		bool shown = false;

		if (u->key != KEY_INACCESSIBLE || u->source.kind == PATH_MISSING || !u->source.real)
			continue;
		for (size_t k = 0; k < uses->n; k++) {
			const struct host_path *at = uses->v[k].place.path ? &uses->v[k].place
									   : &uses->v[k].source;

			shown |= uses->v[k].key != KEY_INACCESSIBLE && at->real &&
				 str_eq(at->real, u->source.real);
			shown |= at->path && str_eq(at->path, u->source.real) &&
				 uses->v[k].key != KEY_INACCESSIBLE;
		}
		over = plan_mount_over(p, u->source.real);
		MUST(shown || (over && over->kind != MOUNT_BIND && over->kind != MOUNT_TEXT) ||
		     path_within(u->source.real, "/sys"));
	}
}

static void check_plan(const struct plan *p)
{
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];

		MUST(m->place && *m->place == '/' && m->place[1] && m->reason);
		MUST(i == 0 || path_compare(p->mounts.v[i - 1].place, m->place) < 0);
		MUST(m->kind != MOUNT_BIND || (m->source && *m->source == '/'));
	}
	MUST((p->caps_held & ~p->caps_bounding) == 0 && (p->caps_ambient & ~p->caps_bounding) == 0);
	MUST(!(p->caps_bounding & UINT64_C(1) << 21));
	MUST(p->filter.n_words || p->filter.oci_json);
	for (size_t i = 0; i < p->n_environment; i++)
		MUST(strchr(p->environment[i], '='));
}

static void build(struct profile *p, struct host *h, const char *const *argv)
{
	static FILE *nowhere;
	path_use_vec uses = {0};
	struct plan_inputs in = {.profile = p, .host = h, .uses = &uses, .argv = argv};
	struct plan plan;
	struct err e = {0};

	if (plan_uses(p, h, &uses, &e)) {
		must_be_error(&e);
		return;
	}
	for (size_t i = 0; i < uses.n; i++) {
		probe(p->pool, &uses.v[i].source);
		if (uses.v[i].place.path)
			probe(p->pool, &uses.v[i].place);
	}
	if (plan_build(&in, &plan, &e)) {
		must_be_error(&e);
		return;
	}
	check_plan(&plan);
	check_hidden(&plan, &uses);
	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	plan_print(&plan, nowhere);
}

/* The words behind the profile; argv[0] is the program's name. */
static int split_words(char *text, size_t size, char **argv)
{
	int argc = 0;

	argv[argc++] = (char *)(uintptr_t) "sandbox";
	for (size_t at = 0; at < size && argc < WORDS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	argv[argc] = NULL;
	return argc;
}

static void run(struct pool *pool, uint8_t facts, char *text, size_t size)
{
	size_t length = strlen(text), words = length < size ? length + 1 : size;
	char *argv[WORDS_MAX + 1];
	int argc = split_words(text + words, size - words, argv);
	struct run_options options = {0};
	struct profile p;
	struct host h;
	struct err e = {0};

	if (options_parse(pool, argc, argv, &options, &e)) {
		must_be_error(&e);
		return;
	}
	make_up_host(&h, pool, facts);
	profile_init(&p, pool);
	p.name = options.profile;
	if (parse(&p, ground, strlen(ground), &e) || parse(&p, text, length, &e)) {
		must_be_error(&e);
		return;
	}
	for (size_t i = 0; i < options.sets.n; i++) {
		const struct option_set *set = &options.sets.v[i];

		if (profile_set(&p, set->key, set->text, set->at, &e)) {
			must_be_error(&e);
			return;
		}
	}
	build(&p, &h, options.argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool pool = {0};
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_string(data + 1, size - 1);
	run(&pool, data[0], text, size - 1);
	pool_done(&pool);
	free(text);
	return 0;
}
