# SPDX-License-Identifier: MIT
"""A tree with a sandbox over it: where they lie, the commands, and how trees are compared."""
import collections
import json
import os
import shutil
import subprocess
import tempfile

import program

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("ROOT", os.path.dirname(os.path.dirname(HERE)))
SANDBOX = os.environ.get("SANDBOX", os.path.join(ROOT, "build", "sandbox"))
SECONDS = 60
with open(os.path.join(HERE, "program.py"), "rb") as source:
    PROGRAM = source.read()

Variant = collections.namedtuple("Variant", "identity overlay tree state")
DISK, MEMORY = "disk", "memory"


# Reads the program and what it is to do, and then waits for the end of its input.
BEGIN = """
import json, sys
program, sys.argv = json.loads(sys.stdin.readline()), ["-", *json.loads(sys.stdin.readline())]
exec(program)
sys.stdout.flush()
sys.stdin.read()
"""


class Failure(Exception):
    """What should not have happened."""


def need(condition, *what):
    if not condition:
        raise Failure(": ".join(str(word) for word in what))


# --- trees ---


def fingerprint(top, inodes=True):
    """All that can be seen of a tree but times of access and of changes to the inode."""
    found = program.look(top)
    for path, node in found.items():
        node.append(os.lstat(os.path.join(top, path)).st_uid)
        if node[0] == "directory":
            node[6] = 0  # some file systems count directories, others do not
        if not inodes:
            node[5] = 0
    return found


def differences(expected, found, limit=4):
    """Lines, for two dictionaries by path: nodes of a tree, or changes."""
    lines = []
    for path in sorted(expected.keys() | found.keys()):
        a, b = expected.get(path), found.get(path)
        if a is None or b is None:
            lines.append(f"{path!r}: {'missing' if b is None else 'too much'}, {short(a or b)}")
        elif a != b:
            keys = a.keys() if isinstance(a, dict) else range(len(a))
            parts = [f"{key} {a[key]!r} is {b[key]!r}" for key in keys if a[key] != b[key]]
            lines.append(f"{path!r}: {', '.join(parts)}")
    return lines[:limit] + ([f"and {len(lines) - limit} more"] if len(lines) > limit else [])


def short(value):
    return {key: value[key] for key in ("kind", "before", "after")} if isinstance(value, dict) else value[:4]


def meant(tree, before=None):
    """
    Of a tree (as program.look gives it) what has to be the same in another one made by the same operations: with the
    times that were set, but for directories; and which names are one file, if it is none that was there before.
    """
    groups = collections.defaultdict(list)
    old = {node[5] for node in (before or {}).values()}
    for path, node in tree.items():
        if node[0] != "directory" and node[6] > 1 and node[5] not in old:
            groups[node[5]].append(path)
    names = {path: sorted(group) for group in groups.values() for path in group}
    result = {}
    for path, (kind, mode, content, xattrs, mtime, _, _) in tree.items():
        explicit = mtime if mtime < program.EXPLICIT * 10**9 and kind != "directory" else None
        result[path] = [kind, mode, content, xattrs, explicit, names.get(path)]
    return result


# --- commands ---


