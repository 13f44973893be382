# SPDX-License-Identifier: MIT
"""The launches whose calls are made to fail: each covers code that the others do not reach."""
import json
import os
import re
import shutil
import socket
import subprocess
import time


class Configuration:
    def __init__(self, name, words, prepare=None, roles=None, first=None, last=None, only=None, program="./walls",
                 before=None, after=None, may_leave=None, terminal=False):
        """
        words       options of the launch; or what `prepare` returns
        roles       whose calls are made to fail; None: everybody's
        first/last  of the launcher: the calls from one whose text begins with `first` to one that begins with `last`
        only        names of calls; None: all
        before      called before each launch
        after       called with the call, the error and the outcome of each launch, and raises what is wrong with it
        may_leave   whether a path may be there afterwards, beside the compiled filters in the cache
        terminal    with a terminal of its own, in its foreground
        """
        self.name, self.words, self.program, self.before, self.after = name, words, program, before, after
        self.roles, self.first, self.last, self.only, self.terminal = roles, first, last, only, terminal
        self._prepare, self._may_leave = prepare, may_leave
        self._range = None

    def prepare(self, place):
        return self._prepare(place) if self._prepare else self.words

    def may_leave(self, place, path):
        # A filter in the cache; and what `walls` writes to see whether it can, if it is killed with the rest.
        if re.fullmatch(r".*/\.cache/sandbox/[0-9a-f]{16}|.*/fault-test-made-this", path):
            return True
        return bool(self._may_leave) and self._may_leave(place, path)

    def covers(self, place, call):
        if self.roles and call.role not in self.roles:
            return False
        if self.only and call.name not in self.only:
            return False
        return call.role != "launcher" or self._in_range(place, call)

    def _in_range(self, place, call):
        if self._range is None:
            low, high = 0, 1 << 30
            for c in place.reference.calls:
                text = c.text.replace(place.home, "~")
                if c.role == "launcher" and self.first and low == 0 and text.startswith(self.first):
                    low = c.n
                if c.role == "launcher" and self.last and low and c.n > low and text.startswith(self.last):
                    high = c.n
                    break
            self._range = (low, high)
        return self._range[0] <= call.n <= self._range[1]


def steps(sandbox, place):
    """Names of all steps that this launch takes."""
    text = subprocess.run([sandbox, "explain", "--json", *place.words, "true"], capture_output=True, check=True,
                          cwd=place.project, env=place.environment).stdout
    return {name for table in json.loads(text)["steps"].values() for name in table}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def listen(place):
    """A live socket in the project; its path is short enough only from there."""
    place.socket = socket.socket(socket.AF_UNIX)
    place.socket.bind(f"{place.project}/socket")
    place.socket.listen(16)


def rich(place):
    """A profile of the user's own that hides a shipped one, and asks for everything that has code of its own."""
    for name in ("hooks/post-commit", "config", "HEAD"):
        write(f"{place.project}/.git/{name}", "")
    listen(place)
    write(f"{place.home}/.config/sandbox/profiles/build.profile", """
[Profile]
Inherit=build
[Filesystem]
ProtectGit=yes
Landlock=required
TemporaryFileSystem=/var/tmp:1M
NoExecPaths=/var/tmp
ReadOnlyPaths=-~/.config -~/missing
BindReadOnlyPaths=/etc/hostname:/mnt/deep/name
DeviceAllow=-/dev/fuse
[User]
Hostname=faulty
UMask=027
PrivateTime=yes
[Seccomp]
SystemCallFilter=keyctl
[Environment]
Environment=FAULT=yes
""")
    return ["-p", "build"]


def root_directory(place):
    """A root of its own, as small as can be."""
    root = f"{place.home}/root"
    for name in ("proc", "dev", "sys", "tmp", "run", "etc", "project"):
        os.makedirs(f"{root}/{name}")
    shutil.copy(f"{place.project}/walls", f"{root}/walls")
    write(f"{place.home}/root.profile", f"""
[Profile]
Inherit=base
[Filesystem]
Root={root}
InaccessiblePaths=
TemporaryFileSystem=
TemporaryFileSystem=/tmp /run
BindPaths={place.project}:/project
WorkingDirectory=/project
""")
    return ["-p", f"{place.home}/root.profile"]


