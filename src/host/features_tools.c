/* SPDX-License-Identifier: MIT */
/* Rows of `doctor`: subordinate ids, devices, and the programs of others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "host/features_probe.h"

enum { RANGE = 65536, OVERFLOW_ID = 65534 };

/* --- subordinate ids: subuid(5) --- */

/* Behind all ranges of both files, and not below 100000, where useradd(8) begins. */
static uint32_t next_free(struct probe *p)
{
	static const char *const paths[] = {"/etc/subuid", "/etc/subgid"};
	unsigned long top = 100000;

	for (size_t i = 0; i < 2; i++) {
		char *text = probe_read(p, paths[i]), *save = NULL;

		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			char *first = strchr(line, ':'), *count = NULL;
			unsigned long end = first ? strtoul(first + 1, &count, 10) : 0;

			end += count && *count == ':' ? strtoul(count + 1, NULL, 10) : 0;
			top = end > top ? end : top;
		}
	}
	return top < UINT32_MAX - RANGE ? (uint32_t)top : 100000;
}

/* usermod(8) knows the users of /etc/passwd only; a number is good for all. */
static const char *range_remedy(struct probe *p, bool users, bool groups)
{
	uint32_t first = next_free(p), last = first + RANGE - 1;
	const char *range = pool_printf(p->pool, "%u-%u", first, last);

	if (!p->host.user)
		return pool_printf(p->pool, "echo %u:%u:%u | tee -a%s%s", (unsigned)p->host.uid,
				   first, RANGE, users ? " /etc/subuid" : "",
				   groups ? " /etc/subgid" : "");
	return pool_printf(p->pool, "usermod%s%s%s%s %s", users ? " --add-subuids " : "",
			   users ? range : "", groups ? " --add-subgids " : "", groups ? range : "",
			   p->host.user);
}

static void add_range(struct probe *p, const char *path, const struct id_range *range,
		      const char *remedy)
{
	const char *who = p->host.user ?: pool_printf(p->pool, "uid %u", (unsigned)p->host.uid);

	if (range->count >= RANGE)
		probe_add(p, path, FEATURE_OK,
			  pool_printf(p->pool, "%u from %u", range->count, range->first), NULL);
	else if (range->count)
		probe_add(p, path, FEATURE_WARNING,
			  pool_printf(p->pool, "only %u from %u: --user root has no ids above %u",
				      range->count, range->first, range->count),
			  remedy);
	else
		probe_add(p, path, FEATURE_MISSING,
			  pool_printf(p->pool,
				      "no range for %s: --user root and --user separate need one",
				      who),
			  remedy);
}

void probe_ranges(struct probe *p)
{
	bool users = p->host.subuid.count < RANGE, groups = p->host.subgid.count < RANGE;
	const char *remedy = users || groups ? range_remedy(p, users, groups) : NULL;

	add_range(p, "/etc/subuid", &p->host.subuid, remedy);
	add_range(p, "/etc/subgid", &p->host.subgid, remedy);
}

/* Why a program that has to have rights of its own has none here; NULL: it has. */
static const char *no_rights(const char *path, const char **ret_remedy, struct pool *pool)
{
	struct statvfs fs;
	struct stat st;

	*ret_remedy = NULL;
	if (stat(path, &st))
		return strerror(errno);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return "no_new_privs is set here, so that it gets no rights (a sandbox?)";
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID))
		return "it is on a file system that is mounted nosuid";
	if ((st.st_mode & S_ISUID) && st.st_uid == OVERFLOW_ID)
		return "its owner is not mapped in this user namespace, so that it gets no rights";
	if (((st.st_mode & S_ISUID) && st.st_uid == 0) ||
	    getxattr(path, "security.capability", NULL, 0) > 0)
		return NULL;
	*ret_remedy = pool_printf(pool, "chown root: %s && chmod u+s %s", path, path);
	return "it is neither set-user-ID root, nor has it file capabilities";
}

static void add_mapper(struct probe *p, const char *name, const char *path, const struct attempt *a)
{
	const char *remedy, *why = path ? no_rights(path, &remedy, p->pool) : NULL;

	if (!path)
		probe_add(p, name, FEATURE_MISSING,
			  "not installed: --user root and --user separate need it",
			  probe_install(p, "uidmap", "shadow-utils", "shadow"));
	else if (why)
		probe_add(p, name, FEATURE_MISSING, pool_printf(p->pool, "%s: %s", path, why),
			  remedy);
	else if (a->started && a->error)
		probe_add(p, name, FEATURE_MISSING,
			  *a->text ? str_safe(p->pool, a->text) : strerror(a->error), NULL);
	else
		probe_add(p, name, FEATURE_OK,
			  pool_printf(p->pool, "%s%s", path, a->started ? ", maps the range" : ""),
			  NULL);
}

