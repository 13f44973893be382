#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Terminals of the sandbox's own, on the terminal of term.py: `run --tty always`, `exec` and `attach`.

    ptys.py SCENARIO COMMAND...

COMMAND is what makes the terminal; the scenario adds the program's words to it, where there are any.
"""

import hashlib
import os
import shlex
import signal
import sys
import termios

from term import Failure, Term, child, descendants, finish, main, until


def is_raw(t):
    return not t.modes()[3] & (termios.ICANON | termios.ISIG | termios.ECHO)


def raw(t):
    until(lambda: t.pump(0.01) and is_raw(t), "the terminal is raw")


def keys(t):
    """A shell's command has the terminal, and reads each key: until then the line discipline takes Ctrl-Q."""
    until(lambda: t.pump(0.01) and t.foreground() != t.pid and not t.modes()[3] & termios.ICANON,
          "the keys are read")


# A script is no interactive shell, which would put the modes back itself.
SCRIPT = """modes=$(stty -g); %s; status=$?
for i in $(seq 200); do [ "$(stty -g)" != "$modes" ] || break; sleep 0.05; done
[ "$(stty -g)" = "$modes" ] && echo "restored, status $status" || echo "other modes, status $status" """


def script(*command):
    return Term("bash", "-c", SCRIPT % shlex.join(command))


# --- what comes through


def all_bytes(*command):
    """What is typed arrives as it is when the program wants it so: signals, flow control, line ends."""
    data = bytes(range(256)) * 8
    t = Term(*command, "sh", "-c", "stty raw -echo; echo go; head -c %d | md5sum" % len(data))
    t.expect("^go$")
    raw(t)
    os.write(t.fd, data)
    t.expect(hashlib.md5(data).hexdigest())
    t.ended(0)
    return t


def flow_control(*command):
    """Ctrl-S holds the output, Ctrl-Q lets it go on."""
    t = Term(*command, "sh", "-c", "echo started; while :; do echo tick; sleep 0.02; done")
    t.expect("^started\ntick$")
    t.send("\x13")

    def silent():
        before = len(t.seen)
        t.quiet(0.5)
        return len(t.seen) == before

    until(silent, "Ctrl-S stops the output")
    t.pos = len(t.seen)
    t.send("\x11")
    t.expect("^tick\ntick$")
    t.send("\x03")
    t.ended(130)
    return t


def echo_off(*command):
    """A password that is typed is shown by neither terminal."""
    t = Term(*command, "sh", "-c", "stty -echo; echo ask; read x; stty echo; echo \"got ${#x}\"")
    t.expect("^ask$")
    t.line("s3cret")
    t.expect("^got 6$")
    t.refuse("s3cret")
    t.ended(0)
    return t


def controlling(*command):
    """It is the controlling terminal of the program, which leads the foreground."""
    t = Term(*command, "sh", "-c", "tty </dev/tty; ps -o tpgid=,pgid= -p $$ | tr -s ' '")
    t.expect("^/dev/tty$")
    group = t.expect("^ ?(\\d+) (\\d+)$")
    if group[1] != group[2]:
        raise Failure("in the background: %s" % group[0])
    t.ended(0)
    return t


def no_terminal(*command):
    """None where none is wanted; the keys are signals all the same."""
    t = Term(*command, "sh", "-c", "(: </dev/tty) 2>/dev/null || echo none; exec sleep 60")
    t.expect("^none$")
    t.send("\x03")
    t.ended(130)
    return t


def background(*command):
    """Stopped it does nothing, in the background it goes on, and comes back for Ctrl-C."""
    t = Term("bash", "--norc", "--noprofile", "-i", S=shlex.join(command))
    t.prompt()
    t.line("$S sh -c 'echo start\"ed\"; while :; do stty size >size; echo t >>ticks; sleep 0.05; done'")
    t.expect("^started$")
    raw(t)
    until(lambda: os.path.exists("ticks"), "the program works")
    t.send("\x1a")
    t.expect("Stopped")
    t.prompt()
    size = os.path.getsize("ticks")
    t.quiet(0.4)
    if os.path.getsize("ticks") != size:
        raise Failure("the program goes on while it is stopped")
    t.line("bg")
    t.prompt()
    until(lambda: os.path.getsize("ticks") > size + 4, "the program goes on in the background")
    t.line('echo "mi"ne')
    t.expect("^mine$")
    t.prompt()
    t.resize(30, 77)
    t.line("fg")
    raw(t)
    until(lambda: open("size").read() == "30 77\n", "the program hears of the new size")
    t.send("\x03")
    t.expect("prompt> $")
    t.line('echo "st=$?"')
    t.expect("^st=130$")
    return finish(t)


# --- the modes afterwards


def modes_at_end(*command):
    t = script(*command, "sh", "-c", "echo started; read x; exit 4")
    t.expect("^started$")
    raw(t)
    t.line("go")
    t.expect("^restored, status 4$")
    return t


def modes_program_killed(*command):
    t = script(*command, "sh", "-c", "stty raw -echo; echo started; read x; kill -KILL $$")
    t.expect("started$")
    raw(t)
    t.send("go\n")
    t.expect("^restored, status 137$")
    return t


def modes_client_told(*command):
    t = script(*command, "sh", "-c", "echo started; exec sleep 60")
    t.expect("^started$")
    raw(t)
    os.kill(child(t), signal.SIGTERM)
    t.expect("^restored, status 143$")
    return t


def modes_client_killed(*command):
    t = script(*command, "sh", "-c", "echo started; exec sleep 60")
    t.expect("^started$")
    raw(t)
    os.kill(child(t), signal.SIGKILL)
    t.expect("^restored, status 137$")
    return t


