/* SPDX-License-Identifier: MIT */
/* From the words of SystemCallFilter= to lists: profile/groups, profile/filter_word, plan/filter.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bpf.h"
#include "plan/filter.h"
#include "profile/filter_word.h"
#include "profile/groups.h"

/* Newer than the library of the reference system; passed over where it does not know them. */
static bool is_newer(const char *name)
{
	static const char newer[] =
		" cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount "
		"listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat "
		"getxattrat listxattrat removexattrat open_tree_attr file_getattr file_setattr ";
	char word[80];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(newer, word) != NULL;
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
	static const char names[] =
		"@default @aio @basic-io @chown @clock @cpu-emulation @debug @file-system @io-event @ipc "
		"@keyring @memlock @module @mount @network-io @obsolete @pkey @privileged @process "
		"@raw-io @reboot @resources @sandbox @setuid @signal @swap @sync @system-service @timer "
		"@known";
	const char *at = names, *word;
	char name[64];
	size_t len;
	const struct group *group;

	(void)state;
	while ((word = group_next(&at, &len))) {
		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		assert_non_null(group_find(name));
	}
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
	const struct filter_spec spec = {.words = words, .n_words = n};
	struct seccomp_name *v;
	struct err e = {0};

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
	static const char *const words[] = {"@known"};
	static const uint32_t arches[] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64};
	struct seccomp_names known;
	struct pool pool = {0};

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

/* What the groups of an ordinary profile may not let in, and what gcc, git, python and so on need.
 */
static const char refused[] =
	"bpf perf_event_open userfaultfd kexec_load kexec_file_load modify_ldt mount umount2 "
	"fsopen fsmount open_tree move_mount mount_setattr pivot_root chroot keyctl add_key "
	"request_key io_uring_setup io_uring_enter io_uring_register ptrace init_module "
	"finit_module delete_module reboot swapon swapoff acct iopl ioperm settimeofday "
	"clock_settime open_by_handle_at quotactl syslog uselib ustat pidfd_getfd "
	"lookup_dcookie vhangup sethostname nfsservctl";

static const char needed[] =
	"execve clone clone3 openat openat2 faccessat2 close_range rseq futex getrandom mmap "
	"mremap madvise ioctl fcntl wait4 waitid prctl pipe2 socket sched_getaffinity "
	"set_robust_list rt_sigreturn copy_file_range sendfile splice flock umask uname "
	"sysinfo mincore membarrier memfd_create statx epoll_pwait2 eventfd2 signalfd4 "
	"timerfd_create inotify_init1 utimensat lchown setpgid setsid getpriority "
	"get_mempolicy sched_setaffinity pidfd_open prlimit64 landlock_restrict_self seccomp "
	"vfork dup3 preadv2 fallocate syncfs kcmp";

static void check_list(const struct seccomp_names *names, const char *list, int want)
{
	const char *word;
	char name[64];
	size_t len;

	while ((word = group_next(&list, &len))) {
		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		if (error_of(names, name) != want)
			fail_msg("%s: %d, not %d", name, error_of(names, name), want);
	}
}

static void test_system_service(void **state)
{
	static const char *const words[] = {"@system-service", "@sandbox", "@pkey"};
	struct seccomp_names names;
	struct pool pool = {0};

	(void)state;
	expand(&pool, words, COUNT(words), &names);
	check_list(&names, refused, -1);
	check_list(&names, needed, 0);
	pool_done(&pool);
}

static const struct {
	const char *text;
	struct filter_word word;
} good[] = {
	{"read", {false, false, "read", 0}},
	{"~read", {true, false, "read", 0}},
	{"@mount", {false, true, "@mount", 0}},
	{"~@mount", {true, true, "@mount", 0}},
	{"ptrace:ENOSYS", {false, false, "ptrace", ENOSYS}},
	{"~@debug:EACCES", {true, true, "@debug", EACCES}},
	{"ptrace:13", {false, false, "ptrace", 13}},
	{"mmap2", {false, false, "mmap2", 0}},
	{"mseal", {false, false, "mseal", 0}},
};

