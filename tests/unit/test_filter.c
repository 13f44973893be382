/* SPDX-License-Identifier: MIT */
/* From SystemCallFilter='s words to programs in the cache: profile/groups, profile/filter_word, plan/filter, run/filter. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "bpf.h"
#include "base/nearest.h"
#include "profile/filter_word.h"
#include "profile/groups.h"
#include "run/filter.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *word_at(size_t i, const void *ctx)
{
	return ((const char *const *)ctx)[i];
}

static void test_nearest(void **state)
{
	static const char *const words[] = { "ReadOnlyPaths", "ReadWritePaths", "Mode", "openat", "open", NULL };
	static const struct {
		const char *word, *near;
	} cases[] = {
		{ "ReadOnlyPath", "ReadOnlyPaths" }, { "ReadOnyPaths", "ReadOnlyPaths" },
		{ "RaedWritePaths", "ReadWritePaths" }, { "Moed", "Mode" }, { "mode", "Mode" },
		{ "opent", "openat" }, { "opne", "open" }, { "open", "open" }, { "x", NULL }, { "", NULL },
		{ "zzzz", NULL }, { "Nothing like it", NULL },
	};
	char long_word[200];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *near = nearest(cases[i].word, word_at, words);

		if (near && cases[i].near)
			assert_string_equal(near, cases[i].near);
		else if (near || cases[i].near)
			fail_msg("%s: %s", cases[i].word, near ? near : "nothing");
	}
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(nearest(long_word, word_at, words));
}

/* Newer than the library of the reference system; passed over where it does not know them. */
static bool is_newer(const char *name)
{
	static const char *const newer[] = {
		"cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait", "futex_requeue",
		"statmount", "listmount", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules",
		"mseal", "setxattrat", "getxattrat", "listxattrat", "removexattrat", "open_tree_attr",
		"file_getattr", "file_setattr",
	};

	for (size_t i = 0; i < COUNT(newer); i++)
		if (strcmp(newer[i], name) == 0)
			return true;
	return false;
}

static bool is_resolvable(const char *name)
{
	return seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name) >= 0 ||
	       seccomp_syscall_resolve_name_arch(SCMP_ARCH_AARCH64, name) >= 0;
}

/* How deep a group goes; fails on one that is in itself. */
static int depth_of(const struct group *group, int depth)
{
	const char *at = group->members, *word;
	char name[64];
	size_t len;
	int deepest = depth, d;

	if (depth > 8)
		fail_msg("%s contains itself", group->name);
	while ((word = group_next(&at, &len))) {
		if (*word != '@')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		assert_non_null(group_find(name));
		d = depth_of(group_find(name), depth + 1);
		deepest = d > deepest ? d : deepest;
	}
	return deepest;
}

static void check_members(const struct group *group)
{
	const char *at = group->members, *word;
	char name[64], last[64] = "";
	size_t len;

	while ((word = group_next(&at, &len))) {
		assert_true(len < sizeof(name));
		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		/* Groups come first, each kind in the order of the alphabet, none twice. */
		if ((*name == '@') == (*last == '@') && strcmp(last, name) >= 0)
			fail_msg("%s: %s after %s", group->name, name, last);
		if (*name == '@' && *last && *last != '@')
			fail_msg("%s: %s after %s", group->name, name, last);
		if (*name != '@' && !is_resolvable(name) && !is_newer(name))
			fail_msg("%s: %s is no system call", group->name, name);
		strcpy(last, name);
	}
}

static void test_groups(void **state)
{
	static const char *const names[] = {
		"@default", "@aio", "@basic-io", "@chown", "@clock", "@cpu-emulation", "@debug",
		"@file-system", "@io-event", "@ipc", "@keyring", "@memlock", "@module", "@mount",
		"@network-io", "@obsolete", "@pkey", "@privileged", "@process", "@raw-io", "@reboot",
		"@resources", "@sandbox", "@setuid", "@signal", "@swap", "@sync", "@system-service",
		"@timer", "@known",
	};
	const struct group *group;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_non_null(group_find(names[i]));
	assert_null(group_find("default"));
	assert_null(group_find("@"));
	for (size_t i = 0; (group = group_at(i)); i++) {
		assert_true(*group->doc && strlen(group->doc) < 80);
		assert_ptr_equal(group_find(group->name), group);
		check_members(group);
		depth_of(group, 0);
	}
}

