# SPDX-License-Identifier: MIT
"""Calls that may fail without anybody's taking notice, and why nothing is lost by it."""
import re

ALL = None

# (role, or configuration/role; text of the call as a regular expression, errors or ALL, reason).
# The program runs, and finds what it always does.
IGNORED = [
    (ALL, r"close ", ALL, "close(2) that fails has closed"),
    (ALL, r"(read|recvfrom|recvmsg|poll|wait4)\b", ["EINTR"], "the call is made again"),
    ("launcher", r"newfstatat /run/user/\d+$", ALL, "whether there is a place to be listed in; as below"),
    ("named/launcher", r"(openat|newfstatat|mkdirat|write|unlinkat) <?\S*/run\b|flock\b", ALL,
     "a sandbox that cannot be listed runs as well; one whose name may be another's does not"),
    ("named/launcher", r"(openat|read) <?/proc/\d+/stat\b|(renameat|socket|bind|listen)\b", ALL,
     "as above: its entry, and the socket for others; that it is not listed is said at the end"),
    ("launcher", r"statfs\b", ALL,
     "where the cgroups are: without them an optional limit is left out, and one that is not is refused"),
    ("launcher", r"access /run/systemd/system$", ALL, "whether systemd runs here: who delegates, and the words of a refusal"),
    (ALL, r"(recvfrom|recvmsg)\b", ["ECONNRESET"], "asked again: what the other end said before is still to be had"),
    (ALL, r"brk\b", ALL, "malloc(3) takes its memory by mmap(2) then"),
    ("launcher", r"(set_robust_list|rseq|prlimit64|getrandom)\b|readlink /proc/self/exe", ALL,
     "the C library at its start, which can do without; should a profile not be found, that is an error of its own"),
    ("launcher", r"(openat|fstatfs|read) <?/proc/sys/kernel/cap_last_cap", ALL,
     "libcap-ng at its start; what we have it do is checked when it does it"),
    ("launcher", r"prctl (23|27|39|47) ", ALL, "as above"),
    ("launcher", r"openat /dev/tty", ALL, "no controlling terminal: no job control, as for any daemon"),
    ("launcher", r"ioctl <", ALL,
     "who has the terminal: then the program begins in the background, and gets it when it stops for want of it"),
    ("launcher", r"(openat|newfstatat|read|mkdir|write|linkat|unlinkat|getdents64) .*/\.cache\b", ALL,
     "filters that are not in the cache are compiled; what is not trusted is not read"),
    ("cold/launcher", r"mkdir |linkat /proc/self/fd|fcntl", ALL, "as above"),
    ("launcher", r"openat2 \S*/\.(cache|config)(/sandbox)?$", ["ENOENT"], "it does not exist yet"),
    ("launcher", r"(munmap|rt_sigprocmask)\b", ALL, "when the program has ended: the kernel does it for us then"),
    ("launcher", r"read <pipe:", ALL, "what newuidmap has to say; whether it failed, its exit status tells"),
    ("mapper1", r"dup2|rt_sigprocmask", ALL, "as above; and for its millisecond it has our signals blocked"),
    ("mapper2", r"dup2|rt_sigprocmask", ALL, "as above"),
    ("launcher", r"access \S+/(HEAD|objects|refs)$", ALL,
     "three names that together make a directory a repository: what cannot be looked at counts as there"),
    ("launcher", r"access (/usr/bin/fuse-overlayfs|/dev/fuse)", ALL,
     "whether there is a fuse-overlayfs; where it is to be used and seems not to be there, that is refused"),
    ("launcher", r"access \S+/\.local/state/sandbox$", ALL, "then its parent is asked which file system it is on"),
    ("launcher", r"memfd_create|newfstatat </memfd:now", ALL,
     "the time by which files are stamped; the coarse clock has it as well, but for new kernels' finer one"),
    ("launcher", r"(fchmodat|unlinkat) .*\b0/work/work", ALL,
     "what an overlay leaves in its work directory; should it be in the way of the next run, that is refused"),
    ("fuse/launcher", r"(statfs|getxattr)\b", ALL, "whether the kernel's overlay can have its layer there: not asked for"),
    ("server", r"set_robust_list\b", ALL, "the C library's, behind fork(2); there are no threads"),
    ("server", r"rt_sigprocmask\b", ALL, "signals stay blocked; it ends with its connection, or by SIGKILL"),
    ("server", r"newfstatat /", ["ENOENT"], "what this system does not have is not shown to fuse-overlayfs, or not missed by it"),
    ("server", r"prctl 24 (4[1-9]|[56]\d)$", ["EINVAL"], "as below"),
    ("init", r"prctl 1 9", ALL, "PR_SET_PDEATHSIG: set again, and checked, in the step `hidden`"),
    ("init", r"close_range\b", ALL, "PID 1 keeps what it has open; all of it closes when the program starts"),
    ("init", r"read ", ALL, "of the descriptor that tells that a child has ended: wait(2) is asked whatever it says"),
    ("program", r"prctl 24 (4[1-9]|[56]\d)$", ["EINVAL"], "the answer for a capability behind the last: the end of the loop"),
    ("init", r"mkdirat|mknodat", ["EEXIST"], "made already, by a mount nearby"),
]

# The program runs and finds something else than always.
DIFFERENT = [
    ("group/launcher", r"statfs|getxattr|(openat|read|access|faccessat2) \S*(cgroup|/run/user|/run/systemd)", ALL,
     "the group is there to count only; without one getrusage(2) does. With a limit the run is refused (test_limits)"),
    ("launcher", r"(openat|read|newfstatat) <?/etc/passwd", ALL,
     "a user whom /etc/passwd does not know has no name (USER, LOGNAME), and the home of $HOME"),
    ("launcher", r"landlock_create_ruleset", ["EOPNOTSUPP"],
     "Landlock=auto on a kernel without Landlock; the configuration `rich` requires it"),
    ("program", r"prlimit64 \d+ 4$", ["EPERM"], "RLIMIT_CORE: the caller's own hard limit is lower, and cannot be raised"),
    ("launcher", r"(openat|openat2|newfstatat) ", ["ENOENT"], "'-' in front of a path: skipped if it does not exist"),
    ("init", r"(open_tree|newfstatat) </proc", ["ENOENT"], "what this kernel does not have in /proc needs no closing"),
    ("init", r"(openat|openat2) ", ["ENOENT"],
     "optional, and gone since the plan was made: there is nothing to show, to hide or to allow"),
]


def _matches(table, configuration, call, error):
    roles = (ALL, call.role, f"{configuration}/{call.role}")
    return any(role in roles and re.match(text, call.text) and (errors is ALL or error in errors)
               for role, text, errors, _ in table)


def ignored(configuration, call, error):
    return _matches(IGNORED, configuration, call, error) or differs(configuration, call, error)


def differs(configuration, call, error):
    return _matches(DIFFERENT, configuration, call, error)


def library_ends(calls):
    """The C library's own start, before main: it ends the process by itself, with a status of its own."""
    return max((call.n for call in calls if call.role == "launcher" and call.name == "mprotect"), default=0)


def in_c_library(call, end):
    return call.role == "launcher" and call.n <= end
