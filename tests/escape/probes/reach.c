// SPDX-License-Identifier: MIT
// reach NAME: make one system call with harmless arguments and tell the kernel's answer from the
// filter's. The sandbox is started with SystemCallErrorNumber=EUCLEAN, which no call here gives by
// itself: EUCLEAN and ENOSYS mean that the code of the call was not reached.
#include "probe.h"
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NO (-1L)

static long io_uring(void)
{
	char params[120] = {0};

	return syscall(SYS_io_uring_setup, 4, params);
}
static long bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}
static long perf(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_TASK_CLOCK,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}
static long handle_at(void)
{
	struct file_handle h = {.handle_bytes = 0};

	return syscall(SYS_open_by_handle_at, AT_FDCWD, &h, O_RDONLY);
}
static long name_handle(void)
{
	struct {
		struct file_handle h;
		char room[128];
	} h = {.h.handle_bytes = 128};
	int id;

	return syscall(SYS_name_to_handle_at, AT_FDCWD, ".", &h, &id, 0);
}
static long settime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return syscall(SYS_clock_settime, CLOCK_REALTIME, &now);
}
static long settimeofday_now(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return syscall(SYS_settimeofday, &now, NULL);
}
static long add_key(void)
{
	return syscall(SYS_add_key, "user", "probe", "x", 1, -3);
}

// Our own user namespace: the kernel says EINVAL, whoever asks. EPERM is the answer of a filter
// that looks at arguments.
static long setns_own(void)
{
	long ret = syscall(SYS_setns, open("/proc/self/ns/user", O_RDONLY), 0x10000000);

	if (ret < 0 && errno == EPERM)
		errno = ENOSYS;
	return ret;
}

static const struct {
	const char *name;
	long (*go)(void);
	long nr, a[6];
} calls[] = {
	{"io_uring_setup", io_uring, 0, {0}},
	{"io_uring_enter", NULL, SYS_io_uring_enter, {NO, 1, 0, 0, 0, 0}},
	{"io_uring_register", NULL, SYS_io_uring_register, {NO, 0, 0, 0}},
	{"bpf", bpf, 0, {0}},
	{"perf_event_open", perf, 0, {0}},
	{"userfaultfd", NULL, SYS_userfaultfd, {1}},
	{"kexec_load", NULL, SYS_kexec_load, {0, 0, 0, 0}},
	{"kexec_file_load", NULL, SYS_kexec_file_load, {NO, NO, 0, 0, 0}},
#ifdef SYS_modify_ldt
	{"modify_ldt", NULL, SYS_modify_ldt, {0, 0, 0}},
#endif
	{"add_key", add_key, 0, {0}},
	{"request_key", NULL, SYS_request_key, {(long)"user", (long)"no-such-key", 0, -3}},
	{"keyctl", NULL, SYS_keyctl, {0, -3, 1}},
	{"open_by_handle_at", handle_at, 0, {0}},
	{"name_to_handle_at", name_handle, 0, {0}},
	{"clock_settime", settime, 0, {0}},
	{"settimeofday", settimeofday_now, 0, {0}},
	{"adjtimex", NULL, SYS_adjtimex, {0}},
	{"clock_adjtime", NULL, SYS_clock_adjtime, {0, 0}},
	{"sethostname", NULL, SYS_sethostname, {(long)"intruder", 8}},
	{"setdomainname", NULL, SYS_setdomainname, {(long)"intruder", 8}},
	{"chroot", NULL, SYS_chroot, {(long)"/"}},
	{"pivot_root", NULL, SYS_pivot_root, {(long)"/", (long)"/"}},
	{"mount", NULL, SYS_mount, {(long)"x", (long)"/", (long)"tmpfs", 0, 0}},
	{"umount2", NULL, SYS_umount2, {(long)"/proc", 2}},
	{"fsopen", NULL, SYS_fsopen, {(long)"tmpfs", 0}},
	{"fsmount", NULL, SYS_fsmount, {NO, 0, 0}},
	{"fsconfig", NULL, SYS_fsconfig, {NO, 6, 0, 0, 0}},
	{"fspick", NULL, SYS_fspick, {AT_FDCWD, (long)"/", 0}},
	{"open_tree", NULL, SYS_open_tree, {AT_FDCWD, (long)"/", 1}},
	{"move_mount", NULL, SYS_move_mount, {NO, (long)"", NO, (long)"", 4}},
	{"mount_setattr", NULL, SYS_mount_setattr, {AT_FDCWD, (long)"/", 0, 0, 0}},
	{"unshare", NULL, SYS_unshare, {0x10000000}},
	{"setns", setns_own, 0, {0}},
	{"quotactl", NULL, SYS_quotactl, {0, 0, 0, 0}},
	{"quotactl_fd", NULL, SYS_quotactl_fd, {NO, 0, 0, 0}},
	{"acct", NULL, SYS_acct, {(long)"/nonexistent"}},
	{"swapon", NULL, SYS_swapon, {(long)"/nonexistent", 0}},
	{"swapoff", NULL, SYS_swapoff, {(long)"/nonexistent"}},
	{"reboot", NULL, SYS_reboot, {0, 0, 0, 0}},
	{"init_module", NULL, SYS_init_module, {0, 0, (long)""}},
	{"finit_module", NULL, SYS_finit_module, {NO, (long)"", 0}},
	{"delete_module", NULL, SYS_delete_module, {(long)"no-such-module", 0}},
	{"syslog", NULL, SYS_syslog, {10, 0, 0}},
#ifdef SYS_iopl
	{"iopl", NULL, SYS_iopl, {3}},
	{"ioperm", NULL, SYS_ioperm, {0x378, 1, 1}},
#endif
	{"fanotify_init", NULL, SYS_fanotify_init, {0, 0}},
	{"vhangup", NULL, SYS_vhangup, {0}},
	{"move_pages", NULL, SYS_move_pages, {1, 0, 0, 0, 0, 0}},
	{"migrate_pages", NULL, SYS_migrate_pages, {1, 0, 0, 0}},
	{"process_madvise", NULL, SYS_process_madvise, {NO, 0, 0, 0, 0}},
};

int main(int argc, char **argv)
{
	const char *want = need_arg(argc, argv, 1);

	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const long *a = calls[i].a;
		long ret;

		if (strcmp(want, calls[i].name))
			continue;
		ret = calls[i].go ? calls[i].go()
				  : syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (ret < 0 && (errno == EUCLEAN || errno == ENOSYS))
			verdict(REFUSED, "%s: %s", want, strerror(errno));
		verdict(WORKED, "%s: %s", want, ret < 0 ? strerror(errno) : "success");
	}
	verdict(BROKEN, "no such call: %s", want);
}
