/* SPDX-License-Identifier: MIT */
/*
 * Docker's and OCI's seccomp JSON: see seccomp.h. The rules follow runc: a rule counts if all of
 * its includes hold and none of its excludes; names that this system does not have are passed over;
 * two tests of one argument in a rule mean "or"; numbers above all that the file and the library
 * know give ENOSYS.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cap.h"
#include "base/pool.h"
#include "base/seccomp_rules.h"

#if defined(__x86_64__)
static const char native_arch[] = "amd64", native_scmp[] = "SCMP_ARCH_X86_64";
#else
static const char native_arch[] = "arm64", native_scmp[] = "SCMP_ARCH_AARCH64";
#endif

struct reader {
	struct pool pool;
	const struct seccomp_oci *oci;
	struct err *e;
	struct seccomp_act otherwise;
	int highest; /* number that the file names */
	vec_of(struct seccomp_rule) rules;
};

static int bad(const struct reader *r, const char *what)
{
	return err_set(r->e, "%s: %s", r->oci->name, what);
}

static int bad_value(const struct reader *r, const char *key, const json_t *value)
{
	if (json_is_string(value))
		return err_set(r->e, "%s: %s: '%s' is not known", r->oci->name, key,
			       json_string_value(value));
	return err_set(r->e, "%s: %s is of the wrong type", r->oci->name, key);
}

/* A key that we pass over could be the condition that makes a rule safe. */
static int check_keys(const struct reader *r, const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			return err_set(r->e, "%s: unknown key '%s'", r->oci->name, key);
	}
	return 0;
}

