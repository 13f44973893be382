# SPDX-License-Identifier: MIT
"""servers.py world|host DIR: the servers of the tests, until it is killed. world: all that is out there;
host: what listens on the host's loopback and on its outward address. Makes the file DIR/ready.ROLE when it
listens.

HTTP (80 and 8080) and HTTPS (443 and 8443) on all addresses: / tells which address was reached; /bytes/N
has N bytes; POST is told how many bytes came; /git/ is DIR/git. UDP port 7 answers with the address and
what it was sent. DNS."""
import os
import socket
import socketserver
import ssl
import sys
import threading
import urllib.parse

import dns

ROLE, DIR = sys.argv[1], sys.argv[2]
CHUNK = bytes(65536)


def plain(address):
    return address[7:] if address.startswith("::ffff:") else address


class Handler(socketserver.StreamRequestHandler):
    """As little of HTTP/1.0 as clients need: no log, and no look-up of names, which http.server does."""

    timeout = 60

    def setup(self):
        if self.server.tls:
            self.request.settimeout(10)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def answer(self, size, kind="text/plain"):
        self.wfile.write(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
                         "Connection: close\r\n\r\n".encode())

    def text(self, text):
        self.answer(len(text))
        self.wfile.write(text.encode())

    def file(self, path):
        root = os.path.join(DIR, "git")
        path = os.path.normpath(os.path.join(root, path))
        if not path.startswith(root + "/") or not os.path.isfile(path):
            self.wfile.write(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with open(path, "rb") as f:
            data = f.read()
        self.answer(len(data), "application/octet-stream")
        self.wfile.write(data)

    def handle(self):
        words = self.rfile.readline(65536).decode("latin-1").split()
        size = 0
        while True:
            line = self.rfile.readline(65536).decode("latin-1").strip()
            if not line:
                break
            key, _, value = line.partition(":")
            if key.lower() == "content-length":
                size = int(value)
        if len(words) < 2:
            return
        path = urllib.parse.urlsplit(words[1]).path
        if words[0] == "POST":
            left = size
            while left > 0:
                left -= len(self.rfile.read(min(left, len(CHUNK))))
            self.text(f"{size} bytes\n")
        elif path.startswith("/bytes/"):
            left = int(path[7:])
            self.answer(left)
            while left > 0:
                self.wfile.write(CHUNK[:left])
                left -= len(CHUNK)
        elif path.startswith("/git/"):
            self.file(path[5:])
        else:
            self.text(f"{ROLE} {plain(self.connection.getsockname()[0])}\n")


class Web(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, port, tls=None):
        self.tls = tls
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        if self.server_address[0] == "::":
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request, client_address):
        pass


def echo(address, port=7):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))

    def loop():
        while True:
            try:
                data, peer = sock.recvfrom(65536)
                sock.sendto(f"{ROLE} {address} ".encode() + data, peer)
            except OSError:
                pass

    threading.Thread(target=loop, daemon=True).start()


def world():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{DIR}/server.pem", f"{DIR}/server.key")
    for port in (80, 8080):
        Web("::", port)
    for port in (443, 8443):
        Web("::", port, tls)
    for last in ("10", "11", "12", "66"):
        echo("203.0.113." + last)
        echo(dns.V6 + last)
    for address in ("10.77.0.5", "fd77::5", "169.254.169.254"):
        echo(address)
    names = dns.Server(f"{DIR}/queries", f"{DIR}/changing")
    for address in ("203.0.113.53", dns.V6 + "53", "203.0.113.88", dns.V6 + "88"):
        names.serve(address)


def host():
    for address in ("127.0.0.1", "::1", "198.51.100.2", "2001:db8:1::2"):
        Web(address, 8000)
        echo(address, 8007)
    # The stub of a resolver as systemd-resolved has it, and where a C library asks without a resolv.conf.
    names = dns.Server(f"{DIR}/queries.host", f"{DIR}/changing")
    for address in ("127.0.0.53", "127.0.0.1"):
        names.serve(address)


{"world": world, "host": host}[ROLE]()
with open(f"{DIR}/ready.{ROLE}", "w", encoding="ascii"):
    pass
threading.Event().wait()