void probe_mappers(struct probe *p)
{
	add_mapper(p, "newuidmap", p->host.newuidmap, &p->newuidmap);
	add_mapper(p, "newgidmap", p->host.newgidmap, &p->newgidmap);
}

static void start_mapper(struct probe *p, struct attempt *a, const char *path, unsigned own,
			 const struct id_range *range)
{
	const char *argv[9] = {path};
	const unsigned numbers[] = {
		(unsigned)p->target.pid, 0, own, 1, 1, range->first, range->count};

	if (!path || !range->count || p->target.pid <= 0)
		return;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		argv[1 + i] = pool_printf(p->pool, "%u", numbers[i]);
	attempt_program(a, argv);
}

/* --- devices --- */

static void add_device(struct probe *p, const char *path, const char *module,
		       const struct attempt *a, const char *use)
{
	const char *remedy = NULL;

	if (a->error == ENOENT || a->error == ENODEV || a->error == ENXIO)
		remedy = pool_printf(p->pool, "modprobe %s && echo %s >/etc/modules-load.d/%s.conf",
				     module, module, module);
	else if (a->error == EACCES)
		remedy = pool_printf(p->pool, "chmod 0666 %s", path);
	probe_add(p, path, a->error ? FEATURE_WARNING : FEATURE_OK,
		  a->error ? pool_printf(p->pool, "%s; only %s needs it", strerror(a->error), use)
			   : "can be opened",
		  remedy);
}

void probe_devices(struct probe *p)
{
	add_device(p, "/dev/fuse", "fuse", &p->tries[ATTEMPT_FUSE],
		   "copy-on-write for another user");
	add_device(p, "/dev/net/tun", "tun", &p->tries[ATTEMPT_TUN], "a private network");
}

/* --- programs --- */

static const struct {
	const char *name, *debian, *fedora, *arch, *use;
} programs[PROGRAMS] = {
	{"fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs",
	 "copy-on-write for another user, or of the whole root,"},
	{"slirp4netns", "slirp4netns", "slirp4netns", "slirp4netns",
	 "a private network (Mode=private)"},
	{"pasta", "passt", "passt", "passt", "a private network with Driver=pasta"},
	{"nft", "nftables", "nftables", "nftables", "a private network (Mode=private)"},
	{"dnsmasq", "dnsmasq-base", "dnsmasq", "dnsmasq", "a list of allowed hosts (AllowHosts=)"},
	{"tc", "iproute2", "iproute-tc", "iproute2", "a limit of the network (NetworkRateMax=)"},
};

/* The line of the output that has a version in it, without what follows. */
static const char *version_of(struct probe *p, const struct attempt *a, const char *name)
{
	char *text = pool_strdup(p->pool, a->text), *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *version = strcasestr(line, name);

		if (!version || !strpbrk(version + strlen(name), "0123456789"))
			continue;
		version = strpbrk(version + strlen(name), "0123456789");
		version[strcspn(version, " ,(\t")] = '\0';
		return str_safe(p->pool, version);
	}
	return "version unknown";
}

void probe_start_programs(struct probe *p)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		const char *path = host_tool(p->pool, programs[i].name);

		if (path)
			attempt_program(&p->programs[i],
					(const char *const[]){
						path,
						str_eq(programs[i].name, "tc") ? "-V" : "--version",
						NULL});
	}
	attempt_target(&p->target);
	start_mapper(p, &p->newuidmap, p->host.newuidmap, p->host.uid, &p->host.subuid);
	start_mapper(p, &p->newgidmap, p->host.newgidmap, p->host.gid, &p->host.subgid);
}

void probe_end_programs(struct probe *p, int64_t deadline)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		attempt_end(&p->programs[i], deadline);
	attempt_end(&p->newuidmap, deadline);
	attempt_end(&p->newgidmap, deadline);
	attempt_end(&p->target, 0);
}

void probe_programs(struct probe *p)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		const char *path = host_tool(p->pool, programs[i].name);
		const struct attempt *a = &p->programs[i];
		/* nftables names itself so; pasta says "pasta 0.0~git..." */
		const char *word = str_eq(programs[i].name, "nft") ? "nftables v"
								   : programs[i].name;

		if (!path)
			probe_add(p, programs[i].name, FEATURE_WARNING,
				  pool_printf(p->pool, "not installed; only %s needs it",
					      programs[i].use),
				  probe_install(p, programs[i].debian, programs[i].fedora,
						programs[i].arch));
		else
			probe_add(p, programs[i].name, FEATURE_OK,
				  pool_printf(p->pool, "%s, %s", path, version_of(p, a, word)),
				  NULL);
	}
}
