"""chunks_head/ and the memory snapshot, written by one of Hearth and Prometheus and read by the other."""

import re
import signal
import time
import unittest

from remote_write import Sender
from servers import EndToEnd, samples_of, use_prometheus_3

SERIES = 2000
STEP = 15_000


def setUpModule():
    use_prometheus_3()


class HeadFiles(EndToEnd):
    def setUp(self):
        super().setUp()
        self.start = (int(time.time() * 1000) - 3_600_000 * 3) // STEP * STEP
        self.sent = 0

    def open(self, which):
        make = self.hearth if which == "hearth" else self.prometheus
        return make(self.config({}), data="data", flags=["--web.enable-remote-write-receiver",
                                                         "--enable-feature=memory-snapshot-on-shutdown"])

    def write(self, server, samples):
        """That many samples, a step apart, in each series."""
        times = [self.start + (self.sent + n) * STEP for n in range(samples)]
        self.sent += samples
        sender = Sender(server.port)
        for first in range(0, SERIES, 200):
            series = [({"__name__": "m", "i": str(i)}, [(t, (t // STEP * 7919 + i) % 100_003 / 7) for t in times])
                      for i in range(first, first + 200)]
            status, body = sender.send(series)
            self.assertEqual(status // 100, 2, body)
        sender.close()

    def answers(self, server):
        at = (self.start + self.sent * STEP) / 1000
        some = samples_of(server.instant('m{i=~".*7"}[1d]', at))
        counts = samples_of(server.instant("sum(count_over_time(m[1d]))", at))
        return some, counts

    def chunk_bytes(self):
        return sum(file.stat().st_size for file in (self.dir / "data" / "chunks_head").iterdir())

    def complaints(self, server):
        return [line for line in server.log().splitlines()
                if re.search("orrupt|damaged|level=(ERROR|error|WARN|warn)", line) and not re.search("lockfile|OS signal", line)]

    def take_turns(self, first, second, how, loaded):
        server = self.open(first)
        self.write(server, 150)
        self.write(server, 150)
        before = self.answers(server)
        self.assertEqual(before[1]["{}"][0][1], str(300 * SERIES))
        server.stop(how)
        # A Prometheus that is killed has seldom written chunks yet.
        if first == "hearth" or how == signal.SIGTERM:
            self.assertGreater(self.chunk_bytes(), 1 << 20)
        server = self.open(second)
        self.assertEqual(self.answers(server), before)
        self.assertEqual(self.complaints(server), [])
        self.assertEqual(loaded in server.log(), how == signal.SIGTERM, server.log())
        # And it goes on with what it found.
        self.write(server, 100)
        before = self.answers(server)
        self.assertEqual(before[1]["{}"][0][1], str(400 * SERIES))
        server.stop(how)
        server = self.open(first)
        self.assertEqual(self.answers(server), before)
        self.assertEqual(self.complaints(server), [])

    def test_prometheus_begins_with_the_snapshot_and_the_chunks_that_hearth_left(self):
        self.take_turns("hearth", "prometheus", signal.SIGTERM, "chunk snapshot loaded")

    def test_hearth_begins_with_the_snapshot_and_the_chunks_that_prometheus_left(self):
        self.take_turns("prometheus", "hearth", signal.SIGTERM, "Memory snapshot loaded")

    def test_prometheus_opens_the_chunks_of_a_killed_hearth(self):
        self.take_turns("hearth", "prometheus", signal.SIGKILL, "chunk snapshot loaded")

    def test_hearth_opens_the_chunks_of_a_killed_prometheus(self):
        self.take_turns("prometheus", "hearth", signal.SIGKILL, "Memory snapshot loaded")


if __name__ == "__main__":
    unittest.main()
