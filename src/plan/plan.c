/* SPDX-License-Identifier: MIT */
/* The plan, part by part; and what cannot be planned is refused here, with the line that asks for
 * it. */
#include <linux/sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cap.h"
#include "base/path.h"
#include "base/seccomp.h"
#include "base/str.h"
#include "plan/plan.h"

int plan_refuse(const struct plan_inputs *in, enum key_id id, struct err *e, const char *why)
{
	const struct setting *s = &in->profile->s[id];

	err_set(e, "%s: %s=%s: %s", origin_text(in->profile->pool, s->at), keys[id].name,
		s->text	    ? s->text
		: s->list.n ? s->list.v[0].text
			    : "",
		why);
	e->located = s->at.line > 0;
	return -1;
}

bool plan_is_optional(const struct profile *p, enum key_id id)
{
	const struct setting *s = &p->s[KEY_OPTIONAL];

	for (size_t i = 0; i < s->list.n; i++) {
		const char *dot = strchr(s->list.v[i].text, '.');

		if (key_find(NULL, dot ? dot + 1 : s->list.v[i].text) == (int)id)
			return true;
	}
	return false;
}

bool plan_is_asked_for(const struct setting *s, enum key_id id)
{
	return s->set && (key_is_list(id) ? s->list.n > 0 : s->number != STR_INFINITY);
}

static struct id_map one_id(uint32_t inside, uint32_t outside)
{
	return (struct id_map){inside, outside, 1};
}

static int check_ranges(const struct plan_inputs *in, struct err *e)
{
	const struct host *h = in->host;

	if (!h->newuidmap || !h->newgidmap) {
		plan_refuse(in, KEY_IDENTITY, e, "newuidmap and newgidmap are not installed");
		return err_hint(e, "apt-get install uidmap");
	}
	if (h->subuid.count && h->subgid.count)
		return 0;
	plan_refuse(in, KEY_IDENTITY, e,
		    h->subuid.count ? "you have no range in /etc/subgid"
				    : "you have no range in /etc/subuid");
	return err_hint(
		e,
		"as root: usermod --add-subuids FIRST-LAST --add-subgids FIRST-LAST; `sandbox doctor` names a free range");
}

int plan_identity(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	struct plan_identity *id = &p->identity;
	const struct host *h = in->host;

	id->kind = (enum choice_identity)profile_number(in->profile, KEY_IDENTITY, IDENTITY_SELF);
	id->n_uids = id->n_gids = 1;
	id->uid = h->uid;
	id->gid = h->gid;
	id->uids[0] = one_id(h->uid, h->uid);
	id->gids[0] = one_id(h->gid, h->gid);
	if (id->kind == IDENTITY_SELF)
		return 0;
	if (check_ranges(in, e))
		return -1;
	id->by_helper = id->drop_groups = true;
	id->newuidmap = h->newuidmap;
	id->newgidmap = h->newgidmap;
	id->n_uids = id->n_gids = 2;
	id->uids[0] = one_id(0, h->uid);
	id->gids[0] = one_id(0, h->gid);
	if (id->kind == IDENTITY_ROOT) {
		id->uid = id->gid = 0;
		id->uids[1] = (struct id_map){1, h->subuid.first, h->subuid.count};
		id->gids[1] = (struct id_map){1, h->subgid.first, h->subgid.count};
		return 0;
	}
	/* The program keeps the caller's number, so that what it sees of itself looks as always; it
	 * is another user. */
	id->uid = h->uid ? h->uid : 1000;
	id->gid = h->gid ? h->gid : 1000;
	id->uids[1] = one_id(id->uid, h->subuid.first);
	id->gids[1] = one_id(id->gid, h->subgid.first);
	id->switch_ids = true;
	return 0;
}

static uint64_t cap_set(const struct setting *s)
{
	uint64_t set = 0;

	for (size_t i = 0; i < s->list.n; i++)
		set |= CAP_BIT(cap_number(s->list.v[i].text));
	return set;
}

