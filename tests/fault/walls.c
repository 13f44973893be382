/* SPDX-License-Identifier: MIT */
/*
 * walls SECRET KEYRING NAMESPACE...: says what it finds around itself, so that two runs can be
 * compared line by line. The host's session keyring and namespaces are given as the host sees them;
 * what is not the host's is "own".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "possible");
}

static void say_file(const char *what, const char *path)
{
	char line[512];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		printf("%s: %s", what, line);
	if (f)
		fclose(f);
	else
		printf("%s: closed\n", what);
}

static void say_status(void)
{
	static const char *const names[] = {
		"Umask:",  "Uid:",	  "Gid:",     "Groups:",	 "NSpid:",  "NSpgid:",
		"SigBlk:", "SigIgn:",	  "CapInh:",  "CapPrm:",	 "CapEff:", "CapBnd:",
		"CapAmb:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:"};
	FILE *f = fopen("/proc/self/status", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		/* Signals 32 and 33 are the C library's; posix_spawn(3) of the test's own parent ignores them. */
		if (strncmp(line, "SigIgn:", 7) == 0)
			snprintf(line, sizeof(line), "SigIgn:\t%016llx\n",
				 strtoull(line + 7, NULL, 16) & ~0x180000000ULL);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				printf("status %s", line);
		}
	}
	if (f)
		fclose(f);
	else
		puts("status closed");
}

/* Where, which part of which kind of file system, and how; without the numbers that differ from run
 * to run. */
static void say_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[8192], root[2048], place[2048], options[512];

	while (f && fgets(line, sizeof(line), f)) {
		const char *kind = strstr(line, " - ");

		if (kind &&
		    sscanf(line, "%*s %*s %*s %2047s %2047s %511s", root, place, options) == 3)
			printf("mount: %s %s %s %s%.*s\n", place, root, options,
			       strncmp(kind - strlen("shared:00"), "shared", 6) == 0 ? "shared "
										     : "",
			       (int)strcspn(kind + 3, " "), kind + 3);
	}
	if (f)
		fclose(f);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void say_directory(const char *what, const char *path, bool targets)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);

	if (n < 0)
		say(what, n);
	for (int i = 0; i < n; i++) {
		char name[512];
		ssize_t length = -1;

		if (targets) {
			char link[512];

			snprintf(link, sizeof(link), "%s/%s", path, list[i]->d_name);
			length = readlink(link, name, sizeof(name) - 1);
			name[length > 0 ? length : 0] = '\0';
		}
		/* What stands behind a descriptor of ours (a pipe) has another number each time. */
		if (list[i]->d_name[0] != '.')
			printf("%s: %s%s%.*s\n", what, list[i]->d_name, length > 0 ? " " : "",
			       length > 0 ? (int)strcspn(name, "[") : 0, name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void say_namespaces(char **host)
{
	for (; *host; host++) {
		char path[64], target[64];
		size_t length = strcspn(*host, ":");
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%.*s", (int)length, *host);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		printf("namespace %.*s: %s\n", (int)length, *host,
		       n <= 0			    ? "closed"
		       : strcmp(target, *host) == 0 ? "the host's"
						    : "own");
	}
}

/* A socket of the host in the working directory, at which somebody listens. */
static void say_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	say("connect to a socket of the host",
	    connect(fd, (struct sockaddr *)&address, sizeof(address)));
	close(fd);
}

static void say_file_system(const char *secret)
{
	static const char *const places[] = {"/",     "/etc", "/usr",	  "/dev", "/dev/shm",
					     "/proc", "/sys", "/tmp",	  "/run", "/home",
					     "/root", "/var", "/var/tmp", "."};
	const char *home = getenv("HOME");

	say("read the secret", open(secret, O_RDONLY | O_CLOEXEC));
	say_socket();
	say_directory("home", home ? home : "/", false);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[64], what[64];
		int fd;

		snprintf(path, sizeof(path), "%s/fault-test-made-this", places[i]);
		snprintf(what, sizeof(what), "write to %s", places[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		say(what, fd);
		if (fd >= 0) {
			close(fd);
			unlink(path);
		}
	}
	say("write to /proc/sys/kernel/hostname",
	    open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC));
	say("read /proc/kcore", open("/proc/kcore", O_RDONLY | O_CLOEXEC));
	say("read the memory of PID 1", open("/proc/1/mem", O_RDONLY | O_CLOEXEC));
}

static void say_network(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo"};

	say_directory("interface", "/sys/class/net", false);
	printf("loopback: %s\n", fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo) ? "none"
				 : lo.ifr_flags & IFF_UP		? "up"
									: "down");
	if (fd >= 0)
		close(fd);
}

static void say_calls(const char *keyring)
{
	char id[32];
	long key = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	if (key < 0)
		say("keyring", key);
	snprintf(id, sizeof(id), "%ld", key);
	if (key >= 0)
		printf("keyring: %s\n", strcmp(id, keyring) == 0 ? "the host's" : "own");
	say("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
	say("unshare", unshare(CLONE_NEWUSER));
	say("setgid", setgid(0));
	say("bpf", syscall(SYS_bpf, 0, NULL, 0));
	say("personality", syscall(SYS_personality, 0x0008));
	say("TIOCSTI", ioctl(0, TIOCSTI, "x"));
	say("AF_PACKET", socket(AF_PACKET, SOCK_RAW, 0));
	/* From inside a Landlock domain with scopes, PID 1 is out of reach. */
	say("signal to PID 1", kill(1, 0));
}

/* A process can be in sixteen Landlock domains; how many are left says whether it is in one. */
static void say_landlock(void)
{
	struct {
		uint64_t fs;
	} attr = {1};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0), layers = 0;

	if (fd < 0) {
		say("landlock", fd);
		return;
	}
	while (layers < 100 && syscall(SYS_landlock_restrict_self, fd, 0) == 0)
		layers++;
	printf("landlock: %d domains possible\n", layers);
	close(fd);
}

static char output[1 << 18];

int main(int argc, char **argv)
{
	extern char **environ;
	struct rlimit files, core;
	struct utsname name;
	char cwd[4096];

	if (argc < 3)
		return 2;
	/* All of it in one write at the end. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	say_status();
	say_file("uid_map", "/proc/self/uid_map");
	say_file("gid_map", "/proc/self/gid_map");
	say_file("setgroups", "/proc/self/setgroups");
	say_namespaces(argv + 3);
	say_mounts();
	say_directory("descriptor", "/proc/self/fd", true);
	printf("working directory: %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : "none");
	uname(&name);
	printf("host name: %s\n", name.nodename);
	getrlimit(RLIMIT_CORE, &core);
	printf("core dumps at most: %lu %lu\n", (unsigned long)core.rlim_cur,
	       (unsigned long)core.rlim_max);
	getrlimit(RLIMIT_NOFILE, &files);
	printf("descriptors at most: %lu %lu\n", (unsigned long)files.rlim_cur,
	       (unsigned long)files.rlim_max);
	printf("process group: %s\n", getpgrp() == getpid() ? "own" : "another's");
	for (char **v = environ; *v; v++)
		printf("environment: %s\n", *v);
	say_file_system(argv[1]);
	say_network();
	say_calls(argv[2]);
	say_landlock();
	return fflush(stdout) ? 1 : 0;
}
