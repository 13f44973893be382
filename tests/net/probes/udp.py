# SPDX-License-Identifier: MIT
"""udp.py ADDRESS PORT [TEXT]: sends a datagram to an address and prints what comes back within a second or
two. How it failed is the last line of standard error."""
import socket
import sys

address, port = sys.argv[1], int(sys.argv[2])
sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(1.5)
sock.connect((address, port))
sock.send(" ".join(sys.argv[3:]).encode() or b"hello")
print(sock.recv(65536).decode())
