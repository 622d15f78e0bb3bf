"""kill -9 at random moments under load: what was acknowledged is there afterwards, and nothing else.

HEARTH_KILL_ROUNDS=200 runs the long form; scripts/test runs a short one.
"""

import os
import random
import signal
import threading
import time
import unittest

from remote_write import Sender
from servers import EndToEnd, get, wait_for

ROUNDS = int(os.environ.get("HEARTH_KILL_ROUNDS", "6"))
SENDERS = 3
SERIES = 40  # of each sender


class Load(threading.Thread):
    """One sender: the value of its sample number n is n, one sample a series and request."""

    def __init__(self, number, first, start_ms):
        super().__init__(daemon=True)
        self.number = number
        self.next = first
        self.start_ms = start_ms
        self.port = None
        self.acknowledged = first - 1  # number of the last sample that was
        self.refusals = []
        self.stopping = False

    def time_of(self, n):
        return self.start_ms + n * 10

    def request(self, n):
        return [({"__name__": "load", "sender": str(self.number), "series": str(i)}, [(self.time_of(n), float(n))])
                for i in range(SERIES)]

    def run(self):
        sender = Sender(self.port)
        while not self.stopping:
            try:
                status, body = sender.send(self.request(self.next))
            except OSError:
                break  # killed; whether the last one is stored is open
            except Exception as error:  # http.client raises several kinds for a connection that breaks
                if "http.client" not in type(error).__module__:
                    self.refusals.append(repr(error))
                break
            if status // 100 != 2:
                self.refusals.append(f"sample {self.next}: {status} {body}")
                break
            self.acknowledged = self.next
            self.next += 1
        sender.close()


class Kill(EndToEnd):
    def stored(self, hearth, sender, start_ms, last):
        """{series: numbers of the samples there}"""
        # Numbers are ten ms apart: raw samples of a matrix selector.
        at = (start_ms + last * 10 + 1000) / 1000
        window = int(at - start_ms / 1000) + 2
        result = hearth.instant(f'load{{sender="{sender}"}}[{window}s]', at)
        found = {}
        for series in result:
            values = [int(value) for _, value in series["values"]]
            times = [round(float(t) * 1000) for t, _ in series["values"]]
            self.assertEqual(times, [start_ms + n * 10 for n in values], f"sender {sender}: a sample that was never sent")
            found[series["metric"]["series"]] = values
        return found

    def test_no_acknowledged_sample_is_lost_when_it_is_killed_under_load(self):
        seed = int(os.environ.get("HEARTH_SEED", random.randrange(1 << 30)))
        print(f"HEARTH_SEED={seed}, {ROUNDS} rounds", flush=True)
        moments = random.Random(seed)
        config = self.config({})
        # Small blocks and segments, so that cuts, compactions and checkpoints happen under the kills, too.
        flags = ["--web.enable-remote-write-receiver", "--storage.tsdb.min-block-duration=1m",
                 "--storage.tsdb.max-block-duration=1m", "--storage.tsdb.wal-segment-size=10MB"]
        start_ms = int(time.time() * 1000) - 3_600_000
        acknowledged = [-1] * SENDERS
        total = 0
        port = None
        for round_number in range(ROUNDS + 1):
            hearth = self.hearth(config, flags=flags, port=port)
            port = hearth.port
            wait_for(lambda: get(hearth.url + "/-/ready")[0] == 200, "the log to be replayed")
            first = []
            for sender in range(SENDERS):
                found = self.stored(hearth, sender, start_ms, acknowledged[sender] + 1)
                highest = max((values[-1] for values in found.values()), default=-1)
                self.assertIn(highest, (acknowledged[sender], acknowledged[sender] + 1), f"round {round_number}")
                if highest >= 0:
                    self.assertEqual(len(found), SERIES, f"round {round_number}: whole series are missing")
                for series, values in found.items():
                    self.assertEqual(values, list(range(highest + 1)), f"round {round_number}, sender {sender}, series {series}")
                first.append(highest + 1)
            if round_number == ROUNDS:
                self.assertEqual(hearth.stop(), 0)
                break
            loads = [Load(sender, first[sender], start_ms) for sender in range(SENDERS)]
            for load in loads:
                load.port = hearth.port
                load.start()
            time.sleep(moments.uniform(0.01, 0.8))  # the moment of the kill is what is tested
            hearth.stop(signal.SIGKILL)
            for load in loads:
                load.stopping = True
                load.join(30)
                self.assertEqual(load.refusals, [])
            total += sum(load.acknowledged + 1 - load_first for load, load_first in zip(loads, first))
            acknowledged = [load.acknowledged for load in loads]
        print(f"{total * SERIES} samples acknowledged, none lost", flush=True)


if __name__ == "__main__":
    unittest.main()
