#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drive the launcher on a terminal, as a person does: one scenario a function.

    term.py SCENARIO SANDBOX [ARG...]

Exits 0 if what was expected was seen, else tells what came instead. Each wait has a limit, and
whatever the scenario started is ended with it.
"""

import collections
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 10


class Failure(Exception):
    pass


class Term:
    """A program as the leader of a session on a pty of its own."""

    def __init__(self, *argv, **environment):
        self.seen, self.pos, self.status = "", 0, None
        env = dict(os.environ, TERM="dumb", PS1="prompt> ", INPUTRC="/dev/null", HISTFILE="",
                   LESSHISTFILE="-")
        env.update(environment)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for name in ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGHUP", "SIGPIPE"):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
            try:
                os.execvpe(argv[0], argv, env)
            finally:
                os._exit(127)
        self.resize(24, 80)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.send(text + "\r")

    def pump(self, seconds):
        """Read once; False at the end of the stream."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def expect(self, regex, seconds=LIMIT):
        """Wait for output that matches after what was matched before; return the match."""
        end = time.monotonic() + seconds
        alive = True
        while True:
            match = re.compile(regex, re.M).search(self.seen, self.pos)
            if match:
                self.pos = match.end()
                return match
            left = end - time.monotonic()
            if left <= 0 or not alive:
                raise Failure("waited for %r%s" % (regex, "" if alive else " until the end"))
            alive = self.pump(min(left, 0.2))

    def quiet(self, seconds=0.4):
        """Let output come for that long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.pump(0.05):
            pass

    def refuse(self, regex):
        if re.search(regex, self.seen, re.M):
            raise Failure("should not have been seen: %r" % regex)

    def prompt(self):
        self.expect("^prompt> ")

    def wait(self, seconds=LIMIT):
        """The exit status of the program as a shell would say it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status if self.status >= 0 else 128 - self.status
        raise Failure("still running after %d seconds" % seconds)

    def ended(self, status):
        got = self.wait()
        if got != status:
            raise Failure("exit status %d, expected %d" % (got, status))

    def modes(self):
        return termios.tcgetattr(self.fd)[:4]

    def foreground(self):
        return struct.unpack("i", fcntl.ioctl(self.fd, termios.TIOCGPGRP, b"\0" * 4))[0]

    def close(self):
        if self.status is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except OSError:
                pass
        os.close(self.fd)
        if self.status is None:
            os.waitpid(self.pid, 0)


# `foreground` is the process group that its terminal is given to.
Process = collections.namedtuple("Process", "name state parent group foreground")


def below(top):
    """Processes below `top`, as {pid: Process}."""
    there = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                head, _, rest = f.read().rpartition(")")
        except OSError:
            continue
        rest = rest.split()
        there[int(pid)] = Process(head.partition("(")[2], rest[0], int(rest[1]), int(rest[2]), int(rest[5]))
    found = {}
    for pid in there:
        p = pid
        while p in there and p != top:
            p = there[p].parent
        if p == top and pid != top:
            found[pid] = there[pid]
    return found


def descendants(top):
    """Processes below `top`, as {pid: state}."""
    return {pid: p.state for pid, p in below(top).items()}


def until(condition, what, seconds=LIMIT):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure("waited for: " + what)
        time.sleep(0.05)


def child(t):
    """The command that a shell as the only program on the terminal has started."""
    of_shell = lambda: [pid for pid, p in below(t.pid).items() if p.parent == t.pid]
    until(of_shell, "the command runs")
    return of_shell()[0]


def front(t, name):
    """A program of that name runs, and its terminal, which may be one of its own, is given to it."""
    until(lambda: t.pump(0.01) and any(p.name == name and p.group == p.foreground and p.state != "T"
                                       for p in below(t.pid).values()), name + " is in the foreground")


def shell(sandbox):
    """An interactive bash at its first prompt, with $S as the launcher under the profile shell."""
    t = Term("bash", "--norc", "--noprofile", "-i", S=sandbox + " -p shell --")
    t.prompt()
    return t


def direct(sandbox, *command):
    return Term(sandbox, "-p", "shell", "--", *command)


# --- the launcher as the only program on the terminal


