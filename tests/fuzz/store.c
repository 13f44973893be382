/* SPDX-License-Identifier: MIT */
/* Files of a kept sandbox: its state, and its record of the host. What they say is acted on by commit. */
#include "store/store.h"
#include "base/path.h"
#include "base/str.h"
#include "fuzz.h"
#include "store/base.h"

static void check_state(struct pool *pool, const struct store *s)
{
	struct store again = {.pool = pool};
	struct err e = {0};
	const char *text = state_print(pool, s);

	MUST(store_name_ok(s->name) && s->trees.n <= STORE_TREES_MAX);
	MUST(s->identity.n_uids <= ID_MAPS_MAX && s->identity.n_gids <= ID_MAPS_MAX);
	for (size_t i = 0; i < s->trees.n; i++)
		MUST(*s->trees.v[i].path == '/' && !path_has_dotdot(s->trees.v[i].path));
	/* What was understood is written as it was, and understood again. */
	MUST(state_parse(&again, pool_strdup(pool, text), &e) == 0);
	MUST(strcmp(state_print(pool, &again), text) == 0);
}

static void check_base(struct pool *pool, struct base *b)
{
	struct base again = {0};
	struct err e = {0};
	const char *text = base_print(pool, b);

	for (size_t i = 0; i < b->v.n; i++) {
		const struct base_record *r = &b->v.v[i];

		MUST(r->tree < STORE_TREES_MAX && *r->path != '/' && !path_has_dotdot(r->path));
		MUST(i == 0 || r->tree >= b->v.v[i - 1].tree);
		MUST(base_find(b, r->tree, r->path));
	}
	MUST(base_parse(pool, pool_strdup(pool, text), &again, &e) == 0);
	MUST(again.v.n == b->v.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool pool = {0};
	char *text = fuzz_string(data, size);
	struct store s = {.pool = &pool};
	struct base b = {0};
	struct err e = {0};

	if (state_parse(&s, pool_strdup(&pool, text), &e))
		must_be_error(&e);
	else
		check_state(&pool, &s);
	e = (struct err){0};
	if (base_parse(&pool, text, &b, &e))
		must_be_error(&e);
	else
		check_base(&pool, &b);
	pool_done(&pool);
	free(text);
	return 0;
}
