/* SPDX-License-Identifier: MIT */
/*
 * What will happen, complete before the first effect and const afterwards. Everything in src/plan is
 * PURE: no system call, no clock, no environment, no global; the same inputs give the same plan and
 * the same `explain`, byte by byte. Names and intents only: no descriptors, no process ids. What can
 * fail because of the user fails here.
 *
 *	profile + facts about the host -> plan_uses: paths to look at (host_path_probe) -> plan_build
 */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "base/str.h"
#include "host/host.h"
#include "plan/filter.h"
#include "plan/net.h"
#include "profile/profile.h"

/* A path that the profile names, and what the host has there. */
struct path_use {
	enum key_id key;
	const struct value *value;
	struct host_path source; /* on the host */
	struct host_path
		place; /* of a bind: where it will be seen inside; path is NULL for the rest */
	bool read_only;
	int64_t size; /* of a temporary file system; 0: no limit of its own */
};
typedef vec_of(struct path_use) path_use_vec;

enum mount_kind {
	MOUNT_BIND,	/* a part of the host's tree */
	MOUNT_COW,	/* the same; what is changed goes into a layer */
	MOUNT_TMPFS,	/* empty and writable */
	MOUNT_EMPTY,	/* hidden: an empty directory or file that nothing can be written to */
	MOUNT_SKELETON, /* hidden, but for the mount points of what is visible below */
	MOUNT_TEXT,	/* a file of ours */
	MOUNT_PROC,
	MOUNT_DEV,
};

struct plan_mount {
	enum mount_kind kind;
	const char *place; /* absolute, inside */
	const char *
		source; /* MOUNT_BIND, MOUNT_COW: on the host, without symbolic links; MOUNT_TEXT: the
			    text */
	const char *reason; /* for explain */
	struct origin at;   /* zero: a rule of ours */
	int64_t size;	/* MOUNT_TMPFS: bytes, 0: shares the limit of all temporary directories */
	bool directory; /* MOUNT_BIND: source is one */
	bool read_only, no_exec;
	bool device;	/* device nodes on it work */
	bool optional;	/* skipped when the source or the place does not exist */
	bool pin;	/* mounted on itself only so that it cannot be renamed away */
	size_t order;	/* as the profile has it; later wins on the same place */
	ssize_t parent; /* index of the nearest mount above; -1: the root */
	size_t cow;	/* MOUNT_COW: index in plan.cows */
};

/* Whose files the program sees in an overlay by fuse-overlayfs. */
enum plan_squash {
	SQUASH_NOT,
	SQUASH_ROOT, /* root's: too few subordinate ids for SQUASH_OTHERS */
	SQUASH_OTHERS, /* root's, but for those that belong to an id of the sandbox: a tree of the host's
			   root, for a program that is root inside and gives files to users */
	SQUASH_PROGRAM, /* the program's, which is another user than the owner (Identity=separate) */
};

/* A tree that is copy-on-write. */
struct plan_cow {
	const char *path; /* on the host, without symbolic links */
	struct origin at;
	bool fuse;	 /* by fuse-overlayfs; else by the kernel */
	const char *why; /* the kernel's cannot be used: for explain */
	enum plan_squash squash;
	bool no_exec;
	host_standin_vec standins; /* fuse: of root's files that the caller cannot read */
	str_vec covers; /* fuse: directories of the host, empty for it: what the program does not see
			   there, and file systems that are no files (proc) */
};

struct id_map {
	uint32_t inside, outside, count;
};
enum { ID_MAPS_MAX = 2 };

struct plan_identity {
	enum choice_identity kind;
	struct id_map uids[ID_MAPS_MAX], gids[ID_MAPS_MAX];
	size_t n_uids, n_gids;
	uint32_t uid, gid; /* of the program, inside */
	bool by_helper;	   /* newuidmap and newgidmap write the maps */
	const char *newuidmap, *newgidmap;
	bool switch_ids;  /* the program's ids are not the set-up's */
	bool drop_groups; /* supplementary groups can be dropped */
};

enum plan_masks { MASK_NOTHING, MASK_FOR_USER, MASK_FOR_ROOT };

/* One value of one file of the sandbox's cgroup. */
struct plan_limit {
	enum key_id key;
	struct origin at;
	const char *value; /* as it was written */
	const char *file, *text;
	uint32_t controller; /* a set: all that it needs */
	bool optional; /* named in Optional=, and not an option's: whoever types a limit wants it */
};

/* The cgroup in which the program runs: where there are limits, or something is to be measured. */
struct plan_group {
	bool wanted;
	bool by_scope; /* the launcher first has itself put into a scope of systemd */
	const char
		*parent;   /* directory below which it is made; by_scope: known when that is done */
	const char *mount; /* of the hierarchy */
	bool has_callers;  /* the parent's processes have to go to CGROUP_CALLERS first */
	uint32_t to_enable; /* controllers that the parent's children do not have yet */
	uint32_t to_read;   /* controllers whose counts are of interest in the end */
	bool optional;	    /* nothing that was asked for is lost without it */
	bool inner; /* the program is put into a group below: it may have a cgroup namespace of its own,
		       and must not see the files with its limits */
	const char *scope_helper, *runtime_dir;
};

struct landlock_rule {
	const char *place;
	ssize_t mount; /* its index in mounts; -1: the root */
	bool writable;
};

enum plan_tty { TTY_AUTO, TTY_NEVER, TTY_ALWAYS };
/* What is wanted of a run beside what its profile says. */
struct plan_wishes {
	enum plan_tty tty;
	bool detached;
	bool measure; /* what it uses is to be said at the end */
};

