# SPDX-License-Identifier: MIT
"""serve.py PORT...: a server on each of these ports, over TCP on both families and over UDP, which answers
with the port and, over UDP, with what it was sent. Says `ready` when it listens."""
import socket
import sys
import threading


def tcp(sock, port):
    while True:
        connection, _ = sock.accept()
        with connection:
            connection.recv(65536)
            text = f"inside {port}\n"
            connection.sendall(f"HTTP/1.0 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())


def udp(sock, port):
    while True:
        data, peer = sock.recvfrom(65536)
        sock.sendto(f"inside {port} ".encode() + data, peer)


for port in map(int, sys.argv[1:]):
    for kind, loop in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
        sock = socket.socket(socket.AF_INET6, kind)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            sock.listen(64)
        threading.Thread(target=loop, args=(sock, port), daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
