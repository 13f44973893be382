/* SPDX-License-Identifier: MIT */
/* The journal of a commit: text and back, and texts that nobody should act on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/journal.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct pool pool;

static int tear_down(void **state)
{
	(void)state;
	pool_done(&pool);
	return 0;
}

static const struct node file = {.type = NODE_FILE,
				 .mode = 04755,
				 .uid = 1000,
				 .gid = UINT32_MAX - 1,
				 .size = INT64_C(1) << 40,
				 .links = 3,
				 .dev = 0xfe00,
				 .ino = UINT64_MAX,
				 .mtime = -1500000000,
				 .ctime = INT64_MAX};
static const struct node directory = {
	.type = NODE_DIRECTORY, .mode = 0700, .links = 2, .ino = 7, .mtime = 1};

static struct op *add(struct journal *j, enum op_kind kind, const char *path)
{
	struct op *op = vec_add(&pool, &j->ops);

	*op = (struct op){.kind = kind, .path = path, .link = -1};
	return op;
}

static char *print(const struct journal *j, void (*f)(FILE *out, const struct journal *j))
{
	char *text = NULL, *ret;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	f(out, j);
	assert_int_equal(fclose(out), 0);
	ret = pool_strdup(&pool, text);
	free(text);
	return ret;
}

static struct journal usual(void)
{
	struct journal j = {.pool = &pool, .token = 0x0123456789abcdef, .device = 0xfe01};
	struct op *op;

	add(&j, OP_REMOVE, "gone/a b")->host = file;
	add(&j, OP_RMDIR, "gone")->host = directory;
	op = add(&j, OP_PUT, "x");
	op->layer = file;
	op->flags = OP_COPY | OP_SHARED;
	op = add(&j, OP_PUT, "dir/line\nfeed\\\x7f\x01 \xff.");
	op->tree = 2;
	op->host = op->layer = file;
	op->link = 2;
	add(&j, OP_MKDIR, "new")->layer = directory;
	op = add(&j, OP_META, "");
	op->host = op->layer = directory;
	add(&j, OP_LIKE, "like")->layer = directory;
	add(&j, OP_DROP, "...");
	add(&j, OP_RAISE, "..a");
	add(&j, OP_TIMES, "");
	return j;
}

static void same_node(const struct node *a, const struct node *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->links, b->links);
	assert_int_equal(a->dev, b->dev);
	assert_true(a->ino == b->ino);
	assert_true(a->mtime == b->mtime && a->ctime == b->ctime);
}

static void test_round_trip(void **state)
{
	const struct journal j = usual();
	struct journal back = {.pool = &pool};
	struct err e = {0};

	(void)state;
	assert_int_equal(journal_parse(&back, 3, print(&j, journal_print), &e), 0);
	assert_int_equal(back.kind, JOURNAL_COMMIT);
	assert_true(back.token == j.token && back.device == j.device);
	assert_int_equal(back.ops.n, j.ops.n);
	for (size_t i = 0; i < j.ops.n; i++) {
		const struct op *a = &j.ops.v[i], *b = &back.ops.v[i];

		assert_int_equal(a->kind, b->kind);
		assert_int_equal(a->flags, b->flags);
		assert_int_equal(a->tree, b->tree);
		assert_int_equal(a->link, b->link);
		assert_string_equal(a->path, b->path);
		same_node(&a->host, &b->host);
		same_node(&a->layer, &b->layer);
	}
	assert_string_equal(print(&back, journal_print), print(&j, journal_print));
}

static void test_done(void **state)
{
	struct journal j = usual(), back = usual();
	struct err e = {0};

	(void)state;
	j.ops.v[2].after = file;
	j.ops.v[9].after = directory;
	assert_int_equal(journal_parse_done(&back, print(&j, journal_print_done), &e), 0);
	same_node(&back.ops.v[2].after, &file);
	same_node(&back.ops.v[9].after, &directory);
	assert_int_equal(back.ops.v[3].after.type, NODE_NONE);
}

static void refused(const char *text)
{
	struct journal j = {.pool = &pool};
	struct err e = {0};

	if (journal_parse(&j, 2, pool_strdup(&pool, text), &e) == 0)
		fail_msg("accepted: %s", text);
	assert_int_equal(e.code, 125);
	assert_non_null(strstr(e.text, "its journal is"));
}

#define HEAD	  "sandbox-journal 1 commit\ntoken 0123456789abcdef fe01\n"
#define FILE_NODE "1,1a4,0,0,5,1,fe01,7,1,1"
#define DIR_NODE  "2,1ed,0,0,5,1,fe01,8,1,1"

/* Every beginning of a journal is none: it was cut off. */
static void test_cut_off(void **state)
{
	const struct journal j = usual();
	const char *text = print(&j, journal_print);

	(void)state;
	for (size_t n = 0; n < strlen(text); n++)
		refused(pool_strndup(&pool, text, n));
	refused(pool_printf(&pool, "%sx", text));
	refused(pool_printf(&pool, "%s\n", text));
}

