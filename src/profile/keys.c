/* SPDX-License-Identifier: MIT */
/* The rows of keys.inc as a table, and how a name finds its row. */
#include <stddef.h>

#include "base/nearest.h"
#include "base/str.h"
#include "profile/keys.h"

const struct key keys[KEY_COUNT] = {
#define KEY(id, section, name, type, syntax, doc) [KEY_##id] = {section, name, type, syntax, doc},
#include "profile/keys.inc"
#undef KEY
};

bool key_is_list(enum key_id id)
{
	return keys[id].type >= TYPE_WORDS;
}

int key_find(const char *section, const char *name)
{
	for (int i = 0; i < KEY_COUNT; i++) {
		if (str_eq(keys[i].name, name) && (!section || str_eq(keys[i].section, section)))
			return i;
	}
	return -1;
}

bool key_section_exists(const char *section)
{
	for (int i = 0; i < KEY_COUNT; i++) {
		if (str_eq(keys[i].section, section))
			return true;
	}
	return false;
}

static const char *name_at(size_t i, const void *context)
{
	const char *section = context;

	while (i < KEY_COUNT && section && !str_eq(keys[i].section, section))
		i++;
	return i < KEY_COUNT ? keys[i].name : NULL;
}

static const char *section_at(size_t i, const void *context)
{
	(void)context;
	return i < KEY_COUNT ? keys[i].section : NULL;
}

const char *key_nearest(const char *section, const char *name)
{
	const char *found = nearest(name, name_at, section);

	return found ? found : nearest(name, name_at, NULL);
}

const char *key_nearest_section(const char *section)
{
	return nearest(section, section_at, NULL);
}
