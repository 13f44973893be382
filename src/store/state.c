/* SPDX-License-Identifier: MIT */
/*
 * The text of a state: a line with the version, then one line a fact, `KEY VALUE` (text.h). What another
 * version has written, or somebody by hand, is refused rather than understood in part: commit would act
 * on it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "store/store.h"
#include "store/text.h"

static const char *const first_word = "sandbox-state", *const version = "1",
			 *const last_line = "end";
static const char *const kinds[] = {
	[IDENTITY_SELF] = "self",
	[IDENTITY_ROOT] = "root",
	[IDENTITY_SEPARATE] = "separate",
};

bool store_name_ok(const char *name)
{
	size_t n = strspn(name, STORE_NAME_LETTERS);

	return n > 0 && n <= 64 && !name[n] && *name != '.' && *name != '-';
}

/* --- printing --- */

static void put_words(struct text *t, const char *key, const str_vec *words)
{
	for (size_t i = 0; i < words->n; i++)
		text_put_line(t, key, words->v[i]);
}

static void put_maps(struct text *t, const char *key, const struct id_map *maps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_put_line(t, key,
			      pool_printf(t->pool, "%u %u %u", maps[i].inside, maps[i].outside,
					  maps[i].count));
}

static void put_identity(struct text *t, const struct plan_identity *id)
{
	text_put_line(t, "identity",
		      pool_printf(t->pool, "%s %u %u %d %d %d", kinds[id->kind], id->uid, id->gid,
				  id->by_helper, id->switch_ids, id->drop_groups));
	put_maps(t, "uids", id->uids, id->n_uids);
	put_maps(t, "gids", id->gids, id->n_gids);
}

char *state_print(struct pool *pool, const struct store *s)
{
	struct text t = {.pool = pool};

	text_put_line(&t, first_word, version);
	text_put_line(&t, "name", s->name);
	text_put_line(&t, "profile", s->profile ? s->profile : "");
	text_put_line(&t, "cwd", s->cwd ? s->cwd : "");
	text_put_line(&t, "created", pool_printf(pool, "%" PRId64, s->created));
	text_put_line(&t, "started", pool_printf(pool, "%" PRId64, s->started));
	text_put_line(&t, "running", s->running ? "yes" : "no");
	if (s->ended)
		text_put_line(&t, "exit", pool_printf(pool, "%d %" PRId64, s->exit, s->ended));
	put_words(&t, "effect", &s->effects);
	put_words(&t, "refused", &s->refused);
	put_identity(&t, &s->identity);
	for (size_t i = 0; i < s->trees.n; i++) {
		const struct store_tree *tree = &s->trees.v[i];

		text_put_line(&t, "tree",
			      pool_printf(pool, "%s %" PRIu64 " %" PRIu64 " %" PRId64 " %s",
					  tree->fuse ? "fuse" : "kernel", (uint64_t)tree->dev,
					  (uint64_t)tree->ino, tree->born, tree->path));
	}
	put_words(&t, "word", &s->words);
	put_words(&t, "added", &s->added);
	put_words(&t, "argument", &s->command);
	text_put(&t, last_line);
	text_put(&t, "\n");
	return t.v;
}

/* --- parsing --- */

static int parse_map(struct id_map *maps, size_t *n, char *value)
{
	int64_t inside, outside, count;

	if (*n == ID_MAPS_MAX || text_number(&value, UINT32_MAX - 1, &inside) ||
	    text_number(&value, UINT32_MAX - 1, &outside) ||
	    text_number(&value, UINT32_MAX - 1, &count) || value || count == 0 ||
	    inside + count > UINT32_MAX || outside + count > UINT32_MAX)
		return -1;
	maps[(*n)++] = (struct id_map){(uint32_t)inside, (uint32_t)outside, (uint32_t)count};
	return 0;
}

static int parse_identity(struct plan_identity *id, char *value)
{
	int64_t uid, gid, flags[3];
	char *kind = strsep(&value, " ");
	size_t i = 0;

	while (i < sizeof(kinds) / sizeof(kinds[0]) && !str_eq(kind, kinds[i]))
		i++;
	if (i == sizeof(kinds) / sizeof(kinds[0]) || text_number(&value, UINT32_MAX - 1, &uid) ||
	    text_number(&value, UINT32_MAX - 1, &gid))
		return -1;
	for (size_t k = 0; k < 3; k++) {
		if (text_number(&value, 1, &flags[k]))
			return -1;
	}
	id->kind = (enum choice_identity)i;
	id->uid = (uint32_t)uid;
	id->gid = (uint32_t)gid;
	id->by_helper = flags[0];
	id->switch_ids = flags[1];
	id->drop_groups = flags[2];
	return value ? -1 : 0;
}

/* As path_join makes it: absolute, no empty component, no `.`, no `..`. */
static bool is_normal_path(struct pool *pool, const char *path)
{
	return *path == '/' && !path_has_dotdot(path) && str_eq(path_join(pool, "/", path), path);
}