static const struct {
	const char *text, *error, *hint;
} bad[] = {
	{"", "names no system call", NULL},
	{"~", "names no system call", NULL},
	{"@", "names no system call", NULL},
	{":EPERM", "names no system call", NULL},
	{"~~read", "unknown system call '~read'", "read?"},
	{"rrad", "unknown system call 'rrad'", "read?"},
	{"opnat", "unknown system call 'opnat'", "openat?"},
	{"mount ", "unknown system call", "mount?"},
	{"mount\n", "unknown system call", "mount?"},
	{"READ", "unknown system call", NULL},
	{"file-system", "unknown system call", "@file-system"},
	{"@filesystem", "unknown group", "@file-system?"},
	{"@nothing-like-it-at-all", "unknown group", NULL},
	{"@Default", "unknown group", "@default?"},
	{"read:", "unknown error ''", NULL},
	{"read:0", "not an error number", NULL},
	{"read:4096", "not an error number", NULL},
	{"read:99999999999999999999", "not an error number", NULL},
	{"read:1x", "not an error number", NULL},
	{"read:-1", "unknown error", NULL},
	{"read:eperm", "unknown error", "EPERM"},
	{"read:EPERM:EPERM", "unknown error", NULL},
};

static void test_words(void **state)
{
	struct pool pool = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct filter_word word;
		struct err e = {0};

		if (filter_word_parse(&pool, good[i].text, &word, &e) < 0)
			fail_msg("%s: %s", good[i].text, e.text);
		assert_int_equal(word.take_away, good[i].word.take_away);
		assert_int_equal(word.group, good[i].word.group);
		assert_string_equal(word.name, good[i].word.name);
		assert_int_equal(word.error, good[i].word.error);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct filter_word word;
		struct err e = {0};

		assert_int_equal(filter_word_parse(&pool, bad[i].text, &word, &e), -1);
		if (!strstr(e.text, bad[i].error) || (bad[i].hint && !strstr(e.hint, bad[i].hint)))
			fail_msg("'%s': %s (%s)", bad[i].text, e.text, e.hint);
	}
	pool_done(&pool);
}

static void test_expand(void **state)
{
	static const char *const order[] = {"@mount",	       "~mount",	"read",
					    "~umount2:ENOENT", "chroot:EACCES", "chroot"};
	static const char *const back[] = {"read", "~read", "~@basic-io", "write:5", "read"};
	static const char *const nested[] = {"@privileged", "~@chown"};
	static const char *const impossible[][2] = {{"@default", "~execve"},
						    {"execve:EPERM", "read"},
						    {"read", "~exit_group:1"},
						    {"read", "nope"}};
	static const char *const without[] = {"@default", "~@default"};
	struct seccomp_names names;
	struct seccomp_name *v;
	struct pool pool = {0};

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
	/*
	 * A group may be taken away with what starts the command in it: that stays, as the compiler
	 * sees to.
	 */
	expand(&pool, without, COUNT(without), &names);
	assert_int_equal(names.n, 0);
	for (size_t i = 0; i < COUNT(impossible); i++) {
		const struct filter_spec spec = {.words = impossible[i], .n_words = 2};
		struct err e = {0};

		assert_int_equal(filter_expand(&pool, &spec, &v, &names.n, &e), -1);
		assert_true(*e.text);
	}
	pool_done(&pool);
}

static const int two_families[] = {AF_UNIX, AF_INET};

/* Specifications that must all have different keys. */
static size_t different(struct filter_spec *ret)
{
	static const char *const a[] = {"read", "write"}, *const b[] = {"write", "read"};
	static const char *const c[] = {"read"}, *const d[] = {"read\nword 5:write", "write"};
	static const char json[] = "{}\0x";
	struct filter_spec base = {.words = a, .n_words = 2, .default_error = 1};
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
	ret[++n].args = (struct seccomp_args){
		.restrict_families = true, .families = two_families, .n_families = 2};
	ret[++n].args = (struct seccomp_args){
		.restrict_families = true, .families = two_families, .n_families = 1};
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
	struct pool pool = {0};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),	       cmocka_unit_test(test_known),
		cmocka_unit_test(test_system_service), cmocka_unit_test(test_words),
		cmocka_unit_test(test_expand),	       cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
