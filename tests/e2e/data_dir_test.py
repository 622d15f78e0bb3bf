"""A directory on which a server runs, Hearth or Prometheus, read without asking it: the same answers, while it writes."""

import json
import random
import subprocess
import threading
import time
import unittest

from remote_write import Histogram, Sender
from servers import EndToEnd, HEARTHTOOL, get, samples_of, use_prometheus_3

MINUTE = 60_000
HOUR = 60 * MINUTE
STORAGE = "storage:\n  tsdb:\n    out_of_order_time_window: 3h\n"
FLAGS = ["--web.enable-remote-write-receiver", "--web.enable-admin-api", "--enable-feature=native-histograms"]
QUERIES = ("steady", "sum by (i) (rate(steady[5m]))", "late_only", "count_over_time(steady[1h])", "histogram_sum(spread)",
           "histogram_quantile(0.9, rate(spread[10m]))", "sum({__name__=~'steady|deleted'})", "deleted", "steady{i='2'} / ignoring(i) deleted{i='2'}",
           "absent(nothing)")


def setUpModule():
    use_prometheus_3()


class DataDir(EndToEnd):
    def setUp(self):
        super().setUp()
        self.end = int(time.time() * 1000) // MINUTE * MINUTE - 2 * MINUTE
        self.start = self.end - 5 * HOUR

    def send(self, server, series):
        sender = Sender(server.port)
        status, body = sender.send(series)
        sender.close()
        self.assertEqual(status // 100, 2, body)

    def fill(self, server):
        some = random.Random(1)
        for t in range(self.start, self.end, MINUTE):
            minute = (t - self.start) // MINUTE
            self.send(server, [({"__name__": name, "i": str(i)}, [(t, minute * i + 1)]) for name in ("steady", "deleted") for i in range(4)]
                      + [({"__name__": "spread"}, [(t, Histogram({0: minute, 2: 2 * minute, 5: 1}, total=float(minute)))])])
        for _ in range(60):
            late = self.end - some.randrange(1, 150 * MINUTE) // 1000 * 1000 - 7
            self.send(server, [({"__name__": "steady", "i": "0"}, [(late, late % 1009)]), ({"__name__": "late_only"}, [(late, late % 1013)])])
        gone = {"match[]": ["deleted{i='1'}", "steady{i='3'}"], "start": (self.end - 2 * HOUR) / 1000, "end": (self.end - HOUR) / 1000}
        status, body = get(f"{server.url}/api/v1/admin/tsdb/delete_series", form=gone)
        self.assertEqual(status, 204, body)

    def read(self, data, query):
        done = subprocess.run([HEARTHTOOL, "query", "range", f"--data-dir={self.dir / data}", "--format=json", "--step=1m",
                               f"--start={self.start / 1000}", f"--end={self.end / 1000}", query], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("damaged", done.stderr)
        return samples_of(json.loads(done.stdout))

    def asked(self, server, query):
        return samples_of(server.api("query_range", query=query, start=self.start / 1000, end=self.end / 1000, step=60)["result"])

    def compare(self, server, data):
        self.fill(server)
        done = threading.Event()

        def write():
            at = self.end
            while not done.is_set():
                at += 1
                self.send(server, [({"__name__": "noise", "i": str(i)}, [(at, at % 7)]) for i in range(200)])
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for query in QUERIES:
                self.assertEqual(self.asked(server, query), self.read(data, query), query)
        finally:
            done.set()
            writer.join()

    def test_of_hearth(self):
        self.compare(self.hearth(self.config({}, extra=STORAGE), data="data", flags=FLAGS), "data")

    def test_of_prometheus(self):
        self.compare(self.prometheus(self.config({}, extra=STORAGE), data="data", flags=FLAGS), "data")


if __name__ == "__main__":
    unittest.main()
