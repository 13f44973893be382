# SPDX-License-Identifier: MIT
"""Runs a command as a shell does that has a terminal: all three standard descriptors are it, in the foreground."""
import fcntl
import os
import pty
import re
import subprocess
import termios
from types import SimpleNamespace


def run(command, environment, directory):
    master, slave = pty.openpty()

    def own_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=directory,
                          start_new_session=True, preexec_fn=own_terminal) as process:
        os.close(slave)
        text = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # EIO: nobody has it open any more
                break
            if not part:
                break
            text += part
        process.wait(timeout=120)
    os.close(master)
    text = re.sub(rb"(/dev/pts/|/dev/console /)[0-9]+", rb"\1N", text.replace(b"\r\n", b"\n"))
    lines = text.splitlines(keepends=True)
    # One terminal for both: what the launcher says begins with its name.
    return SimpleNamespace(stdout=b"".join(line for line in lines if not line.startswith(b"sandbox: ")),
                           stderr=b"".join(line for line in lines if line.startswith(b"sandbox: ")))