static int read_act(const struct reader *r, const json_t *object, const char *key,
		    const char *errno_key, struct seccomp_act *ret)
{
	static const struct {
		const char *name;
		enum seccomp_verdict verdict;
	} acts[] = {
		{"SCMP_ACT_ALLOW", SECCOMP_ALLOW},
		{"SCMP_ACT_ERRNO", SECCOMP_ERRNO},
		{"SCMP_ACT_LOG", SECCOMP_LOG},
		{"SCMP_ACT_TRAP", SECCOMP_TRAP},
		{"SCMP_ACT_KILL", SECCOMP_KILL_THREAD},
		{"SCMP_ACT_KILL_THREAD", SECCOMP_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", SECCOMP_KILL_PROCESS},
	};
	const json_t *act = json_object_get(object, key),
		     *error = json_object_get(object, errno_key);
	const char *name = json_string_value(act);
	size_t i;

	if (!name)
		return err_set(r->e, "%s: %s is missing or not a string", r->oci->name, key);
	if (strcmp(name, "SCMP_ACT_NOTIFY") == 0 || strcmp(name, "SCMP_ACT_TRACE") == 0)
		return err_set(r->e, "%s: %s needs a supervisor, which there is not", r->oci->name,
			       name);
	for (i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (strcmp(acts[i].name, name) == 0)
			break;
	if (i == sizeof(acts) / sizeof(*acts))
		return bad_value(r, key, act);
	*ret = (struct seccomp_act){.verdict = acts[i].verdict};
	if (ret->verdict != SECCOMP_ERRNO)
		return 0;
	ret->error = EPERM;
	if (!error)
		return 0;
	if (!json_is_integer(error) || json_integer_value(error) < 0 ||
	    json_integer_value(error) > 4095)
		return err_set(r->e, "%s: %s is not a number from 0 to 4095", r->oci->name,
			       errno_key);
	ret->error = (int)json_integer_value(error);
	return 0;
}

/* Whether one word of a condition holds here. A capability newer than we know is not held. */
static bool cap_holds(const struct reader *r, const char *word)
{
	int cap = cap_number(word);

	return cap >= 0 && (r->oci->caps & CAP_BIT(cap)) != 0;
}

static bool arch_holds(const struct reader *r, const char *word)
{
	(void)r;
	return strcmp(word, native_arch) == 0;
}

/* How many of the words hold; -1 with an error. */
static int count_words(const struct reader *r, const json_t *list, const char *key,
		       bool (*holds)(const struct reader *r, const char *word), size_t *ret_n)
{
	int n = 0;

	*ret_n = 0;
	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return bad_value(r, key, list);
	*ret_n = json_array_size(list);
	for (size_t i = 0; i < *ret_n; i++) {
		const char *word = json_string_value(json_array_get(list, i));

		if (!word)
			return bad_value(r, key, NULL);
		n += holds(r, word);
	}
	return n;
}

/* "MAJOR.MINOR" at the start of a text; what follows, or NULL. */
static const char *read_version(const char *text, unsigned long ret[2])
{
	char *end = (char *)(uintptr_t)text;

	for (size_t i = 0; i < 2; i++) {
		const char *digits = end + i; /* behind the dot */

		if ((i && *end != '.') || *digits < '0' || *digits > '9')
			return NULL;
		ret[i] = strtoul(digits, &end, 10);
	}
	return end;
}

/* Whether the running kernel is at least as new as "MAJOR.MINOR"; -1 with an error. */
static int kernel_holds(const struct reader *r, const json_t *value)
{
	const char *text = json_string_value(value), *end;
	unsigned long wanted[2] = {0}, ours[2] = {0};

	end = read_version(text ? text : "", wanted);
	if (!end || *end)
		return bad_value(r, "minKernel", value);
	if (!r->oci->kernel || !read_version(r->oci->kernel, ours))
		return bad(r, "minKernel needs to know the kernel's release");
	return ours[0] > wanted[0] || (ours[0] == wanted[0] && ours[1] >= wanted[1]);
}

/*
 * 1: the rule counts, 0: it does not, -1: error. All of `includes` must hold, and none of
 * `excludes`.
 */
static int check_condition(const struct reader *r, const json_t *rule, const char *key,
			   bool includes)
{
	static const char *const known[] = {"caps", "arches", "minKernel", NULL};
	const json_t *c = json_object_get(rule, key), *kernel;
	size_t n_caps, n_arches;
	int caps, arches, kernels;

	if (!c || json_is_null(c))
		return 1;
	if (!json_is_object(c))
		return bad_value(r, key, c);
	if (check_keys(r, c, known) < 0)
		return -1;
	caps = count_words(r, json_object_get(c, "caps"), "caps", cap_holds, &n_caps);
	arches = count_words(r, json_object_get(c, "arches"), "arches", arch_holds, &n_arches);
	kernel = json_object_get(c, "minKernel");
	kernels = kernel ? kernel_holds(r, kernel) : includes;
	if (caps < 0 || arches < 0 || kernels < 0)
		return -1;
	if (includes)
		return (size_t)caps == n_caps && (arches > 0 || n_arches == 0) && kernels;
	return caps == 0 && arches == 0 && !kernels;
}

static int read_number(const struct reader *r, const json_t *object, const char *key, bool needed,
		       uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	*ret = 0;
	if (!value && !needed)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return err_set(r->e, "%s: args: %s is not a number", r->oci->name, key);
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

static int read_test(const struct reader *r, const json_t *object, struct seccomp_test *ret)
{
	static const char *const known[] = {"index", "value", "valueTwo", "op", NULL};
	static const char *const ops[] = {
		[SECCOMP_NE] = "SCMP_CMP_NE",
		[SECCOMP_LT] = "SCMP_CMP_LT",
		[SECCOMP_LE] = "SCMP_CMP_LE",
		[SECCOMP_EQ] = "SCMP_CMP_EQ",
		[SECCOMP_GE] = "SCMP_CMP_GE",
		[SECCOMP_GT] = "SCMP_CMP_GT",
		[SECCOMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	};
	const json_t *op = json_object_get(object, "op");
	uint64_t index;
	size_t i;

	if (!json_is_object(object))
		return bad_value(r, "args", object);
	if (check_keys(r, object, known) < 0 || read_number(r, object, "index", true, &index) < 0 ||
	    read_number(r, object, "value", true, &ret->value) < 0 ||
	    read_number(r, object, "valueTwo", false, &ret->value2) < 0)
		return -1;
	if (index >= SECCOMP_TESTS_MAX)
		return bad(r, "args: index is not a number from 0 to 5");
	ret->arg = (unsigned int)index;
	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (json_is_string(op) && strcmp(ops[i], json_string_value(op)) == 0)
			break;
	if (i == sizeof(ops) / sizeof(*ops))
		return bad_value(r, "op", op);
	ret->op = (enum seccomp_op)i;
	return 0;
}

/* For each name one rule, or one a test if two of them look at the same argument. */
static int add_rules(struct reader *r, const json_t *names, const struct seccomp_rule *like)
{
	unsigned int seen = 0;
	bool split = false;

	for (unsigned int i = 0; i < like->n_tests; i++) {
		split |= (seen >> like->tests[i].arg & 1) != 0;
		seen |= 1u << like->tests[i].arg;
	}
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		struct seccomp_rule rule = *like;

		if (!name)
			return bad_value(r, "names", NULL);
		rule.number = seccomp_number(name);
		if (rule.number < 0)
			continue;
		if (rule.number > r->highest)
			r->highest = rule.number;
		if (!split)
			*vec_add(&r->pool, &r->rules) = rule;
		for (unsigned int t = 0; split && t < like->n_tests; t++) {
			rule.n_tests = 1;
			rule.tests[0] = like->tests[t];
			*vec_add(&r->pool, &r->rules) = rule;
		}
	}
	return 0;
}

static int read_rule(struct reader *r, const json_t *object)
{
	static const char *const known[] = {
		"names",   "name",     "action",   "errnoRet", "args",
		"comment", "includes", "excludes", NULL,
	};
	const json_t *names = json_object_get(object, "names"),
		     *args = json_object_get(object, "args");
	struct seccomp_rule rule = {0};
	int includes, excludes;

	if (!json_is_object(object))
		return bad_value(r, "syscalls", object);
	if (check_keys(r, object, known) < 0 ||
	    read_act(r, object, "action", "errnoRet", &rule.act) < 0)
		return -1;
	if (json_object_get(object, "name") || !json_is_array(names))
		return bad(r, "a rule needs 'names', a list");
	if (args && !json_is_null(args) && !json_is_array(args))
		return bad_value(r, "args", args);
	if (json_array_size(args) > SECCOMP_TESTS_MAX)
		return bad(r, "args: more than 6 tests");
	for (size_t i = 0; i < json_array_size(args); i++)
		if (read_test(r, json_array_get(args, i), &rule.tests[rule.n_tests++]) < 0)
			return -1;
	includes = check_condition(r, object, "includes", true);
	excludes = check_condition(r, object, "excludes", false);
	if (includes < 0 || excludes < 0)
		return -1;
	return includes && excludes ? add_rules(r, names, &rule) : 0;
}

static int check_architectures(const struct reader *r, const json_t *root)
{
	const json_t *list = json_object_get(root, "architectures"),
		     *map = json_object_get(root, "archMap");
	bool native = !json_array_size(list) && !json_array_size(map);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		native |= name && strcmp(name, native_scmp) == 0;
	}
	for (size_t i = 0; i < json_array_size(map); i++) {
		const json_t *row = json_array_get(map, i);
		const char *name = json_string_value(json_object_get(row, "architecture"));

		native |= name && strcmp(name, native_scmp) == 0;
	}
	return native ? 0 : err_set(r->e, "%s: has no rules for %s", r->oci->name, native_scmp);
}

static int read_root(struct reader *r, const json_t *root)
{
	static const char *const known[] = {
		"defaultAction", "defaultErrnoRet", "architectures",	"archMap", "syscalls",
		"flags",	 "listenerPath",    "listenerMetadata", NULL,
	};
	const json_t *calls = json_object_get(root, "syscalls");

	if (!json_is_object(root))
		return bad(r, "not a JSON object");
	if (check_keys(r, root, known) < 0 || check_architectures(r, root) < 0 ||
	    read_act(r, root, "defaultAction", "defaultErrnoRet", &r->otherwise) < 0)
		return -1;
	if (json_object_get(root, "listenerPath") || json_object_get(root, "listenerMetadata"))
		return bad(r, "listenerPath needs a supervisor, which there is not");
	if (calls && !json_is_array(calls))
		return bad_value(r, "syscalls", calls);
	for (size_t i = 0; i < json_array_size(calls); i++)
		if (read_rule(r, json_array_get(calls, i)) < 0)
			return -1;
	return 0;
}

/* The filter is in force when the command is started: better to say so than to fail there. */
static int check_execve(const struct reader *r)
{
	int number = seccomp_number("execve");
	enum seccomp_verdict verdict = r->otherwise.verdict;

	for (size_t i = 0; i < r->rules.n; i++)
		if (r->rules.v[i].number == number)
			verdict = r->rules.v[i].act.verdict;
	if (verdict == SECCOMP_ALLOW || verdict == SECCOMP_LOG)
		return 0;
	return bad(r, "refuses execve, by which the command is started");
}

/* The file's author cannot have meant to refuse what neither the file nor we have heard of. */
static int newest_of(const struct reader *r)
{
	int newest = seccomp_newest();

	if (r->otherwise.verdict == SECCOMP_ALLOW || r->otherwise.verdict == SECCOMP_LOG)
		return -1;
	return r->highest < newest ? r->highest : newest;
}

int seccomp_compile_oci(const struct seccomp_oci *oci, struct bpf *ret, struct err *e)
{
	struct reader r = {.oci = oci, .e = e, .highest = -1};
	struct seccomp_rules rules;
	json_error_t error;
	json_t *root;
	int result;

	root = json_loadb(oci->json, oci->length, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return err_set(e, "%s:%d: %s", oci->name, error.line, error.text);
	result = read_root(&r, root);
	json_decref(root);
	if (result == 0)
		result = check_execve(&r);
	if (result == 0) {
		rules = (struct seccomp_rules){.otherwise = r.otherwise,
					       .newest = newest_of(&r),
					       .rules = r.rules.v,
					       .n = r.rules.n};
		result = seccomp_compile_rules(&rules, ret, e);
	}
	pool_done(&r.pool);
	return result;
}