class Place:
    """A tree of its own, with a place for the sandboxes' state; removed by `close`."""

    def __init__(self, variant):
        self.variant = variant
        self.top = tempfile.mkdtemp(prefix="cow.", dir=os.environ["HOME"])
        self.memory = tempfile.mkdtemp(prefix="sandbox-check.cow.", dir=os.environ.get("MEMORY", "/dev/shm"))
        self.tree = os.path.join(self.top if variant.tree == DISK else self.memory, "tree")
        self.state = os.path.join(self.top if variant.state == DISK else self.memory, "state")
        os.mkdir(self.tree)
        self.environment = {"HOME": self.top, "XDG_STATE_HOME": self.state, "PATH": "/usr/bin:/bin",
                            "LANG": "C.UTF-8", "TERM": "dumb"}

    def command(self, *words, stdin=b""):
        process = subprocess.run([SANDBOX, *words], input=stdin, capture_output=True, cwd=self.tree, timeout=SECONDS,
                                 env=self.environment, check=False)
        process.text = process.stderr.decode("utf-8", "backslashreplace").strip()
        return process

    def must(self, *words, stdin=b"", status=0):
        process = self.command(*words, stdin=stdin)
        need(process.returncode == status, f"sandbox {' '.join(words)[:120]}",
             f"status {process.returncode}, not {status}", process.text)
        return process.stdout

    def begin(self, name, operations, mild=False, keep=True):
        """A run that makes these changes, and goes on until `end`; what they gave."""
        words = ["-n", name, "--quiet", "--user", self.variant.identity, "--set",
                 f"Filesystem.Overlay={self.variant.overlay}", "--cow", self.tree, *(["--keep"] if keep else [])]
        process = subprocess.Popen([SANDBOX, *words, "--", "python3", "-c", BEGIN], cwd=self.tree,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment)
        lines = [PROGRAM.decode(), ["mild" if mild else "replay", json.dumps(operations)]]
        try:
            process.stdin.write("".join(json.dumps(line) + "\n" for line in lines).encode())
            process.stdin.flush()
        except BrokenPipeError:
            pass
        return process, process.stdout.readline()

    def end(self, process, outcomes):
        out, err = process.communicate(timeout=SECONDS)
        need(process.returncode == 0 and not out, f"status {process.returncode}",
             err.decode("utf-8", "backslashreplace").strip()[-600:])
        return json.loads(outcomes)

    def replay(self, name, operations, mild=False, keep=True):
        return self.end(*self.begin(name, operations, mild, keep))

    def look_inside(self, name):
        """The tree as a program sees it that runs in the same sandbox."""
        found = self.must("-n", name, "--quiet", "--", "python3", "-", "look", stdin=PROGRAM)
        return json.loads(found)

    def changes(self, name, *paths):
        """The changes by their path below the tree."""
        found = json.loads(self.must("changes", name, *paths, "--json"))
        return {self.relative(change["path"]): change for change in found["changes"]}

    def relative(self, path):
        need(path == self.tree or path.startswith(self.tree + "/"), "a path outside the tree", path)
        return path[len(self.tree) + 1:]

    def absolute(self, path):
        return os.path.join(self.tree, path) if path else self.tree

    def close(self):
        for top in (self.top, self.memory):
            remove_tree(top)


def with_memory(command):
    """
    The command with a tmpfs of its own, the directory $MEMORY: a sandbox has a /dev/shm of its own, so that a tree of
    the host's cannot be seen there. In a user namespace; so only for Identity=self, which needs no other ids.
    """
    top = tempfile.mkdtemp(prefix="cow.memory.", dir=os.environ["HOME"])
    ids = f"--map-user={os.getuid()} --map-group={os.getgid()}"
    inside = f'mount -t tmpfs -o mode=0700 tmpfs "$MEMORY" && exec unshare --user {ids} -- "$@"'
    try:
        command = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private",
                   "sh", "-c", inside, "sh", *command]
        return subprocess.run(command, env={**os.environ, "MEMORY": top}, stdin=subprocess.DEVNULL,
                              capture_output=True, encoding="utf-8", errors="backslashreplace", check=False)
    finally:
        os.rmdir(top)


def remove_tree(top):
    """Also what subordinate ids own, and what is closed by its mode."""
    for command in (["rm", "-rf", top], ["unshare", "--map-root-user", "--map-auto", "rm", "-rf", top]):
        if os.path.lexists(top):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS)
    shutil.rmtree(top, ignore_errors=True)


# --- TAP ---


class Report:
    """One line for each name, however often it was tried."""

    def __init__(self):
        self.tried, self.failed, self.skipped = collections.Counter(), collections.defaultdict(list), {}

    def good(self, name, count=1):
        self.tried[name] += count

    def bad(self, name, what):
        self.tried[name] += 1
        self.failed[name].append(what)

    def add(self, other):
        self.tried.update(other.tried)
        self.failed.update(other.failed)
        self.skipped.update(other.skipped)

    def skip(self, name, why):
        self.skipped[name] = why

    def print(self):
        names = list(dict.fromkeys([*self.tried, *self.skipped]))
        print(f"1..{len(names)}")
        for i, name in enumerate(names, 1):
            bad = self.failed.get(name, [])
            if name in self.skipped:
                print(f"ok {i} {name} # SKIP {self.skipped[name]}")
                continue
            print(f"{'not ok' if bad else 'ok'} {i} {name} ({self.tried[name]} times)")
            for line in bad[:8]:
                print("# " + line.encode("utf-8", "backslashreplace").decode()[:1500].replace("\n", "\\n"))
            if len(bad) > 8:
                print(f"# and {len(bad) - 8} more")
        return 1 if self.failed else 0
