/* SPDX-License-Identifier: MIT */
/*
 * Which system calls a sandbox may make: from the profile's words to the list that is compiled, and
 * to the text by which the compiled programs are known in the cache.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/seccomp.h"

/* Words, or an OCI file, or neither: then calls are not filtered by name. */
struct filter_spec {
	const char *const *words; /* of SystemCallFilter=; checked by filter_word_parse */
	size_t n_words;
	int default_error;    /* SystemCallErrorNumber= */
	const char *oci_json; /* of SeccompFile=, in the place of the words; or NULL */
	size_t oci_length;
	const char *oci_name;
	const char *kernel; /* release of the running kernel; needed with an OCI file only */
	uint64_t caps;	    /* bit N for capability N; matters for an OCI file only */
	struct seccomp_args args;
};

/* The words from left to right, a later one wins: each call once, sorted by name. */
int filter_expand(struct pool *pool, const struct filter_spec *spec, struct seccomp_name **ret,
		  size_t *ret_n, struct err *e);

/*
 * Two specifications with the same key give the same two programs. `builder` stands for everything
 * else that has a part in them: this program with its tables, and the library.
 */
char *filter_key(struct pool *pool, const struct filter_spec *spec, const char *builder,
		 size_t *ret_len);