def ctrl_c(sandbox):
    t = direct(sandbox, "sh", "-c", "echo started; exec sleep 60")
    t.expect("^started$")
    t.send("\x03")
    t.ended(130)
    return t


def ctrl_backslash(sandbox):
    t = direct(sandbox, "sh", "-c", "ulimit -c 0; echo started; exec sleep 60")
    t.expect("^started$")
    t.send("\x1c")
    t.ended(131)
    return t


def ctrl_c_caught(sandbox):
    t = direct(sandbox, "sh", "-c",
               "trap 'echo caught; exit 7' INT; echo started; while :; do sleep 0.1; done")
    t.expect("^started$")
    t.send("\x03")
    t.expect("^(\\^C)?caught$")
    t.ended(7)
    return t


def ctrl_c_once(sandbox):
    """The signal arrives once, not once from the terminal and once more from the launcher."""
    t = direct(sandbox, "python3", "-c", "import signal, time\n"
               "n = [0]\n"
               "signal.signal(signal.SIGINT, lambda *a: n.__setitem__(0, n[0] + 1))\n"
               "print('started', flush=True)\n"
               "while not n[0]: time.sleep(0.05)\n"
               "end = time.monotonic() + 1\n"
               "while time.monotonic() < end: time.sleep(0.05)\n"
               "print('count', n[0])")
    t.expect("^started$")
    t.send("\x03")
    t.expect("count 1$")
    t.ended(0)
    return t


def input_and_eof(sandbox):
    t = direct(sandbox, "cat")
    t.line("typed")
    t.expect("^typed\ntyped$")
    t.send("\x04")
    t.ended(0)
    return t


def dev_tty(sandbox):
    t = direct(sandbox, "sh", "-c",
               "echo to-tty >/dev/tty; read x </dev/tty; echo got-$x")
    t.expect("^to-tty$")
    t.line("words")
    t.expect("^got-words$")
    t.ended(0)
    return t


def tty_name(sandbox):
    """The terminal has a name that can be opened, as gpg, screen and script want it."""
    t = direct(sandbox, "sh", "-c", "tty; test -w $(tty) && echo named >$(tty)")
    t.expect("^/dev/[a-z]")
    t.expect("^named$")
    t.ended(0)
    return t


def window_size(sandbox):
    t = direct(sandbox, "python3", "-c", "import os, signal\n"
               "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
               "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
               "while True:\n"
               "    os.write(1, b'size %d %d\\n' % os.get_terminal_size(0))\n"
               "    signal.sigwait([signal.SIGWINCH])")
    t.expect("^size 80 24\n")
    t.resize(40, 132)
    t.expect("^size 132 40$")
    t.resize(10, 20)
    t.expect("^size 20 10$")
    t.send("\x03")
    t.wait()
    return t


def modes_after_death(sandbox):
    """A full-screen program that is killed leaves a usable terminal."""
    t = Term(sandbox, "-p", "shell", "--", "sh", "-c", "read x; stty raw -echo; kill -KILL $$")
    t.quiet(0.3)
    before = t.modes()
    t.line("go")
    t.ended(137)
    if t.modes() != before:
        raise Failure("the terminal's modes are not what they were")
    return t


def modes_after_term(sandbox):
    t = Term(sandbox, "-p", "shell", "--", "sh", "-c",
             "read x; stty raw -echo; echo raw; sleep 60")
    t.quiet(0.3)
    before = t.modes()
    t.line("go")
    t.expect("^ *raw$")
    os.kill(t.pid, signal.SIGTERM)
    t.wait()
    if t.modes() != before:
        raise Failure("the terminal's modes are not what they were")
    return t


def hangup(sandbox):
    """The terminal goes away: so does everything inside."""
    t = direct(sandbox, "sh", "-c", "sleep 61 & setsid sleep 62 & echo started; wait")
    t.expect("^started$")
    inside = descendants(t.pid)
    if len(inside) < 3:
        raise Failure("expected processes inside, found %r" % inside)
    os.close(t.fd)
    os.waitpid(t.pid, 0)
    t.status = 0
    until(lambda: not any(os.path.exists("/proc/%d" % p) for p in inside), "no process left")
    t.fd = os.open("/dev/null", os.O_RDWR)
    return t


# --- from an interactive shell