struct plan {
	struct pool *pool;
	const char *profile_name, *description;
	const char *const *argv;	/* the program; NULL-terminated */
	const char *const *environment; /* NULL-terminated */
	size_t n_environment;
	const char *working_directory; /* inside */
	const char *hostname;
	int umask; /* -1: the caller's */

	struct plan_identity identity;
	enum choice_network network;
	struct plan_net net; /* NETWORK_PRIVATE */
	uint64_t namespaces; /* CLONE_NEW* */
	bool restrict_namespaces;

	enum choice_root root;
	const char *root_path; /* ROOT_PATH */
	bool root_writable;
	bool root_cow; /* the root itself is the first of cows */
	vec_of(struct plan_cow) cows;
	enum choice_keep keep;
	enum plan_tty tty;
	bool detached;		  /* it runs in the background, and what it prints is kept */
	const char *state_home;	  /* where layers lie; NULL without a home */
	const char *runtime_home; /* of sandboxes that run; NULL: none */
	const char *fuse_overlayfs;
	vec_of(struct plan_mount) mounts;  /* parents first */
	vec_of(struct plan_mount) devices; /* nodes in /dev beside the usual ones */
	enum plan_masks mask_proc;	   /* of /proc: see kernelfs.c */

	uint64_t caps_bounding, caps_held, caps_ambient;
	struct filter_spec filter;
	int landlock_abi;		       /* 0: not used; else the version to ask for */
	bool landlock_paths, abstract_sockets; /* the latter: those of the host stay open */
	vec_of(struct landlock_rule) landlock;

	vec_of(struct plan_limit) limits;
	struct plan_group group;
	int64_t runtime_max;	      /* microseconds; STR_INFINITY: none */
	const char *runtime_max_text; /* as it was written */

	const char *cache_dir;	       /* of compiled filters, or NULL */
	vec_of(const char *) own_dirs; /* directories of ours that are made on the host, because
					  they have to be protected */
	vec_of(const char *)
		git_dirs;	    /* writable .git, looked at again when the program has ended */
	vec_of(const char *) notes; /* what is worth knowing: --verbose, explain */
};

/* Facts about a file that a key names, read before the plan. */
struct plan_inputs {
	const struct profile *profile;
	const struct host *host;
	const path_use_vec *uses;
	const char *const *argv;  /* may be empty for explain */
	const char *seccomp_json; /* text of SeccompFile=, or NULL */
	size_t seccomp_json_length;
	struct plan_wishes wishes;
};

/* All paths of the profile, expanded (~, relative to the working directory) but not looked at. */
int plan_uses(const struct profile *profile, const struct host *host, path_use_vec *ret,
	      struct err *e);
/* Whether a path of the host will be in view, as far as the named paths tell; for paths worth a
 * look, not a wall. */
bool plan_in_view(const path_use_vec *uses, const char *path);
/* The directories that are writable and may hold a .git; for host_git_probe. */
bool plan_use_is_writable_tree(const struct path_use *use);
/* `~`, `~/x`, absolute or relative; NULL and an error without a home or working directory. */
const char *plan_expand_path(const struct profile *p, const struct host *h, const struct value *v,
			     const char *path, struct err *e);

int plan_build(const struct plan_inputs *in, struct plan *p, struct err *e);

/* Parts of plan_build, in this order. */
int plan_identity(const struct plan_inputs *in, struct plan *p, struct err *e);
int plan_net(const struct plan_inputs *in, struct plan *p, struct err *e);
int plan_net_capabilities(const struct plan_inputs *in, const struct plan *p, struct err *e);
int plan_mounts(const struct plan_inputs *in, struct plan *p, struct err *e);
/* A relative path that a link leads out of the working directory is refused. */
int plan_check_beneath(const struct plan_inputs *in, const struct path_use *u, struct err *e);
void plan_rules(const struct plan_inputs *in, struct plan *p);
void plan_pins(struct plan *p);
int plan_cows(const struct plan_inputs *in, struct plan *p, struct err *e);
int plan_calls(const struct plan_inputs *in, struct plan *p, struct err *e);
int plan_limits(const struct plan_inputs *in, struct plan *p, struct err *e);
int plan_landlock(const struct plan_inputs *in, struct plan *p, struct err *e);
void plan_environment(const struct plan_inputs *in, struct plan *p);

/* Mode=, or what an option that needs a network of its own implies. */
enum choice_network plan_network_mode(const struct profile *p);
/* Where the program's resolv.conf is mounted; NULL: the host has none, and we make no places. */
const char *plan_resolv_place(const struct plan_inputs *in, const struct plan *p);

/* Used by the parts. An error that names a setting: FILE:LINE: KEY=VALUE: WHY. */
int plan_refuse(const struct plan_inputs *in, enum key_id id, struct err *e, const char *why);
/* Whether it is named in Optional=. */
bool plan_is_optional(const struct profile *p, enum key_id id);
/* It is set to something else than infinity or nothing. */
bool plan_is_asked_for(const struct setting *s, enum key_id id);

/* A part of the host's tree can be seen. */
static inline bool mount_shows(enum mount_kind kind)
{
	return kind == MOUNT_BIND || kind == MOUNT_COW || kind == MOUNT_TEXT;
}
/* Something has to be kept while it runs, and perhaps longer. */
static inline bool plan_uses_store(const struct plan *p)
{
	return p->cows.n > 0 || p->keep == KEEP_YES || p->detached;
}
bool plan_uses_fuse(const struct plan *p);
static inline bool plan_has_group(const struct plan *p)
{
	return p->group.wanted;
}
/* The mount that decides what is seen at `place`. NULL: the root. */
const struct plan_mount *plan_mount_over(const struct plan *p, const char *place);
const char *mount_kind_name(enum mount_kind kind);
