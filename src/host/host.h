/* SPDX-License-Identifier: MIT */
/*
 * What this machine and this caller are: facts, gathered once before the plan, never changed
 * afterwards. Tests fill the struct by hand. Nothing here decides anything.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "base/pool.h"

enum path_kind {
	PATH_MISSING,
	PATH_DIRECTORY,
	PATH_FILE,
	PATH_DEVICE,
	PATH_SOCKET,
	PATH_OTHER, /* FIFO */
};

struct host_path {
	const char *path; /* absolute, as it was named */
	const char *real; /* without symbolic links; of a missing one, where it would be; NULL: no
			     telling */
	enum path_kind kind;
	int error; /* errno when it could not be reached */
	uid_t owner;
};

struct host_mount {
	const char *place, *type;
};

/* The .git of a tree that may be written to. */
struct host_git {
	const char *path;  /* real path of the .git entry */
	bool is_directory; /* else a file that names the directory (worktree, submodule) */
	uint32_t present;  /* bit i: host_git_names[i] exists in it */
};
/*
 * What is mounted on itself in a .git, so that a program cannot make the host run something later:
 * read-only what git reads its configuration from and what it runs; writable what must merely stay
 * where it is (without it .git is no repository, and git takes the directory around it for one).
 */
struct host_git_name {
	const char *name;
	bool is_directory, is_writable;
};
enum { HOST_GIT_HOOKS, HOST_GIT_CONFIG, HOST_GIT_NAMES = 7 };
extern const struct host_git_name host_git_names[HOST_GIT_NAMES];

struct id_range {
	uint32_t first, count; /* count 0: none */
};

/*
 * A file or directory of the host that the caller cannot read, and that package managers need: in the
 * layer of a copy-on-write tree an empty one stands in for it. It has the attribute STANDIN_MARK,
 * whose value is its own path on the host; with another value it has been moved and is no stand-in.
 */
struct host_standin {
	const char *path; /* on the host, without symbolic links */
	bool is_directory;
	mode_t mode; /* as on the host, these four */
	uid_t uid;
	gid_t gid;
	struct timespec modified;
};
typedef vec_of(struct host_standin) host_standin_vec;
#define STANDIN_MARK "user.fuseoverlayfs.standin"

/* Controllers of cgroup v2 that the keys of [Resources] need. */
enum controller {
	CONTROLLER_CPU = 1,
	CONTROLLER_CPUSET = 2,
	CONTROLLER_IO = 4,
	CONTROLLER_MEMORY = 8,
	CONTROLLER_PIDS = 16,
	CONTROLLERS_ALL = 31,
};
enum { CONTROLLERS = 5 };
extern const char *const host_controllers[CONTROLLERS]; /* name of 1 << i */
/* "cpu memory"; of none "". */
const char *host_controller_names(struct pool *p, uint32_t set);

/* Where in the cgroup v2 hierarchy the caller is, and where it may make groups: cgroups(7). */
enum cgroup_kind {
	CGROUP_ABSENT, /* none is mounted */
	CGROUP_V1,     /* of version 1 only */
	CGROUP_HYBRID, /* systemd's: v2 without the controllers that v1 has */
	CGROUP_V2,
};
/* The leaf to which the processes of a delegated cgroup go: one that has processes cannot give
 * controllers to its children (cgroup-v2.rst, "No Internal Process Constraint"). */
#define CGROUP_CALLERS "sandbox.callers"
struct host_cgroup {
	enum cgroup_kind kind;
	bool systemd;	   /* it runs here, and gives the groups out */
	const char *mount; /* where v2 is mounted, or NULL */
	const char *own;   /* directory of the caller's cgroup; NULL: it cannot be seen */
	const char *
		subtree; /* where groups can be made: own, or what own is the callers' leaf of; NULL */
	bool has_callers;	 /* processes stand in the subtree itself */
	uint32_t there, enabled; /* in the subtree: controllers, and those that its children have */
	/* A scope of the user's systemd, where there is no subtree. */
	const char *runtime_dir;  /* in which that systemd listens, or NULL */
	const char *scope_helper; /* sandbox-scope, or NULL */
	uint32_t of_manager;	  /* controllers that are delegated to it */
};

/* The disk behind a path: for IOReadBandwidthMax= and its like. */
struct host_disk {
	const char *path;   /* absolute, as it was named */
	const char *device; /* "254:0", or NULL */
	int error;	    /* errno when the path could not be reached; 0: it is on no disk */
};

/* What a network of the sandbox's own needs. */
struct host_network {
	const char *slirp4netns, *pasta, *nft, *dnsmasq, *tc, *ip; /* NULL: not installed */
	int tun_error; /* errno of opening /dev/net/tun */
	bool ipv6;     /* the host has an address with which it may reach others */
	const char *
		resolv_place; /* real path of /etc/resolv.conf, also of one that is missing; or NULL */
	bool has_resolv_conf;
	vec_of(const char *) nameservers; /* addresses, up to three; never none */
	const char *search;		  /* domains, or NULL */
};