def many(place):
    """More mounts than the soft limit of descriptors may allow."""
    words = ["-p", "build"]
    for i in range(210):
        write(f"{place.home}/many/{i:03}/file", "")
        words += ["--ro", f"{place.home}/many/{i:03}"]
    return words


def oci(place):
    """A filter from a Docker file: two programs are loaded."""
    write(f"{place.home}/oci.json", json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["bpf", "mount", "unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}))
    return ["-p", "build", "--set", f"Seccomp.SeccompFile={place.home}/oci.json"]


def own(place):
    """The directory of our profiles would be the program's to make, so it is made and protected first."""
    place.environment["XDG_CONFIG_HOME"] = f"{place.project}/config"
    return ["-p", "build"]


def named(place):
    """A name that is claimed among the running sandboxes."""
    os.makedirs(f"{place.home}/run/sandbox", 0o700)
    os.chmod(f"{place.home}/run", 0o700)
    place.environment["XDG_RUNTIME_DIR"] = f"{place.home}/run"
    return ["-p", "build", "--name", "fault"]


def grouped(_place):
    """A cgroup of its own; that needs one which was given to the user, as tests/lib/run does for root."""
    if "SANDBOX_TEST_CGROUP" not in os.environ:
        raise LookupError("no cgroup to divide")
    return ["-p", "build", "--stats"]


def published(place):
    """A port of this place's own, and none that the kernel gives to who asks for any."""
    return ["-p", "build", "--allow", "192.0.2.1", "--publish", f"{20000 + (2 * os.getpid() + place.number) % 10000}:80"]


def groups_left():
    """Of launchers that have ended; PID 1 may need a moment more."""
    top, left = os.environ.get("SANDBOX_TEST_CGROUP", "/nowhere"), set()
    for _ in range(20):
        left = {os.path.join(path, name) for path, names, _ in os.walk(top) for name in names
                if re.match(r"sandbox[.-].*\d$", name) and not os.path.exists(f"/proc/{name.rsplit('.', 1)[1]}")}
        if not left:
            break
        time.sleep(0.1)
    return left


def check_named(place, call, error, _outcome):
    """What a killed launcher leaves is removed by whoever looks; without that, nothing is left."""
    if error is not None and os.listdir(f"{place.home}/run/sandbox"):
        raise Unsound("it is still listed")
    if sandbox(place, "stats", "--json") != "[]\n" or os.listdir(f"{place.home}/run/sandbox"):
        raise Unsound("what was left is not removed")


# --- copy-on-write: a sandbox named `fault`, in a state that later commands understand ---


class Unsound(Exception):
    """What is left of a sandbox."""


def state_of(place):
    return f"{place.home}/.local/state/sandbox"


def sandbox(place, *words):
    """What the next command has to say of what is left. None may fail."""
    done = subprocess.run([place.sandbox, *words], capture_output=True, text=True, check=False, cwd=place.project,
                          env=place.environment, timeout=60, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Unsound(f"afterwards `sandbox {' '.join(words)}` ends with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def copied(overlay, identity="self", program="./walls"):
    """A project with something to change, and a script that changes it."""
    def prepare(place):
        write(f"{place.project}/change", """#!/bin/sh
echo new >new; mkdir made; echo y >made/file; rm gone; echo more >>edited; mv kept moved; chmod 700 directory
exec ./walls "$@"
""")
        os.chmod(f"{place.project}/change", 0o755)
        for name in ("gone", "edited", "kept", "directory/in"):
            write(f"{place.project}/{name}", "text\n")
        return ["-p", "default", "--name", "fault", "--quiet", "--user", identity,
                "--set", f"Filesystem.Overlay={overlay}"]
    return {"words": None, "prepare": prepare, "program": program, "before": forget, "after": check_sandbox,
            "may_leave": lambda place, path: path.startswith(f"{place.home}/.local")}


def forget(place):
    if os.path.lexists(f"{state_of(place)}/fault"):
        sandbox(place, "remove", "fault")


def changes(place):
    """What the next command says has changed, without the times."""
    found = json.loads(sandbox(place, "changes", "--json", "fault"))["changes"]
    return [(os.path.relpath(c["path"], place.project), c["kind"], c["conflict"], c["flags"]) for c in found]


def check_kept(place, error, outcome):
    ran = outcome.out == place.reference.out
    # Killed before there was a state, it has no changes either. An entry that has vanished while it was looked at
    # (ENOENT) is another matter: the host may have changed it.
    if os.path.exists(f"{state_of(place)}/fault/state"):
        now = changes(place)
        if ran and now != place.reference_changes and error != "ENOENT":
            raise Unsound(f"changes: {now}")
    elif outcome.out:
        raise Unsound("the program has run, but there is no state")


def check_sandbox(place, call, error, outcome):
    """What is left is there for a reason, and can be listed, looked at, run again and removed."""
    left = os.listdir(state_of(place)) if os.path.isdir(state_of(place)) else []
    ran = outcome.out == place.reference.out
    if left not in ([], ["fault"]):
        raise Unsound(f"in the directory of sandboxes: {left}")
    if left and error and call.n <= place.setup.get(call.role, 1 << 30) and outcome.out != place.reference.out:
        raise Unsound("it was refused, but is kept")
    if not left:
        if ran and place.reference_changes:
            raise Unsound("its changes are lost")
        return
    sandbox(place, "list")
    # A removal that was cut short is gone on with by `remove`.
    if not (call and call.name == "unlinkat" and error is None):
        check_kept(place, error, outcome)
        if call and call.n % 2:
            sandbox(place, "--name", "fault", "--quiet", "true")
    forget(place)
    if os.listdir(state_of(place)):
        raise Unsound("it is not gone")


def remove_own(place):
    shutil.rmtree(f"{place.project}/config", ignore_errors=True)


def remove_cache(place):
    shutil.rmtree(f"{place.home}/.cache", ignore_errors=True)


ALL = [
    Configuration("self", ["-p", "build"]),
    Configuration("root", ["-p", "build", "--user", "root"], first="socketpair"),
    Configuration("separate", ["-p", "default", "--ro", ".", "--user", "separate"], first="socketpair"),
    Configuration("rich", None, prepare=rich, first="access ~/.config/sandbox"),
    Configuration("empty-root", ["-p", "build", "--set", "Filesystem.Root=empty"], roles=["init", "program"]),
    Configuration("root-directory", None, prepare=root_directory, roles=["init"], program="/walls"),
    Configuration("many", None, prepare=many, roles=["init", "program"], only=["prlimit64", "getrlimit", "setrlimit"]),
    Configuration("oci", None, prepare=oci, roles=["launcher", "program"], first="openat ~/oci.json",
                  last="rt_sigprocmask"),
    Configuration("terminal", ["-p", "build"], terminal=True, roles=["launcher", "program"], only=["ioctl", "dup3"]),
    Configuration("kernel", **copied("kernel"), first="openat ~/.local/state/sandbox"),
    Configuration("kernel-changed", **copied("kernel", program="./change"), roles=["launcher"],
                  first="recvmsg"),
    Configuration("fuse", **copied("fuse"), first="openat /proc/self/mountinfo"),
    Configuration("fuse-changed", **copied("fuse", "separate", program="./change"), roles=["launcher", "server"],
                  first="recvmsg"),
    Configuration("own", None, prepare=own, before=remove_own, roles=["launcher"], first="openat2 ~/project/config",
                  last="openat /dev/null",
                  may_leave=lambda place, path: path.startswith(f"{place.project}/config")),
    Configuration("named", None, prepare=named, after=check_named, roles=["launcher"], first="openat ~/run",
                  may_leave=lambda place, path: path.startswith(f"{place.home}/run/sandbox/fault")),
    Configuration("group", None, prepare=grouped, roles=["launcher", "init", "program"], first="statfs",
                  last="recvmsg"),
    Configuration("network", None, prepare=published, roles=["launcher"],
                  # Not those around the start of its helpers: a process that is made with CLONE_PARENT by one that
                  # is killed stays stopped by `inject`.
                  only=["socketpair", "socket", "setsockopt", "bind", "listen", "connect", "shutdown"]),
    Configuration("cold", ["-p", "build"], before=remove_cache, roles=["launcher"], first="openat ~/.cache/sandbox",
                  last="rt_sigprocmask",
                  may_leave=lambda place, path: path.startswith(f"{place.home}/.cache")),
]
