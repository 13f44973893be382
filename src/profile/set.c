/* SPDX-License-Identifier: MIT */
/* One assignment: the value is checked by the type of its key, so that nothing later needs to ask
 * again. */
#include <ctype.h>
#include <string.h>

#include "base/cap.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/seccomp.h"
#include "profile/filter_word.h"
#include "profile/net_word.h"
#include "profile/profile.h"

enum { CPUS_MAX = 8192 }; /* of Linux, CONFIG_NR_CPUS */

void profile_init(struct profile *p, struct pool *pool)
{
	*p = (struct profile){.pool = pool};
}

static int bad(struct profile *p, enum key_id id, const char *text, struct origin at, struct err *e,
	       const char *why)
{
	profile_err(p, at, e, "%s=%.200s: %s", keys[id].name, text, why);
	return err_hint(e, "%s=%s", keys[id].name, keys[id].syntax);
}

/* Index of `text` among the choices "a|b|c", or -1. */
static int choice_index(const char *choices, const char *text)
{
	size_t n = strlen(text);
	int i = 0;

	if (strchr(text, '|'))
		return -1;
	for (const char *c = choices; c; c = strchr(c, '|'), i++) {
		if (*c == '|')
			c++;
		if (strncmp(c, text, n) == 0 && (c[n] == '|' || c[n] == '\0'))
			return i;
	}
	return -1;
}

static bool is_hostname(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 64 || *s == '-' || *s == '.')
		return false;
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && *s != '-' && *s != '.')
			return false;
	}
	return true;
}

static const char *check_text(enum key_id id, const char *text)
{
	if (id == KEY_HOSTNAME && !is_hostname(text))
		return "not a host name";
	return NULL;
}

static const char *check_path(const char *text)
{
	if (!*text)
		return "an empty path";
	return strlen(text) >= 4096 ? "the path is too long" : NULL;
}

static const char *set_root(struct setting *s, const char *text)
{
	int i = choice_index("host|empty", text);

	s->number = i >= 0 ? i : ROOT_PATH;
	return i < 0 && !strchr(text, '/') ? "neither host, nor empty, nor a path with a slash"
					   : NULL;
}

static const char *set_scalar(struct profile *p, enum key_id id, const char *text)
{
	struct setting *s = &p->s[id];
	int64_t down, up;
	bool yes;

	switch (keys[id].type) {
	case TYPE_BOOL:
		if (str_bool(text, &yes))
			return "neither yes nor no";
		s->number = yes;
		return NULL;
	case TYPE_CHOICE:
		s->number = choice_index(keys[id].syntax, text);
		return s->number < 0 ? "not one of its values" : NULL;
	case TYPE_SIZE:
		s->is_percent = strchr(text, '%') != NULL;
		if (s->is_percent ? str_percent(text, &s->number) : str_size(text, &s->number))
			return "not a size";
		return s->is_percent && s->number > 10000 ? "more than 100%" : NULL;
	case TYPE_PERCENT:
		return str_percent(text, &s->number) || !s->number ? "not a percentage" : NULL;
	case TYPE_TIME:
		return str_time(text, &s->number) || !s->number ? "not a time span" : NULL;
	case TYPE_NUMBER:
		s->number = STR_INFINITY;
		if (id == KEY_TASKS_MAX && str_eq(text, "infinity"))
			return NULL;
		return str_number(text, 1, id == KEY_TASKS_MAX ? 4194304 : 10000, &s->number)
			       ? "not a number in its range"
			       : NULL;
	case TYPE_OCTAL:
		return str_octal(text, 0777, &s->number) ? "not an octal mode" : NULL;
	case TYPE_ERRNO:
		s->number = seccomp_errno(text);
		return s->number <= 0 ? "not the name of an error" : NULL;
	case TYPE_PATH:
		return check_path(text);
	case TYPE_ROOT:
		return set_root(s, text);
	case TYPE_RATE_PAIR:
		return rates_parse(p->pool, text, &down, &up);
	case TYPE_TEXT:
	case TYPE_WORDS:
	case TYPE_PATHS:
	case TYPE_BINDS:
	case TYPE_TMPFS:
	case TYPE_RATES:
	case TYPE_CPUS:
	case TYPE_FILTER:
	case TYPE_FAMILIES:
	case TYPE_CAPS:
	case TYPE_NAMES:
	case TYPE_ASSIGNMENTS:
	case TYPE_KEYS:
	case TYPE_HOSTS:
	case TYPE_PORTS:
		break;
	}
	return check_text(id, text);
}

static const char *check_bind(enum key_id id, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t n;

	if (!colon || colon == text || !colon[1] || colon[1] == ':')
		return "a bind is SRC:DST";
	if (colon[1] != '/')
		return "the place inside (behind the colon) is an absolute path";
	colon = strchr(colon + 1, ':');
	n = colon ? strlen(colon) : 0;
	if (colon && !(id == KEY_BIND && n == 3 && str_eq(colon, ":ro")))
		return "behind the second colon only ro has a meaning";
	return check_path(text);
}

static const char *check_tmpfs(const char *text)
{
	const char *colon = strrchr(text, ':');
	int64_t size;

	if (colon && (str_size(colon + 1, &size) || size == 0))
		return "behind the colon stands a size, such as 512M";
	return colon == text ? "an empty path" : check_path(text);
}

static const char *check_name(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '*')
			return "not the name of a variable";
	}
	return *text ? NULL : "an empty name";
}