static void expand(struct pool *pool, const char *const *words, size_t n, struct seccomp_names *ret)
{
	const struct filter_spec spec = { .words = words, .n_words = n };
	struct seccomp_name *v;
	struct err e = { 0 };

	if (filter_expand(pool, &spec, &v, &ret->n, &e) < 0)
		fail_msg("%s", e.text);
	ret->v = v;
	for (size_t i = 1; i < ret->n; i++)
		assert_true(strcmp(v[i - 1].name, v[i].name) < 0);
}

/* The error of a name, -1 if it is not there. */
static int error_of(const struct seccomp_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i].name, name) == 0)
			return names->v[i].error;
	return -1;
}

/* @known has each call that the library knows on our two architectures. */
static void test_known(void **state)
{
	static const char *const words[] = { "@known" };
	static const uint32_t arches[] = { SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64 };
	struct seccomp_names known;
	struct pool pool = { 0 };

	(void)state;
	expand(&pool, words, 1, &known);
	for (size_t a = 0; a < COUNT(arches); a++)
		for (int i = 0; i < 600; i++) {
			char *name = seccomp_syscall_resolve_num_arch(arches[a], i);

			if (name && error_of(&known, name) != 0)
				fail_msg("@known has no %s", name);
			free(name);
		}
	pool_done(&pool);
}

/* What no group for ordinary programs may let in. */
static void test_system_service(void **state)
{
	static const char *const words[] = { "@system-service", "@sandbox", "@pkey" };
	static const char *const out[] = {
		"bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load", "modify_ldt", "mount",
		"umount2", "fsopen", "fsmount", "open_tree", "move_mount", "mount_setattr", "pivot_root", "chroot",
		"keyctl", "add_key", "request_key", "io_uring_setup", "io_uring_enter", "io_uring_register",
		"ptrace", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "acct",
		"iopl", "ioperm", "settimeofday", "clock_settime", "open_by_handle_at", "quotactl", "syslog",
		"uselib", "ustat", "pidfd_getfd", "lookup_dcookie", "vhangup", "sethostname", "nfsservctl",
	};
	static const char *const in[] = {
		"execve", "clone", "clone3", "openat", "openat2", "faccessat2", "close_range", "rseq", "futex",
		"getrandom", "mmap", "mremap", "madvise", "ioctl", "fcntl", "wait4", "waitid", "prctl", "pipe2",
		"socket", "sched_getaffinity", "set_robust_list", "rt_sigreturn", "copy_file_range", "sendfile",
		"splice", "flock", "umask", "uname", "sysinfo", "mincore", "membarrier", "memfd_create", "statx",
		"epoll_pwait2", "eventfd2", "signalfd4", "timerfd_create", "inotify_init1", "utimensat", "lchown",
		"setpgid", "setsid", "getpriority", "get_mempolicy", "sched_setaffinity", "pidfd_open", "prlimit64",
		"landlock_restrict_self", "seccomp", "vfork", "dup3", "preadv2", "fallocate", "syncfs", "kcmp",
	};
	struct seccomp_names names;
	struct pool pool = { 0 };

	(void)state;
	expand(&pool, words, COUNT(words), &names);
	for (size_t i = 0; i < COUNT(out); i++)
		if (error_of(&names, out[i]) >= 0)
			fail_msg("%s is allowed", out[i]);
	for (size_t i = 0; i < COUNT(in); i++)
		if (error_of(&names, in[i]) != 0)
			fail_msg("%s is not allowed", in[i]);
	pool_done(&pool);
}

