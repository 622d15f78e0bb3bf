"""Samples that came late to Prometheus and were deleted in Hearth stay deleted when Prometheus goes on."""

import time
import unittest

from remote_write import Sender
from servers import EndToEnd, get, samples_of, use_prometheus_3, wait_for

MINUTE = 60_000
STORAGE = """storage:
  tsdb:
    out_of_order_time_window: 6h
"""


def setUpModule():
    use_prometheus_3()


class LateDelete(EndToEnd):
    def setUp(self):
        super().setUp()
        self.start = (int(time.time() * 1000) - 180 * MINUTE) // (10 * MINUTE) * 10 * MINUTE

    def open(self, which):
        make = self.hearth if which == "hearth" else self.prometheus
        return make(self.config({}, extra=STORAGE), data="data", flags=[
            "--web.enable-remote-write-receiver", "--web.enable-admin-api", "--storage.tsdb.retention.time=30d",
            "--storage.tsdb.min-block-duration=10m", "--storage.tsdb.max-block-duration=10m"])

    def send(self, server, series):
        sender = Sender(server.port)
        status, body = sender.send(series)
        sender.close()
        self.assertEqual(status // 100, 2, body)

    def in_order(self, server, first, last):
        for minute in range(first, last):
            t = self.start + minute * MINUTE
            self.send(server, [({"__name__": name}, [(t, float(minute))]) for name in ("deleted", "kept", "partly")])

    def answers(self, server):
        return samples_of(server.instant('{__name__=~"deleted|kept|partly"}[1d]', (self.start + 180 * MINUTE) / 1000))

    def delete(self, server, selector, first, last):
        frm, to = ((self.start + n * MINUTE) / 1000 for n in (first, last))
        url = f"{server.url}/api/v1/admin/tsdb/delete_series?match[]={selector}&start={frm}&end={to}"
        self.assertEqual(get(url, form={})[0], 204)

    def metric(self, server, name):
        _, text = get(server.url + "/metrics")
        return float([line for line in text.splitlines() if line.startswith(name + " ")][0].split()[1])

    def test_prometheus_does_not_show_them_again(self):
        prometheus = self.open("prometheus")
        self.in_order(prometheus, 120, 130)
        # More than its buffer of 32 holds: the first of them go to chunks_head/.
        for second in range(0, 45 * 60, 60):
            late = self.start + 60 * MINUTE + second * 1000 + 7
            self.send(prometheus, [({"__name__": name}, [(late, float(second))]) for name in ("deleted", "kept", "partly")])
        everything = self.answers(prometheus)
        self.assertEqual(len(everything['{"__name__": "deleted"}']), 55)
        self.assertEqual(prometheus.stop(), 0)

        hearth = self.open("hearth")
        self.assertEqual(self.answers(hearth), everything)
        self.delete(hearth, "deleted", 0, 119)
        self.delete(hearth, "partly", 0, 80)
        known = self.answers(hearth)
        self.assertEqual(len(known['{"__name__": "deleted"}']), 10)
        self.assertEqual(len(known['{"__name__": "partly"}']), 35)
        self.assertEqual(hearth.stop(), 0)

        prometheus = self.open("prometheus")
        self.assertEqual(self.answers(prometheus), known)
        # Its compaction reads chunks without looking at tombstones.
        self.in_order(prometheus, 130, 150)
        known = self.answers(prometheus)
        wait_for(lambda: self.metric(prometheus, "prometheus_tsdb_compactions_total") >= 3, "compactions", seconds=100)
        self.assertEqual(self.answers(prometheus), known)
        self.assertEqual(prometheus.stop(), 0)
        prometheus = self.open("prometheus")
        self.assertEqual(self.answers(prometheus), known)


if __name__ == "__main__":
    unittest.main()