/* A group of hosts that AllowHosts= names, such as @npm: host/sources.h. */
struct host_source;
struct host_group {
	const char *name;
	const struct host_source *sources;
	size_t n;
};

struct host {
	struct pool *pool;
	uid_t uid;
	gid_t gid;
	const char *user; /* NULL when the user database does not know the uid */
	const char *home; /* $HOME, else as the user database says; NULL when neither is usable */
	const char *home_registered; /* as the user database says, or NULL */
	const char *cwd;
	const char *cwd_error; /* why there is none */
	const char *const *environment;
	int landlock_abi;     /* 0: no Landlock */
	const char *kernel;   /* release, such as "6.1.0-40-amd64"; read where it matters only, else
				 NULL */
	const char *terminal; /* the device that the standard descriptors are, or NULL */
	const char *resolv_conf; /* real path of /etc/resolv.conf, or NULL */
	const char *config_home, *cache_home, *state_home; /* of ours: .../sandbox; NULL without
								a home */
	const char *runtime_home; /* likewise, in $XDG_RUNTIME_DIR; NULL: there is none */
	vec_of(struct host_path)
		own; /* directories of ours that lie in a tree the program may write to */
	/* only for the identities that need them */
	struct id_range subuid, subgid;
	const char *newuidmap, *newgidmap; /* NULL: not installed */
	vec_of(struct host_path) sockets;  /* live ones with a path that is in view */
	vec_of(struct host_git) git;
	struct host_path state; /* state_home, where it is in view */
	/* only where a tree is copy-on-write */
	vec_of(struct host_mount) mounts; /* of this mount namespace, as the kernel lists them */
	const char *fuse_overlayfs;	  /* NULL: not installed */
	int fuse_error;			  /* errno of /dev/fuse; 0: it can be opened */
	bool confined;			  /* if it cannot: a sandbox is around us */
	host_standin_vec standins;	  /* only for a program that is root in a tree of root's */
	/* only with Mode=private */
	struct host_network network;
	vec_of(struct host_group) host_groups; /* those that AllowHosts= names */
	/* only where limits are asked for */
	struct host_cgroup cgroup;
	uint64_t memory;  /* bytes of the machine */
	const char *cpus; /* that are online: "0-3" */
	vec_of(struct host_disk) disks;
	const char *
		state_type; /* the file system of state_home, if the kernel's overlay cannot have its
				   upper layer there; else NULL */
};

/* Who, where and which environment. */
void host_init(struct host *h, struct pool *pool, const char *const *environment);
const char *host_getenv(const struct host *h, const char *name);
/* Of a directory of ours that cannot be used: where its name is from, unless the cure is known already. `variable` is
 * the one of XDG that could name another. */
int host_directory_hint(const char *variable, const char *use, struct err *e);
/* Directories in which profiles are looked for, NULL-terminated; from the pool. */
const char *const *host_profile_dirs(const struct host *h);

/*
 * `name` (profiles, helpers) beside a program that has not been installed, or NULL. Whose program this
 * is may say what is in it; in a directory like /tmp somebody else may have put it there.
 */
const char *host_beside_program(struct pool *p, const char *name);

/* Fills real, kind and error from path. */
void host_path_probe(struct pool *p, struct host_path *path);
/* It is known not to be there, for us and so for the program; other errors tell nothing. */
bool host_path_absent(const struct host_path *path);
/* Paths of the sockets that something is bound to now, as their owners wrote them; absolute ones
 * only. */
struct host_sockets {
	vec_of(const char *) v;
};
int host_sockets_read(struct pool *p, struct host_sockets *ret, struct err *e);
/* Adds to h->git the .git of `dir`, and of each directory from there down to `below`. */
int host_git_probe(struct host *h, const char *dir, const char *below, struct err *e);
/* No new privileges and a filter of system calls: a sandbox is around us. */
bool host_is_confined(void);
/* Mounts, fuse-overlayfs, and whether layers can lie in state_home. */
int host_overlay_probe(struct host *h, struct err *e);
/* What the caller cannot read of the files that package managers need. */
void host_standins_probe(struct host *h);
/* Directory of the caller's cgroup of version 2, which is mounted at `mount`; NULL: it cannot be seen. */
const char *host_own_cgroup(struct pool *pool, const char *mount);
/* The caller's place among the cgroups; on a host whose v2 hierarchy has no controllers only if it is
 * asked for. */
void host_cgroup_probe(struct host *h, bool without_controllers);
/* What gives a host that has not CGROUP_V2 limits; root's to do. Static. */
const char *host_cgroup_cure(const struct host_cgroup *c);
/* Memory and processors. */
void host_machine_probe(struct host *h);
/* Programs, the tap device, name servers. */
void host_network_probe(struct host *h);
/* The disk that a file is on, added to h->disks. */
void host_disk_probe(struct host *h, const char *path);
/* Subordinate ranges and the two set-user-ID programs that map them. */
void host_ids_probe(struct host *h);

/* An external program, found in the system's directories only, never by the caller's PATH; NULL if
 * missing. Static. */
const char *host_tool(struct pool *p, const char *name);
int host_landlock_abi(void);
