/* SPDX-License-Identifier: MIT */
/*
 * fuse-overlayfs, in a cell (cell.h) with its layers: a program that takes it over through the file
 * system has gained little.
 *
 * The mount is ours, not its: fsmount(2) of a connection that we open, sent to PID 1, which attaches
 * it where the plan wants it. libfuse takes a mount point named /dev/fd/N for a descriptor that is
 * mounted already (fuse_session_mount(), since 3.3); fuse-overlayfs resolves links in the name first,
 * so in its root /dev/fd is a directory and N a file. PID 1 need not wait until it is up: the kernel
 * keeps requests until somebody reads them.
 *
 * It is not killed with the launcher. It ends when the last mount has gone, with PID 1, and writes
 * before what the kernel still has of it; killed, it would leave files half written.
 */
#include <errno.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cap.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "run/cell.h"
#include "run/server.h"

/* In the new process. Descriptors: -1 is none. */
struct serving {
	const struct launch *launch;
	const struct plan_cow *cow;
	size_t index;
	int lower, layer, proc; /* detached mounts */
	int root;		/* the small root: a tmpfs */
	int connection;		/* /dev/fuse */
};

static int place_standins(const struct serving *s, int tree, int store, struct err *e)
{
	_cleanup_fd_ int upper = -1, work = -1;
	char name[40];

	if (!s->cow->standins.n)
		return 0;
	snprintf(name, sizeof(name), "%zu/upper", s->launch->layers[s->index]);
	upper = fd_openat2(store, name, O_RDONLY | O_DIRECTORY, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	snprintf(name, sizeof(name), "%zu/work", s->launch->layers[s->index]);
	work = fd_openat2(store, name, O_RDONLY | O_DIRECTORY, 0,
			  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (upper < 0 || work < 0)
		return err_errno(e, "%s", name);
	return standins_place(&s->cow->standins, s->cow->path, tree, upper, work, e);
}

/* fuse-overlayfs would follow links, although not out of its small root: so all of it is looked at here. */
static int clone_layer(const struct serving *s, int store, struct err *e)
{
	static const char *const names[] = {"upper", "work", "."};
	_cleanup_fd_ int fd = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fd_closep(&fd);
		fd = inside_open_layer(store, s->launch->layers[s->index], names[i], e);
		if (fd < 0)
			return -1;
	}
	return cell_clone(fd, "", AT_EMPTY_PATH, e);
}

static int open_trees(struct serving *s, struct err *e)
{
	const struct launch *l = s->launch;
	const char *store = path_join(l->plan->pool, l->plan->state_home, l->store.name);
	_cleanup_fd_ int tree =
		fd_openat2(AT_FDCWD, s->cow->path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	_cleanup_fd_ int dir = inside_open_store(store, l->store.dir, e);

	if (dir < 0)
		return -1;
	if (tree < 0)
		return err_errno(e, "%s", s->cow->path);
	if (place_standins(s, tree, dir, e))
		return -1;
	s->lower = cell_clone(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, e);
	if (s->lower < 0 || inside_set_attributes(s->lower, "", CELL_CLOSED, true, e))
		return -1;
	s->layer = clone_layer(s, dir, e);
	s->proc = s->layer < 0 ? -1 : cell_clone(AT_FDCWD, "/proc", AT_RECURSIVE, e);
	if (s->proc < 0 ||
	    inside_set_attributes(s->proc, "", CELL_CLOSED | MOUNT_ATTR_NOEXEC, true, e))
		return -1;
	/* The kernel wants it opened in the user namespace that mounts (fuse_fill_super()). */
	s->connection = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	return s->connection < 0 ? err_errno(e, "/dev/fuse") : 0;
}

static int send_mount(const struct serving *s, struct err *e)
{
	const struct plan_identity *id = &s->launch->plan->identity;
	struct overlay_message m = {.cow = s->index};
	char connection[16], user[16], group[16];
	/* allow_other: not only for the user who mounts; default_permissions: the kernel checks modes. */
	const char *options[] = {"fd",
				 connection,
				 "rootmode",
				 "40000",
				 "user_id",
				 user,
				 "group_id",
				 group,
				 "allow_other",
				 NULL,
				 "default_permissions",
				 NULL,
				 NULL};
	_cleanup_fd_ int mount = -1;

	snprintf(connection, sizeof(connection), "%d", s->connection);
	snprintf(user, sizeof(user), "%u", id->by_helper ? 0 : id->uid);
	snprintf(group, sizeof(group), "%u", id->by_helper ? 0 : id->gid);
	mount = inside_new_filesystem("fuse", options,
				      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					      (s->cow->no_exec ? MOUNT_ATTR_NOEXEC : 0),
				      e);
	if (mount < 0)
		return -1;
	return fd_send(s->launch->overlays, &m, sizeof(m), mount) ? err_errno(e, "channel") : 0;
}

/*
 * What the program does not see there is empty for fuse-overlayfs too. Each is a file of its own:
 * fuse-overlayfs takes directories with the same inode for one, and loses all but one of the names.
 */
static int cover(const struct serving *s, struct err *e)
{
	size_t skip = strlen(s->cow->path);
	char void_name[32];

	for (size_t i = 0; i < s->cow->covers.n; i++) {
		const char *path = s->cow->covers.v[i], *name = path + skip + (skip > 1);
		_cleanup_fd_ int place = fd_openat2(s->lower, name, O_PATH, 0,
						    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		_cleanup_fd_ int empty = -1;
		struct stat st;

		if (place < 0 && errno == ENOENT)
			continue;
		if (place < 0 || fstat(place, &st))
			return err_errno(e, "%s", path);
		snprintf(void_name, sizeof(void_name), "void%zu", i);
		if (S_ISDIR(st.st_mode) ? mkdirat(s->root, void_name, 0755)
					: mknodat(s->root, void_name, S_IFREG | 0444, 0))
			return err_errno(e, "tmpfs");
		empty = cell_clone(s->root, void_name, 0, e);
		if (empty < 0 || inside_set_attributes(empty, "", CELL_CLOSED, false, e) ||
		    inside_attach(empty, place, "", e))
			return -1;
	}
	return 0;
}

static int make_root(struct serving *s, struct err *e)
{
	char name[32];

	s->root = cell_make_root(s->launch->plan->pool, e);
	if (s->root < 0)
		return -1;
	snprintf(name, sizeof(name), "dev/fd/%d", s->connection);
	if (mkdirat(s->root, "dev/fd", 0755) || mknodat(s->root, name, S_IFREG | 0444, 0))
		return err_errno(e, "tmpfs");
	if (cell_attach(s->root, s->proc, "proc", false, e) ||
	    cell_attach(s->root, s->layer, "layer", false, e) ||
	    cell_attach(s->root, s->lower, "lower", false, e) || cover(s, e))
		return -1;
	return cell_close(s->root, e);
}

/*
 * What it needs to keep files that are another's: no more of root than that. A user's own needs one of
 * them to make marks in the copy of a directory that is read-only (chmod(2)); modes are looked at by
 * the kernel before it is asked anything (default_permissions).
 */
static uint64_t needed(const struct plan *p)
{
	return p->identity.by_helper
		       ? CAP_BIT(0 /* CHOWN */) | CAP_BIT(1 /* DAC_OVERRIDE */) |
				 CAP_BIT(2 /* DAC_READ_SEARCH */) | CAP_BIT(3 /* FOWNER */) |
				 CAP_BIT(4 /* FSETID */) | CAP_BIT(6 /* SETGID */) |
				 CAP_BIT(7 /* SETUID */) | CAP_BIT(31 /* SETFCAP */)
		       : CAP_BIT(1 /* DAC_OVERRIDE */);
}

static int become(const struct serving *s, struct err *e)
{
	static const char others[] = "65534:0:1:0:0:65534";
	const struct plan *p = s->launch->plan;
	char options[256], squash[160] = "", mount[32];
	const char *argv[] = {"fuse-overlayfs", "-f", "-o", options, mount, NULL};
	const struct cell_program program = {.path = p->fuse_overlayfs,
					     .argv = argv,
					     .capabilities = needed(p),
					     .keep = s->connection};

	if (s->cow->squash == SQUASH_ROOT)
		snprintf(squash, sizeof(squash), ",squash_to_root");
	/*
	 * HOST:INSIDE:COUNT. The host's ids, which are not mapped, look like 65534 (/proc/sys/fs/overflowuid)
	 * and become root; all others are themselves, so that chown(2) works. The last triple is looked
	 * at first: what root makes is root's, not 65534's.
	 */
	if (s->cow->squash == SQUASH_OTHERS)
		snprintf(squash, sizeof(squash), ",uidmapping=%s,gidmapping=%s", others, others);
	if (s->cow->squash == SQUASH_PROGRAM)
		snprintf(squash, sizeof(squash), ",squash_to_uid=%u,squash_to_gid=%u",
			 p->identity.uid, p->identity.gid);
	snprintf(options, sizeof(options),
		 "lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work%s", squash);
	snprintf(mount, sizeof(mount), "/dev/fd/%d", s->connection);
	return cell_execute(s->launch, &program, e);
}

struct serve_context {
	const struct launch *launch;
	size_t index;
};

static void serve(void *context, int errors)
{
	const struct serve_context *c = context;
	const struct launch *l = c->launch;
	struct serving s = {.launch = l, .cow = &l->plan->cows.v[c->index], .index = c->index};
	struct overlay_message m = {.cow = c->index};
	/* Its network and IPC too, where it has its own: what takes the server over reaches no socket. */
	const uint64_t namespaces = l->plan->namespaces &
				    (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);

	if (cell_leave_group(errors, &m.err) || cell_enter(l, namespaces, &m.err) ||
	    open_trees(&s, &m.err) || make_root(&s, &m.err) || send_mount(&s, &m.err)) {
		fd_send(l->overlays, &m, sizeof(m), -1);
		return;
	}
	become(&s, &m.err);
	dprintf(STDERR_FILENO, "%s\n", m.err.text);
}

int server_start(struct launch *l, size_t i, int group, struct server *ret, struct err *e)
{
	struct serve_context context = {.launch = l, .index = i};

	/* What it reads and writes for the program is limited as if the program did it. */
	return cell_start(ret, l->plan->cows.v[i].path, group, serve, &context, e);
}

int overlay_died(struct pool *pool, const struct server *server, const char *when, struct err *e)
{
	const char *last = cell_words(pool, server);

	/* It talks of options that it does not know, before it begins. */
	if (str_begins(last, "unknown argument ignored"))
		last = "";
	return err_set(e, "%s: fuse-overlayfs ended %s%s%s", server->name, when, *last ? ": " : "",
		       last);
}

/* What a call to its file system fails with when it is gone. */
static bool is_of_lost_server(int error)
{
	return error == ENOTCONN || error == ECONNABORTED || error == ECONNREFUSED || error == EIO;
}

enum { SERVER_ENDS_MS = 1000 };

int overlay_reason(const struct launch *l, struct err *e)
{
	/* With any other error PID 1 ends, and with its mounts fuse-overlayfs. */
	if (!is_of_lost_server(e->error))
		return -1;
	for (size_t i = 0; i < l->n_servers; i++) {
		struct pollfd end = {.fd = l->servers[i].process, .events = POLLIN};

		/* It closes the connection a little before its end is seen. */
		if (poll(&end, 1, SERVER_ENDS_MS) == 1)
			return overlay_died(l->plan->pool, &l->servers[i],
					    "before the program began", e);
	}
	return -1;
}
