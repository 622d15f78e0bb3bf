"""Hearth and Prometheus side by side behind one --web.config.file, and clients that send exactly what a test says."""

import base64
import pathlib
import re
import socket
import subprocess

from servers import HEARTH, EndToEnd, free_port, peer, wait_for

# bcrypt of "secret", at the least cost
SECRET = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"


def basic(credentials):
    return "Authorization: Basic " + base64.b64encode(credentials.encode()).decode() + "\r\n"


def raw(port, data, ends=False, seconds=20):
    """All that comes back until the server closes. A client that `ends` says that it sends no more: servers close after
    the answer, or give up a query.
    """
    with socket.create_connection(("127.0.0.1", port), seconds) as client:
        client.settimeout(seconds)
        try:
            client.sendall(data if isinstance(data, bytes) else data.encode())
            if ends:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        received = b""
        try:
            while chunk := client.recv(65536):
                received += chunk
        except OSError:
            pass
        return received


def request(port, method="GET", path="/", headers="", body=""):
    """(status, {header: value}, body) of one request on a connection of its own."""
    length = f"Content-Length: {len(body)}\r\n" if body or method in ("POST", "PUT") else ""
    said = raw(port, f"{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{length}{headers}\r\n{body}")
    return parse(said)


def parse(said):
    if not said:
        return 0, {}, ""
    head, _, body = said.partition(b"\r\n\r\n")
    lines = head.decode("latin1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        fields[name.lower()] = fields[name.lower()] + ", " + value if name.lower() in fields else value
    return int(lines[0].split()[1]), fields, body.decode("latin1")


def statuses(said):
    """Of all answers in the bytes of one connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", said)]


class Guarded(EndToEnd):
    def setUp(self):
        super().setUp()
        self.web_config = self.dir / "web.yml"
        self.web_config.write_text("")
        self.ports = {}

    def start(self, name, flags=(), ready=None):
        """`name` is "hearth" or "prometheus"."""
        program = HEARTH if name == "hearth" else peer("prometheus")
        port = free_port()
        log_path = pathlib.Path(self.dir / f"{name}.log")
        log = open(log_path, "ab")
        command = [program, f"--config.file={self.config({})}", f"--storage.tsdb.path={self.dir / name}",
                   f"--web.listen-address=127.0.0.1:{port}", f"--web.config.file={self.web_config}", *flags]
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
        self.addCleanup(log.close)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.kill)
        self.ports[name] = port

        def is_ready():
            self.assertIsNone(process.poll(), log_path.read_text()[-3000:])
            try:
                return ready(port) if ready else request(port, path="/-/ready")[0] == 200
            except OSError:
                return False

        wait_for(is_ready, f"{name} to be ready")
        return port

    def start_both(self, flags=(), ready=None):
        for name in ("hearth", "prometheus"):
            self.start(name, flags, ready)
