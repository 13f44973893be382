# SPDX-License-Identifier: MIT
"""A DNS server for the zone test., for what no ordinary server does: answers that change from one query to
the next, answers that are too long for UDP, and a log of every query that it sees: `PROTOCOL SERVER NAME
TYPE`, one a line.

Imported by servers.py. All names are in TABLE; the addresses of changing.test are read from a file at each
query."""
import socket
import struct
import threading
import time

A, NS, CNAME, SOA, NULL, MX, TXT, AAAA, OPT, ANY = 1, 2, 5, 6, 10, 15, 16, 28, 41, 255
TYPES = {A: "A", NS: "NS", CNAME: "CNAME", SOA: "SOA", NULL: "NULL", MX: "MX", TXT: "TXT", AAAA: "AAAA"}
NXDOMAIN = 3
# What one UDP answer may have, whatever the client offers: with it the long chain has to go over TCP.
UDP_MAX = 1232

V6 = "2001:db8:77::"
TABLE = {
    "good.test": ["203.0.113.10", V6 + "10"],
    "sub.good.test": ["203.0.113.12", V6 + "12"],
    "deep.sub.good.test": ["203.0.113.12", V6 + "12"],
    "notgood.test": ["203.0.113.66", V6 + "66"],
    "other.test": ["203.0.113.11", V6 + "11"],
    "evil.test": ["203.0.113.66", V6 + "66"],
    "v4.test": ["203.0.113.10"],
    "v6.test": [V6 + "10"],
    "loop.test": ["127.0.0.1", "::1"],
    "mapped.test": ["::ffff:127.0.0.1", "::ffff:10.77.0.5"],
    "zero.test": ["0.0.0.0", "::"],
    "private.test": ["10.77.0.5", "fd77::5"],
    "meta.test": ["169.254.169.254"],
    "mixed.test": ["203.0.113.10", "10.77.0.5", V6 + "10", "fd77::5"],
}
# dnsmasq follows no more than ten (CNAME_CHAIN in its config.h).
CHAIN = 8


def name_bytes(name):
    out = b""
    for label in name.split("."):
        if label:
            out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def read_name(data, at):
    labels = []
    while data[at]:
        if data[at] & 0xC0:
            raise ValueError("a compressed question")
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return ".".join(labels).lower(), at + 1


def record(name, kind, data, ttl):
    return name_bytes(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def addresses_of(name, changing):
    if name == "changing.test":
        with open(changing, encoding="ascii") as f:
            return f.read().split()
    return TABLE.get(name)


def answers(name, kind, changing):
    """The records for a question, or None where there is no such name."""
    out = []
    if name == "chain.test":
        # Through names of somebody else's domain, as with a content network, to many addresses.
        steps = ["chain.test"] + [f"step{i}.cdn.test" for i in range(1, CHAIN + 1)]
        out = [record(a, CNAME, name_bytes(b), 60) for a, b in zip(steps, steps[1:])]
        if kind == A:
            out += [record(steps[-1], A, socket.inet_aton(f"192.0.2.{i}"), 60) for i in range(1, 41)]
        return out
    if name.startswith("tunnel.") and kind in (TXT, NULL, MX):
        # A name server that talks back to whoever smuggles data out in names.
        data = {TXT: b"\x05reply", NULL: b"reply", MX: struct.pack("!H", 1) + name_bytes("reply.test")}[kind]
        return [record(name, kind, data, 0)]
    addresses = addresses_of(name, changing)
    if name.startswith("slow"):
        # An answer that somebody else could be faster than.
        time.sleep(3)
        addresses = TABLE["good.test"]
    if addresses is None:
        return None
    ttl = 1 if name == "changing.test" else 60
    for address in addresses:
        if ":" in address and kind in (AAAA, ANY):
            out.append(record(name, AAAA, socket.inet_pton(socket.AF_INET6, address), ttl))
        elif ":" not in address and kind in (A, ANY):
            out.append(record(name, A, socket.inet_aton(address), ttl))
    if kind == TXT:
        out.append(record(name, TXT, b"\x04text", ttl))
    return out


class Server:
    def __init__(self, log, changing):
        self.log = open(log, "a", buffering=1, encoding="utf-8")
        self.changing = changing

    def reply(self, query, protocol, server):
        ident, flags, questions, _, _, extra = struct.unpack("!6H", query[:12])
        name, at = read_name(query, 12)
        kind, _ = struct.unpack("!HH", query[at:at + 4])
        shown = name.encode("unicode_escape").decode()
        self.log.write(f"{protocol} {server} {shown} {TYPES.get(kind, kind)}\n")
        found = answers(name, kind, self.changing)
        code = NXDOMAIN if found is None else 0
        found = found or []
        limit = 512
        opt = b""
        if extra and query[at + 4:at + 5] == b"\0" and query[at + 5:at + 7] == b"\0\x29":
            limit = min(max(struct.unpack("!H", query[at + 7:at + 9])[0], 512), UDP_MAX)
            opt = b"\0" + struct.pack("!HHIH", OPT, UDP_MAX, 0, 0)
        body = query[12:at + 4] + b"".join(found) + opt
        flags = 0x8180 | (flags & 0x0100) | code
        count = len(found)
        if protocol == "udp" and len(body) + 12 > limit:
            flags, count, body = flags | 0x0200, 0, query[12:at + 4] + opt
        return struct.pack("!6H", ident, flags, questions, count, 0, 1 if opt else 0) + body

    def udp(self, sock):
        server = sock.getsockname()[0]
        while True:
            query, peer = sock.recvfrom(4096)
            threading.Thread(target=self.udp_one, args=(sock, server, query, peer), daemon=True).start()

    def udp_one(self, sock, server, query, peer):
        try:
            sock.sendto(self.reply(query, "udp", server), peer)
        except (ValueError, IndexError, struct.error, OSError):
            pass

    def tcp(self, sock):
        while True:
            connection, _ = sock.accept()
            threading.Thread(target=self.tcp_one, args=(connection,), daemon=True).start()

    def tcp_one(self, connection):
        server = connection.getsockname()[0]
        try:
            with connection, connection.makefile("rb") as f:
                connection.settimeout(10)
                while True:
                    size = f.read(2)
                    if len(size) < 2:
                        return
                    reply = self.reply(f.read(struct.unpack("!H", size)[0]), "tcp", server)
                    connection.sendall(struct.pack("!H", len(reply)) + reply)
        except (ValueError, IndexError, struct.error, OSError):
            pass

    def serve(self, address, port=53):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for kind, loop in ((socket.SOCK_DGRAM, self.udp), (socket.SOCK_STREAM, self.tcp)):
            sock = socket.socket(family, kind)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port))
            if kind == socket.SOCK_STREAM:
                sock.listen(64)
            threading.Thread(target=loop, args=(sock,), daemon=True).start()