static int plan_capabilities(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	/* What dpkg, useradd and tar need of root; chosen as container engines do, without MKNOD,
	 * NET_RAW and AUDIT. */
	static const int of_root[] = {0 /* CHOWN */,
				      1 /* DAC_OVERRIDE */,
				      3 /* FOWNER */,
				      4 /* FSETID */,
				      5 /* KILL */,
				      6 /* SETGID */,
				      7 /* SETUID */,
				      8 /* SETPCAP */,
				      10 /* NET_BIND */,
				      18 /* SYS_CHROOT */,
				      31 /* SETFCAP */};
	const struct setting *bounding = &in->profile->s[KEY_BOUNDING],
			     *ambient = &in->profile->s[KEY_AMBIENT];
	const uint64_t sys_admin = CAP_BIT(21);

	p->caps_bounding = cap_set(bounding);
	p->caps_ambient = cap_set(ambient);
	if (!bounding->set && p->identity.kind == IDENTITY_ROOT) {
		for (size_t i = 0; i < sizeof(of_root) / sizeof(of_root[0]); i++)
			p->caps_bounding |= CAP_BIT(of_root[i]);
	}
	if ((p->caps_bounding | p->caps_ambient) & sys_admin) {
		plan_refuse(
			in, p->caps_bounding & sys_admin ? KEY_BOUNDING : KEY_AMBIENT, e,
			"CAP_SYS_ADMIN would let the program take the mounts of its sandbox apart");
		return err_hint(e, "RestrictNamespaces=no lets it make user namespaces of its own");
	}
	if (p->caps_ambient & ~p->caps_bounding)
		return plan_refuse(in, KEY_AMBIENT, e,
				   "not all of it is in CapabilityBoundingSet=");
	if (plan_net_capabilities(in, p, e))
		return -1;
	p->caps_held = p->identity.kind == IDENTITY_ROOT ? p->caps_bounding : p->caps_ambient;
	return 0;
}

/* io_uring opens sockets and files without a call that a filter sees, so it cannot go together with
 * those rules. */
static int check_io_uring(const struct plan_inputs *in, const struct plan *p, struct err *e)
{
	const struct seccomp_args *a = &p->filter.args;

	for (size_t i = 0; i < p->filter.n_words; i++) {
		const char *word = p->filter.words[i];

		if (!str_eq(word, "io_uring_setup") && !str_eq(word, "@io-uring"))
			continue;
		if (!a->restrict_families && !a->restrict_suid_sgid)
			return 0;
		plan_refuse(in, KEY_FILTER, e,
			    "io_uring goes round RestrictAddressFamilies= and RestrictSUIDSGID=");
		return err_hint(e, "an empty RestrictAddressFamilies=, and RestrictSUIDSGID=no");
	}
	return 0;
}

/* A file that the program makes can be one of the host's. */
static bool writes_to_host(const struct plan *p)
{
	bool writes = p->root_writable && !p->root_cow;

	for (size_t i = 0; i < p->mounts.n; i++)
		writes |= p->mounts.v[i].kind == MOUNT_BIND && !p->mounts.v[i].read_only;
	return writes;
}

static void plan_families(const struct profile *profile, struct plan *p)
{
	const struct setting *s = &profile->s[KEY_FAMILIES];
	/* Who opens a socket of the host means it to be reached. */
	bool with_unix = profile->s[KEY_SOCKETS].list.n > 0 || p->abstract_sockets;
	int *families = pool_alloc(p->pool, (s->list.n + 1) * sizeof(*families));
	size_t n = 0;

	for (size_t i = 0; i < s->list.n; i++)
		families[n++] = seccomp_family(s->list.v[i].text);
	if (with_unix)
		families[n++] = AF_UNIX;
	p->filter.args.restrict_families = s->list.n > 0;
	p->filter.args.families = families;
	p->filter.args.n_families = n;
}

