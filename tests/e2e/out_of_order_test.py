"""Samples out of order on one data directory: written by Prometheus and killed, read by Hearth, and back."""

import json
import random
import signal
import subprocess
import time
import unittest

from remote_write import Histogram, Sender
from servers import EndToEnd, peer, samples_of, wait_for, use_prometheus_3

STORAGE = """storage:
  tsdb:
    out_of_order_time_window: 12h
"""
MINUTE = 60_000
FLAGS = ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"]


def setUpModule():
    use_prometheus_3()


class OutOfOrder(EndToEnd):
    def setUp(self):
        super().setUp()
        self.start = (int(time.time() * 1000) - 8 * 60 * MINUTE) // MINUTE * MINUTE
        self.random = random.Random(1)
        self.sent = 0

    def open(self, which):
        config = self.config({}, extra=STORAGE)
        make = self.hearth if which == "hearth" else self.prometheus
        return make(config, data="data", flags=FLAGS)

    def send(self, server, series):
        sender = Sender(server.port)
        status, body = sender.send(series)
        self.assertEqual(status // 100, 2, body)
        sender.close()

    def fill(self, server):
        """An hour in order; then late samples one by one, and so many at once that runs of them are full."""
        at = self.start + self.sent * 60 * MINUTE + 3 * 60 * MINUTE
        part = self.sent
        self.sent += 1
        for minute in range(60):
            t = at + minute * MINUTE
            self.send(server, [({"__name__": "steady", "i": str(i)}, [(t, minute + i / 4)]) for i in range(3)])
        for _ in range(50):
            late = at - self.random.randrange(1, 3 * 60 * MINUTE) // 1000 * 1000 - 1000 * part - 7
            self.send(server, [({"__name__": "steady", "i": str(self.random.randrange(3))}, [(late, late % 1009)]),
                               ({"__name__": "only_late"}, [(late, late % 1013)])])
        history = [at - 2 * 60 * MINUTE + i * 15_000 + part for i in range(100)]
        self.send(server, [({"__name__": "steady", "i": "0"}, [(t, t % 997) for t in history]),
                           ({"__name__": "backfill", "part": str(part)}, [(t, t % 991) for t in history])])
        histograms = [(t, Histogram({0: i, 1: 2 * i, 4: 1}, total=float(i))) for i, t in enumerate(history)]
        self.send(server, [({"__name__": "histograms"}, [(at + part, Histogram({0: 1, 1: 1}, total=5.0))])])
        self.send(server, [({"__name__": "histograms"}, histograms[:40])])

    def everything(self, server):
        now = (self.start + 12 * 60 * MINUTE) / 1000
        found = {}
        for name in ("steady", "only_late", "backfill"):
            found.update(samples_of(server.instant(f"{name}[24h]", now)))
        for statistic in ("histogram_count", "histogram_sum"):
            result = server.api("query_range", query=f"{statistic}(histograms)", start=self.start / 1000,
                                end=now, step="15s")["result"]
            found[statistic] = samples_of(result)
        return found

    def take_turns(self, turns, how):
        known = {}
        for turn, which in enumerate(turns):
            server = self.open(which)
            found = wait_for(lambda: self.everything(server), "an answer")
            if turn > 0:
                for series, samples in known.items():
                    self.assertEqual(samples, found.get(series), f"{series} in {which}, turn {turn}")
                self.assertEqual(known.keys(), found.keys())
            if turn + 1 < len(turns):
                self.fill(server)
                known = self.everything(server)
                self.assertGreater(sum(len(samples) for samples in known.values()), 400)
            server.stop(how)

    def test_killed_each_time_and_nothing_is_missing(self):
        self.take_turns(["prometheus", "hearth", "prometheus", "hearth"], signal.SIGKILL)

    def test_stopped_each_time_and_nothing_is_missing(self):
        self.take_turns(["hearth", "prometheus", "hearth"], signal.SIGTERM)

    def test_compacted_into_blocks_that_prometheus_reads(self):
        hearth = self.open("hearth")
        for _ in range(4):
            self.fill(hearth)
        known = self.everything(hearth)
        metas = lambda: [json.loads(path.read_text()) for path in (self.dir / "data").glob("*/meta.json")]
        hints = lambda: [meta for meta in metas() if "from-out-of-order" in meta["compaction"].get("hints", [])]
        wait_for(hints, "a block of samples out of order", seconds=100)
        self.assertEqual(known, self.everything(hearth))
        hearth.stop(signal.SIGKILL)
        # Killed between a merge and the end of its sources: promtool does not list those.
        merged = {parent["ulid"] for meta in metas() for parent in meta["compaction"].get("parents", [])}
        for meta in metas():
            if meta["ulid"] in merged:
                continue
            analyzed = subprocess.run([peer("promtool"), "tsdb", "analyze", str(self.dir / "data"), meta["ulid"]],
                                      capture_output=True, text=True)
            self.assertEqual(analyzed.returncode, 0, analyzed.stderr)
        for which in ("prometheus", "hearth"):
            server = self.open(which)
            self.assertEqual(known, self.everything(server), which)
            server.stop(signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
