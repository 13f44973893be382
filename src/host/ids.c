/* SPDX-License-Identifier: MIT */
/*
 * Subordinate ids: subuid(5), subgid(5). A line is `NAME:FIRST:COUNT`, the name may be a number.
 * The longest range counts. newuidmap(1) checks the same files again with its own rights; here we
 * only learn what to ask it for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "host/host.h"

static bool line_is_of(const char *line, size_t n, const struct host *h)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", (unsigned)h->uid);
	return (h->user && strlen(h->user) == n && memcmp(h->user, line, n) == 0) ||
	       (strlen(number) == n && memcmp(number, line, n) == 0);
}

static struct id_range read_range(const struct host *h, const char *path)
{
	struct id_range best = {0};
	char *text, *line, *save = NULL;

	if (fd_read_path(h->pool, path, 4 * 1024 * 1024, &text) < 0)
		return best;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *first = strchr(line, ':'), *count = first ? strchr(first + 1, ':') : NULL;
		int64_t from, n;

		if (!count || !line_is_of(line, (size_t)(first - line), h))
			continue;
		*count++ = '\0';
		if (str_number(first + 1, 1, UINT32_MAX - 1, &from) ||
		    str_number(count, 1, UINT32_MAX - 1, &n))
			continue;
		if (n > best.count && from + n < UINT32_MAX)
			best = (struct id_range){(uint32_t)from, (uint32_t)n};
	}
	return best;
}

void host_ids_probe(struct host *h)
{
	h->subuid = read_range(h, "/etc/subuid");
	h->subgid = read_range(h, "/etc/subgid");
	h->newuidmap = host_tool(h->pool, "newuidmap");
	h->newgidmap = host_tool(h->pool, "newgidmap");
}
