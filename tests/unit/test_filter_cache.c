/* SPDX-License-Identifier: MIT */
/* run/filter: programs from the cache, and a cache that is damaged, foreign, full or shared. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bpf.h"
#include "run/filter.h"

/* A directory of its own for each test of the cache. */
struct cache {
	char base[64], dir[96], file[160];
};

static const char *const cache_words[] = {"@basic-io", "getppid:ENOENT"};
static const struct filter_spec cache_spec = {
	.words = cache_words, .n_words = 2, .default_error = EPERM};

static void cache_start(struct cache *c)
{
	strcpy(c->base, "/tmp/test_filter.XXXXXX");
	assert_non_null(mkdtemp(c->base));
	snprintf(c->dir, sizeof(c->dir), "%s/a/b", c->base);
}

static void cache_end(const struct cache *c)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", c->base);
	assert_int_equal(system(command), 0);
}

static size_t count_files(struct cache *c)
{
	DIR *d = opendir(c->dir);
	struct dirent *entry;
	size_t n = 0;

	if (!d)
		return 0;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.') {
			n++;
			snprintf(c->file, sizeof(c->file), "%.95s/%.60s", c->dir, entry->d_name);
		}
	closedir(d);
	return n;
}

/* Right whatever the cache looks like. */
static void get(const struct cache *c)
{
	struct bpf names = {0}, args = {0};
	struct err e = {0};

	if (filter_get(&cache_spec, c ? c->dir : NULL, &names, &args, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(args.n, 0);
	for (int i = 0; i < 1024; i++) {
		uint32_t answer = bpf_call(&names, BPF_ARCH, i, NULL).answer;

		assert_int_not_equal(answer, BPF_BROKEN);
		if (i == __NR_getppid)
			assert_int_equal(answer, SECCOMP_RET_ERRNO | ENOENT);
		if (i == __NR_read)
			assert_int_equal(answer, SECCOMP_RET_ALLOW);
		if (i == __NR_mount)
			assert_int_equal(answer, SECCOMP_RET_ERRNO | EPERM);
	}
	bpf_done(&names);
	bpf_done(&args);
}

static struct stat stat_of(const char *path)
{
	struct stat st = {0};

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static void test_cache(void **state)
{
	struct cache c;
	struct stat before, after;

	(void)state;
	cache_start(&c);
	get(NULL);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	assert_int_equal(stat_of(c.dir).st_mode & 07777, 0700);
	before = stat_of(c.file);
	assert_int_equal(before.st_mode & 07777, 0600);
	get(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	after = stat_of(c.file);
	assert_int_equal(before.st_ino, after.st_ino); /* was read, not written again */
	cache_end(&c);
}

/* A program that allows everything, planted where ours belongs. */
static void plant(const struct cache *c, size_t offset, const void *data, size_t len)
{
	int fd = open(c->file, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, (off_t)offset), (ssize_t)len);
	close(fd);
}

static void test_cache_damage(void **state)
{
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct cache c;
	off_t size;

	(void)state;
	cache_start(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	size = stat_of(c.file).st_size;
	/* Every byte once, among them the key, the lengths, the sum and each instruction. */
	for (off_t i = 0; i < size; i++) {
		char byte = (char)0xa5;

		plant(&c, (size_t)i, &byte, 1);
		get(&c);
		assert_int_equal(stat_of(c.file).st_size, size);
	}
	plant(&c, (size_t)size - sizeof(allow), &allow, sizeof(allow));
	get(&c);
	for (off_t i = 0; i < size; i += 7) {
		assert_int_equal(truncate(c.file, i), 0);
		get(&c);
		assert_int_equal(stat_of(c.file).st_size, size);
	}
	assert_int_equal(truncate(c.file, size + 8), 0);
	get(&c);
	assert_int_equal(truncate(c.file, (off_t)1 << 40), 0);
	get(&c);
	assert_int_equal(stat_of(c.file).st_size, size);
	assert_int_equal(count_files(&c), 1);
	cache_end(&c);
}

/* Another specification's programs under our name, as if the two had the same hash. */
static void test_cache_collision(void **state)
{
	struct filter_spec other = cache_spec;
	struct bpf names = {0}, args = {0};
	struct err e = {0};
	struct cache c;
	char ours[160];

	(void)state;
	cache_start(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	strcpy(ours, c.file);
	assert_int_equal(unlink(ours), 0);
	other.default_error = ENOENT;
	assert_int_equal(filter_get(&other, c.dir, &names, &args, &e), 0);
	bpf_done(&names);
	assert_int_equal(count_files(&c), 1);
	assert_int_equal(rename(c.file, ours), 0);
	get(&c);
	cache_end(&c);
}

/*
 * A file that is not to be trusted is not read, though its contents are what we want: seen by its
 * replacement.
 */
static void check_replaced(struct cache *c)
{
	ino_t before = stat_of(c->file).st_ino;

	get(c);
	assert_int_not_equal(stat_of(c->file).st_ino, before);
	assert_true(S_ISREG(stat_of(c->file).st_mode));
	assert_int_equal(count_files(c), 1);
}

static void test_cache_trust(void **state)
{
	struct cache c;
	char other[128];

	(void)state;
	cache_start(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	assert_int_equal(chmod(c.file, 0666), 0);
	check_replaced(&c);
	assert_int_equal(chmod(c.file, 0620), 0);
	check_replaced(&c);
	snprintf(other, sizeof(other), "%s/other", c.base);
	assert_int_equal(rename(c.file, other), 0);
	assert_int_equal(symlink(other, c.file), 0);
	check_replaced(&c);
	assert_int_equal(unlink(c.file), 0);
	assert_int_equal(mkfifo(c.file, 0600), 0);
	check_replaced(&c);
	if (geteuid() == 0) {
		assert_int_equal(chown(c.file, 65534, 65534), 0);
		check_replaced(&c);
	}
	assert_int_equal(unlink(c.file), 0);
	assert_int_equal(mkdir(c.file, 0700), 0);
	get(&c);
	assert_int_equal(rmdir(c.file), 0);
	cache_end(&c);
}

static void test_cache_directory(void **state)
{
	struct cache c;
	char real[128];

	(void)state;
	cache_start(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	/* Others may look or write: nothing is read, and nothing put there. */
	assert_int_equal(chmod(c.dir, 0755), 0);
	assert_int_equal(unlink(c.file), 0);
	get(&c);
	assert_int_equal(count_files(&c), 0);
	assert_int_equal(stat_of(c.dir).st_mode & 0777, 0755);
	assert_int_equal(chmod(c.dir, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(c.dir, 65534, 65534), 0);
		get(&c);
		assert_int_equal(count_files(&c), 0);
		assert_int_equal(chown(c.dir, 0, 0), 0);
	}
	snprintf(real, sizeof(real), "%s/real", c.base);
	assert_int_equal(rename(c.dir, real), 0);
	assert_int_equal(symlink(real, c.dir), 0);
	get(&c);
	assert_int_equal(count_files(&c), 0);
	assert_int_equal(unlink(c.dir), 0);
	assert_int_equal(mknod(c.dir, S_IFREG | 0600, 0), 0);
	get(&c);
	assert_int_equal(unlink(c.dir), 0);
	strcpy(c.dir, "/proc/nowhere/at/all");
	get(&c);
	strcpy(c.dir, "");
	get(&c);
	cache_end(&c);
}

static void test_cache_bound(void **state)
{
	struct cache c;
	char oldest[160];

	(void)state;
	cache_start(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	strcpy(oldest, c.file);
	assert_int_equal(utimensat(AT_FDCWD, oldest, (struct timespec[2]){{1, 0}, {1, 0}}, 0), 0);
	for (int i = 1; i <= 100; i++) {
		struct filter_spec spec = cache_spec;
		struct bpf names = {0}, args = {0};
		struct err e = {0};

		spec.default_error = i + 1;
		assert_int_equal(filter_get(&spec, c.dir, &names, &args, &e), 0);
		bpf_done(&names);
		bpf_done(&args);
		assert_true(count_files(&c) <= 64);
	}
	assert_int_equal(count_files(&c), 64);
	assert_int_equal(access(oldest, F_OK), -1);
	cache_end(&c);
}

/* Several at a time, while the file is damaged over and over. */
static void test_cache_race(void **state)
{
	struct cache c;
	pid_t pids[4];
	int status;

	(void)state;
	cache_start(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	for (size_t p = 0; p < COUNT(pids); p++) {
		pids[p] = fork();
		assert_true(pids[p] >= 0);
		if (pids[p] > 0)
			continue;
		for (int i = 0; i < 300; i++) {
			int fd = p ? -1 : open(c.file, O_WRONLY);

			if (p)
				get(&c);
			if (fd >= 0 && (pwrite(fd, "x", 1, i) < 0 || close(fd) < 0))
				_exit(1);
		}
		_exit(0);
	}
	for (size_t p = 0; p < COUNT(pids); p++) {
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
	cache_end(&c);
}

/* The three ways to a filter give the programs that run/filter.h promises. */
static void test_programs(void **state)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getppid\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7}]}";
	struct filter_spec spec = {
		.oci_json = json, .oci_length = sizeof(json) - 1, .oci_name = "f.json"};
	struct bpf names = {0}, args = {0};
	struct err e = {0};
	struct cache c;

	(void)state;
	cache_start(&c);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(filter_get(&spec, i ? c.dir : NULL, &names, &args, &e), 0);
		assert_int_equal(bpf_call(&names, BPF_ARCH, __NR_getppid, NULL).answer,
				 SECCOMP_RET_ERRNO | 7);
		assert_int_equal(bpf_call(&args, BPF_ARCH, __NR_getppid, NULL).answer,
				 SECCOMP_RET_ALLOW);
		bpf_done(&names);
		bpf_done(&args);
	}
	spec = (struct filter_spec){0};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(filter_get(&spec, i ? c.dir : NULL, &names, &args, &e), 0);
		assert_int_equal(names.n, 0);
		assert_int_equal(bpf_call(&args, BPF_ARCH, __NR_getppid, NULL).answer,
				 SECCOMP_RET_ALLOW);
		bpf_done(&args);
	}
	assert_int_equal(count_files(&c), 2);
	/* What does not compile leaves nothing behind. */
	spec.oci_json = "{";
	spec.oci_length = 1;
	spec.oci_name = "f.json";
	assert_int_equal(filter_get(&spec, c.dir, &names, &args, &e), -1);
	assert_true(!names.insn && !args.insn);
	assert_int_equal(count_files(&c), 2);
	cache_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache),		cmocka_unit_test(test_cache_damage),
		cmocka_unit_test(test_cache_collision), cmocka_unit_test(test_cache_trust),
		cmocka_unit_test(test_cache_directory), cmocka_unit_test(test_cache_bound),
		cmocka_unit_test(test_cache_race),	cmocka_unit_test(test_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
