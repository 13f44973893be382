/* SPDX-License-Identifier: MIT */
/*
 * golden DIRECTORY: the text of `explain` for every shipped profile, and those of tests/golden/profiles,
 * on every host that is made up here, a file each: DIRECTORY/PROFILE.FACTS.txt. An error in the place of a plan is written as it
 * would be printed. Started in the root of the tree, so that the origins of lines are relative.
 * Nothing of the machine is looked at but profiles/.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "host/sources.h"
#include "plan/print.h"

struct facts {
	const char *name;
	uid_t uid;
	int landlock_abi;
	const char *home, *cwd;
	bool no_subids, no_mappers, no_fuse;
	const char
		*state_type; /* of the file system for layers, if the kernel's overlay refuses it */
	const struct host_cgroup *cgroup; /* NULL: a group of the caller's own, with everything */
	bool no_network;		  /* none of the programs for one, and no IPv6 */
};

static const struct host_cgroup delegated = {.kind = CGROUP_V2,
					     .mount = "/sys/fs/cgroup",
					     .own = "/sys/fs/cgroup/user/shell",
					     .subtree = "/sys/fs/cgroup/user/shell",
					     .has_callers = true,
					     .there = CONTROLLERS_ALL},
				hybrid = {.kind = CGROUP_HYBRID,
					  .systemd = true,
					  .mount = "/sys/fs/cgroup/unified"},
				login = {.kind = CGROUP_V2,
					 .mount = "/sys/fs/cgroup",
					 .own = "/sys/fs/cgroup/user.slice/session-1.scope",
					 .runtime_dir = "/run/user/1000",
					 .scope_helper = "/usr/libexec/sandbox/sandbox-scope",
					 .of_manager = CONTROLLER_CPU | CONTROLLER_MEMORY |
						       CONTROLLER_PIDS},
				not_delegated = {.kind = CGROUP_V2,
						 .mount = "/sys/fs/cgroup",
						 .own = "/sys/fs/cgroup/system"};