static void test_words(void **state)
{
	static const struct {
		const char *text;
		struct filter_word word;
	} good[] = {
		{ "read", { false, false, "read", 0 } },
		{ "~read", { true, false, "read", 0 } },
		{ "@mount", { false, true, "@mount", 0 } },
		{ "~@mount", { true, true, "@mount", 0 } },
		{ "ptrace:ENOSYS", { false, false, "ptrace", ENOSYS } },
		{ "~@debug:EACCES", { true, true, "@debug", EACCES } },
		{ "ptrace:13", { false, false, "ptrace", 13 } },
		{ "mmap2", { false, false, "mmap2", 0 } },
		{ "mseal", { false, false, "mseal", 0 } },
	};
	static const struct {
		const char *text, *error, *hint;
	} bad[] = {
		{ "", "names no system call", NULL },
		{ "~", "names no system call", NULL },
		{ "@", "names no system call", NULL },
		{ ":EPERM", "names no system call", NULL },
		{ "~~read", "unknown system call '~read'", "read?" },
		{ "raed", "unknown system call 'raed'", "read?" },
		{ "opnat", "unknown system call 'opnat'", "openat?" },
		{ "mount ", "unknown system call", "mount?" },
		{ "mount\n", "unknown system call", "mount?" },
		{ "READ", "unknown system call", NULL },
		{ "file-system", "unknown system call", "@file-system" },
		{ "@filesystem", "unknown group", "@file-system?" },
		{ "@nothing-like-it-at-all", "unknown group", NULL },
		{ "@Default", "unknown group", "@default?" },
		{ "read:", "unknown error ''", NULL },
		{ "read:0", "not an error number", NULL },
		{ "read:4096", "not an error number", NULL },
		{ "read:99999999999999999999", "not an error number", NULL },
		{ "read:1x", "not an error number", NULL },
		{ "read:-1", "unknown error", NULL },
		{ "read:eperm", "unknown error", "EPERM" },
		{ "read:EPERM:EPERM", "unknown error", NULL },
	};
	struct pool pool = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct filter_word word;
		struct err e = { 0 };

		if (filter_word_parse(&pool, good[i].text, &word, &e) < 0)
			fail_msg("%s: %s", good[i].text, e.text);
		assert_int_equal(word.take_away, good[i].word.take_away);
		assert_int_equal(word.group, good[i].word.group);
		assert_string_equal(word.name, good[i].word.name);
		assert_int_equal(word.error, good[i].word.error);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct filter_word word;
		struct err e = { 0 };

		assert_int_equal(filter_word_parse(&pool, bad[i].text, &word, &e), -1);
		if (!strstr(e.text, bad[i].error) || (bad[i].hint && !strstr(e.hint, bad[i].hint)))
			fail_msg("'%s': %s (%s)", bad[i].text, e.text, e.hint);
	}
	pool_done(&pool);
}

static void test_expand(void **state)
{
	static const char *const order[] = { "@mount", "~mount", "read", "~umount2:ENOENT", "chroot:EACCES", "chroot" };
	static const char *const back[] = { "read", "~read", "~@basic-io", "write:5", "read" };
	static const char *const nested[] = { "@privileged", "~@chown" };
	static const char *const needed[][2] = {
		{ "@default", "~execve" }, { "execve:EPERM", "read" }, { "read", "~exit_group:1" }, { "read", "nope" }
	};
	static const char *const without[] = { "@default", "~@default" };
	struct seccomp_names names;
	struct seccomp_name *v;
	struct pool pool = { 0 };

	(void)state;
	expand(&pool, order, COUNT(order), &names);
	assert_int_equal(error_of(&names, "mount"), -1);
	assert_int_equal(error_of(&names, "fsopen"), 0);
	assert_int_equal(error_of(&names, "read"), 0);
	assert_int_equal(error_of(&names, "umount2"), ENOENT);
	assert_int_equal(error_of(&names, "chroot"), 0);
	expand(&pool, back, COUNT(back), &names);
	assert_int_equal(names.n, 2);
	assert_int_equal(error_of(&names, "write"), 5);
	assert_int_equal(error_of(&names, "read"), 0);
	expand(&pool, nested, COUNT(nested), &names);
	assert_int_equal(error_of(&names, "reboot"), 0);
	assert_int_equal(error_of(&names, "lchown"), -1);
	expand(&pool, NULL, 0, &names);
	assert_int_equal(names.n, 0);
	/* A group may be taken away with what starts the command in it: that stays, as the compiler sees to. */
	expand(&pool, without, COUNT(without), &names);
	assert_int_equal(names.n, 0);
	for (size_t i = 0; i < COUNT(needed); i++) {
		const struct filter_spec spec = { .words = needed[i], .n_words = 2 };
		struct err e = { 0 };

		assert_int_equal(filter_expand(&pool, &spec, &v, &names.n, &e), -1);
		assert_true(*e.text);
	}
	pool_done(&pool);
}

static const int two_families[] = { AF_UNIX, AF_INET };

