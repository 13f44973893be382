/* SPDX-License-Identifier: MIT */
/* Journals as text, and the numbered directories in which they lie: see journal.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/journal.h"
#include "store/node.h"

static const char *const first_line[] = {
	[JOURNAL_COMMIT] = "sandbox-journal 1 commit",
	[JOURNAL_DISCARD] = "sandbox-journal 1 discard",
};
static const char *const done_line = "sandbox-done 1";

static const char *const kinds[OP_KINDS] = {
	[OP_REMOVE] = "remove", [OP_RMDIR] = "rmdir", [OP_PUT] = "put",
	[OP_MKDIR] = "mkdir",	[OP_META] = "meta",   [OP_LIKE] = "like",
	[OP_DROP] = "drop",	[OP_RAISE] = "raise", [OP_TIMES] = "times",
};

/* --- printing --- */

/* TYPE,MODE,UID,GID,SIZE,LINKS,DEV,INO,MTIME,CTIME in hexadecimal; a dash for nothing. */
static void put_node(FILE *out, const struct node *n)
{
	if (n->type == NODE_NONE)
		fputs(" -", out);
	else
		fprintf(out,
			" %x,%x,%x,%x,%" PRIx64 ",%" PRIx64 ",%" PRIx64 ",%" PRIx64 ",%" PRIx64
			",%" PRIx64,
			(unsigned)n->type, n->mode, n->uid, n->gid, (uint64_t)n->size,
			(uint64_t)n->links, (uint64_t)n->dev, (uint64_t)n->ino, (uint64_t)n->mtime,
			(uint64_t)n->ctime);
}

/* Nothing below a space, so that a line stays a line; the tree's root is a dot. */
static void put_path(FILE *out, const char *path)
{
	fputs(*path ? " " : " .", out);
	for (const char *c = path; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == '\\' || *c == 0x7f)
			fprintf(out, "\\%02x", (unsigned char)*c);
		else
			putc_unlocked(*c, out);
	}
	fputc('\n', out);
}

void journal_print(FILE *out, const struct journal *j)
{
	fprintf(out, "%s\ntoken %016" PRIx64 " %" PRIx64 "\n", first_line[j->kind], j->token,
		(uint64_t)j->device);
	for (size_t i = 0; i < j->ops.n; i++) {
		const struct op *op = &j->ops.v[i];

		fprintf(out, "%s %zx %x ", kinds[op->kind], op->tree, op->flags);
		if (op->link < 0)
			fputc('-', out);
		else
			fprintf(out, "%zx", (size_t)op->link);
		put_node(out, &op->host);
		put_node(out, &op->layer);
		put_path(out, op->path);
	}
	fprintf(out, "end %zx\n", j->ops.n);
}

void journal_print_done(FILE *out, const struct journal *j)
{
	size_t lines = 0;

	fprintf(out, "%s\n", done_line);
	for (size_t i = 0; i < j->ops.n; i++) {
		if (j->ops.v[i].after.type == NODE_NONE)
			continue;
		fprintf(out, "%zx", i);
		put_node(out, &j->ops.v[i].after);
		fputc('\n', out);
		lines++;
	}
	fprintf(out, "end %zx\n", lines);
}

/* --- parsing --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next field in front of `end` (a space, a comma, or the NUL), as we write it. */
static int next_hex(char **text, char end, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	char *c = *text;

	if (hex_digit(*c) < 0)
		return -1;
	for (; hex_digit(*c) >= 0; c++) {
		if (value >> 60)
			return -1;
		value = value << 4 | (unsigned)hex_digit(*c);
	}
	if (*c != end || value > max)
		return -1;
	*text = end ? c + 1 : c;
	*ret = value;
	return 0;
}

