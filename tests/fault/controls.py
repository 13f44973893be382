# SPDX-License-Identifier: MIT
"""That the tools can say no: `walls` outside a sandbox, `inject` with commands that misbehave, and what strace counts."""
import os
import re
import subprocess

OUTSIDE = ["status NoNewPrivs:\t0", "status Seccomp:\t0", "namespace user: the host's", "namespace net: the host's",
           "namespace mnt: the host's", "namespace pid: the host's", "read the secret: possible",
           "landlock: 16 domains possible", "connect to a socket of the host: possible"]


def _inject(tools, *words):
    report = os.path.join(tools, "report.control")
    subprocess.run([os.path.join(tools, "inject"), "-o", report, *words], check=True, timeout=60,
                   stdin=subprocess.DEVNULL, capture_output=True)
    with open(report, encoding="utf-8", errors="replace") as f:
        return f.read()


def walls_outside(tools, home, _sandbox, keyring):
    """outside a sandbox there are no walls"""
    import socket
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(tools, "socket"))
    listener.listen(1)
    host = [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "net", "pid", "user")]
    secret = os.path.join(tools, "secret")
    with open(secret, "w", encoding="ascii"):
        pass
    text = subprocess.run(["./walls", secret, keyring, *host], cwd=tools, check=True, capture_output=True, text=True,
                          env={"HOME": home}).stdout.splitlines()
    listener.close()
    return [f"not found: {line}" for line in OUTSIDE if line not in text]


def left_is_seen(tools, *_):
    """a process that stays is seen"""
    text = _inject(tools, "/bin/sh", "-c", "sleep 300 & exit 0")
    return [] if re.search("^left [0-9]+ sleep$", text, re.M) else [text]


def hang_is_seen(tools, *_):
    """a launch that hangs is seen"""
    text = _inject(tools, "-t", "0.5", "/bin/sleep", "300")
    return [] if "hang\n" in text and "status signal 9" in text else [text]


def error_arrives(tools, *_):
    """a call fails as it was told to"""
    listing = _inject(tools, "/bin/cat", "/etc/hostname")
    calls = [line.split(" ") for line in listing.splitlines() if "/etc/hostname" in line and " openat " in line]
    if not calls:
        return [listing]
    text = _inject(tools, "-r", "launcher", "-n", calls[0][2], "-e", "13", "/bin/cat", "/etc/hostname")
    return [] if "status exit 1" in text and "hit launcher" in text else [text]


def same_as_strace(tools, home, sandbox, _keyring):
    """strace sees the same calls"""
    trace = os.path.join(tools, "strace")
    command = [sandbox, "-p", "build", "-C", "/", "/bin/true"]
    project = os.path.join(home, "fault.strace")
    os.makedirs(project, exist_ok=True)
    subprocess.run(command, cwd=project, check=True)
    subprocess.run(["strace", "-ff", "-o", trace, *command], cwd=project, check=True, timeout=60)
    os.chdir(project)
    listing = _inject(tools, *command)
    os.chdir(home)
    ours = {role: [line.split(" ")[3] for line in listing.splitlines() if line.startswith(f"call {role} ")]
            for role in ("launcher", "init", "program")}
    theirs = []
    for name in sorted(os.listdir(tools), key=lambda n: (len(n), n)):
        if name.startswith("strace."):
            with open(os.path.join(tools, name), encoding="utf-8", errors="replace") as f:
                theirs.append([line.split("(")[0] for line in f if re.match("[a-z0-9_]+\\(", line)])
    # Behind the exec, who comes first is a matter of chance; and the launcher's own exec is not counted.
    ends = ("recvmsg", "sendto", "execve")
    wanted = [calls[:calls.index(end) + 1] for calls, end in zip((theirs[0][1:], *theirs[1:]), ends)]
    found = [ours[role][:ours[role].index(end) + 1] for role, end in zip(ours, ends)]
    return [f"{' '.join(a)}; strace has {' '.join(b)}" for a, b in zip(found, wanted) if a != b]


def run(tools, home, sandbox, keyring, group_type, groups):
    for check in (walls_outside, left_is_seen, hang_is_seen, error_arrives, same_as_strace):
        group = groups.setdefault(check.__name__, group_type(f"control: {check.__doc__}"))
        group.count = 1
        group.failures += check(tools, home, sandbox, keyring)
