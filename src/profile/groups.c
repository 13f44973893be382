/* SPDX-License-Identifier: MIT */
/*
 * The groups: see groups.h. Only calls of x86-64 and aarch64. A member that the installed
 * libseccomp does not know yet is passed over, and the kernel's ENOSYS for it makes programs fall
 * back.
 *
 * Where we differ from systemd:
 *   @aio             without io_uring, which works past every filter: @io-uring has it
 *   @system-service  without @keyring (a keyring outlives the sandbox) and userfaultfd (which makes
 *                    races in the kernel easy to win)
 *   @default         with what newer C libraries do at start (futex_wait, map_shadow_stack, mseal)
 */
#include <string.h>

#include "profile/groups.h"

/* clang-format off: it would put one row of names into one line. */
static const struct group groups[] = {
	{"@default", "What every program needs, however little it does",
	 "arch_prctl brk clock_getres clock_gettime clock_nanosleep execve exit "
	 "exit_group futex futex_requeue futex_wait futex_waitv futex_wake "
	 "get_robust_list get_thread_area getegid geteuid getgid getgroups getpgid "
	 "getpgrp getpid getppid getrandom getresgid getresuid getrlimit getsid gettid "
	 "gettimeofday getuid map_shadow_stack membarrier mmap mprotect mseal munmap "
	 "nanosleep pause prlimit64 restart_syscall rseq rt_sigreturn sched_getaffinity "
	 "sched_yield set_robust_list set_thread_area set_tid_address time"},
	{"@aio", "Asynchronous reads and writes (not io_uring)",
	 "io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit"},
	{"@basic-io", "Read, write, seek and close",
	 "close close_range dup dup2 dup3 lseek pread64 preadv preadv2 pwrite64 pwritev "
	 "pwritev2 read readv write writev"},
	{"@chown", "Change the owner of files", "chown fchown fchownat lchown"},
	{"@clock", "Set the system time", "adjtimex clock_adjtime clock_settime settimeofday"},
	{"@cpu-emulation", "Emulate an older processor", "modify_ldt"},
	{"@debug", "Trace and debug other processes", "lookup_dcookie pidfd_getfd ptrace"},
	{"@file-system", "Open, list, change, move and remove files and directories",
	 "access cachestat chdir chmod close creat faccessat faccessat2 fallocate fchdir "
	 "fchmod fchmodat fchmodat2 fcntl fgetxattr file_getattr file_setattr flistxattr "
	 "fremovexattr fsetxattr fstat fstatfs ftruncate futimesat getcwd getdents "
	 "getdents64 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 "
	 "inotify_rm_watch lgetxattr link linkat listmount listxattr listxattrat "
	 "llistxattr lremovexattr lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat "
	 "open openat openat2 readlink readlinkat removexattr removexattrat rename "
	 "renameat renameat2 rmdir setxattr setxattrat stat statfs statmount statx "
	 "symlink symlinkat truncate unlink unlinkat utime utimensat utimes"},
	{"@io-event", "Wait for events on descriptors",
	 "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 "
	 "epoll_wait epoll_wait_old eventfd eventfd2 poll ppoll pselect6 select"},
	{"@io-uring", "io_uring, whose operations no filter sees",
	 "io_uring_enter io_uring_register io_uring_setup"},
	{"@ipc", "Pipes, shared memory, semaphores and message queues",
	 "memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend "
	 "mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 process_madvise "
	 "process_vm_readv process_vm_writev semctl semget semop semtimedop shmat shmctl "
	 "shmdt shmget"},
	{"@keyring", "The kernel's keyrings", "add_key keyctl request_key"},
	{"@memlock", "Lock memory against swapping", "mlock mlock2 mlockall munlock munlockall"},
	{"@module", "Load and unload kernel modules", "delete_module finit_module init_module"},
	{"@mount", "Mount and unmount file systems, change the root",
	 "chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree "
	 "open_tree_attr pivot_root umount2"},
	{"@network-io", "Sockets",
	 "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom "
	 "recvmmsg recvmsg sendmmsg sendmsg sendto setsockopt shutdown socket socketpair"},
	{"@obsolete", "Calls that are gone, or should be",
	 "_sysctl afs_syscall create_module get_kernel_syms getpmsg nfsservctl putpmsg "
	 "query_module security sysfs tuxcall uselib ustat vserver"},
	{"@pkey", "Memory protection keys", "pkey_alloc pkey_free pkey_mprotect"},
	{"@privileged", "What needs a capability to be of use",
	 "@chown @clock @module @raw-io @reboot @swap _sysctl acct bpf capset chroot "
	 "fanotify_init fanotify_mark nfsservctl open_by_handle_at perf_event_open pivot_root quotactl "
	 "quotactl_fd setdomainname setfsgid setfsuid setgroups sethostname setresuid "
	 "setreuid setuid syslog vhangup"},
	{"@process", "Start, signal, wait for and name processes; namespaces",
	 "capget clone clone3 execveat fork getrusage kill lsm_get_self_attr "
	 "lsm_list_modules pidfd_open pidfd_send_signal prctl process_mrelease "
	 "rt_sigqueueinfo rt_tgsigqueueinfo setns tgkill times tkill unshare vfork wait4 "
	 "waitid"},
	{"@raw-io", "Input and output ports", "ioperm iopl"},
	{"@reboot", "Reboot, or start another kernel", "kexec_file_load kexec_load reboot"},
	{"@resources", "Change limits, priorities and memory policies",
	 "ioprio_set mbind migrate_pages move_pages sched_setaffinity sched_setattr "
	 "sched_setparam sched_setscheduler set_mempolicy set_mempolicy_home_node "
	 "setpriority setrlimit"},
	{"@sandbox", "A program's further restrictions on itself",
	 "landlock_add_rule landlock_create_ruleset landlock_restrict_self "
	 "lsm_set_self_attr seccomp"},
	{"@setuid", "Change user and group ids",
	 "setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid "
	 "setuid"},
	{"@signal", "Handle signals",
	 "rt_sigaction rt_sigpending rt_sigprocmask rt_sigsuspend rt_sigtimedwait "
	 "sigaltstack signalfd signalfd4"},
	{"@swap", "Swap devices", "swapoff swapon"},
	{"@sync", "Write what is cached to storage",
	 "fdatasync fsync msync sync sync_file_range syncfs"},
	{"@timer", "Timers and alarms",
	 "alarm getitimer setitimer timer_create timer_delete timer_getoverrun "
	 "timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime "
	 "times"},
	{"@system-service", "What an ordinary program needs, without anything special",
	 "@aio @basic-io @chown @default @file-system @io-event @ipc @memlock "
	 "@network-io @process @resources @setuid @signal @sync @timer capset "
	 "copy_file_range fadvise64 flock get_mempolicy getcpu getpriority ioctl "
	 "ioprio_get kcmp madvise mincore mremap name_to_handle_at personality readahead "
	 "remap_file_pages sched_get_priority_max sched_get_priority_min sched_getattr "
	 "sched_getparam sched_getscheduler sched_rr_get_interval sendfile setpgid "
	 "setsid splice sysinfo tee umask uname vmsplice"},
	{"@known", "Every call of x86-64 and aarch64",
	 "@cpu-emulation @debug @io-uring @keyring @mount @obsolete @pkey @privileged "
	 "@sandbox @system-service memfd_secret userfaultfd"},
};
/* clang-format on */

const struct group *group_at(size_t i)
{
	return i < sizeof(groups) / sizeof(*groups) ? &groups[i] : NULL;
}

const struct group *group_find(const char *name)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			return &groups[i];
	return NULL;
}

const char *group_next(const char **at, size_t *ret_len)
{
	const char *word = *at + strspn(*at, " ");

	*ret_len = strcspn(word, " ");
	*at = word + *ret_len;
	return *ret_len ? word : NULL;
}

bool group_has_call(const char *name)
{
	size_t want = strlen(name), len;

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		const char *at = groups[i].members, *word;

		while ((word = group_next(&at, &len)))
			if (len == want && *word != '@' && memcmp(word, name, len) == 0)
				return true;
	}
	return false;
}