def shell_ctrl_c(sandbox):
    t = shell(sandbox)
    t.line("$S sh -c 'echo started; exec sleep 60'")
    t.expect("^started$")
    t.send("\x03")
    t.expect("prompt> ")
    t.line('echo "st=$?"')
    t.expect("^st=130$")
    return finish(t)


def shell_loop_ctrl_c(sandbox):
    """Ctrl-C ends the loop around the sandbox too, as it does around any program."""
    t = shell(sandbox)
    t.line("for i in 1 2 3; do $S sh -c 'echo started; exec sleep 60'; echo \"next-$i\"; done")
    t.expect("^started$")
    t.send("\x03")
    t.expect("prompt> ")
    t.line('echo "al"ive')
    t.expect("^alive$")
    return finish(t)


def shell_loop_status_130(sandbox):
    """A program that only has the status of Ctrl-C does not end the loop."""
    t = shell(sandbox)
    t.line("for i in 1 2; do $S sh -c 'exit 130'; echo \"next-$i $?\"; done")
    t.expect("^next-1 130$")
    t.expect("^next-2 130$")
    t.prompt()
    return finish(t)


def stop_and_continue(sandbox):
    t = shell(sandbox)
    t.line("$S sh -c 'echo started; read x; echo got-$x; exit 5'")
    t.expect("^started$")
    t.send("\x1a")
    t.expect("Stopped")
    t.prompt()
    t.line("jobs")
    t.expect("^\\[1\\]\\+ +Stopped")
    t.prompt()
    states = descendants(t.pid)
    t.line("fg")
    front(t, "sh")
    t.line("hello")
    t.expect("^got-hello$")
    t.prompt()
    t.line('echo "st=$?"')
    t.expect("^st=5$")
    if not states or "T" not in states.values():
        raise Failure("nothing was stopped: %r" % states)
    return finish(t)


def stop_freezes(sandbox):
    """While the job is stopped the program inside does nothing; `bg` lets it go on."""
    t = shell(sandbox)
    t.line("rm -f ticks; $S sh -c 'while :; do echo t >>ticks; sleep 0.05; done'")
    size = lambda: os.path.getsize("ticks") if os.path.exists("ticks") else 0
    until(lambda: size() > 4, "the program runs")
    t.send("\x1a")
    t.expect("Stopped")
    time.sleep(0.2)
    first = size()
    time.sleep(0.4)
    if size() != first:
        raise Failure("the program goes on while it is stopped")
    t.line("bg")
    until(lambda: size() > first + 4, "the program goes on in the background")
    t.line("fg")
    until(lambda: t.pump(0.01) and t.foreground() != t.pid, "the job has the terminal")
    t.send("\x03")
    t.expect("^prompt> ")
    t.line('echo "st=$?"')
    t.expect("^st=130$")
    return finish(t)


def stop_twice(sandbox):
    t = shell(sandbox)
    t.line("$S sh -c 'echo started; read x; echo got-$x'")
    t.expect("^started$")
    for _ in range(3):
        t.send("\x1a")
        t.expect("Stopped")
        t.prompt()
        t.line("fg")
        front(t, "sh")
    t.line("end")
    t.expect("^got-end$")
    t.prompt()
    return finish(t)


def stop_stopped_terminal_program(sandbox):
    """An editor that is stopped and continued: raw modes come and go with it."""
    t = shell(sandbox)
    t.line("$S vim -u NONE -N file")
    t.expect("New")
    t.quiet(1.0)
    t.send("itext")
    t.expect("text")
    t.send("\x1b")
    t.quiet(1.0)
    t.send("\x1a")
    t.expect("Stopped")
    t.prompt()
    t.line('echo "co"oked')
    t.expect("^cooked$")
    t.prompt()
    t.line("fg")
    t.expect("text")
    t.send(":wq\r")
    t.expect("written")
    t.expect("prompt> ")
    t.line('cat file; echo "st=$?"')
    t.expect("^text$")
    t.expect("^st=0$")
    return finish(t)


