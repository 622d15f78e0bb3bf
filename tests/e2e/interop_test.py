"""Hearth and Prometheus take turns on one data directory, stopped cleanly or killed: both find everything."""

import json
import re
import signal
import subprocess
import time
import unittest

from remote_write import Histogram, Sender
from servers import EndToEnd, get, peer, samples_of, wait_for, use_prometheus_3

STORAGE = """storage:
  tsdb:
    out_of_order_time_window: 2h
  exemplars:
    max_exemplars: 1000
"""
HOUR = 3_600_000


def setUpModule():
    use_prometheus_3()


class Interop(EndToEnd):
    def setUp(self):
        super().setUp()
        text = subprocess.run([peer("prometheus"), "--version"], capture_output=True, text=True).stdout
        self.version = tuple(int(part) for part in re.search(r"version (\d+)\.(\d+)", text).groups())
        self.start = (int(time.time() * 1000) - 5 * HOUR) // 1000 * 1000
        self.number = 0  # of samples sent so far
        self.deleted = set()

    def open(self, server):
        """`server` on the one directory: "hearth" or "prometheus"."""
        config = self.config({}, extra=STORAGE)
        old = self.version < (3, 9)
        flags = ["--web.enable-remote-write-receiver", "--web.enable-admin-api",
                 "--enable-feature=exemplar-storage,memory-snapshot-on-shutdown" + (",native-histograms" if old else ""),
                 "--storage.tsdb.retention.time=30d"]
        # So that a head of some hours becomes blocks by itself.
        make = self.hearth if server == "hearth" else self.prometheus
        opened = make(config, data="data", flags=flags)
        wait_for(lambda: get(opened.url + "/-/ready")[0] == 200, f"{server} to be ready")
        return opened

    def write(self, server, samples):
        """One sample a minute in all kinds of series; then some that come too late."""
        sender = Sender(server.port)
        custom = self.version >= (3, 0)
        for _ in range(samples):
            n = self.number
            self.number += 1
            t = self.start + n * 60_000
            series = [({"__name__": "counter", "i": str(i)}, [(t, float(n * (i + 1)))],
                       [({"trace_id": f"{n}-{i}"}, n / 4, t)]) for i in range(3)]
            series.append(({"__name__": "gauge"}, [(t, (-1) ** n / (n + 1))]))
            series.append(({"__name__": "sparse"}, [(t, float("nan") if n % 7 == 0 else float(n))]))
            buckets = {i: n // (i + 3) + 1 for i in range(-2, 3 + n % 4)} if n % 50 != 49 else {0: 1}
            series.append(({"__name__": "histogram"}, [(t, Histogram(buckets, {1: n}, n, float(n)))]))
            series.append(({"__name__": "histogram", "gauge": "yes"}, [(t, Histogram({0: n % 5, 3: 1}, gauge=True))]))
            series.append(({"__name__": "float_histogram"}, [(t, Histogram({2: n / 2, 5: 1.25}, total=0.5, exact=True))]))
            if custom:
                series.append(({"__name__": "custom"}, [(t, Histogram({0: n, 2: 1}, schema=-53, bounds=(0.5, 1.0, 2.5)))]))
            status, body = sender.send(series)
            self.assertEqual(status // 100, 2, body)
            # Only early on: where Prometheus 3.5 merges two blocks of late samples, it takes the result for one
            # that covers its time, and drops what its log has of that time.
            if n % 10 == 9 and n < 90:
                late = t - 45 * 60_000 + 30_000
                for labels in ({"__name__": "gauge"}, {"__name__": "late", "n": str(n % 3)}):
                    status, body = sender.send([(labels, [(late, n + 0.5)])])
                    self.assertEqual(status // 100, 2, body)
        sender.close()

    def delete(self, server, server_name):
        """Ten minutes of one series; and what has come late to another one."""
        self.delete_series(server, "counter%7Bi=%222%22%7D", self.number - 20, self.number - 10)
        # Prometheus finds such samples again when it compacts them.
        if server_name == "hearth":
            self.delete_series(server, "late%7Bn=%220%22%7D", -60, self.number)
            self.assertEqual(server.instant('late{n="0"}[1d]', (self.start + self.number * 60_000) / 1000), [])

    def delete_series(self, server, selector, first, last):
        frm, to = ((self.start + n * 60_000) // 1000 for n in (first, last))
        status, body = get(f"{server.url}/api/v1/admin/tsdb/delete_series?match[]={selector}&start={frm}&end={to}", form={})
        self.assertEqual(status, 204, body)

    def everything(self, server):
        """All samples and exemplars there are, for comparison."""
        at = (self.start + self.number * 60_000 + 1000) / 1000
        raw = server.instant('{__name__=~".+"}[1d]', at)
        found = {}
        for series in raw:
            key = json.dumps(series["metric"], sort_keys=True)
            found[key] = (series.get("values", []), series.get("histograms", []))
        # Of the last hour: a replay leaves those out that are older than the newest block.
        exemplars = server.api("query_exemplars", query='{__name__=~".+"}', start=at - 3600, end=at)
        shown = {json.dumps(one["seriesLabels"], sort_keys=True): one["exemplars"] for one in exemplars}
        rate = samples_of(server.api("query_range", query="rate(counter[5m])", start=self.start / 1000, end=at, step=60)["result"])
        return found, shown, rate

    def same(self, before, after, what):
        for kind, one, other in zip(("samples", "exemplars", "rates"), before, after):
            self.assertEqual(sorted(one), sorted(other), f"{what}: series of {kind}")
            for key in one:
                self.assertEqual(one[key], other[key], f"{what}: {kind} of {key}")

    def take_turns(self, first, second, how):
        """`first` writes, stops by `how`; `second` finds it all, writes on; and back."""
        for server_name, next_name in ((first, second), (second, first), (first, second)):
            server = self.open(server_name)
            self.write(server, 80)
            self.delete(server, server_name)
            self.write(server, 15)
            before = self.everything(server)
            self.assertGreaterEqual(len(before[0]), 9)
            server.stop(how)
            after_server = self.open(next_name)
            self.same(before, self.everything(after_server), f"{next_name} after {server_name}")
            # A stop in the middle of Prometheus' compaction, which depends on the time of day, is no alarm.
            alarms = [line for line in after_server.log().splitlines()
                      if re.search("orrupt|level=ERROR|level=error", line) and "context canceled" not in line]
            self.assertEqual(alarms, [], f"{next_name} after {server_name}")
            after_server.stop(how)
        analyze = subprocess.run([peer("promtool"), "tsdb", "list", str(self.dir / "data")], capture_output=True, text=True)
        self.assertEqual(analyze.returncode, 0, analyze.stderr)

    def test_after_a_clean_stop(self):
        self.take_turns("hearth", "prometheus", signal.SIGTERM)

    def test_after_a_clean_stop_begun_by_prometheus(self):
        self.take_turns("prometheus", "hearth", signal.SIGTERM)

    def test_after_kill_9(self):
        self.take_turns("hearth", "prometheus", signal.SIGKILL)

    def test_after_kill_9_begun_by_prometheus(self):
        self.take_turns("prometheus", "hearth", signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
