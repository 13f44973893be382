#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cone.py LISTED PORT: keeps a UDP port open by what it sends to LISTED, and answers whoever else sends to it."""

import socket
import sys
import time

listed, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in listed else socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 40123))
s.settimeout(0.2)
s.sendto(b"keep", (listed, port))
print("ready", flush=True)
end = time.monotonic() + 4
while time.monotonic() < end:
    s.sendto(b"keep", (listed, port))
    try:
        sender = s.recvfrom(2000)[1]
        if sender[0] != listed:
            print("from", sender[0], flush=True)
            s.sendto(b"secret", sender)
    except OSError:
        pass