def shell_modes_after_death(sandbox):
    """The shell puts the modes back after a program that was killed; with the launcher too."""
    t = shell(sandbox)
    t.line("$S sh -c 'stty raw -echo; kill -KILL $$'")
    t.expect("prompt> ")
    t.line("stty -a")
    t.expect("prompt> ")
    t.line("$S stty -a")
    for mode in "opost", "isig", "icanon", "echo":
        t.expect("(^| )%s(?= |$)" % mode)
    return finish(t)


def pipeline(sandbox):
    t = shell(sandbox)
    t.line("seq 5 | $S sort -rn | $S cat | tail -n 1; echo \"st=${PIPESTATUS[*]}\"")
    t.expect("^1\nst=0$|^1\nst=0 0 0 0$")
    t.line("$S seq 100000 | head -n 1; echo \"en\"d")
    t.expect("^1\nend$")
    t.line("$S sh -c 'echo from-tty >/dev/tty; cat' </dev/null | cat; echo \"en\"d")
    t.expect("^from-tty\nend$")
    t.refuse("Stopped")
    return finish(t)


def pager(sandbox):
    t = shell(sandbox)
    t.line("$S seq 1000 | TERM=vt100 LESS=X less; echo \"af\"ter")
    t.expect("^20$")
    t.send("q")
    t.expect("^.*after$")
    t.refuse("Stopped")
    t.line("seq 1000 | $S env LESSHISTFILE=- TERM=vt100 LESS=X less; echo \"af\"ter")
    t.expect("^20$")
    t.send("q")
    t.expect("^.*after$")
    t.refuse("Stopped")
    return finish(t)


def pipeline_ctrl_c(sandbox):
    t = shell(sandbox)
    t.line("$S sh -c 'echo started; exec sleep 60' | $S cat; echo \"st=${PIPESTATUS[*]}\"")
    t.expect("^started$")
    t.send("\x03")
    t.prompt()
    t.line('echo "al"ive')
    t.expect("^alive$")
    until(lambda: not descendants(t.pid), "nothing is left of the pipeline")
    return finish(t)


def inner_shell(sandbox):
    """bash -i inside, with job control of its own."""
    t = shell(sandbox)
    t.line("PS1='inner> ' $S env PS1='inner> ' bash --norc --noprofile -i")
    t.expect("^inner> ")
    t.line("sleep 60")
    front(t, "sleep")
    t.send("\x1a")
    t.expect("Stopped")
    t.expect("^inner> ")
    t.line("jobs")
    t.expect("^\\[1\\]\\+ +Stopped +sleep 60")
    t.line("bg; sleep 0.1; jobs")
    t.expect("Running +sleep 60")
    t.expect("^inner> ")
    t.line("fg")
    front(t, "sleep")
    t.send("\x03")
    t.expect("^inner> ")
    t.line('echo "st=$?"')
    t.expect("^st=130$")
    t.line("cat")
    front(t, "cat")
    t.line("line")
    t.expect("^line\nline$")
    t.send("\x04")
    t.expect("inner> ")
    t.line("suspend -f; echo \"ba\"ck")
    t.expect("Stopped")
    t.expect("^prompt> ")
    t.line("fg")
    t.expect("^back$")
    t.line("exit 9")
    t.expect("^prompt> ")
    t.line('echo "st=$?"')
    t.expect("^st=9$")
    t.refuse("no job control|cannot set terminal|Inappropriate")
    return finish(t)


def background_reads(sandbox):
    """A sandbox in the background that reads the terminal is stopped until `fg`."""
    t = shell(sandbox)
    t.line("$S sh -c 'echo started; read x; echo got-$x' &")
    t.expect("started$")
    until(lambda: t.pump(0.01) and below(t.pid)[child(t)].state == "T", "the job stops")
    t.line("jobs")
    t.expect("^\\[1\\]\\+ +Stopped")
    t.line('echo "mi"ne')
    t.expect("^mine$")
    t.line("fg")
    front(t, "sh")
    t.line("yours")
    t.expect("^got-yours$")
    t.prompt()
    return finish(t)


def background_works(sandbox):
    """A sandbox in the background that does not read takes nothing away from the foreground."""
    t = shell(sandbox)
    t.line("rm -f go; $S sh -c 'until [ -e go ]; do sleep 0.05; done; echo done-inside; exit 3' & wait_pid=$!")
    t.line("cat")
    front(t, "cat")
    t.line("typed")
    t.expect("^typed\ntyped$")
    t.send("\x04")
    open("go", "w").close()
    t.line('wait $wait_pid; echo "st=$?"')
    t.expect("done-inside")
    t.expect("st=3$")
    t.refuse("Stopped")
    return finish(t)


