/* SPDX-License-Identifier: MIT */
/*
 * Assembles a filter program: see seccomp.h.
 *
 * We do it ourselves, because loading is part of every start and its time goes with the length:
 * what libseccomp makes of a usual profile (an allow-list, and a second program for arguments,
 * because its unconditional rules swallow conditional ones) takes the kernel three times as long.
 *
 * The numbers fall into segments with one answer each, found through a binary tree of comparisons.
 * Where the answer depends on arguments, the segment is that one call and the leaf is its test. All
 * others are decided by number and architecture alone, which lets the kernel cache that they are
 * allowed.
 *
 * The program is written from its end to its start, since jumps go forward only: what an
 * instruction jumps to is there already, answers are shared, and a target out of reach of a jump's
 * 8 bits gets an unconditional jump in between.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/seccomp_rules.h"

enum {
	REACH = 250, /* of 255: there may be two instructions between the check and the jump */
	ERRNO_MAX = 4095,
	ANSWERS_MAX = 16,
	/* Each number its own segment at worst, then those above the newest and x32's. */
	SEGMENTS_MAX = SECCOMP_NUMBER_MAX + 3,
};

struct segment {
	uint32_t from; /* up to where the next one starts */
	uint32_t answer;
	const struct seccomp_check *check; /* in the place of the answer, or NULL */
};

struct segments {
	struct segment v[SEGMENTS_MAX];
	size_t n;
};

struct program {
	struct sock_filter insn[BPF_MAXINSNS];
	size_t at; /* of the first instruction so far */
	struct {
		uint32_t answer;
		size_t at;
	} answers[ANSWERS_MAX]; /* the latest of each, as far as there is room */
	size_t n_answers;
	bool too_long;
};

static uint32_t answer_errno(int error)
{
	return SECCOMP_RET_ERRNO | (uint32_t)error;
}

static size_t put(struct program *p, uint16_t code, uint32_t k, size_t jt, size_t jf)
{
	if (p->at == 0) {
		p->too_long = true;
		return 0;
	}
	p->insn[--p->at] = (struct sock_filter)BPF_JUMP(code, k, (uint8_t)jt, (uint8_t)jf);
	return p->at;
}

static size_t put_load(struct program *p, size_t offset)
{
	return put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The low half: both architectures are little-endian. */
static size_t put_load_arg(struct program *p, unsigned int arg)
{
	return put_load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
}

static size_t put_answer(struct program *p, uint32_t answer)
{
	size_t i = 0, at;

	while (i < p->n_answers && p->answers[i].answer != answer)
		i++;
	if (i < p->n_answers && p->answers[i].at - p->at < REACH / 2)
		return p->answers[i].at;
	at = put(p, BPF_RET | BPF_K, answer, 0, 0);
	if (i < ANSWERS_MAX) {
		p->answers[i].answer = answer;
		p->answers[i].at = at;
		if (i == p->n_answers)
			p->n_answers++;
	}
	return at;
}

static size_t put_near(struct program *p, size_t target)
{
	if (target - p->at <= REACH)
		return target;
	return put(p, BPF_JMP | BPF_JA, (uint32_t)(target - p->at), 0, 0);
}

static size_t put_jump(struct program *p, uint16_t test, uint32_t k, size_t yes, size_t no)
{
	yes = put_near(p, yes);
	no = put_near(p, no);
	return put(p, BPF_JMP | BPF_K | test, k, yes - p->at, no - p->at);
}

static size_t put_values(struct program *p, const struct seccomp_check *c, size_t yes, size_t no)
{
	size_t next = no;

	for (size_t i = c->n; i-- > 0;)
		next = put_jump(p, BPF_JEQ, (uint32_t)c->values[i], yes, next);
	/* Without values the next instruction need not be the answer. */
	return c->n ? put_load_arg(p, c->arg) : next;
}

/* AF_NETLINK, if it is one of the values, goes on to a look at the protocol. */
static size_t put_socket(struct program *p, const struct seccomp_check *c, size_t yes, size_t no)
{
	size_t next = no, netlink;

	put_jump(p, BPF_JEQ, NETLINK_ROUTE, yes, no);
	netlink = put_load_arg(p, c->arg2);
	for (size_t i = c->n; i-- > 0;)
		next = put_jump(p, BPF_JEQ, (uint32_t)c->values[i],
				c->values[i] == AF_NETLINK ? netlink : yes, next);
	return c->n ? put_load_arg(p, c->arg) : next;
}

static size_t put_check(struct program *p, const struct seccomp_check *c)
{
	size_t refuse = put_answer(p, answer_errno(c->error)),
	       allow = put_answer(p, SECCOMP_RET_ALLOW);
	size_t second;

	switch (c->kind) {
	case SECCOMP_ANY_BIT:
		put_jump(p, BPF_JSET, c->bits, refuse, allow);
		return put_load_arg(p, c->arg);
	case SECCOMP_ALL_BITS:
		put_jump(p, BPF_JEQ, c->bits, refuse, allow);
		put(p, BPF_ALU | BPF_AND | BPF_K, c->bits, 0, 0);
		return put_load_arg(p, c->arg);
	case SECCOMP_TWO:
		put_jump(p, BPF_JSET, c->bits2, refuse, allow);
		second = put_load_arg(p, c->arg2);
		put_jump(p, BPF_JSET, c->bits, second, allow);
		return put_load_arg(p, c->arg);
	case SECCOMP_ONE_OF:
		return put_values(p, c, refuse, allow);
	case SECCOMP_NONE_OF:
		return put_values(p, c, allow, refuse);
	case SECCOMP_PAIR:
		put_jump(p, BPF_JSET, c->bits2, refuse, allow);
		second = put_load_arg(p, c->arg2);
		put_jump(p, BPF_JEQ, AF_UNIX, second, refuse);
		return put_load_arg(p, c->arg);
	case SECCOMP_SOCKET:
		return put_socket(p, c, allow, refuse);
	case SECCOMP_ALWAYS:
		break;
	}
	return refuse;
}

/* The accumulator holds a number within these segments. */
static size_t put_tree(struct program *p, const struct segment *s, size_t n)
{
	size_t half = n / 2, upper, lower;

	if (n == 1)
		return s->check ? put_check(p, s->check) : put_answer(p, s->answer);
	upper = put_tree(p, s + half, n - half);
	lower = put_tree(p, s, half);
	return put_jump(p, BPF_JGE, s[half].from, upper, lower);
}

static void put_program(struct program *p, const struct segments *s)
{
	size_t tree, foreign;

	p->at = BPF_MAXINSNS;
	tree = put_tree(p, s->v, s->n);
	/* What is behind the load must be the tree's root. */
	if (tree != p->at)
		put(p, BPF_JMP | BPF_JA, (uint32_t)(tree - p->at), 0, 0);
	tree = put_load(p, offsetof(struct seccomp_data, nr));
	/*
	 * Another architecture's calls (int 0x80) have other numbers, so that the list says nothing
	 * about them. We end the process instead of answering ENOSYS: a 32-bit program whose exit
	 * fails too would spin for ever, and status 128+SIGSYS names the cause.
	 */
	foreign = put_answer(p, SECCOMP_RET_KILL_PROCESS);
	put_jump(p, BPF_JEQ, SECCOMP_NATIVE, tree, foreign);
	put_load(p, offsetof(struct seccomp_data, arch));
}

static void add_segment(struct segments *s, uint32_t from, uint32_t answer,
			const struct seccomp_check *check)
{
	struct segment *last = s->n ? &s->v[s->n - 1] : NULL;

	if (last && !last->check && !check && last->answer == answer)
		return;
	s->v[s->n++] = (struct segment){from, answer, check};
}

static const struct seccomp_check *find_check(const struct seccomp_checks *c, int number)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].number == number)
			return &c->v[i];
	return NULL;
}

