#!/usr/bin/env python3
"""Dashboards' queries over one day of 20,000 series: Hearth beside Prometheus and VictoriaMetrics.

Usage: benchmarks/query.py BUILD_DIR DATA_DIR [--peers DIR] [--one-core] [--only WORD]... [--rounds N] [--cold]
       [--hearth-only]

DATA_DIR is filled at the first run: query_data writes the day, vmctl gives it to VictoriaMetrics. Every server gets a
copy of its own (blocks as hard links), so that all of them can run at once and answer in turns.

The answers of Hearth and Prometheus are compared before anything is timed. A figure is CPU seconds of the server and,
behind it, seconds by the clock: the least of several rounds, in which the servers take turns. VictoriaMetrics gets
nocache=1: its cache of results answers the same question, not a new one. With --cold the servers are started anew for
each query and timed once; the peak of memory (anonymous, above what the idle server has) is measured then, too.
"""

import argparse
import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests" / "e2e"))
MINUTE, HOUR = 60, 3600

# name, expression, seconds that the graph shows (0: one instant), its step. `@` stands for nothing here: all end at
# the end of the data.
CPU = "node_cpu_seconds_total"
QUERIES = [
    ("sum by (mode) of all rates, 1 h", 'sum by (mode) (rate({job="node"}[5m]))', HOUR, 15),
    ("sum by (mode) of all rates, 6 h", 'sum by (mode) (rate({job="node"}[5m]))', 6 * HOUR, MINUTE),
    ("sum by (mode) of all rates, 24 h", 'sum by (mode) (rate({job="node"}[5m]))', 24 * HOUR, MINUTE),
    ("histogram_quantile, 10,000 buckets, 6 h",
     "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", 6 * HOUR, MINUTE),
    ("histogram_quantile by handler, 6 h",
     "histogram_quantile(0.99, sum by (handler, instance, le) (rate(http_request_duration_seconds_bucket[5m])))",
     6 * HOUR, MINUTE),
    ("topk(10) of 8,000 rates, 6 h", f"topk(10, rate({CPU}[5m]))", 6 * HOUR, MINUTE),
    ("avg_over_time [1h], 8,000 series, 6 h", f"sum by (mode) (avg_over_time({CPU}[1h]))", 6 * HOUR, MINUTE),
    ("quantile_over_time [1h], 1,875 series, 1 h", "max(quantile_over_time(0.9, node_memory_bytes[1h]))", HOUR, MINUTE),
    ("group_left join, 8,000 with 125, 6 h",
     f"sum by (release) (rate({CPU}[5m]) * on (instance) group_left (release) node_uname_info)", 6 * HOUR, MINUTE),
    ("sum(x) / count(x), 8,000 series, 6 h", f"sum({CPU}) / count({CPU})", 6 * HOUR, MINUTE),
    ("regex over 10,000 values, 1 h", f'sum({CPU}{{uid=~"u-.*[37]5"}})', HOUR, MINUTE),
    ("regex over 10,000 values, instant", f'sum({CPU}{{uid=~"u-.*[37]5"}})', 0, 0),
    ("max_over_time(rate[5m])[1h:1m], 1,000 series, 1 h",
     f'max(max_over_time(rate({CPU}{{mode="user"}}[5m])[1h:1m]))', HOUR, MINUTE),
    ("raw range of one series, 24 h", f'{CPU}{{uid="u-00007"}}', 24 * HOUR, MINUTE),
    ("rates of one instance, 64 series, 1 h", f'rate({CPU}{{instance="node-007.example.net:9100"}}[5m])', HOUR, 15),
    ("one series, instant", f'{CPU}{{uid="u-00007"}}', 0, 0),
    ("sum by (mode) of 8,000, instant", f"sum by (mode) ({CPU})", 0, 0),
]


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--peers")
    parser.add_argument("--one-core", action="store_true")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--hearth-only", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.environ.setdefault("HEARTH_BINARY_DIR", str(arguments.build))
    if arguments.peers:
        os.environ["HEARTH_PEERS"] = arguments.peers
    return arguments


ARGUMENTS = parse_arguments()
import servers  # noqa: E402  (reads the environment)


