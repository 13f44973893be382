/* SPDX-License-Identifier: MIT */
/* JSON as it is printed: see jsonw.h. */
#include <inttypes.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"

static void put_string(struct jsonw *j, const char *s, const char *end)
{
	fputc('"', j->out);
	while (s < end) {
		size_t n = str_utf8(s);
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(j->out, "\\%c", c);
		else if (n == 0 && c >= 0x80)
			fprintf(j->out, "\\udc%02x", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(j->out, "\\u%04x", c);
		else
			fwrite(s, 1, n, j->out);
		s += n ? n : 1;
	}
	fputc('"', j->out);
}

static void begin(struct jsonw *j, const char *key)
{
	if (j->more)
		fputs(j->dense ? ", " : ",", j->out);
	if (j->depth && !j->dense)
		fprintf(j->out, "\n%*s", j->depth * 2, "");
	if (key) {
		put_string(j, key, key + strlen(key));
		fputs(": ", j->out);
	}
	j->more = true;
}

void jsonw_open(struct jsonw *j, const char *key, char bracket)
{
	begin(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->more = false;
}

void jsonw_close(struct jsonw *j, char bracket)
{
	j->depth--;
	if (j->more && !j->dense)
		fprintf(j->out, "\n%*s", j->depth * 2, "");
	fputc(bracket, j->out);
	j->more = true;
	if (j->depth == 0)
		fputc('\n', j->out);
}

void jsonw_string(struct jsonw *j, const char *key, const char *value)
{
	if (value) {
		jsonw_bytes(j, key, value, strlen(value));
		return;
	}
	begin(j, key);
	fputs("null", j->out);
}

void jsonw_bytes(struct jsonw *j, const char *key, const char *data, size_t n)
{
	begin(j, key);
	put_string(j, data, data + n);
}

void jsonw_number(struct jsonw *j, const char *key, int64_t value)
{
	begin(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void jsonw_bool(struct jsonw *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->out);
}