static int next_node(char **text, char end, struct node *ret)
{
	static const uint64_t most[] = {NODE_DEVICE, 07777,	 UINT32_MAX, UINT32_MAX, INT64_MAX,
					UINT64_MAX,  UINT64_MAX, UINT64_MAX, UINT64_MAX};
	enum { FIELDS = sizeof(most) / sizeof(most[0]) };
	uint64_t v[FIELDS + 1];

	*ret = (struct node){.type = NODE_NONE};
	if ((*text)[0] == '-' && (*text)[1] == end) {
		*text += end ? 2 : 1;
		return 0;
	}
	for (size_t i = 0; i < FIELDS; i++) {
		if (next_hex(text, ',', most[i], &v[i]))
			return -1;
	}
	if (next_hex(text, end, UINT64_MAX, &v[FIELDS]) || v[0] == NODE_NONE)
		return -1;
	*ret = (struct node){.type = (enum node_type)v[0],
			     .mode = (mode_t)v[1],
			     .uid = (uid_t)v[2],
			     .gid = (gid_t)v[3],
			     .size = (off_t)v[4],
			     .links = (nlink_t)v[5],
			     .dev = (dev_t)v[6],
			     .ino = (ino_t)v[7],
			     .mtime = (int64_t)v[8],
			     .ctime = (int64_t)v[9]};
	return 0;
}

/* In place. Each component is a name: the path leads nowhere but below the root. */
static int parse_path(char *path, const char **ret)
{
	char *out = path;

	*ret = path;
	if (str_eq(path, ".")) {
		*path = '\0';
		return 0;
	}
	for (const char *c = path; *c; c++) {
		int high, low;

		if (*c != '\\') {
			*out++ = *c;
			continue;
		}
		high = hex_digit(c[1]);
		low = high < 0 ? -1 : hex_digit(c[2]);
		if (low < 0 || high + low == 0)
			return -1;
		*out++ = (char)(high << 4 | low);
		c += 2;
	}
	*out = '\0';
	for (const char *c = path;; c++) {
		size_t n = strcspn(c, "/");

		if (n == 0 || (n == 1 && c[0] == '.') || (n == 2 && c[0] == '.' && c[1] == '.'))
			return -1;
		c += n;
		if (!*c)
			return 0;
	}
}

/* What an operation is about must be there, and be of the kind that it works on. */
static bool is_sound(const struct op *op)
{
	bool host_dir = op->host.type == NODE_DIRECTORY,
	     layer_dir = op->layer.type == NODE_DIRECTORY;

	if (!*op->path && op->kind != OP_META && op->kind != OP_LIKE && op->kind != OP_TIMES)
		return false;
	switch (op->kind) {
	case OP_REMOVE:
		return op->host.type != NODE_NONE && !host_dir;
	case OP_RMDIR:
		return host_dir;
	case OP_PUT:
		return op->layer.type != NODE_NONE && !layer_dir && !host_dir;
	case OP_MKDIR:
		return layer_dir && op->host.type == NODE_NONE;
	case OP_META:
		return host_dir && layer_dir;
	case OP_LIKE:
		return layer_dir;
	case OP_DROP:
	case OP_RAISE:
	case OP_TIMES:
		return true;
	case OP_KINDS:
		break;
	}
	return false;
}

static int parse_op(struct journal *j, size_t trees, char *line)
{
	struct op *op = vec_add(j->pool, &j->ops);
	uint64_t tree, flags, link = 0;
	size_t kind = 0;
	char *word = strsep(&line, " ");

	while (kind < OP_KINDS && !str_eq(word, kinds[kind]))
		kind++;
	if (kind == OP_KINDS || !line || trees == 0 || next_hex(&line, ' ', trees - 1, &tree) ||
	    next_hex(&line, ' ', OP_FLAGS - 1, &flags))
		return -1;
	*op = (struct op){
		.kind = (enum op_kind)kind, .tree = tree, .flags = (uint32_t)flags, .link = -1};
	if (str_begins(line, "- "))
		line += 2;
	else if (j->ops.n == 1 || next_hex(&line, ' ', j->ops.n - 2, &link) ||
		 j->ops.v[link].kind != OP_PUT)
		return -1;
	else
		op->link = (ssize_t)link;
	if (next_node(&line, ' ', &op->host) || next_node(&line, ' ', &op->layer) ||
	    parse_path(line, &op->path))
		return -1;
	return is_sound(op) ? 0 : -1;
}

static int damaged(const char *what, size_t line, struct err *e)
{
	return err_set(e, "its %s is damaged in line %zu", what, line);
}