static void set_answer(uint32_t *answers, const char *name, uint32_t answer)
{
	int number = seccomp_number(name);

	if (number >= 0 && number <= SECCOMP_NUMBER_MAX)
		answers[number] = answer;
}

/* For each number; what is above `newest`, the last known one, gets ENOSYS. */
static void list_answers(const struct seccomp_names *names, int newest, uint32_t *answers)
{
	for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++)
		answers[i] = answer_errno(i <= newest ? names->default_error : ENOSYS);
	/* The filter is in force when the command is started, and when starting it has failed. */
	set_answer(answers, "execve", SECCOMP_RET_ALLOW);
	set_answer(answers, "exit_group", SECCOMP_RET_ALLOW);
	/* The C library tries clone3 first, and falls back to clone for this errno only. */
	set_answer(answers, "clone3", answer_errno(ENOSYS));
	for (size_t i = 0; i < names->n; i++) {
		int error = names->v[i].error;

		set_answer(answers, names->v[i].name,
			   error ? answer_errno(error) : SECCOMP_RET_ALLOW);
	}
}

static void make_segments(const struct seccomp_names *names, const struct seccomp_checks *checks,
			  struct segments *s)
{
	uint32_t answers[SECCOMP_NUMBER_MAX + 1];

	for (size_t i = 0; i <= SECCOMP_NUMBER_MAX; i++)
		answers[i] = SECCOMP_RET_ALLOW;
	if (names)
		list_answers(names, seccomp_newest(), answers);
	for (int i = 0; i <= SECCOMP_NUMBER_MAX; i++)
		add_segment(s, (uint32_t)i, answers[i],
			    answers[i] == SECCOMP_RET_ALLOW ? find_check(checks, i) : NULL);
	add_segment(s, SECCOMP_NUMBER_MAX + 1, names ? answer_errno(ENOSYS) : SECCOMP_RET_ALLOW,
		    NULL);
	/* x32: the same calls by other numbers. We answer what a kernel without x32 does. */
	add_segment(s, SECCOMP_X32_BIT, answer_errno(ENOSYS), NULL);
}

static int take_program(const struct program *p, struct bpf *ret, struct err *e)
{
	size_t n = BPF_MAXINSNS - p->at;
	struct sock_filter *insn;

	if (p->too_long)
		return err_set(e, "system call filter: more than %d instructions", BPF_MAXINSNS);
	insn = malloc(n * sizeof(*insn));
	if (!insn)
		return err_errno(e, "system call filter");
	memcpy(insn, p->insn + p->at, n * sizeof(*insn));
	ret->insn = insn;
	ret->n = n;
	return 0;
}

int seccomp_compile(const struct seccomp_names *names, const struct seccomp_args *args,
		    struct bpf *ret, struct err *e)
{
	struct seccomp_checks checks;
	struct segments *segments;
	struct program *program;
	int r;

	if (names && (names->default_error < 1 || names->default_error > ERRNO_MAX))
		return err_set(e, "system call filter: %d is not an errno", names->default_error);
	segments = calloc(1, sizeof(*segments));
	program = calloc(1, sizeof(*program));
	if (segments && program) {
		seccomp_args_checks(args, &checks);
		make_segments(names, &checks, segments);
		put_program(program, segments);
		r = take_program(program, ret, e);
	} else {
		r = err_errno(e, "system call filter");
	}
	free(segments);
	free(program);
	return r;
}