def modes_when_closed(*command):
    """The program lives on without the terminal: the keys are signals of the caller's terminal again."""
    t = script(*command, "sh", "-c",
               "trap 'exit 5' INT; echo started; read x; exec </dev/null >/dev/null 2>&1\n"
               "while :; do sleep 0.05; done")
    t.expect("^started$")
    raw(t)
    t.line("go")
    until(lambda: t.pump(0.01) and not is_raw(t), "the modes are restored")
    t.send("\x03")
    until(lambda: not descendants(t.pid) or not t.pump(0.01), "Ctrl-C arrives")
    return t


def modes_stopped(*command):
    """Stopped from elsewhere, as raw keys do not: modes back; fg: raw again, and the new size."""
    t = Term("bash", "--norc", "--noprofile", "-i", S=shlex.join(command))
    t.prompt()
    t.line("$S python3 -c 'import os\n"
           "print(\"start\" + \"ed\", flush=True)\n"
           "while input() != \"end\": print(\"size %d %d\" % os.get_terminal_size(0), flush=True)'")
    t.expect("^started$")
    raw(t)
    os.kill(child(t), signal.SIGTSTP)
    t.expect("Stopped")
    t.prompt()
    t.line("stty -a")
    t.expect("(^| )icanon")
    t.prompt()
    t.resize(33, 99)
    t.line("fg")
    raw(t)
    t.line("ask")
    t.expect("^size 99 33$")
    t.line("end")
    t.expect("^prompt> ")
    return finish(t)


# --- attach; the program answers `got WORD`, and ends with status 4 at `quit`


def attached(*command):
    t = Term(*command)
    raw(t)
    return t


def attach_types(*command):
    t = attached(*command)
    t.line("hello")
    t.expect("^got hello$")
    t.line("quit")
    t.ended(4)
    return t


def attach_two(*command):
    """Both see everything, and both may type."""
    a, b = attached(*command), attached(*command)
    a.line("one")
    for t in a, b:
        t.expect("^got one$")
    b.line("two")
    for t in a, b:
        t.expect("^got two$")
    a.line("quit")
    for t in a, b:
        t.ended(4)
    return a


def leave(command, keys, before=""):
    t = attached(*command)
    if before:
        t.line(before)
        t.expect("^got " + before + "$")
    t.send(keys)
    t.expect("goes on in the background$")
    t.ended(0)
    if is_raw(t):
        raise Failure("the terminal is still raw")
    return t


def attach_detaches(*command):
    leave(command, "\x10\x11")
    leave(command, "\r\x10\x11", "word")
    return leave(command + ("--detach-keys", "a,a,b"), "aab", "aaxb")


def attach_without_keys(*command):
    """Without keys to leave all of them are for the program."""
    t = attached(*command, "--detach-keys", "")
    t.line("keys")
    t.expect("^ready$")
    t.send("\x10\x11")
    t.expect("^ 10 11$")
    os.kill(t.pid, signal.SIGTERM)
    t.expect("goes on in the background$")
    t.ended(0)
    return t


def leave_and_exit(t):
    """By the keys, to the shell that has started it."""
    t.send("\x10\x11")
    t.expect("goes on in the background$")
    t.prompt()
    t.line("exit 0")
    t.ended(0)
    return t


def attach_returns(*command):
    """Begun in the background it shows what there is; in the foreground it reads, and tells the size of now."""
    t = Term("bash", "--norc", "--noprofile", "-i", S=shlex.join(command))
    t.prompt()
    t.line("$S &")
    t.prompt()
    t.expect("^tick")
    t.line('echo "mi"ne')
    t.expect("^mine$")
    t.resize(30, 77)
    t.line("fg")
    raw(t)
    t.line("size")
    t.expect("^30 77$")
    return leave_and_exit(t)


def attach_resizes(*command):
    """A new size is the program's before what is typed after it, however late we hear of both."""
    t = attached(*command)
    for rows in range(30, 33):
        os.kill(t.pid, signal.SIGSTOP)
        t.resize(rows, 77)
        t.line("size")
        os.kill(t.pid, signal.SIGCONT)
        t.expect("^%d 77$" % rows)
    os.kill(t.pid, signal.SIGHUP)
    t.ended(0)
    return t


def attach_killed(*command):
    t = script(*command)
    raw(t)
    os.kill(child(t), signal.SIGKILL)
    t.expect("^restored, status 137$")
    return t


def attach_ctrl_c(*command):
    """To a program without a terminal: Ctrl-C is a signal for it; the caller's modes stay as they are."""
    t = Term(*command)
    t.expect("^tick$")
    if is_raw(t):
        raise Failure("raw without need")
    t.send("\x03")
    t.expect("^(\\^C)?told$")
    t.ended(3)
    return t


def attach_leaves_without_terminal(*command):
    """The keys leave it all the same; what else is typed is neither shown nor sent; the modes are as before."""
    t = Term("bash", "--norc", "--noprofile", "-i", S=shlex.join(command))
    t.prompt()
    t.line("$S")
    t.expect("^tick$")
    t.send("typed")
    t.expect("^tick$")
    t.refuse("typed")
    keys(t)
    t.send("\x10\x11")
    t.expect("goes on in the background$")
    t.prompt()
    # In the background it reads nothing, and in the foreground again it does.
    t.line("$S &")
    t.prompt()
    t.expect("^tick$")
    t.line('echo "mi"ne')
    t.expect("^mine$")
    t.line("fg")
    keys(t)
    t.expect("^tick$")
    return leave_and_exit(t)


if __name__ == "__main__":
    sys.exit(main(globals()))
