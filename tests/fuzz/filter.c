/* SPDX-License-Identifier: MIT */
/* Words of SystemCallFilter=, to the list that is compiled and the key of the cache. */
#include "plan/filter.h"
#include "base/str.h"
#include "fuzz.h"
#include "profile/filter_word.h"

static void check_list(const struct seccomp_name *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		MUST(list[i].name[0] && list[i].name[0] != '@' && list[i].name[0] != '~');
		MUST(list[i].error >= 0 && list[i].error <= 4095);
		MUST(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0);
	}
}

static void expand(struct pool *pool, const str_vec *words)
{
	struct filter_spec spec = {.words = words->v, .n_words = words->n, .default_error = 1};
	struct seccomp_name *list = NULL;
	struct err e = {0};
	size_t n = 0, length = 0;

	if (filter_expand(pool, &spec, &list, &n, &e))
		must_be_error(&e);
	else
		check_list(list, n);
	MUST(filter_key(pool, &spec, "fuzz", &length) && length > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pool pool = {0};
	char *text = fuzz_string(data, size);
	str_vec words = {0}, good = {0};

	str_words(&pool, text, &words);
	for (size_t i = 0; i < words.n; i++) {
		struct filter_word word;
		struct err e = {0};

		if (filter_word_parse(&pool, words.v[i], &word, &e)) {
			MUST(e.text[0]);
			continue;
		}
		MUST(word.group == (word.name[0] == '@') && word.error >= 0);
		*vec_add(&pool, &good) = words.v[i];
	}
	expand(&pool, &good);
	pool_done(&pool);
	free(text);
	return 0;
}
