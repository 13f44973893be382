/* SPDX-License-Identifier: MIT */
/*
 * Lines of configuration files, and the hosts that URLs name: see sources.h.
 *
 * Where programs do not agree on what the host of a URL is, it is passed over: what is allowed must be
 * what the tool will connect to, and not what somebody could make us read there.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "host/sources.h"

static const struct {
	const char *name;
	int port;
} schemes[] = {
	{"http", 80},	   {"https", 443},   {"ssh", 22},	{"git", 9418},
	{"git+ssh", 22},   {"ssh+git", 22},  {"socks", 1080},	{"socks4", 1080},
	{"socks4a", 1080}, {"socks5", 1080}, {"socks5h", 1080},
};

struct sources_lines sources_lines(struct pool *p, const char *text)
{
	const char *rest = str_after(text, "\xef\xbb\xbf");

	return (struct sources_lines){.next = pool_strdup(p, rest ? rest : text)};
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

char *sources_line(struct sources_lines *l)
{
	char *line = l->next, *end = line + strcspn(line, "\n");

	if (!*line)
		return NULL;
	l->next = *end ? end + 1 : end;
	l->number++;
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	for (const char *c = line; *c; c++) {
		if (is_control(*c)) {
			memcpy(line, "#", 2);
			break;
		}
	}
	return line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

char *sources_trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && is_blank(end[-1]))
		*--end = '\0';
	return text + strspn(text, " \t");
}

char *sources_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t"), *end = word + strcspn(word, " \t");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* In lower case. */
static bool is_name(const char *s)
{
	size_t label = 0;

	if (*s == '-')
		return false;
	for (; *s; s++) {
		if (*s != '.' && !is_name_character(*s))
			return false;
		if (*s == '.' && label == 0)
			return false;
		label = *s == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

/* "127.1", "2130706433" and "0x7f.1" are addresses for inet_aton(3), and so for many programs. */
static bool ends_in_number(const char *name)
{
	const char *label = strrchr(name, '.');

	label = label ? label + 1 : name;
	return label[strspn(label, "0123456789")] == '\0' || str_begins(label, "0x");
}

/* An address of `family` as inet_ntop(3) writes it. */
static int host_address(int family, const char *text, char *ret)
{
	struct in6_addr address; /* room for either */

	if (inet_pton(family, text, &address) != 1 ||
	    !inet_ntop(family, &address, ret, SOURCES_HOST_MAX + 1))
		return -1;
	return 0;
}

static int host_name(const char *s, size_t n, char *ret)
{
	char name[SOURCES_HOST_MAX + 1];

	/* The dot at the end says that the name is complete. */
	if (n > 1 && s[n - 1] == '.')
		n--;
	if (n == 0 || n > SOURCES_HOST_MAX)
		return -1;
	for (size_t i = 0; i < n; i++)
		name[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
	name[n] = '\0';
	if (strlen(name) != n || !is_name(name))
		return -1;
	if (ends_in_number(name))
		return host_address(AF_INET, name, ret);
	memcpy(ret, name, n + 1);
	return 0;
}

/* Of none, "", the port stays as it is. */
static int port_of(const char *s, size_t n, int *ret)
{
	int port = 0;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || port > 65535)
			return -1;
		port = port * 10 + (s[i] - '0');
	}
	if (port < 1 || port > 65535)
		return -1;
	*ret = port;
	return 0;
}

/* [USER[:PASSWORD]@]HOST[:PORT] of `n` bytes. */
static int authority(const char *s, size_t n, int port, struct sources_address *ret)
{
	const char *end = s + n, *at = memrchr(s, '@', n), *host = at ? at + 1 : s, *behind;
	struct sources_address found = {.port = port};
	char address[INET6_ADDRSTRLEN] = "";

	/* A backslash ends the authority for the URL parsers of browsers and of node. */
	if (memchr(s, '\\', n) || memchr(s, ' ', n) || memchr(s, '\t', n))
		return -1;
	behind = memchr(host, *host == '[' ? ']' : ':', (size_t)(end - host));
	if (host < end && *host == '[') {
		if (!behind || behind - host > (ptrdiff_t)sizeof(address))
			return -1;
		memcpy(address, host + 1, (size_t)(behind - host - 1));
		if (host_address(AF_INET6, address, found.host))
			return -1;
		behind++;
	} else {
		behind = behind ? behind : end;
		if (host_name(host, (size_t)(behind - host), found.host))
			return -1;
	}
	if (behind < end &&
	    (*behind != ':' || port_of(behind + 1, (size_t)(end - behind - 1), &found.port)))
		return -1;
	*ret = found;
	return 0;
}

/* `http` is the port of http:// without one. */
static int url_with(const char *url, int http, struct sources_address *ret)
{
	const char *rest = strstr(url, "://");

	if (!rest)
		return -1;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i].name);

		if (n != (size_t)(rest - url) || strncasecmp(url, schemes[i].name, n) != 0)
			continue;
		rest += strlen("://");
		n = strcspn(rest, "/?#");
		/* These end it only for http; git gives ssh all up to the slash. */
		if (i > 1 && rest[n] && rest[n] != '/')
			return -1;
		return authority(rest, n, i == 0 ? http : schemes[i].port, ret);
	}
	return -1;
}

int sources_url(const char *url, struct sources_address *ret)
{
	return url_with(url, schemes[0].port, ret);
}

int sources_proxy(const char *url, int port, struct sources_address *ret)
{
	if (strstr(url, "://"))
		return url_with(url, port, ret);
	return authority(url, strcspn(url, "/?#"), port, ret);
}

/* [HOST:PORT]:PATH, as git takes it; `s` is behind the bracket. */
static int bracketed(const char *s, struct sources_address *ret)
{
	const char *close = strchr(s, ']');
	char whole[INET6_ADDRSTRLEN + 2];

	if (!close || close[1] != ':')
		return -1;
	if (authority(s, (size_t)(close - s), 22, ret) == 0)
		return 0;
	if (close - s >= INET6_ADDRSTRLEN)
		return -1;
	whole[0] = '[';
	memcpy(whole + 1, s, (size_t)(close - s) + 1);
	return authority(whole, (size_t)(close - s) + 2, 22, ret);
}

int sources_git_url(const char *url, struct sources_address *ret)
{
	size_t colon = strcspn(url, ":"), slash = strcspn(url, "/"), at;

	if (strstr(url, "://"))
		return sources_url(url, ret);
	/* url_is_local_not_ssh() of git: a slash before the first colon is a path. */
	if (!url[colon] || slash < colon)
		return -1;
	at = strcspn(url, "@");
	if (*url == '[')
		return bracketed(url + 1, ret);
	if (url[at] && at + 1 < slash && url[at + 1] == '[')
		return bracketed(url + at + 2, ret);
	/* HELPER::ADDRESS, of gitremote-helpers(7). */
	if (url[colon + 1] == ':')
		return -1;
	return authority(url, colon, 22, ret);
}
