#!/usr/bin/env python3
"""Requests per second, the 99th percentile of their time and the server's CPU time per request: an instant query and
a range query whose answer has 1 MB, at 1, 10, 100 and 500 keep-alive connections, Hearth and Prometheus in turns.

Usage: benchmarks/http_load.py BUILD_DIR [PEERS] [--tls] [--seconds N]   PEERS: where scripts/peers unpacked Debian's programs
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests" / "e2e"))
from certificates import Certificates  # noqa: E402
from remote_write import Sender  # noqa: E402
from servers import free_port  # noqa: E402

SERIES, POINTS, STEP = 100, 260, 15  # 260 points of 100 series are 1 MB
CONNECTIONS = (1, 10, 100, 500)


def wall_ms():
    return int(time.time() * 1000) // 1000 * 1000


def fill(port, end, tls):
    sender = Sender(port)
    if tls:
        sender.connection = http.client.HTTPSConnection("127.0.0.1", port, context=ssl._create_unverified_context())
    for first in range(0, SERIES, 10):
        sender.send([({"__name__": "load", "instance": f"node-{number:03}.example.net:9100", "job": "node", "cpu": "0",
                       "mode": "user", "zone": "eu-west-1"},
                      [(end - (POINTS - at) * STEP * 1000, 1000.125 + number * 7 + at * 1.0625) for at in range(POINTS)])
                     for number in range(first, first + 10)])
    sender.close()


class Server:
    def __init__(self, program, folder, port, web_config, scheme):
        folder.mkdir()
        config = folder / "prometheus.yml"
        config.write_text("storage:\n  tsdb:\n    out_of_order_time_window: 2h\n")
        words = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", "--log.level=warn",
                 f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
        if web_config:
            words.append(f"--web.config.file={web_config}")
        self.process = subprocess.Popen([str(word) for word in words], stderr=open(folder / "log", "w"))
        self.port = port
        context = ssl._create_unverified_context()
        for _ in range(200):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"{scheme}://127.0.0.1:{port}/-/ready", context=context).status == 200:
                    return
            time.sleep(0.1)
        raise SystemExit((folder / "log").read_text())

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def measure(load, server, path, connections, seconds, tls):
    before = server.cpu_seconds()
    words = [load, server.port, path, connections, seconds] + (["tls"] if tls else [])
    found = json.loads(subprocess.run([str(word) for word in words], capture_output=True, check=True).stdout)
    if found["errors"]:
        raise SystemExit(f"{found} {path}")
    per_second = found["requests"] / found["seconds"]
    cpu_ms = (server.cpu_seconds() - before) * 1000 / found["requests"]
    return f"{per_second:9,.0f}/s  p99 {found['p99_ms']:8.2f} ms  {cpu_ms:7.3f} ms CPU"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("peers", nargs="?", default=pathlib.Path.home() / ".cache/hearth-peers/usr/bin",
                           type=pathlib.Path)
    arguments.add_argument("--tls", action="store_true")
    arguments.add_argument("--seconds", type=float, default=3)
    given = arguments.parse_args()
    programs = {"hearth": given.build / "bin" / "hearth", "prometheus": given.peers / "prometheus"}
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as name:
        folder = pathlib.Path(name)
        web_config = None
        if given.tls:
            Certificates(folder).leaf("server", None)
            web_config = folder / "web.yml"
            web_config.write_text("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
                                  "http_server_config:\n  http2: false\n")
        end = wall_ms()
        servers = {}
        for server, program in programs.items():
            port = free_port()
            servers[server] = Server(program, folder / server, port, web_config, "https" if given.tls else "http")
            fill(port, end, given.tls)
        query = urllib.parse.urlencode({"query": 'load{instance="node-007.example.net:9100"}', "time": end / 1000 - STEP})
        window = urllib.parse.urlencode({"query": "load", "start": end / 1000 - POINTS * STEP, "end": end / 1000 - STEP,
                                         "step": STEP})
        try:
            for title, path in (("instant query", f"/api/v1/query?{query}"), ("1 MB range", f"/api/v1/query_range?{window}")):
                for connections in CONNECTIONS:
                    for server in servers:
                        cells = measure(given.build / "bin" / "http_load", servers[server], path, connections,
                                        given.seconds, given.tls)
                        print(f"{title:14} {connections:4} connections  {server:11} {cells}", flush=True)
        finally:
            for server in servers.values():
                server.stop()


main()
