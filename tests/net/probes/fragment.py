#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fragment.py ADDRESS PORT OTHER: one datagram to PORT, so long that it is sent in two parts; the second one begins like
a datagram to OTHER."""

import socket
import struct
import sys

address, port, other = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
first = ((65520 - 20) & ~7) - 8
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    s.sendto(b"A" * first + struct.pack("!4H", 5555, other, 8 + 8, 0) + b"fragment", (address, port))
    print("sent")
except OSError as error:
    print(error.strerror)
