# SPDX-License-Identifier: MIT
"""udp.py [-w SECONDS] ADDRESS PORT [TEXT]: sends a datagram to an address and prints what comes back, within 20
seconds unless it is said otherwise. How it failed is the last line of standard error."""
import socket
import sys

words, wait = sys.argv[1:], 20.0
if words[0] == "-w":
    wait, words = float(words[1]), words[2:]
address, port = words[0], int(words[1])
sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(wait)
sock.connect((address, port))
sock.send(" ".join(words[2:]).encode() or b"hello")
print(sock.recv(65536).decode())