def fill(data):
    """Makes the day of samples; done once."""
    if (data / "end").exists():
        return
    end = int(time.time()) // 7200 * 7200
    data.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([ARGUMENTS.build / "bin" / "query_data", data / "data", str(end)], check=True, text=True,
                          stdout=subprocess.PIPE)
    snapshot = made.stdout.split()[-1]
    port = servers.free_port()
    victoria = servers.Server([servers.PEERS / "victoria-metrics", f"-storageDataPath={data / 'vm'}",
                               f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"], port, ready="/health",
                              log=data / "vm.log")
    subprocess.run([servers.PEERS / "vmctl", "prometheus", "-s", "--disable-progress-bar",
                    f"--prom-snapshot={snapshot}", f"--vm-addr={victoria.url}"], check=True, stdout=subprocess.DEVNULL)
    victoria.stop(seconds=120)
    shutil.rmtree(data / "data" / "snapshots")
    (data / "end").write_text(str(end))


def copy_data(data, to):
    """The same database for another server: files of blocks never change, the others may."""
    for source in data.rglob("*"):
        target = to / source.relative_to(data)
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif source.parent.name == "chunks" or source.name == "index":
            os.link(source, target)
        elif source.name != "lock":
            shutil.copy(source, target)


class Subject:
    """One of the servers that answer."""

    def __init__(self, name, folder):
        self.name, self.folder, self.server, self.starts = name, folder, None, 0

    def start(self):
        if self.server:
            self.server.stop(signal.SIGKILL)
        port = servers.free_port()
        self.starts += 1
        where = self.folder / self.name
        if not where.exists():
            where.mkdir()
            if self.name == "victoria-metrics":
                shutil.copytree(ARGUMENTS.data / "vm", where / "data", copy_function=os.link)
                (where / "data" / "flock.lock").unlink(missing_ok=True)
            else:
                copy_data(ARGUMENTS.data / "data", where / "data")
                (where / "prometheus.yml").write_text("scrape_configs: []\n")
        if self.name == "victoria-metrics":
            command = [servers.PEERS / self.name, f"-storageDataPath={where / 'data'}", "-retentionPeriod=100y",
                       f"-httpListenAddr=127.0.0.1:{port}", "-search.maxUniqueTimeseries=1000000",
                       "-search.maxPointsPerTimeseries=100000"]
        else:
            program = ARGUMENTS.build / "bin" / "hearth" if self.name == "hearth" else servers.PEERS / self.name
            command = [program, f"--config.file={where / 'prometheus.yml'}", f"--storage.tsdb.path={where / 'data'}",
                       f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=100y"]
        if ARGUMENTS.one_core:
            command = ["taskset", "-c", "0", *command]
        ready = "/health" if self.name == "victoria-metrics" else "/-/ready"
        self.server = servers.Server(command, port, ready=ready, log=where / "log")
        for _ in range(50):  # let it come to rest
            before = self.cpu()
            time.sleep(0.2)
            if self.cpu() - before < 0.02:
                break

    def stop(self):
        if self.server:
            self.server.stop(signal.SIGKILL)

    def cpu(self):
        """CPU seconds of all threads that live: their own clocks count nanoseconds, the process' one ticks of 10 ms."""
        total = 0
        for thread in pathlib.Path(f"/proc/{self.server.process.pid}/task").iterdir():
            try:
                total += int((thread / "schedstat").read_text().split()[0])
            except OSError:
                pass  # it has ended
        return total / 1e9

    def anonymous(self):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) * 1024

    def ask(self, query, end):
        _, expression, seconds, step = query
        parameters = {"query": expression}
        if seconds == 0:
            path, parameters["time"] = "query", end
        else:
            path = "query_range"
            parameters.update(start=end - seconds, end=end, step=step)
        if self.name == "victoria-metrics":
            parameters["nocache"] = 1
        status, body = servers.get(f"{self.server.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=300)
        if status != 200:
            raise SystemExit(f"{self.name}: {expression}: {status} {body[:500]}")
        return body

    def time(self, query, end, at_least=0.2, at_most=200):
        """(CPU seconds, seconds) of one answer, the mean of as many as fill `at_least` seconds."""
        count, begin, cpu = 0, time.monotonic(), self.cpu()
        while count < at_most:
            self.ask(query, end)
            count += 1
            wall = time.monotonic() - begin
            if wall >= at_least:
                break
        time.sleep(0.01)
        return (self.cpu() - cpu) / count, wall / count

    def peak(self, query, end):
        """(CPU seconds, seconds, bytes of memory at most) of one answer of a server that has just been started."""
        before = highest = self.anonymous()
        done = threading.Event()

        def watch():
            nonlocal highest
            while not done.wait(0.002):
                highest = max(highest, self.anonymous())

        watcher = threading.Thread(target=watch)
        watcher.start()
        cpu, begin = self.cpu(), time.monotonic()
        self.ask(query, end)
        wall = time.monotonic() - begin
        done.set()
        watcher.join()
        return self.cpu() - cpu, wall, max(highest, self.anonymous()) - before


def series_of(body):
    found = {}
    for series in json.loads(body)["data"]["result"]:
        points = series.get("values") or [series["value"]]
        found[json.dumps(series["metric"], sort_keys=True)] = {t: float(v) for t, v in points}
    return found


def compare(name, ours, theirs):
    """Ends the program when two answers differ by more than rounding."""
    a, b = series_of(ours), series_of(theirs)
    if a.keys() != b.keys():
        raise SystemExit(f"{name}: other series: {len(a)} and {len(b)}; {sorted(a.keys() ^ b.keys())[:3]}")
    for labels, points in a.items():
        other = b[labels]
        if points.keys() != other.keys():
            raise SystemExit(f"{name}: {labels}: points at other times")
        for t, value in points.items():
            if not (math.isclose(value, other[t], rel_tol=1e-9) or (math.isnan(value) and math.isnan(other[t]))):
                raise SystemExit(f"{name}: {labels} at {t}: {value} and {other[t]}")
    return len(a)


def text(seconds):
    return f"{seconds * 1e6:.0f} us" if seconds < 0.001 else f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def row(name, figures):
    """One line of the table: CPU (wall) of each server, and how many times Hearth's CPU each other took."""
    hearth = figures["hearth"]
    cells = [f"{text(cpu)} ({text(wall)})" for cpu, wall, *_ in figures.values()]
    for other in list(figures)[1:]:
        cells.append(f"{figures[other][0] / max(hearth[0], 1e-6):.1f} ({figures[other][1] / hearth[1]:.1f})")
    if len(hearth) > 2:
        cells.append(", ".join(f"{figure[2] / 1e6:.1f}" for figure in figures.values()) + " MB")
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main():
    data = ARGUMENTS.data = ARGUMENTS.data.resolve()
    fill(data)
    end = int((data / "end").read_text()) - 15
    with tempfile.TemporaryDirectory(prefix="run-", dir=data) as folder:
        names = ["hearth"] if ARGUMENTS.hearth_only else ["hearth", "prometheus", "victoria-metrics"]
        subjects = {name: Subject(name, pathlib.Path(folder)) for name in names}
        try:
            if not ARGUMENTS.cold:
                for subject in subjects.values():
                    subject.start()
            for query in QUERIES:
                if ARGUMENTS.only and not any(word in query[0] for word in ARGUMENTS.only):
                    continue
                figures = {}
                if ARGUMENTS.cold:
                    for name, subject in subjects.items():
                        subject.start()
                        figures[name] = subject.peak(query, end)
                else:
                    answers = {name: subject.ask(query, end) for name, subject in subjects.items()}
                    if "prometheus" in answers:
                        compare(query[0], answers["hearth"], answers["prometheus"])
                    rounds = [{name: subject.time(query, end) for name, subject in subjects.items()} for _ in range(ARGUMENTS.rounds)]
                    figures = {name: (min(r[name][0] for r in rounds), min(r[name][1] for r in rounds))
                               for name in subjects}
                row(query[0], figures)
        finally:
            for subject in subjects.values():
                subject.stop()


if __name__ == "__main__":
    main()
