/* SPDX-License-Identifier: MIT */
/* `sandbox profile list|show|check|diff|keys`: what profiles there are, what they say, whether it
 * is right. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cli/cli.h"

struct words {
	struct pool pool;
	struct host host;
	bool json, resolved, help;
	const char *names[64];
	size_t n;
};

static int usage(struct err *e)
{
	err_set(e,
		"profile: expected list, show [--resolved] NAME, check FILE..., diff A B or keys");
	return err_hint(e, "man sandbox-profile");
}

static int parse_words(struct words *w, char **argv, struct err *e)
{
	for (; *argv; argv++) {
		if (str_eq(*argv, "--json"))
			w->json = true;
		else if (str_eq(*argv, "--resolved"))
			w->resolved = true;
		else if (str_eq(*argv, "-h") || str_eq(*argv, "--help"))
			w->help = true;
		else if ((*argv)[0] == '-')
			return err_set(e, "profile: there is no option %s", *argv);
		else if (w->n < sizeof(w->names) / sizeof(w->names[0]))
			w->names[w->n++] = *argv;
		else
			return err_set(e, "profile: too many words");
	}
	return 0;
}

static int load(struct words *w, const char *name, struct profile *ret, struct err *e)
{
	profile_init(ret, &w->pool);
	return profile_load(ret, name, host_profile_dirs(&w->host), e);
}

static int no_profiles(struct words *w, struct err *e)
{
	const char *text = "";

	for (const char *const *dir = host_profile_dirs(&w->host); *dir; dir++)
		text = pool_printf(&w->pool, "%s%s%s", text, *text ? ", " : "",
				   str_safe(&w->pool, *dir));
	err_set(e, "there are no profiles in %s", text);
	return err_hint(e, "`make install` puts those that are shipped into the last one");
}

static int list(struct words *w, struct err *e)
{
	struct jsonw j = {.out = stdout};
	profile_entry_vec all = {0};

	if (profile_list(&w->pool, host_profile_dirs(&w->host), &all, e))
		return -1;
	if (!all.n)
		return no_profiles(w, e);
	if (w->json)
		jsonw_open(&j, NULL, '[');
	for (size_t i = 0; i < all.n; i++) {
		struct profile p;
		struct err bad;
		bool ok = load(w, all.v[i].name, &p, &bad) == 0;
		const char *what = ok ? profile_text_of(&p, KEY_DESCRIPTION, "") : bad.text;

		if (!w->json) {
			printf("%-12s %s%s\n", str_safe(&w->pool, all.v[i].name),
			       ok ? "" : "not usable: ", what);
			continue;
		}
		jsonw_open(&j, NULL, '{');
		jsonw_string(&j, "name", all.v[i].name);
		jsonw_string(&j, "file", all.v[i].path);
		jsonw_string(&j, ok ? "description" : "error", what);
		jsonw_close(&j, '}');
	}
	if (w->json)
		jsonw_close(&j, ']');
	return 0;
}

/* The merged profile, each line with its origin; it can be parsed again. */
static void show_resolved(struct words *w, const struct profile *p)
{
	const char *section = "";

	for (int id = 0; id < KEY_COUNT; id++) {
		const struct setting *s = &p->s[id];

		if (!s->set || id == KEY_INHERIT)
			continue;
		if (!str_eq(section, keys[id].section)) {
			printf("%s[%s]\n", *section ? "\n" : "", keys[id].section);
			section = keys[id].section;
		}
		if (!key_is_list((enum key_id)id))
			printf("# %s\n%s=%s\n", origin_text(&w->pool, s->at), keys[id].name,
			       str_safe(&w->pool, s->text));
		for (size_t i = 0; i < s->list.n; i++) {
			printf("# %s\n", origin_text(&w->pool, s->list.v[i].at));
			printf("%s=%s%s\n", keys[id].name, s->list.v[i].optional ? "-" : "",
			       str_quoted(&w->pool, s->list.v[i].text));
		}
	}
}

static void json_setting(struct words *w, struct jsonw *j, enum key_id id, const struct setting *s)
{
	jsonw_open(j, keys[id].name, key_is_list(id) ? '[' : '{');
	if (!key_is_list(id)) {
		jsonw_string(j, "value", s->text);
		jsonw_string(j, "origin", origin_text(&w->pool, s->at));
	}
	for (size_t i = 0; i < s->list.n; i++) {
		jsonw_open(j, NULL, '{');
		jsonw_string(j, "value", s->list.v[i].text);
		jsonw_bool(j, "optional", s->list.v[i].optional);
		jsonw_string(j, "origin", origin_text(&w->pool, s->list.v[i].at));
		jsonw_close(j, '}');
	}
	jsonw_close(j, key_is_list(id) ? ']' : '}');
}

static void show_json(struct words *w, const struct profile *p)
{
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '{');
	jsonw_string(&j, "name", p->name);
	for (int id = 0; id < KEY_COUNT; id++) {
		if (p->s[id].set)
			json_setting(w, &j, (enum key_id)id, &p->s[id]);
	}
	jsonw_close(&j, '}');
}

static int show(struct words *w, struct err *e)
{
	struct profile p;
	char *text;

	if (w->n != 1)
		return usage(e);
	if (load(w, w->names[0], &p, e))
		return -1;
	if (w->json) {
		show_json(w, &p);
	} else if (w->resolved) {
		show_resolved(w, &p);
	} else {
		const char *file = p.files.v[p.files.n - 1];

		if (fd_read_path(&w->pool, file, PROFILE_MAX_BYTES, &text) < 0)
			return err_errno(e, "%s", file);
		printf("# %s\n%s", file, text);
	}
	return 0;
}

