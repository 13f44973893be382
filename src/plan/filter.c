/* SPDX-License-Identifier: MIT */
/* Which system calls a sandbox may make: see filter.h. */
#include <string.h>

#include "plan/filter.h"
#include "profile/filter_word.h"
#include "profile/groups.h"

struct list {
	struct pool *pool;
	vec_of(struct seccomp_name) v; /* sorted by name */
};

/* NULL if the name is not there, and then *ret_at is where it belongs. */
static struct seccomp_name *list_find(const struct list *list, const char *name, size_t *ret_at)
{
	size_t low = 0, high = list->v.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct seccomp_name *at = &list->v.v[middle];
		int order = strcmp(at->name, name);

		if (order == 0)
			return at;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_at = low;
	return NULL;
}

static void list_put(struct list *list, const char *name, int error)
{
	size_t at = 0;
	struct seccomp_name *found = list_find(list, name, &at), *last;

	if (found) {
		found->error = error;
		return;
	}
	last = vec_add(list->pool, &list->v);
	for (size_t i = list->v.n - 1; i > at; i--, last--)
		*last = last[-1];
	*last = (struct seccomp_name){name, error};
}

static void list_remove(struct list *list, const char *name)
{
	size_t at = 0;
	struct seccomp_name *found = list_find(list, name, &at);

	if (!found)
		return;
	list->v.n--;
	memmove(found, found + 1, (size_t)(list->v.v + list->v.n - found) * sizeof(*found));
}

static void list_apply(struct list *list, const char *name, const struct filter_word *word)
{
	/* Taken away with an errno: that is its answer, instead of the one that all others get. */
	if (word->take_away && !word->error)
		list_remove(list, name);
	else
		list_put(list, name, word->error);
}

/* Groups in groups end with calls: a unit test proves that none contains itself. */
static void list_apply_group(struct list *list, const char *name, const struct filter_word *word)
{
	const struct group *group = group_find(name);
	const char *at, *member;
	size_t len;

	if (!group)
		return;
	at = group->members;
	while ((member = group_next(&at, &len))) {
		char *copy = pool_strndup(list->pool, member, len);

		if (*copy == '@')
			list_apply_group(list, copy, word);
		else
			list_apply(list, copy, word);
	}
}

/* The command is started with these: to refuse them by name would promise what cannot be kept. */
static int check_needed(const struct filter_word *word, struct err *e)
{
	if (!word->take_away && !word->error)
		return 0;
	if (strcmp(word->name, "execve") != 0 && strcmp(word->name, "exit_group") != 0)
		return 0;
	return err_set(e, "SystemCallFilter: %s cannot be refused: the command is started with it",
		       word->name);
}

int filter_expand(struct pool *pool, const struct filter_spec *spec, struct seccomp_name **ret,
		  size_t *ret_n, struct err *e)
{
	struct list list = {.pool = pool};

	for (size_t i = 0; i < spec->n_words; i++) {
		struct filter_word word;

		if (filter_word_parse(pool, spec->words[i], &word, e) < 0 ||
		    check_needed(&word, e) < 0)
			return -1;
		if (word.group)
			list_apply_group(&list, word.name, &word);
		else
			list_apply(&list, word.name, &word);
	}
	*ret = list.v.v;
	*ret_n = list.v.n;
	return 0;
}

struct text {
	struct pool *pool;
	vec_of(char) v;
};

static void text_add(struct text *text, const char *s, size_t len)
{
	while (!text->v.v || text->v.cap - text->v.n < len)
		text->v.v = pool_grow(text->pool, text->v.v, &text->v.cap, text->v.cap, 1);
	memcpy(text->v.v + text->v.n, s, len);
	text->v.n += len;
}

/* With its length in front, so that no value looks like its own end and the start of another. */
static void text_add_value(struct text *text, const char *what, const char *s, size_t len)
{
	char *head = pool_printf(text->pool, "%s %zu:", what, len);

	text_add(text, head, strlen(head));
	text_add(text, s, len);
	text_add(text, "\n", 1);
}

static void text_add_number(struct text *text, const char *what, uint64_t number)
{
	char *line = pool_printf(text->pool, "%s %llu\n", what, (unsigned long long)number);

	text_add(text, line, strlen(line));
}

char *filter_key(struct pool *pool, const struct filter_spec *spec, const char *builder,
		 size_t *ret_len)
{
	const struct seccomp_args *args = &spec->args;
	struct text text = {.pool = pool};

	text_add_value(&text, "builder", builder, strlen(builder));
	if (spec->oci_json) {
		const char *kernel = spec->kernel ? spec->kernel : "";

		text_add_value(&text, "oci", spec->oci_json, spec->oci_length);
		text_add_value(&text, "kernel", kernel, strlen(kernel));
		text_add_number(&text, "caps", spec->caps);
	} else {
		text_add_number(&text, "error", (uint64_t)spec->default_error);
		text_add_number(&text, "words", spec->n_words);
		for (size_t i = 0; i < spec->n_words; i++)
			text_add_value(&text, "word", spec->words[i], strlen(spec->words[i]));
	}
	text_add_number(&text, "namespaces", args->restrict_namespaces);
	text_add_number(&text, "personality", args->lock_personality);
	text_add_number(&text, "wx", args->memory_deny_write_execute);
	text_add_number(&text, "suid", args->restrict_suid_sgid);
	text_add_number(&text, "families", args->restrict_families);
	for (size_t i = 0; args->restrict_families && i < args->n_families; i++)
		text_add_number(&text, "family", (uint64_t)args->families[i]);
	*ret_len = text.v.n;
	return text.v.v;
}
