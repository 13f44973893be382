# SPDX-License-Identifier: MIT
"""packages-servers.py DIR: a web server for DIR/registry, with TLS (8444) and without (8090), until it is killed. Notes
each request in DIR/requests, and makes DIR/ready.registries when it listens."""
import http.server
import os
import socket
import ssl
import sys
import threading

DIR = sys.argv[1]


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args):
        super().__init__(*args, directory=f"{DIR}/registry")

    def guess_type(self, path):
        if path.endswith("/index.html"):
            return "application/json" if "/npm/" in path else "text/html"
        return "application/octet-stream"

    def do_GET(self):
        self.note()
        # A registry's documents of packages have no slash at the end; no redirect for these.
        if os.path.isdir(self.translate_path(self.path)):
            self.path = self.path.rstrip("/") + "/"
        super().do_GET()

    def do_POST(self):
        self.note()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b"{}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self):
        host, said = self.headers.get("Host", ""), self.headers.get("Authorization", "")
        with open(f"{DIR}/requests", "a", encoding="utf-8") as f:
            f.write(f"{self.command} {host}{self.path} {said}".rstrip() + "\n")

    def log_message(self, *args):
        pass

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True

    def __init__(self, port, tls=None):
        self.tls = tls
        super().__init__(("::", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        # http.server looks its own name up here.
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "registry", self.server_address[1]

    def finish_request(self, request, client_address):
        if self.tls:
            request.settimeout(10)
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(f"{DIR}/server.pem", f"{DIR}/server.key")
Server(8090)
Server(8444, tls)
with open(f"{DIR}/ready.registries", "w", encoding="ascii"):
    pass
threading.Event().wait()
