/* SPDX-License-Identifier: MIT */
/* What the limits have done to a run: see effects.h. */
#include "run/effects.h"
#include "base/str.h"

static const struct plan_limit *find_limit(const struct plan *p, enum key_id key)
{
	for (size_t i = 0; i < p->limits.n; i++) {
		if (p->limits.v[i].key == key)
			return &p->limits.v[i];
	}
	return NULL;
}

const char *effects_bytes(struct pool *pool, int64_t n)
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

const char *effects_time(struct pool *pool, int64_t usec)
{
	if (usec < 0)
		return "unknown";
	if (usec < 60 * 1000000LL)
		return pool_printf(pool, "%.3f s", (double)usec / 1e6);
	return pool_printf(pool, "%lld min %.1f s", (long long)(usec / 60000000),
			   (double)(usec % 60000000) / 1e6);
}

const char *effect_of(struct pool *pool, const struct plan *p, const struct outcome *out,
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
				   effects_bytes(pool, u->memory_peak));
	if (key == KEY_MEMORY_HIGH && u->memory_slowed > 0)
		return pool_printf(pool, "slowed down by MemoryHigh=%s, peak %s", value,
				   effects_bytes(pool, u->memory_peak));
	if (key == KEY_TASKS_MAX && u->tasks_refused > 0)
		return pool_printf(pool, "TasksMax=%s reached, %lld refused", value,
				   (long long)u->tasks_refused);
	if (key == KEY_CPU_QUOTA && u->throttled > 0)
		return pool_printf(pool, "throttled by CPUQuota=%s for %s", value,
				   effects_time(pool, u->throttled));
	return NULL;
}

static const enum key_id reported[] = {KEY_RUNTIME_MAX, KEY_MEMORY_MAX, KEY_MEMORY_HIGH,
				       KEY_TASKS_MAX, KEY_CPU_QUOTA};
enum { REPORTED = sizeof(reported) / sizeof(reported[0]) };

static void add(struct pool *pool, str_vec *list, const char *effect)
{
	if (effect && *effect)
		*vec_add(pool, list) = effect;
}

void effects_list(struct pool *pool, const struct plan *p, const struct outcome *out, str_vec *ret)
{
	for (size_t i = 0; i < REPORTED; i++)
		add(pool, ret, effect_of(pool, p, out, reported[i]));
	if (out->connections)
		add(pool, ret, refused_line(pool, out->connections));
	add(pool, ret, out->network);
}

const char *effects_line(struct pool *pool, const struct plan *p, const struct outcome *out)
{
	const char *line = "";
	str_vec list = {0};

	effects_list(pool, p, out, &list);
	for (size_t i = 0; i < list.n; i++)
		line = pool_printf(pool, "%s%s%s", line, i ? "; " : "", list.v[i]);
	return line;
}
