#!/usr/bin/env python3
"""Scraping end to end over HTTP: Hearth, Prometheus and VictoriaMetrics, one after another, with scrape_load as targets.

Usage: benchmarks/scrape_load.py BUILD_DIR [--peers DIR] cost|scale|reload [PROGRAM...]

cost:   CPU seconds per million samples scraped; 200 targets x 1,000 series every 5 s.
scale:  10,000 targets x 200 series every 15 s, 500 of them dead and 500 slow: how late, how many missed.
reload: 1,000,000 series of one job: how long until its changed configuration is applied, and what the scrapes notice.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("build_dir", type=pathlib.Path)
parser.add_argument("--peers", default=os.environ.get("HEARTH_PEERS", str(pathlib.Path.home() / ".cache/hearth-peers/usr/bin")))
parser.add_argument("--seconds", type=int, default=60, help="how long is measured")
parser.add_argument("what", choices=["cost", "scale", "reload"])
parser.add_argument("programs", nargs="*", default=["hearth", "prometheus", "victoria-metrics"])
options = parser.parse_args()
os.environ.setdefault("HEARTH_BINARY_DIR", str(options.build_dir.resolve()))
os.environ["HEARTH_PEERS"] = options.peers
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import servers  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1000
    return 0


class Run:
    """A server that scrapes a load."""

    def __init__(self, name, dir, targets, series, interval, timeout, dead=0, slow=0, slow_seconds=0):
        self.name, self.dir, self.series, self.interval = name, dir, series, interval
        self.load_port, port = servers.free_port(), servers.free_port()
        self.load = subprocess.Popen([options.build_dir / "bin" / "scrape_load",
                                      *map(str, (self.load_port, targets, series, interval, dead, slow, slow_seconds))])
        self.addresses = [f"127.1.{i // 250}.{i % 250 + 1}:{self.load_port}" for i in range(targets)]
        self.config = dir / "prometheus.yml"
        self.timeout = timeout
        self.configure("")
        flags = [f"--config.file={self.config}", f"--storage.tsdb.path={dir / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
                 "--web.enable-lifecycle"]
        command = {"hearth": [options.build_dir / "bin" / "hearth", *flags],
                   "prometheus": [servers.PEERS / "prometheus", *flags],
                   "victoria-metrics": [servers.PEERS / "victoria-metrics", f"-storageDataPath={dir / 'data'}",
                                        f"-httpListenAddr=127.0.0.1:{port}", f"-promscrape.config={self.config}"]}[name]
        self.server = servers.Server(command, port, ready="/health" if name == "victoria-metrics" else "/-/ready", log=dir / "log")

    def configure(self, more):
        targets = ",".join(f"'{address}'" for address in self.addresses)
        self.config.write_text(f"scrape_configs:\n  - job_name: load\n    scrape_interval: {self.interval}s\n    scrape_timeout: {self.timeout}s\n"
                               f"{more}    static_configs:\n      - targets: [{targets}]\n")

    def stats(self, path="stats"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.load_port}/{path}", timeout=60) as answer:
            return json.load(answer)

    def stop(self):
        self.server.stop(seconds=120)
        self.load.terminate()
        self.load.wait()

    def measure(self, seconds):
        """CPU seconds of the server and of the load, and the load's statistics, from now on."""
        self.stats("reset")
        before = cpu_seconds(self.server.process.pid), cpu_seconds(self.load.pid)
        time.sleep(seconds)
        cpu, load_cpu = cpu_seconds(self.server.process.pid) - before[0], cpu_seconds(self.load.pid) - before[1]
        return cpu, load_cpu, self.stats()


def cost(name, dir):
    run = Run(name, dir, 200, 1000, 5, 5)
    try:
        time.sleep(15)
        cpu, load_cpu, stats = run.measure(options.seconds)
        millions = stats["answered"] * run.series / 1e6
        print(f"{name:18} {cpu / millions:8.3f} s per million samples ({millions:.1f} million in {options.seconds} s; the load {load_cpu / millions:.3f} s)", flush=True)
    finally:
        run.stop()


def scale(name, dir):
    run = Run(name, dir, 10_000, 200, 15, 10, dead=500, slow=500, slow_seconds=8)
    try:
        time.sleep(45)
        cpu, load_cpu, stats = run.measure(options.seconds)
        print(f"{name:18} {cpu / options.seconds:6.2f} cores, the load {load_cpu / options.seconds:.2f}; {resident_mb(run.server.process.pid):.0f} MB; "
              f"{stats['scrapes']} scrapes of {stats['targets']} targets, {stats['missed']} missed; "
              f"late: median {stats['p50'] * 1000:.1f} ms, p99 {stats['p99'] * 1000:.1f}, p99.9 {stats['p999'] * 1000:.1f}, most {stats['max'] * 1000:.1f}", flush=True)
    finally:
        run.stop()


def reload(name, dir):
    run = Run(name, dir, 1000, 1000, 15, 10)
    try:
        time.sleep(35)
        run.stats("reset")
        for more in ("    sample_limit: 100000\n", "    metric_relabel_configs:\n      - {source_labels: [mode], target_label: mode2}\n"):
            run.configure(more)
            before = cpu_seconds(run.server.process.pid)
            start = time.monotonic()
            status, body = servers.get(run.server.url + "/-/reload", form={}, timeout=120)
            took = time.monotonic() - start
            print(f"{name:18} {more.split(':')[0].strip()}: reloaded in {took:.3f} s ({cpu_seconds(run.server.process.pid) - before:.2f} s of computing), status {status}", flush=True)
            time.sleep(32)
        stats = run.stats()
        print(f"{name:18} {stats['scrapes']} scrapes, {stats['missed']} missed; late: p99 {stats['p99'] * 1000:.1f} ms, most {stats['max'] * 1000:.1f}", flush=True)
    finally:
        run.stop()


for program in options.programs:
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        {"cost": cost, "scale": scale, "reload": reload}[options.what](program, pathlib.Path(folder))
