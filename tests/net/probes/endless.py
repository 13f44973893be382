#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""endless.py N: N processes that mind no signal and write answers in the resolver's name, as long as they can be and
with as many addresses as they can have, as fast as they can, but behind everything else on this machine."""

import os
import signal
import socket
import struct
import sys

os.nice(19)
for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(name, signal.SIG_IGN)


def answer(k, n=83):
    text = struct.pack("!6H", 1, 0x8180, 1, n, 0, 0) + b"\x3f" + b"a" * 63 + b"\x04test\0" + struct.pack("!2H", 1, 1)
    for i in range(n):
        text += b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 4) + bytes([11, k, i, 1])
    return text


answers = [answer(k) for k in range(8)]
for i in range(int(sys.argv[1]) - 1):
    if os.fork() == 0:
        break
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 53))
print("ready", flush=True)
signal.alarm(60)
while True:
    for text in answers:
        try:
            s.sendto(text, ("127.0.0.9", 9))
        except OSError:
            pass