int plan_calls(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct profile *profile = in->profile;
	const struct setting *words = &profile->s[KEY_FILTER];
	const char **list = pool_alloc(p->pool, (words->list.n + 1) * sizeof(*list));

	if (plan_capabilities(in, p, e))
		return -1;
	for (size_t i = 0; i < words->list.n; i++)
		list[i] = words->list.v[i].text;
	p->filter.words = list;
	p->filter.n_words = words->list.n;
	p->filter.default_error = (int)profile_number(profile, KEY_FILTER_ERRNO, 1 /* EPERM */);
	p->filter.oci_json = in->seccomp_json;
	p->filter.oci_length = in->seccomp_json_length;
	p->filter.oci_name = profile_text_of(profile, KEY_SECCOMP_FILE, NULL);
	p->filter.kernel = in->host->kernel;
	p->filter.caps = p->caps_held;
	p->filter.args.restrict_namespaces = p->restrict_namespaces;
	p->filter.args.lock_personality = profile_number(profile, KEY_LOCK_PERSONALITY, true);
	p->filter.args.memory_deny_write_execute =
		profile_number(profile, KEY_DENY_WRITE_EXEC, false);
	/* dpkg and tar as root set such bits: in a copy or in memory that does no harm. */
	p->filter.args.restrict_suid_sgid = profile_number(
		profile, KEY_RESTRICT_SUID, p->identity.kind != IDENTITY_ROOT || writes_to_host(p));
	plan_families(profile, p);
	if (check_io_uring(in, p, e))
		return -1;
	if (!p->filter.n_words && !p->filter.oci_json)
		return err_set(e,
			       "profile %s: no SystemCallFilter= and no SeccompFile=: nothing could be called",
			       p->profile_name),
		       err_hint(e, "Inherit=base");
	return 0;
}

static void add_landlock(struct plan *p, const char *place, ssize_t mount, bool can_write)
{
	*vec_add(p->pool, &p->landlock) = (struct landlock_rule){place, mount, can_write};
}

/*
 * Landlock (landlock(7)) knows only trees that are allowed: reading and executing below the root,
 * changing below what is mounted writable. ABI 1 (Linux 5.13) cannot allow a rename between
 * directories, so paths begin with ABI 2. While a program is in a domain with paths it cannot mount
 * anything, which is what a sandbox inside would have to do.
 */
int plan_landlock(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	enum choice_landlock choice =
		(enum choice_landlock)profile_number(in->profile, KEY_LANDLOCK, LANDLOCK_AUTO);
	int abi = in->host->landlock_abi;

	if (choice == LANDLOCK_NO)
		return 0;
	if (choice == LANDLOCK_REQUIRED && abi < 2)
		return plan_refuse(in, KEY_LANDLOCK, e, "this kernel has no Landlock of ABI 2"),
		       err_hint(
			       e,
			       "Linux 5.19 with lsm=landlock,... on its command line; or Landlock=auto");
	if (choice == LANDLOCK_REQUIRED && !p->restrict_namespaces)
		return plan_refuse(
			in, KEY_LANDLOCK, e,
			"not together with RestrictNamespaces=no: nothing could be mounted inside");
	p->landlock_abi = abi < 2 ? 0 : abi;
	if (!p->landlock_abi)
		*vec_add(p->pool, &p->notes) = "no Landlock on this host: one wall less";
	p->landlock_paths = p->landlock_abi && p->restrict_namespaces;
	if (!p->landlock_paths)
		return 0;
	add_landlock(p, "/", -1, p->root_writable);
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct plan_mount *m = &p->mounts.v[i];
		bool ours = m->kind == MOUNT_PROC || m->kind == MOUNT_DEV || m->kind == MOUNT_TMPFS;

		if (ours || m->kind == MOUNT_COW || (m->kind == MOUNT_BIND && !m->read_only))
			add_landlock(p, m->place, (ssize_t)i, true);
	}
	return 0;
}

