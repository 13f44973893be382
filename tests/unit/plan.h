/* SPDX-License-Identifier: MIT */
/* A host that is made up, and a profile that is planned on it: what the tests of plans have in common. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cap.h"
#include "base/path.h"
#include "plan/plan.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char ground[] = "[Seccomp]\nSystemCallFilter=@default\n";
static const char *const environment[] = {"PATH=/bin",	  "HOME=/home/u", "LC_ALL=C", "LC=x",
					  "TOKEN=secret", "EMPTY=",	  "odd",      NULL};

static struct pool pool;
static struct profile profile;
static struct host host;
static struct plan plan;
static struct err err;
static const char *const *missing; /* paths that are not there */
static const char *const *files;   /* paths that are files, not directories */

static const char *const none[] = {NULL};

static inline int begin(void **state)
{
	struct profile_text t = {.text = ground, .length = sizeof(ground) - 1, .file = "ground"};

	(void)state;
	profile_init(&profile, &pool);
	profile.name = "test";
	err = (struct err){0};
	missing = files = none;
	host = (struct host){.pool = &pool,
			     .uid = 1000,
			     .gid = 1000,
			     .user = "u",
			     .home = "/home/u",
			     .cwd = "/home/u/p",
			     .environment = environment,
			     .landlock_abi = 7,
			     .subuid = {100000, 65536},
			     .subgid = {200000, 65536},
			     .newuidmap = "/usr/bin/newuidmap",
			     .newgidmap = "/usr/bin/newgidmap"};
	return profile_parse(&profile, &t, &err);
}

static inline int end(void **state)
{
	(void)state;
	pool_done(&pool);
	return 0;
}

static inline bool is_in(const char *const *list, const char *path)
{
	for (; *list; list++) {
		if (strcmp(*list, path) == 0)
			return true;
	}
	return false;
}

static inline void probe(struct host_path *p)
{
	p->real = p->path;
	p->kind = is_in(missing, p->path) ? PATH_MISSING
		  : is_in(files, p->path) ? PATH_FILE
					  : PATH_DIRECTORY;
	if (str_begins(p->path, "/dev/") && p->kind == PATH_DIRECTORY)
		p->kind = PATH_DEVICE;
	if (strstr(p->path, "socket"))
		p->kind = PATH_SOCKET;
	p->error = p->kind == PATH_MISSING ? ENOENT : 0;
}

static inline int build(void)
{
	static const char *const argv[] = {"true", NULL};
	static path_use_vec uses;
	struct plan_inputs in = {.profile = &profile, .host = &host, .uses = &uses, .argv = argv};

	uses = (path_use_vec){0};
	if (plan_uses(&profile, &host, &uses, &err))
		return -1;
	for (size_t i = 0; i < uses.n; i++) {
		probe(&uses.v[i].source);
		if (uses.v[i].place.path)
			probe(&uses.v[i].place);
	}
	return plan_build(&in, &plan, &err);
}

static inline void text(const char *profile_text)
{
	struct profile_text t = {.text = profile_text, .length = strlen(profile_text), .file = "f"};

	if (profile_parse(&profile, &t, &err))
		fail_msg("%s", err.text);
}

static inline void option(enum key_id id, const char *name, const char *value)
{
	if (profile_set(&profile, id, value, (struct origin){name, 0}, &err))
		fail_msg("%s", err.text);
}

static inline void must_build(const char *profile_text)
{
	text(profile_text);
	if (build())
		fail_msg("%s", err.text);
}

static inline void must_refuse(const char *profile_text, const char *message)
{
	begin(NULL);
	text(profile_text);
	if (build() == 0)
		fail_msg("not refused: %s", profile_text);
	if (strncmp(err.text, message, strlen(message)) != 0)
		fail_msg("\"%s\" instead of \"%s\"", err.text, message);
	assert_int_equal(err.code, 125);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