/* What makes a difference, one at a time. */
static const struct facts hosts[] = {
	{.name = "normal",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project"},
	{.name = "no-landlock",
	 .uid = 1000,
	 .landlock_abi = 0,
	 .home = "/home/user",
	 .cwd = "/home/user/project"},
	{.name = "landlock-2",
	 .uid = 1000,
	 .landlock_abi = 2,
	 .home = "/home/user",
	 .cwd = "/home/user/project"},
	{.name = "old-kernel",
	 .uid = 1000,
	 .landlock_abi = 1,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .no_mappers = true},
	{.name = "no-subids",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .no_subids = true},
	{.name = "no-fuse",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .no_fuse = true},
	{.name = "home-on-nfs",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .state_type = "nfs4"},
	{.name = "no-home", .uid = 1000, .landlock_abi = 7, .cwd = "/srv/project"},
	{.name = "root", .landlock_abi = 7, .home = "/root", .cwd = "/root/project"},
	{.name = "home-as-cwd",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user"},
	{.name = "no-cwd", .uid = 1000, .landlock_abi = 7, .home = "/home/user"},
	{.name = "hybrid",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .cgroup = &hybrid},
	{.name = "login",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .cgroup = &login},
	{.name = "no-delegation",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .cgroup = &not_delegated},
	{.name = "no-network",
	 .uid = 1000,
	 .landlock_abi = 7,
	 .home = "/home/user",
	 .cwd = "/home/user/project",
	 .no_network = true},
};

static const struct host_source npm[] = {{"registry.test", 443, "/home/user/.npmrc:1"},
					 {"2001:db8::7", 8080, "/home/user/.npmrc:2"}},
				apt[] = {{"packages.test", 80, "/etc/apt/sources.list:3"}},
				pip[] = {{"index.test", 443, "/etc/pip.conf:2"}},
				cargo[] = {{"crates.test", 443, "/home/user/.cargo/config.toml:2"}},
				git[] = {{"git.test", 22, "/home/user/project/.git/config:4"}};
static const struct host_group groups[] = {{"@npm", npm, 2},
					   {"@apt", apt, 1},
					   {"@pip", pip, 1},
					   {"@cargo", cargo, 1},
					   {"@git", git, 1}};

static const struct {
	const char *path;
	enum path_kind kind;
	const char *real; /* NULL: the path itself */
} tree[] = {
	{"/", PATH_DIRECTORY, NULL},
	{"/boot", PATH_DIRECTORY, NULL},
	{"/dev/fuse", PATH_DEVICE, NULL},
	{"/home", PATH_DIRECTORY, NULL},
	{"/home/user", PATH_DIRECTORY, NULL},
	{"/home/user/.gitconfig", PATH_FILE, NULL},
	{"/home/user/project", PATH_DIRECTORY, NULL},
	{"/lost+found", PATH_DIRECTORY, NULL},
	{"/media", PATH_DIRECTORY, NULL},
	{"/mnt", PATH_DIRECTORY, NULL},
	{"/root", PATH_DIRECTORY, NULL},
	{"/root/project", PATH_DIRECTORY, NULL},
	{"/run", PATH_DIRECTORY, NULL},
	{"/srv", PATH_DIRECTORY, NULL},
	{"/srv/project", PATH_DIRECTORY, NULL},
	{"/tmp", PATH_DIRECTORY, NULL},
	{"/var", PATH_DIRECTORY, NULL},
	{"/var/lib", PATH_DIRECTORY, NULL},
	{"/var/lib/service", PATH_DIRECTORY, NULL},
	{"/var/lib/service/socket", PATH_SOCKET, NULL},
	{"/var/log", PATH_DIRECTORY, NULL},
	{"/var/mail", PATH_DIRECTORY, "/var/spool/mail"},
	{"/var/spool", PATH_DIRECTORY, NULL},
	{"/var/tmp", PATH_DIRECTORY, NULL},
};

static const struct host_mount mounts[] = {
	{"/", "ext4"},
	{"/proc", "proc"},
	{"/sys", "sysfs"},
	{"/dev", "devtmpfs"},
	{"/run", "tmpfs"},
	{"/boot", "vfat"},
	{"/var/lib/machines", "btrfs"},
	{"/var/lib/lxcfs", "fuse.portal"},
};

static const char *const environment[] = {"PATH=/usr/bin:/bin",	 "LANG=C.UTF-8",
					  "LC_TIME=en_GB.UTF-8", "TERM=xterm",
					  "CFLAGS=-O2",		 "API_TOKEN=secret",
					  "EDITOR=/bin/ed",	 "SSH_AUTH_SOCK=/tmp/agent.1",
					  "PYTHONPATH=lib",	 "NODE_ENV=test",
					  "GIT_AUTHOR_NAME=U",	 NULL};

static void probe(struct host_path *path)
{
	*path = (struct host_path){.path = path->path, .real = path->path, .error = ENOENT};
	for (size_t i = 0; i < sizeof(tree) / sizeof(tree[0]); i++) {
		if (!str_eq(tree[i].path, path->path))
			continue;
		path->kind = tree[i].kind;
		path->real = tree[i].real ? tree[i].real : tree[i].path;
		path->error = 0;
		path->owner = path_within(path->path, "/home/user") ? 1000 : 0;
	}
}

static void make_up_network(struct host *h, const struct facts *f)
{
	struct host_network *n = &h->network;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		*vec_add(h->pool, &h->host_groups) = groups[i];
	*vec_add(h->pool, &n->nameservers) = "192.0.2.53";
	*vec_add(h->pool, &n->nameservers) = "2001:db8::53";
	n->search = "corp.test";
	n->resolv_place = h->resolv_conf;
	n->has_resolv_conf = true;
	if (f->no_network)
		return;
	n->ipv6 = true;
	n->slirp4netns = "/usr/bin/slirp4netns";
	n->pasta = "/usr/bin/pasta";
	n->nft = "/usr/sbin/nft";
	n->dnsmasq = "/usr/sbin/dnsmasq";
	n->tc = "/usr/sbin/tc";
	n->ip = "/usr/sbin/ip";
}

static void make_up(struct host *h, struct pool *pool, const struct facts *f)
{
	*h = (struct host){.pool = pool,
			   .uid = f->uid,
			   .gid = f->uid,
			   .user = f->uid ? "user" : "root",
			   .home = f->home,
			   .home_registered = f->home,
			   .cwd = f->cwd,
			   .cwd_error = "it has been deleted",
			   .environment = environment,
			   .landlock_abi = f->landlock_abi,
			   .resolv_conf = "/run/resolver/resolv.conf"};
	if (f->home) {
		h->config_home = path_join(pool, f->home, ".config/sandbox");
		h->cache_home = path_join(pool, f->home, ".cache/sandbox");
		h->state_home = path_join(pool, f->home, ".local/state/sandbox");
	}
	h->fuse_overlayfs = f->no_fuse ? NULL : "/usr/bin/fuse-overlayfs";
	h->state_type = f->state_type;
	h->cgroup = f->cgroup ? *f->cgroup : delegated;
	h->memory = (uint64_t)16 << 30;
	make_up_network(h, f);
	h->cpus = "0-7";
	*vec_add(pool, &h->disks) = (struct host_disk){.path = "/", .device = "254:0"};
	*vec_add(pool, &h->disks) = (struct host_disk){.path = "/home", .device = "254:16"};
	*vec_add(pool, &h->disks) = (struct host_disk){.path = "/tmp"};
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		*vec_add(pool, &h->mounts) = mounts[i];
	if (!f->no_mappers) {
		h->newuidmap = "/usr/bin/newuidmap";
		h->newgidmap = "/usr/bin/newgidmap";
	}
	if (!f->no_subids)
		h->subuid = h->subgid = (struct id_range){100000, 65536};
	*vec_add(pool, &h->sockets) = (struct host_path){.path = "/var/lib/service/socket",
							 .real = "/var/lib/service/socket",
							 .kind = PATH_SOCKET};
}

/* As run/prepare.c does it, on a host of glass. */
static int prepare(const struct profile *profile, struct host *h, const char *const *argv,
		   struct plan *ret, struct err *e)
{
	path_use_vec uses = {0};
	struct plan_inputs in = {.profile = profile, .host = h, .uses = &uses, .argv = argv};

	if (plan_uses(profile, h, &uses, e))
		return -1;
	for (size_t i = 0; i < uses.n; i++) {
		struct path_use *u = &uses.v[i];

		probe(&u->source);
		if (u->place.path)
			probe(&u->place);
		if (plan_use_is_writable_tree(u))
			*vec_add(h->pool, &h->git) = (struct host_git){
				.path = path_join(h->pool, u->source.real, ".git"),
				.is_directory = true,
				.present = 1u << HOST_GIT_HOOKS | 1u << HOST_GIT_CONFIG};
	}
	return plan_build(&in, ret, e);
}

static void print_error(const struct err *e, FILE *out)
{
	fprintf(out, "%s%s%s%s%s\nexit %d\n", e->located ? "" : "sandbox: ", e->text,
		*e->hint ? " (" : "", e->hint, *e->hint ? ")" : "", e->code);
}

static const char *const dirs[] = {"profiles", "tests/golden/profiles", NULL};

static void print_case(const char *name, const struct facts *f, FILE *out)
{
	static const char *const argv[] = {"make", "-j2", "a b", NULL};
	struct pool pool = {0};
	struct profile profile;
	struct host host;
	struct plan plan;
	struct err e = {0};

	make_up(&host, &pool, f);
	profile_init(&profile, &pool);
	if (profile_load(&profile, name, dirs, &e) || prepare(&profile, &host, argv, &plan, &e))
		print_error(&e, out);
	else
		plan_print(&plan, out);
	pool_done(&pool);
}

static int write_case(const char *directory, const char *name, const struct facts *f)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s.%s.txt", directory, name, f->name);
	out = fopen(path, "we");
	if (!out) {
		perror(path);
		return -1;
	}
	print_case(name, f, out);
	return fclose(out);
}

int main(int argc, char **argv)
{
	struct pool pool = {0};
	profile_entry_vec list = {0};
	struct err e = {0};
	int rc = 0;

	if (argc != 2 || profile_list(&pool, dirs, &list, &e) || list.n == 0) {
		fprintf(stderr, "usage: golden DIRECTORY, in the root of the tree %s\n", e.text);
		return 2;
	}
	for (size_t i = 0; i < list.n; i++) {
		for (size_t k = 0; k < sizeof(hosts) / sizeof(hosts[0]); k++)
			rc |= write_case(argv[1], list.v[i].name, &hosts[k]);
	}
	pool_done(&pool);
	return rc ? 1 : 0;
}
