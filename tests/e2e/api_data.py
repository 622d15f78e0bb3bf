"""Two servers over copies of one data directory, for tests that compare what their APIs say.

The samples reach from an hour ago to the present: floats with odd values, texts that need escaping, names beyond
the old alphabet, classic and native histograms, exemplars, series that ended. They are functions of the minute,
so a failure looks the same in each run.
"""

import math
import shutil
import struct
import time

from exposition_bytes import Target
from remote_write import Histogram, Sender
from servers import EndToEnd, wait_for

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
MINUTES = 60
ODD_VALUES = [0.0, -0.0, 1.5, -1.0, math.nan, math.inf, -math.inf, 1e-305, 1.7e308, 1e21, 1e20, 1e-7, 1e-6, 123456789.125, 0.1, 5e-324, 2**53 + 1.0]
ODD_TEXTS = ["plain", "with space", 'quote"d', "back\\slash", "new\nline", "ümläut", "日本", "<b>&amp;'</b>", "tab\tbed", "line\u2028paragraph\u2029",
             "\x01\x1f\x7f", "🔥", "a/b%2Fc", "x" * 300]

EXPOSITION = """# HELP scraped_total Counts <things> & "more".
# TYPE scraped_total counter
scraped_total{kind="a"} 3
# HELP scraped_bytes Size.
# TYPE scraped_bytes gauge
scraped_bytes 1.5
# TYPE scraped_seconds histogram
# HELP scraped_seconds Line one\\nline two \\\\ end.
scraped_seconds_bucket{le="1"} 2
scraped_seconds_bucket{le="+Inf"} 3
scraped_seconds_sum 2.5
scraped_seconds_count 3
# TYPE scraped_summary summary
scraped_summary{quantile="0.5"} 1
scraped_summary_sum 1
scraped_summary_count 2
untyped_thing 7
"""

CONFIG = """global:
  scrape_interval: 1s
  scrape_timeout: 1s
  external_labels:
    region: "eu <west>"
    replica: a
scrape_configs:
  - job_name: fixed
    static_configs:
      - targets: ["127.0.0.1:{port}"]
        labels: {{note: "<&>"}}
  - job_name: dropping
    static_configs:
      - targets: ["127.0.0.1:1", "127.0.0.1:2"]
    relabel_configs:
      - action: drop
        source_labels: [__address__]
        regex: ".*"
  - job_name: down
    static_configs:
      - targets: ["127.0.0.1:{closed}"]
"""


def series_at(base):
    """[({label: value}, [(time in ms, value)], [(exemplar labels, value, time)])] in the order of the labels."""
    found = []

    def add(name, labels, value_of, exemplars=(), minutes=range(MINUTES)):
        samples = [(base + n * 60_000, value_of(n)) for n in minutes]
        found.append(({"__name__": name, **labels}, samples, list(exemplars)))

    for job in ("api", "web"):
        for i in range(3):
            for code in ("200", "404", "500"):
                add("http_requests_total", {"job": job, "instance": f"h{i}:80", "code": code}, lambda n: float(n * (i + 1) % 37))
    for i in range(4):
        add("temperature", {"room": f"r{i}"}, lambda n: round(20 + 5 * math.sin(n / 7 + i), 3))
    for i, value in enumerate(ODD_VALUES):
        add("odd", {"case": f"{i:02}"}, lambda n: value)
    for i, text in enumerate(ODD_TEXTS):
        add("texts", {"text": text, "n": f"{i:02}"}, lambda n: float(i))
    add("dotted.name", {"la.bel": "x.y", "ünï": "1", "plain": "2"}, lambda n: float(n))
    add("dotted.name", {"la.bel": "z"}, lambda n: float(n))
    for le in ("0.1", "1", "+Inf"):
        at = [({"trace_id": f"t{n}", "note": "<&>"}, n / 10, base + n * 60_000 + 7) for n in range(0, MINUTES, 10)]
        add("latency_bucket", {"job": "api", "le": le}, lambda n: float(n * len(le)), at)
    add("latency_count", {"job": "api"}, lambda n: float(n))
    add("latency_sum", {"job": "api"}, lambda n: n / 3)
    add("ended", {}, lambda n: STALE if n == 30 else float(n), minutes=range(31))
    add("ended_long_ago", {}, lambda n: float(n), minutes=range(20))
    for i in range(300):
        add("many", {"group": f"g{i % 7}", "n": f"{i:03}"}, lambda n: float(i * n % 101), minutes=range(0, MINUTES, 4))
    add("native", {"kind": "plain"}, lambda n: Histogram({0: 1 + n, 1: 2, 5: n}, {2: 3}, 2, n * 1.25, schema=1))
    add("native", {"kind": "float"}, lambda n: Histogram({-1: 0.5 + n, 3: 2.25}, {}, 0.5, n / 7, schema=3, exact=True))
    add("native", {"kind": "gauge"}, lambda n: Histogram({0: n % 5, 2: 4}, {}, 1, -1.5, schema=0, gauge=True))
    add("native", {"kind": "custom"}, lambda n: Histogram({0: n, 1: 2, 3: 1}, {}, 0, 7.5, schema=-53, bounds=(0.1, 1.0, 10.0)))
    add("native", {"kind": "empty"}, lambda n: Histogram({}))
    add("native", {"kind": "odd_sum"}, lambda n: Histogram({0: 5}, {}, 0, math.nan, schema=0))
    add("native_ended", {}, lambda n: Histogram({}, total=STALE) if n == 30 else Histogram({1: 1}), minutes=range(31))
    found.sort(key=lambda one: sorted(one[0].items()))
    return found


def fixed_target():
    """Serves EXPOSITION."""
    return Target({"/metrics": ("text/plain; version=0.0.4; charset=utf-8", EXPOSITION.encode())})


class Twins(EndToEnd):
    """Requires a Prometheus of version 3."""

    FLAGS = ["--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage,native-histograms,promql-experimental-functions",
             "--web.enable-admin-api"]

    def make_data(self, config):
        """Into data and prometheus-data, by way of a Prometheus. Sets self.base (ms): when the samples begin."""
        self.base = (int(time.time()) // 60 * 60 - (MINUTES - 1) * 60) * 1000
        writer = self.prometheus(config, flags=self.FLAGS)
        sender = Sender(writer.port)
        status, body = sender.send(series_at(self.base))
        self.assertEqual(status // 100, 2, body)
        sender.close()
        self.assertEqual(writer.stop(), 0)
        shutil.copytree(self.dir / "prometheus-data", self.dir / "data")

    def start_twins(self, flags=(), config_text=CONFIG):
        target = fixed_target()
        self.addCleanup(target.stop)
        self.target_port = target.port
        empty = self.config({}, name="empty.yml", extra="storage:\n  exemplars:\n    max_exemplars: 100000\n")
        self.make_data(empty)
        config = self.dir / "prometheus.yml"
        config.write_text(config_text.format(port=target.port, closed=1))
        self.hearth_server = self.hearth(config, flags=[*self.FLAGS, *flags])
        self.prometheus_server = self.prometheus(config, flags=[*self.FLAGS, *flags])
        self.both = [self.hearth_server, self.prometheus_server]
        for server in self.both:
            wait_for(lambda: self._scraped(server), "a first scrape of both targets")

    def _scraped(self, server):
        active = server.api("targets")["activeTargets"]
        return len(active) == 2 and all(target["health"] != "unknown" for target in active)
