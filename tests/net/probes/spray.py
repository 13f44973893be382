#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""spray.py FROM TO SECONDS: datagrams to all ports that a host may have given to a connection; says what comes back."""

import socket
import sys
import time

source, to, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((source, 4444))
s.setblocking(False)
end = time.monotonic() + seconds
while time.monotonic() < end:
    for port in range(32768, 61000):
        try:
            s.sendto(b"hello", (to, port))
        except OSError:
            pass
        try:
            print(s.recvfrom(2000)[0].decode(), flush=True)
        except OSError:
            pass
