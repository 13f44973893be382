/* SPDX-License-Identifier: MIT */
/*
 * The filter cache: see filter.h.
 *
 * Compiling takes three times as long as reading the result, which only depends on the
 * specification, this program and libseccomp; an OCI file takes longer still. One file holds both
 * programs and the whole key, its name is the key's hash. A file with another key (two with one
 * hash, another version of us) or with anything odd about it counts as missing, and is replaced.
 *
 * Trust: whoever can write the file decides what a sandbox may do, so the directory and the file
 * must be the user's own and nobody else's to write. The checksum finds accidents, not attacks.
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "run/filter.h"

enum {
	FILES_MAX = 64,
	SIZE_MAX_FILE = 4 * 1024 * 1024,
	NAME_SIZE = 17, /* 16 hexadecimal digits */
	ID_MAX = 64,
};

struct header {
	char magic[8];
	uint32_t key_length, names, args; /* bytes, instructions, instructions */
	uint32_t zero;
	uint64_t sum; /* of all that follows the header */
};

static const char magic[8] = "sbxbpf1";

static uint64_t fnv1a(const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t hash = 0xcbf29ce484222325u;

	while (len--)
		hash = (hash ^ *at++) * 0x100000001b3u;
	return hash;
}

struct build_id {
	const unsigned char *bytes; /* NULL: the program was linked without one */
	size_t n;
};

static size_t note_size(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Called for this program first, and that is all we want. */
static int take_build_id(struct dl_phdr_info *info, size_t size, void *data)
{
	struct build_id *id = data;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const char *at = (const char *)(info->dlpi_addr + ph->p_vaddr),
			   *end = at + ph->p_memsz;

		while (ph->p_type == PT_NOTE && (size_t)(end - at) > sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const void *)at;
			const char *name = at + sizeof(*note),
				   *bytes = name + note_size(note->n_namesz);

			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
			    memcmp(name, "GNU", 4) == 0 && note->n_descsz <= ID_MAX) {
				*id = (struct build_id){(const unsigned char *)bytes,
							note->n_descsz};
				return 1;
			}
			at = bytes + note_size(note->n_descsz);
		}
	}
	return 1;
}

/*
 * Who compiles: the build-id, which the linker computes from this program's contents, covers the
 * tables and the compiler of filters, so that no cache outlives a change to them. NULL: nothing
 * would tell an old cache from a new one.
 */
static char *builder_text(struct pool *pool)
{
	struct build_id id = {0};
	char hex[2 * ID_MAX + 1] = "";

	dl_iterate_phdr(take_build_id, &id);
	if (!id.n)
		return NULL;
	for (size_t i = 0; i < id.n; i++) {
		hex[2 * i] = "0123456789abcdef"[id.bytes[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[id.bytes[i] & 15];
	}
	return pool_printf(pool, "%s libseccomp %s", hex, seccomp_version_text());
}

struct key {
	const char *text;
	size_t len;
	char name[NAME_SIZE];
};

/* The directory, if it is the user's own and nobody else has any business in it; else -1. */
static int open_dir(const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* All of the file, NULL if there is anything to say against it. */
static char *read_file(int dir, const char *name, size_t *ret_len)
{
	struct stat st;
	char *text = NULL;
	ssize_t n = -1;
	int fd;

	/* O_NONBLOCK: a FIFO of that name must not hold us up. */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 022) == 0 && st.st_size >= (off_t)sizeof(struct header) &&
	    st.st_size <= SIZE_MAX_FILE)
		text = malloc((size_t)st.st_size);
	if (text)
		n = read(fd, text, (size_t)st.st_size);
	close(fd);
	if (text && n != st.st_size) {
		free(text);
		return NULL;
	}
	*ret_len = (size_t)n;
	return text;
}

static int take_program(const char *from, size_t n, struct bpf *ret)
{
	*ret = (struct bpf){0};
	if (!n)
		return 0;
	ret->insn = malloc(n * sizeof(*ret->insn));
	if (!ret->insn)
		return -1;
	memcpy(ret->insn, from, n * sizeof(*ret->insn));
	ret->n = n;
	return 0;
}

static bool is_sound(const struct header *h, const char *text, size_t len, const struct key *key)
{
	const char *after = text + sizeof(*h);

	if (memcmp(h->magic, magic, sizeof(magic)) != 0 || h->zero != 0 ||
	    h->key_length != key->len || h->names > BPF_MAXINSNS || h->args > BPF_MAXINSNS)
		return false;
	if (len != sizeof(*h) + key->len + (h->names + h->args) * sizeof(struct sock_filter))
		return false;
	return memcmp(after, key->text, key->len) == 0 && fnv1a(after, len - sizeof(*h)) == h->sum;
}

static int cache_read(int dir, const struct key *key, struct bpf *ret_names, struct bpf *ret_args)
{
	struct header h;
	size_t len;
	char *text, *at;
	int r = -1;

	text = read_file(dir, key->name, &len);
	if (!text)
		return -1;
	memcpy(&h, text, sizeof(h));
	if (is_sound(&h, text, len, key)) {
		at = text + sizeof(h) + key->len;
		r = take_program(at, h.names, ret_names);
		if (r == 0)
			r = take_program(at + h.names * sizeof(struct sock_filter), h.args,
					 ret_args);
		if (r < 0)
			bpf_done(ret_names);
	}
	free(text);
	return r;
}

/* Makes the directory and what is missing above it. */
static void make_dirs(const char *path)
{
	char *copy = *path ? strdup(path) : NULL;

	if (!copy)
		return;
	for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(copy, 0700);
		*at = '/';
	}
	(void)mkdir(copy, 0700);
	free(copy);
}

