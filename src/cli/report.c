/* SPDX-License-Identifier: MIT */
/*
 * What is said when a run is over: a line if a limit ended or slowed it, what it has used if that was
 * asked for (--stats), or all of it as JSON, a line too (--json).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "run/run.h"

static const struct plan_limit *find_limit(const struct plan *p, enum key_id key)
{
	for (size_t i = 0; i < p->limits.n; i++) {
		if (p->limits.v[i].key == key)
			return &p->limits.v[i];
	}
	return NULL;
}

const char *report_bytes(struct pool *pool, int64_t n)
{
	static const char units[] = "KMGTPE";
	double value = (double)n;
	size_t unit = 0;

	if (n < 0)
		return "unknown";
	if (n < 1024)
		return pool_printf(pool, "%lld", (long long)n);
	for (value /= 1024; value >= 1024 && units[unit + 1]; unit++)
		value /= 1024;
	/* 64M and not 64.0M, as a limit is written */
	return value == (double)(int64_t)value
		       ? pool_printf(pool, "%lld%c", (long long)value, units[unit])
		       : pool_printf(pool, "%.1f%c", value, units[unit]);
}

static const char *time_text(struct pool *pool, int64_t usec)
{
	if (usec < 0)
		return "unknown";
	if (usec < 60 * 1000000LL)
		return pool_printf(pool, "%.3f s", (double)usec / 1e6);
	return pool_printf(pool, "%lld min %.1f s", (long long)(usec / 60000000),
			   (double)(usec % 60000000) / 1e6);
}

/* Of what a limit has done; NULL: nothing. */
static const char *limit_effect(struct pool *pool, const struct plan *p, const struct outcome *out,
				enum key_id key)
{
	const struct plan_limit *limit = find_limit(p, key);
	const struct usage *u = &out->usage;
	const char *value = limit ? limit->value : "";

	if (key == KEY_RUNTIME_MAX && out->timed_out)
		return pool_printf(pool, "RuntimeMaxSec=%s reached", p->runtime_max_text);
	if (!limit || !out->has_group)
		return NULL;
	if (key == KEY_MEMORY_MAX && u->memory_kills > 0)
		return pool_printf(pool, "killed by MemoryMax=%s, peak %s", value,
				   report_bytes(pool, u->memory_peak));
	if (key == KEY_MEMORY_HIGH && u->memory_slowed > 0)
		return pool_printf(pool, "slowed down by MemoryHigh=%s, peak %s", value,
				   report_bytes(pool, u->memory_peak));
	if (key == KEY_TASKS_MAX && u->tasks_refused > 0)
		return pool_printf(pool, "TasksMax=%s reached, %lld refused", value,
				   (long long)u->tasks_refused);
	if (key == KEY_CPU_QUOTA && u->throttled > 0)
		return pool_printf(pool, "throttled by CPUQuota=%s for %s", value,
				   time_text(pool, u->throttled));
	return NULL;
}

static const enum key_id reported[] = {KEY_RUNTIME_MAX, KEY_MEMORY_MAX, KEY_MEMORY_HIGH,
				       KEY_TASKS_MAX, KEY_CPU_QUOTA};
enum { REPORTED = sizeof(reported) / sizeof(reported[0]) };

static void print_effects(struct pool *pool, const struct plan *p, const struct outcome *out)
{
	const char *line = "";

	for (size_t i = 0; i < REPORTED; i++) {
		const char *effect = limit_effect(pool, p, out, reported[i]);

		if (effect)
			line = pool_printf(pool, "%s%s%s", line, *line ? "; " : "", effect);
	}
	if (*line)
		fprintf(stderr, "sandbox: %s\n", line);
}

static void print_stats(struct pool *pool, const struct outcome *out)
{
	const struct usage *u = &out->usage;

	fprintf(stderr, "sandbox: wall %s, user %s, system %s\n", time_text(pool, out->wall),
		time_text(pool, u->user), time_text(pool, u->system));
	fprintf(stderr, "sandbox: memory peak %s%s, tasks peak ",
		report_bytes(pool, u->memory_peak),
		u->of_largest ? " (of the largest process)" : "");
	if (u->tasks_peak < 0)
		fprintf(stderr, "unknown");
	else
		fprintf(stderr, "%lld", (long long)u->tasks_peak);
	fprintf(stderr, ", read %s, written %s%s\n", report_bytes(pool, u->read),
		report_bytes(pool, u->written),
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
		jsonw_string(j, "effect", limit_effect(pool, p, out, limit->key));
		jsonw_close(j, '}');
	}
	if (p->runtime_max != STR_INFINITY) {
		jsonw_open(j, NULL, '{');
		jsonw_string(j, "key", keys[KEY_RUNTIME_MAX].name);
		jsonw_string(j, "value", p->runtime_max_text);
		jsonw_string(j, "effect", limit_effect(pool, p, out, KEY_RUNTIME_MAX));
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
		if (!s->options.quiet)
			print_effects(&pool, &s->plan, out);
		if (s->options.stats)
			print_stats(&pool, out);
	}
	pool_done(&pool);
}