def foreground_returns(sandbox):
    """After the run the terminal belongs to the shell again, whatever the program did with it."""
    t = shell(sandbox)
    for command in ("true", "bash -ic true", "setsid true", "false",
                    "sh -c 'kill -KILL $$'"):
        t.line("$S %s" % command)
        t.quiet(0.3)
        t.expect("prompt> ")
        until(lambda: t.foreground() == t.pid, "the shell is in the foreground after " + command)
    return finish(t)


def launcher_killed(sandbox):
    """SIGKILL of the launcher in the foreground: the shell goes on, nothing is left inside."""
    t = shell(sandbox)
    t.line("$S sh -c 'sleep 60 & echo started; wait'")
    t.expect("^started$")
    inside = descendants(t.pid)
    os.kill(child(t), signal.SIGKILL)
    t.expect("Killed")
    t.line('echo "al"ive')
    t.expect("^alive$")
    until(lambda: not any(os.path.exists("/proc/%d" % p) for p in inside), "no process left")
    return finish(t)


# --- stats; $STATS is the name of a sandbox that runs


def stats(sandbox):
    """`stats` on a terminal whose modes are remembered."""
    t = Term("bash", "--norc", "--noprofile", "-i", S="env TERM=xterm %s stats" % sandbox, COLUMNS="100")
    t.prompt()
    t.before = t.modes()
    return t


def stats_live(sandbox):
    """Lines that are renewed, until q is pressed; nothing else that is pressed is shown."""
    t = stats(sandbox)
    t.line("$S; echo status $?")
    for _ in range(3):
        t.expect("NAME +CPU%")
        t.expect("^" + os.environ["STATS"] + " ")
    t.send("xyz")
    t.expect("NAME +CPU%")
    t.send("q")
    t.expect("status 0$")
    t.prompt()
    t.refuse("xyz")
    if t.modes() != t.before:
        raise Failure("the terminal's modes are not what they were")
    return finish(t)


def stats_ctrl_c(sandbox):
    t = stats(sandbox)
    t.line("$S $STATS")
    t.expect("^" + os.environ["STATS"] + " ")
    t.send("\x03")
    t.prompt()
    t.line("echo status $?")
    t.expect("^status 130$")
    t.prompt()  # readline takes the terminal for itself first
    if t.modes() != t.before:
        raise Failure("the terminal's modes are not what they were")
    return finish(t)


def stats_stop(sandbox):
    """Ctrl-Z gives the terminal back, fg takes it again."""
    t = stats(sandbox)
    t.line("$S")
    t.expect("^" + os.environ["STATS"] + " ")
    t.send("\x1a")
    t.expect("Stopped")
    t.prompt()
    t.line("fg")
    t.expect("NAME +CPU%")
    t.send("q")
    t.expect("prompt> ")
    if t.modes() != t.before:
        raise Failure("the terminal's modes are not what they were")
    return finish(t)


def stats_ends(sandbox):
    """The last of the named ones ends, and so does it."""
    t = stats(sandbox)
    t.line("$S $STATS; echo status $?")
    t.expect("^" + os.environ["STATS"] + " ")
    os.kill(int(os.environ["LAUNCHER"]), signal.SIGTERM)
    t.expect("status 0$")
    return finish(t)


def finish(t):
    t.line("exit 0")
    t.wait()
    return t


def main(scenarios):
    scenario = scenarios[sys.argv[1]]
    started = []
    original = Term.__init__

    def remember(self, *argv, **environment):
        started.append(self)
        original(self, *argv, **environment)

    Term.__init__ = remember
    try:
        scenario(*sys.argv[2:])
    except (Failure, OSError) as e:
        print("%s: %s" % (sys.argv[1], e), file=sys.stderr)
        for t in started:
            print("--- the terminal showed:\n%s\n---" % t.seen[-3000:], file=sys.stderr)
            print("processes: %r" % descendants(t.pid), file=sys.stderr)
        return 1
    finally:
        for t in started:
            t.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(globals()))
