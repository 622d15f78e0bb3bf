"""Merged blocks with chunks of up to 480 samples: a real Prometheus reads them, and answers as before."""

import json
import math
import random
import shutil
import subprocess
import time
import unittest

from remote_write import Histogram, Sender
from servers import EndToEnd, peer, samples_of, use_prometheus_3, wait_for

MINUTE = 60_000
MINUTES = 120
STEP = 2_000


def setUpModule():
    use_prometheus_3()


class Repack(EndToEnd):
    def setUp(self):
        super().setUp()
        # Blocks of ten minutes, three of which are merged to one of half an hour.
        self.start = (int(time.time() * 1000) - MINUTES * MINUTE) // (30 * MINUTE) * 30 * MINUTE
        self.flags = ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms",
                      "--storage.tsdb.min-block-duration=10m", "--storage.tsdb.max-block-duration=30m",
                      "--storage.tsdb.retention.time=30d"]

    def write(self, server):
        chance = random.Random(7)
        sender = Sender(server.port)
        counter, walk = 0.0, 0.0
        for minute in range(MINUTES):
            times = [self.start + minute * MINUTE + i * STEP for i in range(MINUTE // STEP)]
            kinds = {"counter": [], "walk": [], "jitter": [], "constant": [], "wild": [], "resets": [], "stale": []}
            for t in times:
                counter += chance.randrange(100)
                walk += chance.gauss(0, 1)
                kinds["counter"].append((t, counter))
                kinds["walk"].append((t, walk))
                kinds["jitter"].append((t + chance.randrange(STEP), float(chance.randrange(5))))
                kinds["constant"].append((t, 1.0))
                kinds["wild"].append((t, chance.choice([math.inf, -math.inf, 1e-300, chance.random() * 10 ** chance.randrange(-20, 20)])))
                kinds["resets"].append((t, float((t - self.start) // STEP % 700)))
                if t // STEP % 37 != 0:
                    kinds["stale"].append((t, float(t // STEP % 11)))
            series = [({"__name__": name}, samples) for name, samples in kinds.items()]
            series.append(({"__name__": "histogram"}, [(times[0], Histogram({1: minute + 1, 2: 2 * minute}, total=float(minute)))]))
            status, body = sender.send(series)
            self.assertEqual(status // 100, 2, body)
        sender.close()

    def answers(self, server):
        end = (self.start + MINUTES * MINUTE) / 1000
        found = samples_of([series for series in server.instant('{__name__=~".+"}[1d]', end) if "values" in series])
        for query in ("rate(counter[1m])", "increase(resets[5m])", "quantile_over_time(0.9, walk[3m])", "stale", "jitter",
                      "histogram_count(histogram)", "count_over_time(wild[7m])"):
            result = server.api("query_range", query=query, start=self.start / 1000, end=end, step=30)["result"]
            found[query] = samples_of(result)
        return found

    def same(self, before, after, what):
        self.assertEqual(before.keys(), after.keys(), what)
        for key, samples in before.items():
            self.assertEqual(samples, after[key], f"{what}: {key}")

    def metas(self):
        return [json.loads(path.read_text()) for path in (self.dir / "data").glob("01*/meta.json")]

    def test_prometheus_reads_what_was_repacked(self):
        hearth = self.hearth(self.config({}), flags=self.flags)
        self.write(hearth)
        before = self.answers(hearth)
        self.assertEqual(len(before['{"__name__": "walk"}']), MINUTES * MINUTE // STEP)
        wait_for(lambda: [m for m in self.metas() if m["compaction"]["level"] >= 2], "a merged block", seconds=150)
        self.same(before, self.answers(hearth), "Hearth with merged blocks")
        self.assertEqual(hearth.stop(), 0)

        merged = [meta for meta in self.metas() if meta["compaction"]["level"] >= 2]
        for meta in merged:
            stats = meta["stats"]
            self.assertGreater(stats["numSamples"] / stats["numChunks"], 240, stats)
            analyzed = subprocess.run([peer("promtool"), "tsdb", "analyze", str(self.dir / "data"), meta["ulid"]],
                                      capture_output=True, text=True)
            self.assertEqual(analyzed.returncode, 0, analyzed.stderr)
        shutil.copytree(self.dir / "data", self.dir / "copy")
        for data, opened in (("copy", self.prometheus), ("data", self.hearth)):
            server = opened(self.config({}), data=data, flags=self.flags)
            self.same(before, self.answers(server), opened.__name__)
            for alarm in ("corrupt", "level=ERROR"):
                self.assertNotIn(alarm, server.log())
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
