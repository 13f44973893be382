# SPDX-License-Identifier: MIT
"""
background.py kill WHOM ROUNDS [OPTION...]   starts sandboxes, and kills one process of each at a random moment
background.py race ROUNDS                    two commands at once on one name

For detach-robust.bats. SEED=N repeats what a run has printed; EACH=N is for how many seconds it goes on at most.

All that the commands leave behind becomes a child of this process (PR_SET_CHILD_SUBREAPER): so it finds what is to be
killed from its first moment on, and nothing that is left can hide.
"""
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time

SANDBOX = os.environ["SANDBOX"]
SLOW = int(os.environ.get("SLOW", "1"))
SECONDS = int(os.environ.get("EACH", "45"))
LIMIT = 5 * SLOW  # in which all of a killed sandbox has to be gone
PR_SET_CHILD_SUBREAPER = 36
NAME = "victim"


class Wrong(Exception):
    pass


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def read_name(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return ""


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def sandbox(*words, timeout=60):
    p = subprocess.Popen([SANDBOX, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    try:
        out, errors = p.communicate(timeout=timeout * SLOW)
    except subprocess.TimeoutExpired:
        p.kill()
        raise Wrong(f"{words}: hangs") from None
    check_message(words, p.returncode, errors)
    return p.returncode, out, errors


def check_message(words, status, errors):
    if status == 125 and (errors.count("\n") != 1 or not errors.startswith("sandbox: ")):
        raise Wrong(f"{words}: status 125, and not one line: {errors!r}")
    if status < 0 or "Sanitizer" in errors:
        raise Wrong(f"{words}: status {status}: {errors}")


def expect(status, *words):
    got, out, errors = sandbox(*words)
    if got != status:
        raise Wrong(f"{words}: status {got}, expected {status}: {errors}")
    return out


def await_nobody(what):
    end = time.monotonic() + LIMIT
    while True:
        reap()
        left = children(os.getpid())
        if not left:
            return
        if time.monotonic() > end:
            raise Wrong(f"{what}: left after {LIMIT} s: {[(pid, read_name(pid)) for pid in left]}")
        time.sleep(0.005)


def states():
    return {row["name"]: row for row in json.loads(expect(0, "list", "--json"))}


# --- kill ---

def find(whom, client):
    """The process to be killed, if it is there already (or still)."""
    if whom == "client":
        return client
    launchers = [pid for pid in children(client) + children(os.getpid()) if pid != client]
    if whom == "launcher":
        return launchers[0] if launchers else None
    below = [pid for launcher in launchers for pid in children(launcher) if read_name(pid) not in ("", "fuse-overlayfs")]
    return below[0] if below else None


def begin(options):
    program = ["sh", "-c", "echo x >made; exec sleep 0.05"]
    return subprocess.Popen([SANDBOX, "run", "-d", "-n", NAME, *options, "--", *program], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def how_long(options):
    begun = time.monotonic()
    client = begin(options)
    errors = client.communicate()[1]
    if client.returncode:
        raise Wrong(f"it does not run at all: {errors}")
    await_nobody("undisturbed")
    expect(0, "wait", NAME)
    expect(0, "remove", NAME)
    return time.monotonic() - begun


def kill_one(whom, moment, options):
    """What became of it, in a word."""
    client = begin(options)
    end = time.monotonic() + moment
    while time.monotonic() < end:
        pass
    victim = find(whom, client.pid)
    try:
        if victim:
            os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:  # its launcher was faster
        victim = None
    errors = client.communicate()[1]
    if client.returncode != -signal.SIGKILL:
        check_message("run", client.returncode, errors)
    await_nobody(f"{whom} killed after {moment * 1000:.1f} ms")
    became = settle()
    return became if victim else "missed"


def settle():
    row = states().get(NAME)
    if row and row["state"] not in ("kept", "damaged"):
        raise Wrong(f"it does not run, and is listed as {row['state']}")
    if expect(0, "stats", "--names"):
        raise Wrong("stats knows of it")
    if not row:
        return "nothing"
    if row["state"] == "damaged" and "its first start was cut short" not in row["error"]:
        raise Wrong(row["error"])
    if row["state"] == "kept":
        expect(0, "start", NAME)
        expect(0, "wait", NAME)
    expect(0, "remove", NAME)
    if states():
        raise Wrong("it is not removed")
    return row["state"]


def kill(whom, rounds, *options):
    seen = {}
    longest = how_long(options)
    until = time.monotonic() + SECONDS
    done = 0
    while done < int(rounds) and (time.monotonic() < until or done == 0):
        # Most of what can be torn lies in the first milliseconds.
        what = kill_one(whom, random.random() ** 2 * longest, options)
        seen[what] = seen.get(what, 0) + 1
        done += 1
    print(f"{whom} {options}: {done} rounds of {longest * 1000:.0f} ms: {seen}")
    if done > 9 and sum(n for what, n in seen.items() if what != "missed") == 0:
        raise Wrong("it was never there to be killed")


# --- race ---

RUN = ("run", "-d", "-n", NAME, "-p", "shell", "--", "sleep", "60")
# Two commands, what there is of that name before, and which pairs of statuses may come of it, in any order.
PAIRS = [
    (RUN, RUN, "none", {(0, 125)}),
    (RUN, ("remove", NAME), "kept", {(0, 125), (0, 0)}),
    (("start", NAME), ("start", NAME), "kept", {(0, 125)}),
    (("stop", NAME), ("stop", NAME), "runs", {(0, 0)}),
    (("remove", NAME), ("start", NAME), "kept", {(0, 125), (0, 0)}),
    (("remove", NAME), ("remove", NAME), "kept", {(0, 125)}),
    (("stop", NAME), ("start", NAME), "runs", {(0, 125), (0, 0)}),
]


def prepare(before):
    if before == "none":
        return
    expect(0, *RUN)
    if before == "kept":
        expect(0, "stop", NAME)


def at_once(one, other):
    both = [subprocess.Popen([SANDBOX, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True) for words in (one, other)]
    errors = [p.communicate(timeout=60 * SLOW)[1] for p in both]
    for p, text in zip(both, errors):
        check_message((one, other), p.returncode, text)
    return tuple(sorted(p.returncode for p in both)), errors


def check_pair(one, other, before, allowed):
    prepare(before)
    statuses, errors = at_once(one, other)
    if statuses not in allowed:
        raise Wrong(f"{one} and {other}: statuses {statuses}: {errors}")
    row = states().get(NAME)
    if row and row["state"] not in ("running", "kept"):
        raise Wrong(f"{one} and {other}: {row}")
    if row and row["state"] == "running":
        expect(0, "exec", NAME, "true")
        expect(0, "stop", "--force", NAME)
    await_nobody(f"{one} and {other}")
    if row:
        expect(0, "remove", NAME)
    if states():
        raise Wrong(f"{one} and {other}: something is left")


def race(rounds):
    until = time.monotonic() + SECONDS
    done = 0
    while done < int(rounds) and (time.monotonic() < until or done == 0):
        for pair in PAIRS:
            check_pair(*pair)
        done += 1
    print(f"{done} rounds of {len(PAIRS)} pairs")


def main():
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    random.seed(seed)
    print(f"SEED={seed}", flush=True)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        {"kill": kill, "race": race}[sys.argv[1]](*sys.argv[2:])
    except Wrong as wrong:
        sys.exit(f"background.py: {wrong}")


main()