/* Removes the oldest file if there are more than FILES_MAX. Each writer adds one, so one is enough.
 */
static void cache_bound(int dir)
{
	char oldest[NAME_MAX + 1] = "";
	struct timespec oldest_time = {0};
	struct dirent *entry;
	struct stat st;
	size_t n = 0;
	DIR *d;
	int fd;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(d))) {
		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		n++;
		if (!*oldest || st.st_mtim.tv_sec < oldest_time.tv_sec ||
		    (st.st_mtim.tv_sec == oldest_time.tv_sec &&
		     st.st_mtim.tv_nsec < oldest_time.tv_nsec)) {
			oldest_time = st.st_mtim;
			memcpy(oldest, entry->d_name, strlen(entry->d_name) + 1);
		}
	}
	closedir(d);
	if (n > FILES_MAX)
		(void)unlinkat(dir, oldest, 0);
}

/*
 * A file without a name gets one when it is complete: killed at any moment we leave nothing behind.
 * On a file system without O_TMPFILE there is no cache.
 */
static void cache_write(int dir, const struct key *key, const struct bpf *names,
			const struct bpf *args)
{
	size_t len = sizeof(struct header) + key->len +
		     (names->n + args->n) * sizeof(struct sock_filter);
	struct header h = {.key_length = (uint32_t)key->len,
			   .names = (uint32_t)names->n,
			   .args = (uint32_t)args->n};
	char *text = malloc(len), *at, self[32];
	int fd;

	if (!text)
		return;
	at = mempcpy(text + sizeof(h), key->text, key->len);
	if (names->n)
		at = mempcpy(at, names->insn, names->n * sizeof(*names->insn));
	if (args->n)
		memcpy(at, args->insn, args->n * sizeof(*args->insn));
	memcpy(h.magic, magic, sizeof(magic));
	h.sum = fnv1a(text + sizeof(h), len - sizeof(h));
	memcpy(text, &h, sizeof(h));
	fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0 && len <= SIZE_MAX_FILE && write(fd, text, len) == (ssize_t)len) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		if (linkat(AT_FDCWD, self, dir, key->name, AT_SYMLINK_FOLLOW) < 0 &&
		    errno == EEXIST && unlinkat(dir, key->name, 0) == 0)
			(void)!linkat(AT_FDCWD, self, dir, key->name, AT_SYMLINK_FOLLOW);
		cache_bound(dir);
	}
	if (fd >= 0)
		close(fd);
	free(text);
}

static int compile_oci(const struct filter_spec *spec, struct bpf *ret, struct err *e)
{
	struct seccomp_oci oci = {.json = spec->oci_json,
				  .length = spec->oci_length,
				  .name = spec->oci_name,
				  .caps = spec->caps,
				  .kernel = spec->kernel};

	return seccomp_compile_oci(&oci, ret, e);
}

static int compile_words(struct pool *pool, const struct filter_spec *spec, struct bpf *ret,
			 struct err *e)
{
	struct seccomp_names names = {.default_error = spec->default_error};
	struct seccomp_name *list;

	if (filter_expand(pool, spec, &list, &names.n, e) < 0)
		return -1;
	names.v = list;
	return seccomp_compile(&names, &spec->args, ret, e);
}

static int compile(struct pool *pool, const struct filter_spec *spec, struct bpf *ret_names,
		   struct bpf *ret_args, struct err *e)
{
	struct bpf names = {0}, args = {0};
	int r = 0;

	if (spec->oci_json)
		r = compile_oci(spec, &names, e);
	else if (spec->n_words)
		r = compile_words(pool, spec, &names, e);
	if (r == 0 && (spec->oci_json || !spec->n_words))
		r = seccomp_compile(NULL, &spec->args, &args, e);
	if (r < 0) {
		bpf_done(&names);
		return -1;
	}
	*ret_names = names;
	*ret_args = args;
	return 0;
}

static int get(struct pool *pool, const struct filter_spec *spec, const char *cache_dir,
	       struct bpf *ret_names, struct bpf *ret_args, struct err *e)
{
	const char *builder = cache_dir ? builder_text(pool) : NULL;
	struct key key = {0};
	int dir, r;

	if (!builder)
		return compile(pool, spec, ret_names, ret_args, e);
	key.text = filter_key(pool, spec, builder, &key.len);
	snprintf(key.name, sizeof(key.name), "%016llx",
		 (unsigned long long)fnv1a(key.text, key.len));
	dir = open_dir(cache_dir);
	if (dir >= 0 && cache_read(dir, &key, ret_names, ret_args) == 0) {
		close(dir);
		return 0;
	}
	r = compile(pool, spec, ret_names, ret_args, e);
	if (r == 0 && dir < 0) {
		make_dirs(cache_dir);
		dir = open_dir(cache_dir);
	}
	if (r == 0 && dir >= 0)
		cache_write(dir, &key, ret_names, ret_args);
	if (dir >= 0)
		close(dir);
	return r;
}

int filter_get(const struct filter_spec *spec, const char *cache_dir, struct bpf *ret_names,
	       struct bpf *ret_args, struct err *e)
{
	struct filter_spec with_kernel = *spec;
	struct pool pool = {0};
	struct utsname name;
	int r;

	if (spec->oci_json && !spec->kernel) {
		if (uname(&name) < 0)
			return err_errno(e, "release of the kernel");
		with_kernel.kernel = name.release;
	}
	r = get(&pool, &with_kernel, cache_dir, ret_names, ret_args, e);
	pool_done(&pool);
	return r;
}
