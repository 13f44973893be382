#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hear.py PORT ADDRESS...: says `up`, then each datagram and each connection that comes to one of them, until it hears
the word `end`; answers datagrams."""

import selectors
import socket
import sys

port = int(sys.argv[1])
selector = selectors.DefaultSelector()
for address in sys.argv[2:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        s = socket.socket(family, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
        if kind == socket.SOCK_STREAM:
            s.listen(5)
        selector.register(s, selectors.EVENT_READ, kind)
print("up", flush=True)
word = ""
while word != "end":
    for key, _ in selector.select():
        if key.data == socket.SOCK_STREAM:
            key.fileobj.accept()[0].close()
            word = "connection"
        else:
            data, sender = key.fileobj.recvfrom(2000)
            word = data[-20:].decode()
            key.fileobj.sendto(b"answer", sender)
        print(word, flush=True)
