/* SPDX-License-Identifier: MIT */
/* `sandbox doctor [--json]`: what this host offers, and how to mend what it lacks. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "host/features.h"

static void print_json(const feature_vec *all)
{
	struct jsonw j = {.out = stdout};

	jsonw_open(&j, NULL, '[');
	for (size_t i = 0; i < all->n; i++) {
		const struct feature *f = &all->v[i];

		jsonw_open(&j, NULL, '{');
		jsonw_string(&j, "group", f->group);
		jsonw_string(&j, "name", f->name);
		jsonw_string(&j, "state", feature_state_name(f->state));
		jsonw_string(&j, "found", f->found);
		jsonw_string(&j, "remedy", f->remedy);
		jsonw_bool(&j, "as_root", f->as_root);
		jsonw_string(&j, "refused", f->refused);
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
}

/* https://no-color.org: set and not empty. */
bool cli_wants_color(void)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(none && *none) && term && !str_eq(term, "dumb");
}

static void print_text(const feature_vec *all, bool as_root)
{
	static const char *const colors[] = {"\033[32m", "\033[33m", "\033[31m"};
	bool color = cli_wants_color();
	const char *group = "";
	int width = 0;

	for (size_t i = 0; i < all->n; i++)
		width = (int)strlen(all->v[i].name) > width ? (int)strlen(all->v[i].name) : width;
	for (size_t i = 0; i < all->n; i++) {
		const struct feature *f = &all->v[i], *before = i ? f - 1 : NULL;
		bool same = before && before->remedy && f->remedy &&
			    str_eq(before->remedy, f->remedy);

		if (!str_eq(group, f->group))
			printf("%s%s\n", *group ? "\n" : "", f->group);
		group = f->group;
		printf("  %s%-8s%s %-*s %s\n", color ? colors[f->state] : "",
		       feature_state_name(f->state), color ? "\033[0m" : "", width, f->name,
		       f->found);
		if (f->remedy && !same)
			printf("           %s%s\n",
			       f->as_root && !as_root ? "as root: " : "mend: ", f->remedy);
	}
}

static size_t count(const feature_vec *all, enum feature_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->v[i].state == state;
	return n;
}

/* Several rows can be the reason for one. */
static bool is_told(const feature_vec *all, size_t row)
{
	for (size_t i = 0; i < row; i++) {
		if (all->v[i].refused && str_eq(all->v[i].refused, all->v[row].refused))
			return true;
	}
	return false;
}

static const char *refused_text(struct pool *p, const feature_vec *all)
{
	const char *text = "";

	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].refused && !is_told(all, i))
			text = pool_printf(p, "%s%s%s", text, *text ? "; " : "", all->v[i].refused);
	}
	return text;
}

static void print_summary(struct pool *p, const feature_vec *all)
{
	size_t missing = count(all, FEATURE_MISSING), warnings = count(all, FEATURE_WARNING);
	const char *refused = refused_text(p, all);

	if (missing)
		printf("\n%zu missing: not everything that this version does works here.", missing);
	else
		printf("\n%s.", *refused ? "Sandboxes run here" : "Everything needed is there");
	if (*refused)
		printf(" Refused: %s.", refused);
	if (warnings)
		printf(" %zu warning%s: sandboxes run without.", warnings,
		       warnings == 1 ? "" : "s");
	putchar('\n');
}

static int diagnose(struct pool *pool, bool json, struct err *e)
{
	feature_vec all = {0};
	struct host h;

	host_init(&h, pool, (const char *const *)environ);
	features_probe(pool, &h, &all);
	if (json) {
		print_json(&all);
	} else {
		print_text(&all, h.uid == 0);
		print_summary(pool, &all);
	}
	if (fflush(stdout) || ferror(stdout))
		return err_errno(e, "standard output");
	return count(&all, FEATURE_MISSING) > 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct pool pool = {0};
	struct err e = {0};
	bool json = argc == 2 && str_eq(argv[1], "--json");
	int rc;

	if (argc == 2 && (str_eq(argv[1], "-h") || str_eq(argv[1], "--help"))) {
		printf("Usage: sandbox doctor [--json]\nWhat this host offers, and how to mend what it lacks.\n"
		       "Status 0: everything needed is there.\n");
		return 0;
	}
	if (argc > 1 && !json) {
		err_set(&e, "doctor: unexpected: %s",
			str_safe(&pool, argv[1 + str_eq(argv[1], "--json")]));
		err_hint(&e, "sandbox doctor [--json]");
		rc = -1;
	} else {
		rc = diagnose(&pool, json, &e);
	}
	if (rc < 0)
		rc = cli_error(&e);
	pool_done(&pool);
	return rc;
}
