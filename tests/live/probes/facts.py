#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print what the kernel tells a process of its own restrictions, one line a fact, sorted.

    facts.py [wait]

Two processes that are restricted alike print the same. With `wait` it goes on, says "ready" behind
them, and stays. It is to be the process that was executed, not the child of one.
"""

import ctypes
import os
import signal
import sys

# Who the process is, what it has used so far, and where it happens to run.
OWN = """Name Pid PPid Tgid Ngid NStgid NSpid NSpgid NSsid Threads TracerPid State FDSize SigQ
voluntary_ctxt_switches nonvoluntary_ctxt_switches RssAnon RssFile RssShmem HugetlbPages""".split()

# prctl(2): those without arguments that only read.
PRCTL = {"pdeathsig": 2, "dumpable": 3, "keepcaps": 7, "timing": 13, "tsc": 25, "securebits": 27,
         "timerslack": 30, "mce-kill": 34, "child-subreaper": 37, "no-new-privs": 39,
         "thp-disable": 42, "io-flusher": 58, "mdwe": 66}
POINTS = ("pdeathsig", "tsc", "child-subreaper")  # written through a pointer
KEYCTL, IOPRIO_GET = 250, 252  # x86-64

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """The value of a system call, or the name of its error."""
    value = libc.syscall(number, *[ctypes.c_long(a) for a in arguments])
    return value if value >= 0 else os.strerror(ctypes.get_errno())


def prctl(name, option):
    value = ctypes.c_int(-1)
    argument = ctypes.addressof(value) if name in POINTS else 0
    result = libc.prctl(option, ctypes.c_ulong(argument), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    return os.strerror(ctypes.get_errno()) if result < 0 else "%d %d" % (result, value.value)


def read(name):
    try:
        with open("/proc/self/" + name, errors="surrogateescape") as f:
            return f.read()
    except OSError as e:
        return e.strerror + "\n"


def status():
    for line in read("status").splitlines():
        name, _, value = line.partition(":")
        if name not in OWN and not name.startswith("Vm"):
            yield "status " + name, " ".join(value.split())


def files():
    for name in ("limits", "mountinfo", "cgroup", "uid_map", "gid_map", "setgroups", "oom_score_adj", "loginuid",
                 "sessionid", "personality", "coredump_filter", "timerslack_ns"):
        for n, line in enumerate(read(name).splitlines()):
            yield "%s %03d" % (name, n), line
    yield "attr/current", read("attr/current").rstrip("\0\n")


def links():
    for name in os.listdir("/proc/self/ns"):
        yield "namespace " + name, os.readlink("/proc/self/ns/" + name)
    for name in "root", "cwd":
        yield name, os.readlink("/proc/self/" + name)


def descriptors():
    listing = os.open("/proc/self/fd", os.O_RDONLY)
    yield "descriptors", sorted(int(n) for n in os.listdir(listing) if int(n) != listing)
    os.close(listing)


def others():
    mask = os.umask(0)
    yield "umask", "%04o" % mask
    os.umask(mask)
    for name, option in PRCTL.items():
        yield "prctl " + name, prctl(name, option)
    yield "scheduler", "%d %d" % (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority)
    yield "affinity", sorted(os.sched_getaffinity(0))
    yield "nice", os.getpriority(os.PRIO_PROCESS, 0)
    yield "ionice", call(IOPRIO_GET, 1, 0)
    yield "keyring", call(KEYCTL, 0, -3, 0)  # its number; 0: does not make one


def facts():
    for source in status, files, links, descriptors, others:
        yield from source()
    for name, value in os.environb.items():
        yield "environment " + name.decode(errors="replace"), value


def main():
    for name, value in sorted(facts(), key=lambda f: f[0]):
        print("%s: %s" % (name, value))
    if sys.argv[1:] == ["wait"]:
        print("ready", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