static const char *check_cpus(const char *text)
{
	unsigned first, last;

	do {
		if (str_range(&text, &first, &last) || last >= CPUS_MAX)
			return "not a list of processors";
	} while (*text);
	return NULL;
}

static const char *check_assignment(const char *text)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return "expected NAME=VALUE";
	for (const char *c = text; c < equals; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_')
			return "not the name of a variable";
	}
	return NULL;
}

static const char *check_key_name(const char *text)
{
	const char *dot = strchr(text, '.');
	int id = key_find(NULL, dot ? dot + 1 : text);

	if (id < 0 || (dot && (strncmp(keys[id].section, text, (size_t)(dot - text)) != 0 ||
			       strlen(keys[id].section) != (size_t)(dot - text))))
		return "no such key";
	return NULL;
}

static const char *check_word(struct profile *p, enum key_id id, const char *text, struct err *e)
{
	struct filter_word word;
	struct host_word host;
	struct port_word port;

	switch (keys[id].type) {
	case TYPE_PATHS:
		return check_path(text);
	case TYPE_BINDS:
		return check_bind(id, text);
	case TYPE_TMPFS:
		return check_tmpfs(text);
	case TYPE_CPUS:
		return check_cpus(text);
	case TYPE_FILTER:
		/* its own words are better than ours, and have a hint */
		return filter_word_parse(p->pool, text, &word, e) ? e->text : NULL;
	case TYPE_FAMILIES:
		return seccomp_family(text) < 0 ? "no such address family" : NULL;
	case TYPE_CAPS:
		return cap_number(text) < 0 ? "no such capability" : NULL;
	case TYPE_NAMES:
		return check_name(text);
	case TYPE_ASSIGNMENTS:
		return check_assignment(text);
	case TYPE_KEYS:
		return check_key_name(text);
	case TYPE_HOSTS:
		return host_word_parse(p->pool, text, &host);
	case TYPE_PORTS:
		return port_word_parse(p->pool, text, &port);
	case TYPE_TEXT:
	case TYPE_BOOL:
	case TYPE_CHOICE:
	case TYPE_SIZE:
	case TYPE_PERCENT:
	case TYPE_TIME:
	case TYPE_NUMBER:
	case TYPE_OCTAL:
	case TYPE_ERRNO:
	case TYPE_PATH:
	case TYPE_ROOT:
	case TYPE_RATE_PAIR:
	case TYPE_WORDS:
	case TYPE_RATES: /* set_rate */
		break;
	}
	return *text ? NULL : "an empty word";
}

/* Puts the place in front of an error that has its text already. */
static int profile_err_at(struct profile *p, struct origin at, struct err *e)
{
	const char *hint = pool_strdup(p->pool, e->hint), *text = pool_strdup(p->pool, e->text);

	profile_err(p, at, e, "%s", text);
	return *hint ? err_hint(e, "%s", hint) : -1;
}

static bool may_be_optional(enum key_id id)
{
	return keys[id].type == TYPE_PATHS || keys[id].type == TYPE_TMPFS ||
	       keys[id].type == TYPE_BINDS;
}

/* One assignment is one pair (systemd.resource-control(5)). */
static int set_rate(struct profile *p, enum key_id id, const char *text, struct origin at,
		    struct err *e)
{
	struct value *v;
	str_vec words = {0};
	const char *reason = str_words(p->pool, text, &words);
	bool optional = words.n && *words.v[0] == '-';
	int64_t rate;

	if (!reason && words.n != 2)
		reason = "a path and a rate are wanted";
	if (!reason)
		reason = check_path(words.v[0] + optional);
	if (!reason && (str_rate(words.v[1], &rate) || rate == 0))
		reason = "not a rate";
	if (reason)
		return bad(p, id, text, at, e, reason);
	v = vec_add(p->pool, &p->s[id].list);
	*v = (struct value){words.v[0] + optional, at, optional, rate, ++p->values};
	return 0;
}

static int set_list(struct profile *p, enum key_id id, const char *text, struct origin at,
		    struct err *e)
{
	struct setting *s = &p->s[id];
	str_vec words = {0};
	const char *reason;

	if (keys[id].type == TYPE_RATES && *text)
		return set_rate(p, id, text, at, e);
	/* An option's value is one word as it stands; what a file says is split at white space. */
	if (at.line == 0)
		*vec_add(p->pool, &words) = text;
	else if ((reason = str_words(p->pool, text, &words)))
		return profile_err(p, at, e, "%s=: %s", keys[id].name, reason);
	if (!*text) {
		s->list.n = 0;
		return 0;
	}
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.v[i];
		bool optional = may_be_optional(id) && *word == '-';

		word += optional;
		reason = check_word(p, id, word, e);
		if (reason && reason == e->text)
			return profile_err_at(p, at, e);
		if (reason)
			return bad(p, id, word, at, e, reason);
		*vec_add(p->pool, &s->list) = (struct value){word, at, optional, 0, ++p->values};
	}
	return 0;
}

int profile_set(struct profile *p, enum key_id id, const char *text, struct origin at,
		struct err *e)
{
	struct setting *s = &p->s[id];
	const char *reason;

	if (key_is_list(id)) {
		if (set_list(p, id, text, at, e))
			return -1;
	} else if (!*text) {
		/* systemd's rule: an empty value takes back what was said before */
		*s = (struct setting){.at = at};
		return 0;
	} else {
		reason = set_scalar(p, id, text);
		if (reason)
			return bad(p, id, text, at, e, reason);
		s->text = text;
	}
	s->set = true;
	s->at = at;
	return 0;
}
