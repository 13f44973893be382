#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""itself.py udp|tcp OWN LOCAL PORT: both ends of a connection on the loopback, OWN to LOCAL, are this program's. Then
it sends from the same address and port to the same address and port, out of the device."""

import socket
import sys

kind, own, local, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
family = socket.AF_INET6 if ":" in own else socket.AF_INET


def make():
    s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.settimeout(1)
    return s


server, client = make(), make()
server.bind((local, port))
client.bind((own, 5000))
if kind == "udp":
    client.sendto(b"x", (local, port))
    server.sendto(b"y", server.recvfrom(9)[1])
    client.recvfrom(9)
    client.close()
    server.close()
else:
    server.listen(1)
    client.connect((local, port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
out = make()
out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tap0\0")
out.bind((own, 5000))
try:
    if kind == "tcp":
        out.connect((local, port))
        out.send(b"stray")
    else:
        out.sendto(b"stray", (local, port))
        out.recvfrom(9)
    print("answered")
except OSError as error:
    print(error.strerror or "no answer")
