"""Fake servers of service discovery: what they answer can be changed while they run."""

import http.server
import json
import os
import socket
import socketserver
import struct
import threading
import urllib.parse


class Answers:
    """Path -> (status, headers, body); bodies that are not bytes are sent as JSON. Requests are kept."""

    def __init__(self):
        self.by_path = {}
        self.requests = []

    def __setitem__(self, path, body):
        self.by_path[path] = (200, {}, body)

    def set(self, path, body, status=200, headers=None):
        self.by_path[path] = (status, headers or {}, body)

    def find(self, method, target, headers, body):
        self.requests.append((method, target, dict(headers), body))
        path = urllib.parse.urlsplit(target).path
        for key in (f"{method} {target}", target, path, "*"):
            if key in self.by_path:
                answer = self.by_path[key]
                return answer(method, target, headers, body) if callable(answer) else answer
        return 404, {}, {"message": f"nothing at {target}"}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, content = self.server.answers.find(self.command, self.path, self.headers, body)
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass

    def address_string(self):
        return "somebody"


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class FakeHttp:
    """An HTTP server on a port, or on a unix socket; with TLS where a context is given."""

    def __init__(self, port=0, unix_path=None, tls=None):
        self.answers = Answers()
        if unix_path:
            self.server = _UnixServer(unix_path, _Handler)
        else:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _Handler)
            self.server.daemon_threads = True
            self.port = self.server.server_address[1]
            self.url = f"http://127.0.0.1:{self.port}"
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.server.answers = self.answers
        self.server.handle_error = lambda *_: None  # those who ask may leave at any time
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class FakeProxy:
    """Takes CONNECT to anywhere and connects to one port of this machine."""

    def __init__(self, port, to):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                with socket.create_connection(("127.0.0.1", to)) as other:
                    back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
                    back.start()
                    _pump(self.connection, other)
                    back.join()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.rstrip(".").split(".") if label) + b"\0"


def dns_record(kind, value):
    """(type number, data) of a record as text: A 10.0.0.1, SRV host:port, MX host, NS host, CNAME host."""
    if kind == "A":
        return 1, socket.inet_aton(value)
    if kind == "AAAA":
        return 28, socket.inet_pton(socket.AF_INET6, value)
    if kind == "SRV":
        host, port = value.rsplit(":", 1)
        return 33, struct.pack(">HHH", 1, 1, int(port)) + _name(host)
    if kind == "MX":
        return 15, struct.pack(">H", 10) + _name(value)
    return {"NS": 2, "CNAME": 5, "TXT": 16}[kind], b"\x01x" if kind == "TXT" else _name(value)


class FakeDns:
    """records: {(name, type number): [(kind, value)]}; a long answer is truncated over UDP. rcodes: {name: code}."""

    TYPES = {"A": 1, "NS": 2, "MX": 15, "AAAA": 28, "SRV": 33}

    def __init__(self, address):
        self.records, self.rcodes = {}, {}
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((address, 53))
        self.tcp.listen()
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def add(self, name, kind, *values):
        self.records[(name, self.TYPES[kind])] = [v if isinstance(v, tuple) else (kind, v) for v in values]

    def close(self):
        self.udp.close()
        self.tcp.close()

    def _answer(self, query, limit):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += query[at] + 1
        name = ".".join(labels)
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        question = query[12:at + 5]
        records = self.records.get((name, kind))
        known = any(known_name == name for known_name, _ in self.records)
        code = self.rcodes.get(name, 0 if known else 3)
        body = b""
        for record_kind, value in records or []:
            number, data = dns_record(record_kind, value)
            body += b"\xc0\x0c" + struct.pack(">HHIH", number, 1, 60, len(data)) + data
        truncated = len(body) > limit
        flags = 0x8180 | code | (0x0200 if truncated else 0)
        count = 0 if truncated else len(records or [])
        return query[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0) + question + (b"" if truncated else body)

    def _serve_udp(self):
        try:
            while True:
                query, sender = self.udp.recvfrom(4096)
                self.udp.sendto(self._answer(query, 1200), sender)
        except OSError:
            pass

    def _serve_tcp(self):
        try:
            while True:
                connection, _ = self.tcp.accept()
                with connection:
                    query = connection.recv(4096)
                    answer = self._answer(query[2:], 65000)
                    connection.sendall(struct.pack(">H", len(answer)) + answer)
        except OSError:
            pass


def may_replace_resolv_conf():
    """Whether a process may get a resolv.conf of its own, and a DNS server a port."""
    return os.geteuid() == 0 and os.system("unshare --mount true 2>/dev/null") == 0


class FakeConsul(FakeHttp):
    """A Consul with blocking queries: bodies by path; each change moves the index on."""

    def __init__(self, port):
        super().__init__(port)
        self.bodies, self.index, self.changed = {}, 10, threading.Condition()
        self.answers.by_path["*"] = self._answer

    def set(self, path, body):
        with self.changed:
            self.bodies[path] = body
            self.index += 1
            self.changed.notify_all()

    def _answer(self, method, target, headers, body):
        parts = urllib.parse.urlsplit(target)
        known = int(urllib.parse.parse_qs(parts.query).get("index", ["0"])[0])
        with self.changed:
            self.changed.wait_for(lambda: self.index != known, timeout=5)
            if parts.path not in self.bodies:
                return 404, {}, b"no such path"
            return 200, {"X-Consul-Index": str(self.index)}, self.bodies[parts.path]
