/* SPDX-License-Identifier: MIT */
/*
 * What is said when a run is over: a line if a limit ended or slowed it, what it has used if that was
 * asked for (--stats), or all of it as JSON, a line too (--json).
 */
#include <stdio.h>

#include "base/str.h"
#include "cli/cli.h"
#include "run/effects.h"

static void print_stats(struct pool *pool, const struct outcome *out)
{
	const struct usage *u = &out->usage;

	fprintf(stderr, "sandbox: wall %s, user %s, system %s\n", effects_time(pool, out->wall),
		effects_time(pool, u->user), effects_time(pool, u->system));
	fprintf(stderr, "sandbox: memory peak %s%s, tasks peak ",
		effects_bytes(pool, u->memory_peak),
		u->of_largest ? " (of the largest process)" : "");
	if (u->tasks_peak < 0)
		fprintf(stderr, "unknown");
	else
		fprintf(stderr, "%lld", (long long)u->tasks_peak);
	fprintf(stderr, ", read %s, written %s%s\n", effects_bytes(pool, u->read),
		effects_bytes(pool, u->written),
		out->has_group ? "" : "; by getrusage(2), for want of a cgroup");
}

void report_json_count(struct jsonw *j, const char *key, int64_t n)
{
	if (n >= 0)
		jsonw_number(j, key, n);
	else
		jsonw_string(j, key, NULL);
}

static void json_limits(struct jsonw *j, struct pool *pool, const struct plan *p,
			const struct outcome *out)
{
	jsonw_open(j, "limits", '[');
	for (size_t i = 0; out->has_group && i < p->limits.n; i++) {
		const struct plan_limit *limit = &p->limits.v[i];
		bool again = i > 0 && p->limits.v[i - 1].key == limit->key &&
			     str_eq(p->limits.v[i - 1].value, limit->value);

		if (again || out->refused[limit->key])
			continue;
		jsonw_open(j, NULL, '{');
		jsonw_string(j, "key", keys[limit->key].name);
		jsonw_string(j, "value", limit->value);
		jsonw_string(j, "effect", effect_of(pool, p, out, limit->key));
		jsonw_close(j, '}');
	}
	if (p->runtime_max != STR_INFINITY) {
		jsonw_open(j, NULL, '{');
		jsonw_string(j, "key", keys[KEY_RUNTIME_MAX].name);
		jsonw_string(j, "value", p->runtime_max_text);
		jsonw_string(j, "effect", effect_of(pool, p, out, KEY_RUNTIME_MAX));
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

static void print_json(struct pool *pool, const struct plan *p, const struct outcome *out,
		       int status)
{
	const struct usage *u = &out->usage;
	struct jsonw j = {.out = stderr, .dense = true};

	jsonw_open(&j, NULL, '{');
	jsonw_number(&j, "exit", status);
	jsonw_string(&j, "source", out->has_group ? "cgroup" : "getrusage");
	report_json_count(&j, "wall_us", out->wall);
	report_json_count(&j, "user_us", u->user);
	report_json_count(&j, "system_us", u->system);
	report_json_count(&j, "throttled_us", u->throttled);
	report_json_count(&j, "memory_peak", u->memory_peak);
	report_json_count(&j, "swap_peak", u->swap_peak);
	report_json_count(&j, "tasks_peak", u->tasks_peak);
	report_json_count(&j, "io_read", u->read);
	report_json_count(&j, "io_written", u->written);
	json_limits(&j, pool, p, out);
	if (out->connections)
		refused_json(&j, out->connections);
	jsonw_string(&j, "kept", out->kept);
	jsonw_number(&j, "changes", (int64_t)out->changes);
	jsonw_close(&j, '}');
}

void report_print(const struct session *s, const struct outcome *out, int status)
{
	struct pool pool = {0};

	if (s->options.json) {
		print_json(&pool, &s->plan, out, status);
	} else {
		const char *effects = effects_line(&pool, &s->plan, out);

		if (!s->options.quiet && *effects)
			fprintf(stderr, "sandbox: %s\n", effects);
		if (s->options.stats)
			print_stats(&pool, out);
	}
	pool_done(&pool);
}
