# SPDX-License-Identifier: MIT
"""ways.py ADDRESS4 ADDRESS6: tries each way that a program without any right has to get a packet to these
addresses, and prints one line a way: its name, and how it ended. Which of them arrived is for who counts
packets there to say."""
import errno
import socket
import struct
import sys

A4, A6 = sys.argv[1:3]
LISTED4, LISTED6 = "203.0.113.10", "2001:db8:77::10"
OWN4, OWN6 = "10.0.2.100", "fd00::100"
IPV6_RTHDR, IPV6_FREEBIND, IP_FREEBIND, UDPLITE, SCTP, DCCP = 57, 78, 15, 136, 132, 33


def udp(family, address, port=7, **options):
    s = socket.socket(family, socket.SOCK_DGRAM)
    for level, option, value in options.get("set", []):
        s.setsockopt(level, option, value)
    if "bind" in options:
        s.bind(options["bind"])
    s.sendto(b"x" * options.get("size", 5), (address, port))


def tcp(address, port=80, kind=socket.SOCK_STREAM, protocol=0, options=()):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind, protocol)
    s.settimeout(1.5)
    for level, option, value in options:
        s.setsockopt(level, option, value)
    s.connect((address, port))
    s.send(b"GET / HTTP/1.0\r\n\r\n")


def fast_open(address):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(1.5)
    s.sendto(b"GET / HTTP/1.0\r\n\r\n", socket.MSG_FASTOPEN, (address, 80))


def source_route(first):
    # A loose source route (RFC 791): to `first`, and from there to the one that is meant.
    option = bytes([131, 7, 4]) + socket.inet_aton(A4) + b"\0"
    udp(socket.AF_INET, first, set=[(socket.IPPROTO_IP, socket.IP_OPTIONS, option)])


def routing_header(kind, first):
    if kind == 2:
        header = struct.pack("!BBBBI", 0, 2, 2, 1, 0) + socket.inet_pton(socket.AF_INET6, A6)
    else:
        header = struct.pack("!BBBBBBH", 0, 4, 4, 1, 1, 0, 0) + socket.inet_pton(socket.AF_INET6, A6) * 2
    udp(socket.AF_INET6, first, set=[(socket.IPPROTO_IPV6, IPV6_RTHDR, header)])


def spoofed(family, source):
    option = (socket.IPPROTO_IPV6, IPV6_FREEBIND, 1) if ":" in source else (socket.IPPROTO_IP, IP_FREEBIND, 1)
    udp(family, A6 if ":" in source else A4, set=[option], bind=(source, 53))


def raw(family, protocol, address):
    socket.socket(family, socket.SOCK_RAW, protocol).sendto(b"x" * 64, (address, 0))


def packet():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("tap0", 0x0800))
    s.send(b"\xff" * 12 + b"\x08\0" + b"x" * 64)


def mark(address, port):
    udp(socket.AF_INET6 if ":" in address else socket.AF_INET, address, port,
        set=[(socket.SOL_SOCKET, socket.SO_MARK, 0x53)])


def ping(family, address):
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else 58
    kind = 8 if family == socket.AF_INET else 128
    s = socket.socket(family, socket.SOCK_DGRAM, protocol)
    s.sendto(struct.pack("!BBHHH", kind, 0, 0, 1, 1) + b"x" * 16, (address, 0))


device = (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tap0\0")
V4, V6 = socket.AF_INET, socket.AF_INET6
WAYS = {
    "udp4": lambda: udp(V4, A4),
    "udp6": lambda: udp(V6, A6),
    "udp4-mapped": lambda: udp(V6, "::ffff:" + A4),
    "udp4-large": lambda: udp(V4, A4, size=60000),
    "udp6-large": lambda: udp(V6, A6, size=60000),
    "udp4-dns": lambda: udp(V4, A4, 53),
    "udp4-from-dns": lambda: udp(V4, A4, bind=(OWN4, 53)),
    "udp6-from-dns": lambda: udp(V6, A6, bind=(OWN6, 53)),
    "udp4-device": lambda: udp(V4, A4, set=[device]),
    "udp4-lo": lambda: udp(V4, A4, set=[(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")]),
    "udp4-dontroute": lambda: udp(V4, A4, set=[(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)]),
    "udp4-spoofed": lambda: spoofed(V4, "10.0.2.3"),
    "udp6-spoofed": lambda: spoofed(V6, "fd00::3"),
    "udp6-spoofed-listed": lambda: spoofed(V6, LISTED6),
    "tcp4": lambda: tcp(A4),
    "tcp6": lambda: tcp(A6),
    "tcp4-mapped": lambda: tcp("::ffff:" + A4),
    "tcp4-dns": lambda: tcp(A4, 53),
    "tcp4-device": lambda: tcp(A4, options=[device]),
    "fast-open4": lambda: fast_open(A4),
    "fast-open6": lambda: fast_open(A6),
    "udplite4": lambda: tcp(A4, 7, socket.SOCK_DGRAM, UDPLITE),
    "udplite6": lambda: tcp(A6, 7, socket.SOCK_DGRAM, UDPLITE),
    "sctp4": lambda: tcp(A4, 80, socket.SOCK_STREAM, SCTP),
    "dccp4": lambda: tcp(A4, 80, 6, DCCP),
    "ping4": lambda: ping(V4, A4),
    "ping6": lambda: ping(V6, A6),
    "source-route-listed": lambda: source_route(LISTED4),
    "source-route-own": lambda: source_route(OWN4),
    "source-route-loopback": lambda: source_route("127.0.0.1"),
    "routing-header-2-listed": lambda: routing_header(2, LISTED6),
    "routing-header-2-own": lambda: routing_header(2, OWN6),
    "routing-header-4-listed": lambda: routing_header(4, LISTED6),
    "routing-header-4-own": lambda: routing_header(4, OWN6),
    "raw4": lambda: raw(V4, socket.IPPROTO_RAW, A4),
    "raw4-icmp": lambda: raw(V4, socket.IPPROTO_ICMP, A4),
    "raw6-icmp": lambda: raw(V6, 58, A6),
    "packet": packet,
    "mark4": lambda: mark(A4, 53),
    "mark-upstream4": lambda: mark("10.0.2.3", 53),
    "mark-upstream6": lambda: mark("fd00::3", 53),
}
for name, way in WAYS.items():
    try:
        way()
        print(name, "done")
    except OSError as e:
        print(name, errno.errorcode.get(e.errno, e.errno) if e.errno else "timeout")