/* A word with no slash that ends in .profile is a file as well: `check *.profile`. */
static int check(struct words *w, struct err *e)
{
	int bad = 0;

	if (w->n == 0)
		return usage(e);
	for (size_t i = 0; i < w->n; i++) {
		const char *name = w->names[i];
		size_t n = strlen(name);
		struct profile p;
		struct err why = {0};

		if (!strchr(name, '/') && n > 8 && str_eq(name + n - 8, ".profile"))
			name = pool_printf(&w->pool, "./%s", name);
		if (load(w, name, &p, &why)) {
			cli_error(&why);
			bad++;
		} else {
			printf("%s: ok\n", str_safe(&w->pool, w->names[i]));
		}
	}
	return bad ? EXIT_SANDBOX : 0;
}

static bool has_value(const struct setting *s, const char *text, bool optional)
{
	for (size_t i = 0; i < s->list.n; i++) {
		if (str_eq(s->list.v[i].text, text) && s->list.v[i].optional == optional)
			return true;
	}
	return false;
}

static int print_missing(struct words *w, char sign, enum key_id id, const struct setting *a,
			 const struct setting *b)
{
	int found = 0;

	for (size_t i = 0; i < a->list.n; i++) {
		const struct value *v = &a->list.v[i];

		if (has_value(b, v->text, v->optional))
			continue;
		printf("%c%s.%s=%s%s\n", sign, keys[id].section, keys[id].name,
		       v->optional ? "-" : "", str_quoted(&w->pool, v->text));
		found++;
	}
	return found;
}

static int diff_key(struct words *w, enum key_id id, const struct setting *a,
		    const struct setting *b)
{
	if (key_is_list(id))
		return print_missing(w, '-', id, a, b) + print_missing(w, '+', id, b, a);
	if (a->text == b->text || (a->text && b->text && str_eq(a->text, b->text)))
		return 0;
	if (a->set)
		printf("-%s.%s=%s\n", keys[id].section, keys[id].name, str_safe(&w->pool, a->text));
	if (b->set)
		printf("+%s.%s=%s\n", keys[id].section, keys[id].name, str_safe(&w->pool, b->text));
	return 1;
}

/* As diff(1): 0 when they say the same, 1 when not. */
static int diff(struct words *w, struct err *e)
{
	struct profile a, b;
	int found = 0;

	if (w->n != 2)
		return usage(e);
	if (load(w, w->names[0], &a, e) || load(w, w->names[1], &b, e))
		return -1;
	for (int id = 0; id < KEY_COUNT; id++) {
		if (id != KEY_INHERIT)
			found += diff_key(w, (enum key_id)id, &a.s[id], &b.s[id]);
	}
	return found > 0;
}

static int print_keys(struct words *w, struct err *e)
{
	struct jsonw j = {.out = stdout};

	(void)e;
	if (w->json)
		jsonw_open(&j, NULL, '[');
	for (int id = 0; id < KEY_COUNT; id++) {
		const struct key *k = &keys[id];

		if (!w->json) {
			printf("%-56s %s\n",
			       pool_printf(&w->pool, "%s.%s=%s", k->section, k->name, k->syntax),
			       k->doc);
			continue;
		}
		jsonw_open(&j, NULL, '{');
		jsonw_string(&j, "section", k->section);
		jsonw_string(&j, "key", k->name);
		jsonw_string(&j, "values", k->syntax);
		jsonw_bool(&j, "list", key_is_list((enum key_id)id));
		jsonw_string(&j, "description", k->doc);
		jsonw_close(&j, '}');
	}
	if (w->json)
		jsonw_close(&j, ']');
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct words *w, struct err *e);
	const char *arguments, *doc;
} verbs[] = {
	{"list", list, "", "the profiles there are"},
	{"show", show, "[--resolved] NAME|PATH",
	 "its file, or with all that it inherits, and where each line is from"},
	{"check", check, "NAME|PATH...", "the first mistake of each"},
	{"diff", diff, "A B", "what B says otherwise than A, after inheritance"},
	{"keys", print_keys, "", "all keys, with what they take"},
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static int print_help(void)
{
	help_command("profile");
	putchar('\n');
	for (size_t i = 0; i < VERBS; i++) {
		char head[64];

		snprintf(head, sizeof(head), "%s %s", verbs[i].name, verbs[i].arguments);
		help_row(stdout, 28, head, verbs[i].doc);
	}
	puts("\nlist, show and keys take --json.");
	return 0;
}

int cmd_profile(int argc, char **argv)
{
	struct words w = {0};
	struct err e = {0};
	int rc = 1;

	if (argc > 1 && (str_eq(argv[1], "-h") || str_eq(argv[1], "--help")))
		return print_help();
	for (size_t i = 0; argc > 1 && i < VERBS; i++) {
		if (!str_eq(argv[1], verbs[i].name))
			continue;
		rc = parse_words(&w, argv + 2, &e);
		host_init(&w.host, &w.pool, (const char *const *)environ);
		if (rc == 0)
			rc = w.help ? print_help() : verbs[i].run(&w, &e);
		if (rc < 0)
			rc = cli_error(&e);
		pool_done(&w.pool);
		return rc;
	}
	usage(&e);
	return cli_error(&e);
}