static int parse_number(const char *value, int64_t *ret)
{
	return str_number(value, 0, INT64_MAX, ret);
}

static int parse_exit(struct store *s, char *value)
{
	int64_t status;

	if (s->ended || text_number(&value, 255, &status) ||
	    text_number(&value, INT64_MAX, &s->ended) || value)
		return -1;
	s->exit = (int)status;
	return 0;
}

static int parse_tree(struct store *s, char *value)
{
	char *backend = strsep(&value, " ");
	uint64_t dev, ino;
	int64_t born;

	if (s->trees.n == STORE_TREES_MAX ||
	    (!str_eq(backend, "fuse") && !str_eq(backend, "kernel")))
		return -1;
	if (text_id(&value, &dev) || text_id(&value, &ino) ||
	    text_number(&value, INT64_MAX, &born) || !value || !is_normal_path(s->pool, value))
		return -1;
	for (size_t i = 0; i < s->trees.n; i++) {
		if (str_eq(s->trees.v[i].path, value))
			return -1;
	}
	*vec_add(s->pool, &s->trees) = (struct store_tree){.path = value,
							   .fuse = str_eq(backend, "fuse"),
							   .dev = (dev_t)dev,
							   .ino = (ino_t)ino,
							   .born = born};
	return 0;
}

enum line {
	LINE_NAME,
	LINE_PROFILE,
	LINE_CWD,
	LINE_CREATED,
	LINE_STARTED,
	LINE_RUNNING,
	LINE_IDENTITY,
	LINES_ONCE, /* each of those above stands there once */
	LINE_EXIT = LINES_ONCE,
	LINE_EFFECT,
	LINE_REFUSED,
	LINE_UIDS,
	LINE_GIDS,
	LINE_TREE,
	LINE_WORD,
	LINE_ADDED,
	LINE_ARGUMENT,
	LINES,
};

static const char *const keys_of_lines[LINES] = {
	"name",	  "profile", "cwd",  "created", "started", "running", "identity", "exit",
	"effect", "refused", "uids", "gids",	"tree",	   "word",    "added",	  "argument",
};

static int parse_value(struct store *s, enum line line, char *value)
{
	switch (line) {
	case LINE_NAME:
		s->name = value;
		return store_name_ok(value) ? 0 : -1;
	case LINE_PROFILE:
		s->profile = *value ? value : NULL;
		return 0;
	case LINE_CWD:
		s->cwd = *value ? value : NULL;
		return !*value || *value == '/' ? 0 : -1;
	case LINE_CREATED:
		return parse_number(value, &s->created);
	case LINE_STARTED:
		return parse_number(value, &s->started);
	case LINE_RUNNING:
		s->running = str_eq(value, "yes");
		return s->running || str_eq(value, "no") ? 0 : -1;
	case LINE_IDENTITY:
		return parse_identity(&s->identity, value);
	case LINE_EXIT:
		return parse_exit(s, value);
	case LINE_EFFECT:
		*vec_add(s->pool, &s->effects) = value;
		return 0;
	case LINE_REFUSED:
		*vec_add(s->pool, &s->refused) = value;
		return 0;
	case LINE_UIDS:
		return parse_map(s->identity.uids, &s->identity.n_uids, value);
	case LINE_GIDS:
		return parse_map(s->identity.gids, &s->identity.n_gids, value);
	case LINE_TREE:
		return parse_tree(s, value);
	case LINE_WORD:
		*vec_add(s->pool, &s->words) = value;
		return 0;
	case LINE_ADDED:
		*vec_add(s->pool, &s->added) = value;
		return 0;
	case LINE_ARGUMENT:
		*vec_add(s->pool, &s->command) = value;
		return 0;
	case LINES:
		break;
	}
	return -1;
}

static int parse_line(struct store *s, char *line, unsigned *seen)
{
	char *key = strsep(&line, " ");
	size_t i = 0;

	while (i < LINES && !str_eq(key, keys_of_lines[i]))
		i++;
	if (i == LINES || !line || (*seen & 1u << i && i < LINES_ONCE))
		return -1;
	*seen |= 1u << i;
	return text_unescape(line) ? -1 : parse_value(s, (enum line)i, line);
}

int state_parse(struct store *s, char *text, struct err *e)
{
	char *line = strsep(&text, "\n"), *word = strsep(&line, " ");
	unsigned seen = 0, wanted = (1u << LINES_ONCE) - 1;
	int number = 1;

	if (!text || !line || !str_eq(word, first_word))
		return err_set(e, "its state is damaged in line 1");
	if (!str_eq(line, version))
		return err_set(e, "its state is of another version of sandbox");
	/* What a power failure has cut short has no end. */
	while ((line = strsep(&text, "\n")) && text && !str_eq(line, last_line)) {
		number++;
		if (parse_line(s, line, &seen))
			return err_set(e, "its state is damaged in line %d", number);
	}
	if (!line || !text || *text || (seen & wanted) != wanted)
		return err_set(e, "its state is damaged behind line %d", number);
	return 0;
}