int journal_parse(struct journal *j, size_t trees, char *text, struct err *e)
{
	char *line = strsep(&text, "\n"), *next = text ? strsep(&text, "\n") : NULL;
	uint64_t count, device;

	if (str_eq(line, first_line[JOURNAL_COMMIT]))
		j->kind = JOURNAL_COMMIT;
	else if (str_eq(line, first_line[JOURNAL_DISCARD]))
		j->kind = JOURNAL_DISCARD;
	else
		return err_set(e, "its journal is of another version of sandbox, or damaged");
	if (!next || !text || !str_begins(next, "token "))
		return damaged("journal", 2, e);
	next += strlen("token ");
	if (next_hex(&next, ' ', UINT64_MAX, &j->token) ||
	    next_hex(&next, '\0', UINT64_MAX, &device))
		return damaged("journal", 2, e);
	j->device = (dev_t)device;
	while ((line = strsep(&text, "\n"))) {
		char *end = line + strlen("end ");

		if (str_begins(line, "end ") && next_hex(&end, '\0', SIZE_MAX, &count) == 0 &&
		    count == j->ops.n && text && !*text)
			return 0;
		if (parse_op(j, trees, line))
			return damaged("journal", j->ops.n + 2, e);
	}
	return damaged("journal", j->ops.n + 3, e);
}

int journal_parse_done(struct journal *j, char *text, struct err *e)
{
	char *line = strsep(&text, "\n");
	uint64_t index, count;
	size_t lines = 0;

	if (!str_eq(line, done_line))
		return damaged("list of what was done", 1, e);
	while ((line = strsep(&text, "\n"))) {
		char *end = line + strlen("end ");

		if (str_begins(line, "end ") && next_hex(&end, '\0', SIZE_MAX, &count) == 0 &&
		    count == lines && text && !*text)
			return 0;
		lines++;
		if (j->ops.n == 0 || next_hex(&line, ' ', j->ops.n - 1, &index) ||
		    next_node(&line, '\0', &j->ops.v[index].after))
			break;
	}
	return damaged("list of what was done", lines + 1, e);
}

/* --- files --- */

enum { FILE_MAX = 1024 * 1024 * 1024 };

static char *read_file(struct journal *j, int dir, const char *name, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	ssize_t n = fd < 0 ? -1 : fd_read_all(j->pool, fd, FILE_MAX, &text);

	if (n < 0) {
		err_errno(e, "its %s", name);
		return NULL;
	}
	/* A NUL would hide what is behind it. */
	if (strlen(text) == (size_t)n)
		return text;
	err_set(e, "its %s is damaged", name);
	return NULL;
}

int journal_read(struct journal *j, int dir, size_t trees, struct err *e)
{
	char *text = read_file(j, dir, "journal", e);

	if (!text || journal_parse(j, trees, text, e))
		return -1;
	text = read_file(j, dir, "done", e);
	if (!text)
		return e->error == ENOENT ? 0 : -1;
	return journal_parse_done(j, text, e) ? -1 : 1;
}

/* --- names --- */

struct journal_word journal_slot(char letter, size_t op)
{
	struct journal_word w;

	snprintf(w.text, sizeof(w.text), "%c%zu", letter, op);
	return w;
}

struct journal_word journal_temporary(const struct journal *j, size_t op, bool back)
{
	struct journal_word w;

	snprintf(w.text, sizeof(w.text), ".sandbox-%016" PRIx64 "-%zu%s", j->token, op,
		 back ? "-back" : "");
	return w;
}

const char *journal_name(const struct store *s, const char *prefix, size_t number)
{
	return pool_printf(s->pool, "%s.%zu", prefix, number);
}

ssize_t journal_last(const struct store *s, const char *prefix)
{
	_cleanup_fd_ int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	node_name_vec names = {0};
	int64_t last = 0;

	if (fd < 0 || node_list(s->pool, fd, &names))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *rest = str_after(names.v[i].name, prefix);
		int64_t number;

		if (rest && *rest == '.' && str_number(rest + 1, 1, INT32_MAX, &number) == 0 &&
		    number > last)
			last = number;
	}
	return (ssize_t)last;
}
