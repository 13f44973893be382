/* SPDX-License-Identifier: MIT */
/* `sandbox explain`: the plan, then the steps that would be taken. It simply does not call the
 * launch. */
#include "cli/cli.h"
#include "plan/print.h"
#include "run/run.h"

static void print_rows(const struct plan *plan, const char *title, const struct step *rows,
		       size_t n, FILE *out)
{
	const char *separator = "";

	fprintf(out, "  %-10s ", title);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].wanted && !rows[i].wanted(plan))
			continue;
		fprintf(out, "%s%s", separator, rows[i].name);
		separator = ", ";
	}
	fputc('\n', out);
}

static void json_rows(struct jsonw *j, const struct plan *plan, const char *key,
		      const struct step *rows, size_t n)
{
	jsonw_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].wanted || rows[i].wanted(plan))
			jsonw_string(j, NULL, rows[i].name);
	}
	jsonw_close(j, ']');
}

void explain_print(struct session *s, FILE *out)
{
	const struct plan *p = &s->plan;
	struct jsonw j = {.out = out};

	if (!s->options.json) {
		plan_print(p, out);
		fprintf(out, "Steps\n");
		print_rows(p, "host", launch_steps, launch_rows, out);
		print_rows(p, "inside", inside_setup, inside_setup_rows, out);
		print_rows(p, "program", inside_program, inside_program_rows, out);
		return;
	}
	jsonw_open(&j, NULL, '{');
	plan_json(p, &j);
	jsonw_open(&j, "steps", '{');
	json_rows(&j, p, "host", launch_steps, launch_rows);
	json_rows(&j, p, "inside", inside_setup, inside_setup_rows);
	json_rows(&j, p, "program", inside_program, inside_program_rows);
	jsonw_close(&j, '}');
	jsonw_close(&j, '}');
}
