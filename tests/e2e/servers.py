"""Real servers for end-to-end tests: Hearth as built, and Debian's prometheus, promtool and node_exporter.

Everything runs on loopback, on ports below the ephemeral range, in folders of its own that vanish
afterwards. Waiting is always for a condition, with a deadline that fails the test.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

BINARY_DIR = pathlib.Path(os.environ.get("HEARTH_BINARY_DIR", "build")).resolve()
SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
HEARTH = BINARY_DIR / "bin" / "hearth"
HEARTHTOOL = BINARY_DIR / "bin" / "hearthtool"
PEERS = pathlib.Path(os.environ.get("HEARTH_PEERS", BINARY_DIR / "peers" / "usr" / "bin"))


def peer(name):
    """The path of one of Debian's programs; skips the test where it was not unpacked."""
    path = PEERS / name
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not there; scripts/peers {BINARY_DIR}/peers unpacks it")
    return path


def use_prometheus_3():
    """For setUpModule(): the peers are a Prometheus of version 3 or later; without one all tests are skipped.

    It is looked for in HEARTH_PEERS and in ~/.cache/hearth-peers; Debian 12's own is a 2.42.
    """
    global PEERS
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    for folder in (PEERS, cache / "hearth-peers" / "usr" / "bin"):
        if not (folder / "prometheus").exists():
            continue
        said = subprocess.run([folder / "prometheus", "--version"], capture_output=True, text=True)
        if re.search(r"version ([3-9]|\d\d)\.", said.stdout + said.stderr):
            PEERS = folder
            return
    raise unittest.SkipTest(f"no Prometheus of version 3 in {PEERS} or {cache / 'hearth-peers'}")


_next_port = 20000 + os.getpid() % 500 * 20


def free_port():
    global _next_port
    while True:
        _next_port += 1
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _next_port))
                return _next_port
            except OSError:
                continue


def wait_for(condition, what, seconds=30):
    """Polls until condition() gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.05)


def get(url, form=None, timeout=30):
    """(status, body); an HTTP error is an answer, not an exception."""
    data = urllib.parse.urlencode(form, doseq=True).encode() if form is not None else None
    try:
        with urllib.request.urlopen(url, data=data, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Server:
    """A process that serves HTTP on a port of its own."""

    def __init__(self, command, port, ready="/-/ready", log=None):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log_path = log
        self.log_file = open(log, "ab")
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log_file, stderr=self.log_file)
        try:
            wait_for(lambda: self._answers(ready), f"{command[0]} to answer {ready}: {self.log()[-2000:]}")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def _answers(self, path):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.process.args[0]} ended with {self.process.returncode}:\n{self.log()[-4000:]}")
        try:
            return get(self.url + path, timeout=5)[0] == 200
        except OSError:
            return False

    def log(self):
        return pathlib.Path(self.log_path).read_text(errors="replace")

    def api(self, path, **parameters):
        """The `data` of a successful API answer."""
        query = urllib.parse.urlencode(parameters, doseq=True)
        status, body = get(f"{self.url}/api/v1/{path}" + (f"?{query}" if query else ""))
        answer = json.loads(body)
        if answer["status"] != "success":
            raise AssertionError(f"{path} {parameters}: {status} {body}")
        return answer["data"]

    def instant(self, query, at):
        return self.api("query", query=query, time=at)["result"]

    def stop(self, how=signal.SIGTERM, seconds=20):
        """Ends it and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(seconds)
        self.log_file.close()
        return code


class EndToEnd(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hearth-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.servers = contextlib.ExitStack()
        self.addCleanup(self.servers.close)

    def started(self, server):
        self.servers.callback(lambda: server.log_file.closed or server.stop(signal.SIGKILL))
        return server

    def config(self, targets, interval="1s", name="prometheus.yml", extra=""):
        """Writes a configuration that scrapes {job: port}."""
        path = self.dir / name
        lines = [f"global:\n  scrape_interval: {interval}\n  scrape_timeout: {interval}\nscrape_configs:\n"]
        for job, port in targets.items():
            lines.append(f"  - job_name: {job}\n    static_configs:\n      - targets: ['127.0.0.1:{port}']\n")
        path.write_text("".join(lines) + extra)
        return path

    def hearth(self, config, data="data", flags=(), port=None):
        port = port or free_port()
        command = [HEARTH, f"--config.file={config}", f"--storage.tsdb.path={self.dir / data}",
                   f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle", *flags]
        return self.started(Server(command, port, log=self.dir / "hearth.log"))

    def prometheus(self, config, data="prometheus-data", flags=(), port=None):
        port = port or free_port()
        command = [peer("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={self.dir / data}",
                   f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle", *flags]
        return self.started(Server(command, port, log=self.dir / "prometheus.log"))

    def node_exporter(self):
        port = free_port()
        command = [peer("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}",
                   "--collector.disable-defaults", "--collector.cpu", "--collector.meminfo", "--collector.loadavg",
                   "--collector.filesystem", "--collector.netdev", "--collector.diskstats", "--collector.uname",
                   "--collector.time", "--collector.stat", "--collector.vmstat"]
        return self.started(Server(command, port, ready="/metrics", log=self.dir / "node_exporter.log"))


def samples_of(result):
    """{labels as text: [(time, value text)]} of a vector or matrix."""
    found = {}
    for series in result:
        points = series["values"] if "values" in series else [series["value"]]
        found[json.dumps(series["metric"], sort_keys=True)] = [tuple(point) for point in points]
    return found
