/* SPDX-License-Identifier: MIT */
/*
 * Hosts that a tool's own configuration on this machine names: AllowHosts=@apt @npm @pip @cargo @git.
 *
 *   sources.c         groups, built-in defaults, which files are believed
 *   sources_text.c    lines and URLs
 *   sources_apt.c, sources_npm.c, sources_pip.c, sources_cargo.c, sources_git.c   one tool each
 *
 * Files are read, and no program is executed. Nothing in the project is believed (the working directory, or the
 * repository that it is in), since it can have come with what will run there; but for @git, which means the remotes of that very repository.
 * What a tool learns only on the way is not known here: redirects, the `dl` of a registry's index.
 * Where one file overrides another one, the hosts of both are named.
 */
#pragma once

#include "base/str.h"
#include "host/host.h"

/* One host that a tool's configuration names. */
struct host_source {
	const char *host; /* a name in lower case, or an address (IPv6 without brackets) */
	int port;	  /* from the URL, else by its scheme */
	const char *from; /* "FILE:LINE", "$NAME" of the environment, or "the default of npm" */
};
typedef vec_of(struct host_source) host_source_vec;

/*
 * Adds the hosts of `group` ("@apt") to `ret`, in order of appearance; what `ret` has already is not added
 * again. An unknown group, one that names no host, and a file that is too large or lies in the project
 * are errors, and `ret` is as before.
 */
int host_sources_read(const struct host *h, const char *group, host_source_vec *ret, struct err *e);
/* The same with the system's own files (/etc, /usr) below `root`, for tests. */
int host_sources_read_below(const struct host *h, const char *root, const char *group,
			    host_source_vec *ret, struct err *e);

/* --- for the files of this module, and for tests --- */

enum {
	SOURCES_MAX = 256,	    /* hosts of a group */
	SOURCES_FILE_MAX = 1 << 20, /* bytes */
	SOURCES_HOST_MAX = 253,	    /* RFC 1035, 2.3.4: 255 octets, two of which are not text */
};

struct sources_rewrite {
	const char *base, *prefix; /* url.BASE.insteadOf = PREFIX */
	bool push;		   /* pushInsteadOf */
};

/* One group while it is read. */
struct sources {
	const struct host *h; /* memory comes from its pool */
	const char *group, *root;
	host_source_vec v; /* none twice */
	bool too_many;	   /* more than SOURCES_MAX */
	bool replaced;	   /* the built-in default of the tool is not in use */
	str_vec mirrors;   /* apt: files that list mirrors, below root */
	vec_of(struct sources_rewrite) rewrites; /* git */
};

struct sources_address {
	char host[SOURCES_HOST_MAX + 1];
	int port;
};

/*
 * Parsers: they read a text and nothing else; what they do not understand they pass over, line by line.
 * `file` is its name for host_source.from.
 */
typedef void sources_parser(struct sources *s, const char *text, const char *file);
sources_parser sources_parse_apt_list, sources_parse_apt_deb822, sources_parse_apt_mirrors,
	sources_parse_apt_conf, sources_parse_npm, sources_parse_pip, sources_parse_cargo,
	sources_parse_git_remotes, sources_parse_git_rewrites;

/* Files and environment of a group, without the built-in defaults. */
int sources_read_apt(struct sources *s, struct err *e);
int sources_read_npm(struct sources *s, struct err *e);
int sources_read_pip(struct sources *s, struct err *e);
int sources_read_cargo(struct sources *s, struct err *e);
int sources_read_git(struct sources *s, struct err *e);

/* Host and port of SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/...]; -1: it names no host that can be used. */
int sources_url(const char *url, struct sources_address *ret);
/* The same of a proxy, which need not have a scheme; `port` is for one without a port. */
int sources_proxy(const char *url, int port, struct sources_address *ret);
/* What git takes for a URL: also [USER@]HOST:PATH. */
int sources_git_url(const char *url, struct sources_address *ret);

/* Line 0: `file` is no file, but "$NAME" or another text. */
void sources_add(struct sources *s, const struct sources_address *address, const char *file,
		 int line);
void sources_add_url(struct sources *s, const char *url, const char *file, int line);

/* Lines of a text, one after the other. */
struct sources_lines {
	char *next;
	int number; /* of the line that was given last */
};
struct sources_lines sources_lines(struct pool *p, const char *text);
/* Without CR at its end; one with control characters as the comment "#". NULL: no more. */
char *sources_line(struct sources_lines *l);
/* Cuts white space off at the end, and gives where the text begins. */
char *sources_trim(char *text);
/* The next word of *rest, which moves behind it; NULL: no more. */
char *sources_word(char **rest);

/* Adds to an error what helps against each of them; returns -1. */
int sources_cure(const struct sources *s, struct err *e);

/* Whose file it is. */
enum sources_trust {
	SOURCES_SYSTEM,	 /* below root; only the administrator writes there */
	SOURCES_CALLER,	 /* in the project it is an error */
	SOURCES_OUTSIDE, /* in the project it is passed over */
	SOURCES_ANY,	 /* believed wherever it is */
};
/* All of a regular file; *ret is NULL if there is none, or none that can be opened. */
int sources_text(struct sources *s, const char *path, enum sources_trust trust, char **ret,
		 struct err *e);
/* Reads and parses it. */
int sources_file(struct sources *s, const char *path, enum sources_trust trust,
		 sources_parser *parse, struct err *e);
/* The path that a variable of the environment names, or NULL. */
const char *sources_path_of(const struct sources *s, const char *variable);
/* `path` in the directory for configuration ($XDG_CONFIG_HOME, ~/.config); NULL: there is none. */
const char *sources_in_config(const struct sources *s, const char *path);