static int plan_namespaces(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	bool open = p->network == NETWORK_HOST &&
		    profile_number(in->profile, KEY_ABSTRACT_SOCKETS, false);

	p->abstract_sockets = open;
	p->namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			CLONE_NEWCGROUP;
	if (profile_number(in->profile, KEY_PRIVATE_TIME, false))
		p->namespaces |= CLONE_NEWTIME;
	if (p->network != NETWORK_HOST) {
		p->namespaces |= CLONE_NEWNET;
		return 0;
	}
	/* Abstract sockets belong to the network namespace; only Landlock's scopes (ABI 6) can keep
	 * them out. */
	if (!open && in->host->landlock_abi < 6) {
		plan_refuse(
			in, KEY_NETWORK, e,
			"with Mode=host this kernel cannot close the host's abstract sockets (D-Bus, X11)");
		return err_hint(
			e, "Linux 6.12 can; --set Network.AbstractSockets=yes leaves them open");
	}
	*vec_add(p->pool, &p->notes) =
		"Mode=host: everything the host reaches can be reached, its loopback included";
	if (open)
		*vec_add(p->pool, &p->notes) =
			"AbstractSockets=yes: abstract sockets of the host are open";
	return 0;
}

static int plan_root(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	p->root = (enum choice_root)profile_number(in->profile, KEY_ROOT, ROOT_HOST);
	for (size_t i = 0; p->root == ROOT_PATH && i < in->uses->n; i++) {
		const struct path_use *u = &in->uses->v[i];

		if (u->key != KEY_ROOT)
			continue;
		if (u->source.kind == PATH_MISSING)
			return plan_refuse(in, KEY_ROOT, e, strerror(u->source.error));
		if (u->source.kind != PATH_DIRECTORY)
			return plan_refuse(in, KEY_ROOT, e, "not a directory");
		if (plan_check_beneath(in, u, e))
			return -1;
		p->root_path = u->source.real;
	}
	return p->root_path && str_eq(p->root_path, "/")
		       ? plan_refuse(in, KEY_ROOT, e, "the host's own root is written Root=host")
		       : 0;
}

int plan_build(const struct plan_inputs *in, struct plan *p, struct err *e)
{
	const struct profile *profile = in->profile;
	const struct host *h = in->host;

	*p = (struct plan){.pool = profile->pool,
			   .argv = in->argv,
			   .profile_name = profile->name,
			   .description = profile_text_of(profile, KEY_DESCRIPTION, NULL),
			   .hostname = profile_text_of(profile, KEY_HOSTNAME, "sandbox"),
			   .umask = (int)profile_number(profile, KEY_UMASK, -1),
			   .network = plan_network_mode(profile),
			   .restrict_namespaces =
				   profile_number(profile, KEY_RESTRICT_NAMESPACES, true),
			   .keep = (enum choice_keep)profile_number(
				   profile, KEY_KEEP, in->wishes.detached ? KEEP_YES : KEEP_AUTO),
			   .tty = in->wishes.tty,
			   .detached = in->wishes.detached,
			   .state_home = h->state_home,
			   .runtime_home = h->runtime_home,
			   .cache_dir = h->cache_home};
	/* Nested sandboxes mount a /proc of their own, which the kernel allows only while one is
	 * seen unmasked. */
	p->mask_proc = !p->restrict_namespaces ? MASK_NOTHING
		       : h->uid		       ? MASK_FOR_USER
					       : MASK_FOR_ROOT;
	if (!p->restrict_namespaces && h->uid == 0) {
		plan_refuse(in, KEY_RESTRICT_NAMESPACES, e,
			    "not as the host's root: /proc/sys of the host could be written to");
		return err_hint(e, "run it as a normal user");
	}
	if (!p->restrict_namespaces && h->own.n) {
		plan_refuse(in, KEY_RESTRICT_NAMESPACES, e,
			    "the profiles and filters of sandbox itself lie in a writable tree");
		return err_hint(
			e, "with namespaces of its own a program could move what protects them; "
			   "open less of the home");
	}
	if (plan_root(in, p, e) || plan_identity(in, p, e) || plan_namespaces(in, p, e) ||
	    plan_net(in, p, e) || plan_mounts(in, p, e) || plan_calls(in, p, e) ||
	    plan_landlock(in, p, e) || plan_limits(in, p, e))
		return -1;
	plan_environment(in, p);
	return 0;
}