/* Specifications that must all have different keys. */
static size_t different(struct filter_spec *ret)
{
	static const char *const a[] = { "read", "write" }, *const b[] = { "write", "read" };
	static const char *const c[] = { "read" }, *const d[] = { "read\nword 5:write", "write" };
	static const char json[] = "{}\0x";
	struct filter_spec base = { .words = a, .n_words = 2, .default_error = 1 };
	size_t n = 0;

	for (size_t i = 0; i < 18; i++)
		ret[i] = base;
	ret[++n].words = b;
	ret[++n].n_words = 1;
	ret[++n].n_words = 0;
	ret[++n].words = d;
	ret[n].n_words = 1;
	ret[++n].default_error = 2;
	ret[++n].args.restrict_namespaces = true;
	ret[++n].args.lock_personality = true;
	ret[++n].args.memory_deny_write_execute = true;
	ret[++n].args.restrict_suid_sgid = true;
	ret[++n].args.restrict_families = true;
	ret[++n].args = (struct seccomp_args){ .restrict_families = true, .families = two_families, .n_families = 2 };
	ret[++n].args = (struct seccomp_args){ .restrict_families = true, .families = two_families, .n_families = 1 };
	ret[++n].oci_json = json;
	ret[n].oci_length = 2;
	ret[++n].oci_json = json;
	ret[n].oci_length = 4;
	ret[++n].oci_json = json;
	ret[n].oci_length = 2;
	ret[n].caps = 1;
	ret[++n].oci_json = json;
	ret[n].oci_length = 2;
	ret[n].kernel = "6.1";
	(void)c;
	return n + 1;
}

static void test_key(void **state)
{
	struct filter_spec specs[18];
	size_t n = different(specs), lens[18], len;
	struct pool pool = { 0 };
	char *keys[18], *again;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		keys[i] = filter_key(&pool, &specs[i], "id", &lens[i]);
		again = filter_key(&pool, &specs[i], "id", &len);
		assert_true(len == lens[i] && memcmp(again, keys[i], len) == 0);
		again = filter_key(&pool, &specs[i], "di", &len);
		assert_false(len == lens[i] && memcmp(again, keys[i], len) == 0);
		for (size_t j = 0; j < i; j++)
			if (lens[i] == lens[j] && memcmp(keys[i], keys[j], lens[i]) == 0)
				fail_msg("specifications %zu and %zu have the same key", i, j);
	}
	pool_done(&pool);
}

/* A directory of its own for each test of the cache. */
struct cache {
	char base[64], dir[96], file[160];
};

static const char *const cache_words[] = { "@basic-io", "getppid:ENOENT" };
static const struct filter_spec cache_spec = { .words = cache_words, .n_words = 2, .default_error = EPERM };

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
	struct bpf names = { 0 }, args = { 0 };
	struct err e = { 0 };

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
	struct stat st = { 0 };

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
	struct stat st;
	off_t size;

	(void)state;
	cache_start(&c);
	get(&c);
	assert_int_equal(count_files(&c), 1);
	size = stat_of(c.file).st_size;
	/* Every byte once, among them the key, the lengths, the sum and each instruction. */
	for (off_t i = 0; i < size; i++) {
		char byte = (char)0xa5;

		st = stat_of(c.file);
		plant(&c, (size_t)i, &byte, 1);
		get(&c);
		assert_int_equal(stat_of(c.file).st_size, size);
		(void)st;
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

/* A file that is not to be trusted is not read, though its contents are what we want: seen by its replacement. */
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
	assert_int_equal(utimensat(AT_FDCWD, oldest, (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0), 0);
	for (int i = 1; i <= 100; i++) {
		struct filter_spec spec = cache_spec;
		struct bpf names = { 0 }, args = { 0 };
		struct err e = { 0 };

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
	static const char json[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getppid\"],"
				   "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7}]}";
	struct filter_spec spec = { .oci_json = json, .oci_length = sizeof(json) - 1, .oci_name = "f.json" };
	struct bpf names = { 0 }, args = { 0 };
	struct err e = { 0 };
	struct cache c;

	(void)state;
	cache_start(&c);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(filter_get(&spec, i ? c.dir : NULL, &names, &args, &e), 0);
		assert_int_equal(bpf_call(&names, BPF_ARCH, __NR_getppid, NULL).answer, SECCOMP_RET_ERRNO | 7);
		assert_int_equal(bpf_call(&args, BPF_ARCH, __NR_getppid, NULL).answer, SECCOMP_RET_ALLOW);
		bpf_done(&names);
		bpf_done(&args);
	}
	spec = (struct filter_spec){ 0 };
	for (int i = 0; i < 3; i++) {
		assert_int_equal(filter_get(&spec, i ? c.dir : NULL, &names, &args, &e), 0);
		assert_int_equal(names.n, 0);
		assert_int_equal(bpf_call(&args, BPF_ARCH, __NR_getppid, NULL).answer, SECCOMP_RET_ALLOW);
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
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_system_service),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_cache_damage),
		cmocka_unit_test(test_cache_trust),
		cmocka_unit_test(test_cache_directory),
		cmocka_unit_test(test_cache_bound),
		cmocka_unit_test(test_cache_race),
		cmocka_unit_test(test_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