static const char *const hostile[] = {
	"",
	"sandbox-journal 2 commit\ntoken 0123456789abcdef fe01\nend 0\n",
	"sandbox-journal 1\ntoken 0123456789abcdef fe01\nend 0\n",
	"sandbox-journal 1 commit\nend 0\n",
	"sandbox-journal 1 commit\ntoken 1123456789abcdef0 fe01\nend 0\n",
	"sandbox-journal 1 commit\ntoken 0123456789abcdef\nend 0\n",
	HEAD "end 1\n",
	HEAD "end 0",
	HEAD "end 0\nend 0\n",
	/* out of the tree */
	HEAD "drop 0 0 - - - ../x\nend 1\n",
	HEAD "drop 0 0 - - - /etc/passwd\nend 1\n",
	HEAD "drop 0 0 - - - a/../../x\nend 1\n",
	HEAD "drop 0 0 - - - a/..\nend 1\n",
	HEAD "drop 0 0 - - - ..\nend 1\n",
	HEAD "drop 0 0 - - - a//b\nend 1\n",
	HEAD "drop 0 0 - - - a/\nend 1\n",
	HEAD "drop 0 0 - - - ./a\nend 1\n",
	HEAD "drop 0 0 - - - a/.\nend 1\n",
	HEAD "drop 0 0 - - - \\2e\\2e\nend 1\n",
	HEAD "drop 0 0 - - - \\2fetc\nend 1\n",
	HEAD "drop 0 0 - - - a\\00b\nend 1\n",
	HEAD "drop 0 0 - - - a\\0\nend 1\n",
	HEAD "drop 0 0 - - - a\\\nend 1\n",
	HEAD "drop 0 0 - - - \nend 1\n",
	HEAD "drop 0 0 - - -\nend 1\n",
	/* a tree, a flag, an operation that there is not */
	HEAD "drop 2 0 - - - a\nend 1\n",
	HEAD "drop ffffffffffffffff 0 - - - a\nend 1\n",
	HEAD "drop -1 0 - - - a\nend 1\n",
	HEAD "drop 0 1000 - - - a\nend 1\n",
	HEAD "erase 0 0 - - - a\nend 1\n",
	HEAD " 0 0 - - - a\nend 1\n",
	/* of the root itself */
	HEAD "drop 0 0 - - - .\nend 1\n",
	HEAD "rmdir 0 0 - " DIR_NODE " - .\nend 1\n",
	/* what it is about does not fit */
	HEAD "remove 0 0 - - - a\nend 1\n",
	HEAD "remove 0 0 - " DIR_NODE " - a\nend 1\n",
	HEAD "rmdir 0 0 - " FILE_NODE " - a\nend 1\n",
	HEAD "put 0 0 - - - a\nend 1\n",
	HEAD "put 0 0 - - " DIR_NODE " a\nend 1\n",
	HEAD "put 0 0 - " DIR_NODE " " FILE_NODE " a\nend 1\n",
	HEAD "mkdir 0 0 - " FILE_NODE " " DIR_NODE " a\nend 1\n",
	HEAD "meta 0 0 - " DIR_NODE " - a\nend 1\n",
	HEAD "like 0 0 - - - a\nend 1\n",
	/* names of one file: of one before it, that is put */
	HEAD "put 0 0 0 - " FILE_NODE " a\nend 1\n",
	HEAD "drop 0 0 - - - a\nput 0 0 0 - " FILE_NODE " b\nend 2\n",
	HEAD "put 0 0 - - " FILE_NODE " a\nput 0 0 5 - " FILE_NODE " b\nend 2\n",
	/* numbers */
	HEAD "put 0 0 - - 7,1a4,0,0,5,1,fe01,7,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 0,1a4,0,0,5,1,fe01,7,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 1,11a4,0,0,5,1,fe01,7,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 1,1a4,100000000,0,5,1,fe01,7,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 1,1a4,0,0,8000000000000000,1,fe01,7,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 1,1a4,0,0,5,1,fe01,7,1 a\nend 1\n",
	HEAD "put 0 0 - - 1,1a4,0,0,5,1,fe01,7,1,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 1,1A4,0,0,5,1,fe01,7,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 1,,0,0,5,1,fe01,7,1,1 a\nend 1\n",
	HEAD "put 0 0 - - 1, 1a4,0,0,5,1,fe01,7,1,1 a\nend 1\n",
};

static void test_hostile(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++)
		refused(hostile[i]);
}

static void test_hostile_done(void **state)
{
	static const char *const texts[] = {
		"",
		"sandbox-done 2\nend 0\n",
		"sandbox-done 1\n",
		"sandbox-done 1\nend 1\n",
		"sandbox-done 1\na " FILE_NODE "\nend 1\n",
		"sandbox-done 1\nffffffffffffffff " FILE_NODE "\nend 1\n",
		"sandbox-done 1\n0 " FILE_NODE " x\nend 1\n",
		"sandbox-done 1\n0\nend 1\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct journal j = usual();
		struct err e = {0};

		assert_int_equal(journal_parse_done(&j, pool_strdup(&pool, texts[i]), &e), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_round_trip, tear_down),
		cmocka_unit_test_teardown(test_done, tear_down),
		cmocka_unit_test_teardown(test_cut_off, tear_down),
		cmocka_unit_test_teardown(test_hostile, tear_down),
		cmocka_unit_test_teardown(test_hostile_done, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
