"""The samples that the differential test of PromQL asks about: the same for both servers, from one seed.

Two hours of floats come before START, for a block; what follows comes by remote write: floats, native
histograms, staleness markers. The values hold what arithmetic trips over: resets, NaN, infinities, gaps.
"""

import math
import random
import struct

from remote_write import Histogram

START = 1_699_999_200  # a multiple of two hours, in seconds
BEFORE = 7200          # seconds of data in the block
AFTER = 3600           # seconds of data by remote write

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
NAN, INF = math.nan, math.inf
ODD_VALUES = [0.0, -0.0, 1.0, -1.0, NAN, INF, -INF, 1e-305, 1.7e308, -1.7e308, 1e16, 1.0, -1e16, 0.1, 2**53 + 1.0, 1e21, 1e-7, 65.0]
ODD_TEXTS = ["plain", "with space", 'quote"d', "back\\slash", "new\nline", "\u00fcml\u00e4ut", "\u65e5\u672c", "a.b*c", "$1", "", "1e3", "x" * 200, "\U0001f525", "tab\tbed", "'single'", "`tick`"]


class Data:
    """series: [(labels, [(time in ms, value or Histogram)])] in the order of the labels."""

    def __init__(self, seed, histograms=True, whole_seconds=True):
        self.random = random.Random(seed)
        self.phase = 0 if whole_seconds else 250
        self.series = []
        self._counters()
        self._gauges()
        self._odd()
        self._classic_histograms()
        self._many()
        self._matching()
        if histograms:
            self._native_histograms()
        self.series.sort(key=lambda one: sorted(one[0].items()))

    def _times(self, interval, jitter=0, frm=-BEFORE, to=AFTER):
        for second in range(frm, to, interval):
            yield (START + second) * 1000 + self.phase + (self.random.randrange(jitter) if jitter else 0)

    def _add(self, name, labels, samples):
        self.series.append(({"__name__": name, **{k: v for k, v in labels.items() if v != ""}}, samples))

    def _counters(self):
        for job, instances in (("api", 4), ("web", 3)):
            for i in range(instances):
                for code in ("200", "404", "500"):
                    value, samples = 0.0, []
                    for t in self._times(15 if job == "api" else 30, jitter=2000 if i == 1 else 0):
                        value = 0.0 if self.random.random() < 0.02 else value + self.random.choice((0, 1, 2.5, 1000))
                        if i != 2 or t // 400_000 % 3:  # instance 2 has gaps
                            samples.append((t, value))
                    self._add("requests_total", {"job": job, "instance": f"h{i}", "code": code}, samples)

    def _gauges(self):
        for i, room in enumerate(("attic", "cellar", "hall", "kitchen")):
            for sensor in "ab":
                samples = [(t, round(20 * math.sin(t / 9e5 + i) + self.random.gauss(0, 1), 3)) for t in self._times(30 + 10 * i)]
                self._add("temperature", {"room": room, "sensor": sensor}, samples)
        for i in range(3):  # goes away and comes back, with a marker
            samples, up = [], True
            for t in self._times(20):
                was, up = up, self.random.random() < (0.9 if up else 0.3)
                if up:
                    samples.append((t, float(self.random.randrange(-5, 6))))
                elif was:
                    samples.append((t, STALE))
            self._add("flappy", {"instance": f"h{i}", "job": "api"}, samples)
        for interval in (120, 240, 290, 310, 600):
            self._add("sparse", {"every": str(interval)}, [(t, t / 1000 % 977) for t in self._times(interval)])
        self._add("steady", {}, [(t, 42.0) for t in self._times(60)])
        self._add("clock_seconds", {"job": "api"}, [(t, t / 1000) for t in self._times(60)])

    def _odd(self):
        for case in range(4):
            samples = [(t, self.random.choice(ODD_VALUES)) for t in self._times(30)]
            self._add("odd", {"case": str(case)}, samples)
        for case, value in (("nan", NAN), ("inf", INF), ("minus_inf", -INF), ("zero", 0.0), ("minus_zero", -0.0), ("big", 1.7e308)):
            self._add("constant", {"case": case}, [(t, value) for t in self._times(60)])
        for i, text in enumerate(ODD_TEXTS):
            self._add("texts", {"text": text, "n": str(i)}, [(t, float(i)) for t in self._times(120)])

    def _classic_histograms(self):
        bounds = ["0.1", "0.5", "1", "2.5", "10", "+Inf"]
        for job in ("api", "web"):
            for instance in ("h0", "h1"):
                counts, rows = [0] * len(bounds), []
                for t in self._times(30):
                    for b in range(len(bounds)):
                        counts[b] += self.random.randrange(4)
                    total, row = 0, []
                    for count in counts:
                        total += count
                        row.append(float(total))
                    rows.append((t, row))
                for b, le in enumerate(bounds):
                    wrong = job == "web" and instance == "h1" and b == 2  # not monotonic
                    self._add("latency_bucket", {"job": job, "instance": instance, "le": le},
                              [(t, row[b] * (0.5 if wrong else 1)) for t, row in rows])
                self._add("latency_sum", {"job": job, "instance": instance}, [(t, row[-1] * 1.7) for t, row in rows])
                self._add("latency_count", {"job": job, "instance": instance}, [(t, row[-1]) for t, row in rows])
        for labels in ({"le": "1"}, {"le": "1.0"}, {"le": "nonsense"}, {}, {"le": "+Inf", "a": "1"}, {"le": "5", "a": "1"},
                       {"le": "-1", "a": "2"}, {"le": "+Inf", "a": "2"}, {"le": "3", "a": "3"}, {"le": "NaN", "a": "4"}, {"le": "+Inf", "a": "4"}):
            self._add("broken_bucket", labels, [(t, float(len(labels) * (t // 60000 % 7))) for t in self._times(60)])

    def _many(self):
        for i in range(1500):
            labels = {"group": f"g{i % 7}", "shard": f"s{i % 50}", "zone": f"z{i // 50}"}
            self._add("many", labels, [(t, float(i * 37 % 101) + t / 1000 % 600) for t in self._times(300, frm=-1200, to=1200)])

    def _matching(self):
        for a in "123":
            for b in "12":
                self._add("left", {"a": a, "b": b, "x": "l"}, [(t, float(a) * 10 + float(b)) for t in self._times(60)])
            self._add("right", {"a": a, "x": "r", "extra": f"e{a}"}, [(t, float(a)) for t in self._times(60)])
        self._add("right", {"a": "4", "x": "r"}, [(t, 4.0) for t in self._times(60)])
        for b in "12":  # twice the same when b is ignored
            self._add("twice", {"a": "1", "b": b}, [(t, float(b)) for t in self._times(60)])
        for job in ("api", "web"):
            for i in range(3):
                self._add("target_info", {"job": job, "instance": f"h{i}", "version": f"v{i}", "data": "info"}, [(t, 1.0) for t in self._times(60)])
        for i in range(3):
            # A version that changes: for a while there are two.
            old = [(t, 1.0) for t in self._times(60) if t < (START + 600) * 1000]
            new = [(t, 1.0) for t in self._times(60) if t > (START + 420) * 1000]
            self._add("build_info", {"job": "api", "instance": f"h{i}", "build": "old"}, old)
            self._add("build_info", {"job": "api", "instance": f"h{i}", "build": "new"}, new)

    # ---- native histograms: after START only

    def _histogram_series(self, name, labels, interval, make):
        self._add(name, labels, [(t, make(n)) for n, t in enumerate(self._times(interval, frm=0))])

    def _growing(self, schema, exact=False, reset_every=0, negative=False, bounds=()):
        # So far from zero that it does not limit an extrapolation: 3.5 does not look at histograms for that.
        counts, below, state = {1: 3000}, {}, {"zero": 0, "sum": 0.0}

        def make(n):
            if reset_every and n % reset_every == reset_every - 1:
                below.clear(), counts.clear(), counts.update({1: 1000}), state.update(zero=0, sum=0.0)
            for _ in range(3):
                index = self.random.randrange(0, len(bounds) + 1) if bounds else self.random.randrange(-3, 6) * (1 if schema < 3 else 2)
                grow = self.random.randrange(5) + (0.5 if exact else 0)
                counts[index] = counts.get(index, 0) + grow
                state["sum"] += grow * 1.3
            if negative:
                index = self.random.randrange(0, 3)
                below[index] = below.get(index, 0) + 1
                state["sum"] -= 1.1
            if not bounds:
                state["zero"] += self.random.randrange(2)
            return Histogram(dict(counts), dict(below), state["zero"], state["sum"], schema=schema, exact=exact, bounds=bounds)

        return make

    def _native_histograms(self):
        for schema in (-2, 0, 1, 3):
            self._histogram_series("native", {"job": "api", "schema": str(schema)}, 30, self._growing(schema))
        self._histogram_series("native", {"job": "web", "schema": "2"}, 60, self._growing(2, reset_every=9, negative=True))
        self._histogram_series("native", {"job": "web", "schema": "8"}, 60, self._growing(8))
        for schema in (1, 2):
            self._histogram_series("native_float", {"schema": str(schema)}, 30, self._growing(schema, exact=True, reset_every=25))
        gauge = lambda n: Histogram({0: n % 5, 2: (n * 7) % 4 + 1}, {1: n % 3}, n % 2, float(n % 11) - 4, schema=1, gauge=True)
        self._histogram_series("native_gauge", {"job": "api"}, 30, gauge)
        self._histogram_series("native_gauge", {"job": "web"}, 45, gauge)
        for a, bounds in (("1", (0.1, 1.0, 10.0)), ("2", (0.1, 1.0, 10.0)), ("3", (0.5, 1.0, 7.0, 10.0))):
            self._histogram_series("native_custom", {"a": a}, 30, self._growing(-53, bounds=bounds, reset_every=40))
        grow = self._growing(1)
        mixed = lambda n: grow(n) if n // 7 % 3 != 1 else float(n)
        self._histogram_series("native_mixed", {"job": "api"}, 30, mixed)
        self._histogram_series("native_mixed", {"job": "web"}, 30, lambda n: float(n))
        changing = [self._growing(schema) for schema in (0, 2)]
        self._histogram_series("native_changing", {}, 30, lambda n: changing[n // 12 % 2](n))
        self._histogram_series("native_stale", {}, 30, lambda n: Histogram({}, total=STALE) if n % 13 == 12 else Histogram({1: 1000 + n}, total=float(n)))
        self._histogram_series("native_nan", {}, 30, lambda n: Histogram({0: 1, 1: 1000 + n}, total=NAN if n % 3 else 2.0))
        self._histogram_series("native_empty", {}, 60, lambda n: Histogram({}))
        layouts = [self._growing(-53, bounds=bounds) for bounds in ((0.1, 1.0, 10.0), (0.1, 0.5, 1.0), (-1.0, 2.0))]
        self._histogram_series("native_layouts", {"a": "1"}, 30, lambda n: layouts[n // 9 % 3](n))
        self._histogram_series("native_layouts", {"a": "2"}, 30, lambda n: layouts[0](n) if n // 5 % 2 else changing[0](n))
        self._histogram_series("native_layouts", {"a": "3"}, 30, lambda n: layouts[1](n) if n // 4 % 3 else gauge(n) if n % 2 else float(n))
        # Names beyond the old alphabet.
        for i, text in enumerate(("x y", "z")):
            self._add("dotted.requests_total", {"la.bel": text, "job": "api", "\u00fc": str(i)}, [(t, float(n * (i + 1) % 50)) for n, t in enumerate(self._times(30, frm=0))])
            self._histogram_series("dotted.native", {"la.bel": text, "job": "api"}, 30, self._growing(i))
        # The same family both ways.
        self._histogram_series("latency", {"job": "api", "instance": "h0"}, 30, self._growing(2))

    # ---- how it gets into a server

    def openmetrics(self):
        """The floats before START."""
        lines = []
        for labels, samples in self.series:
            name = labels["__name__"]
            pairs = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items() if k != "__name__")
            for t, value in samples:
                if t < START * 1000 and not isinstance(value, Histogram) and _bits(value) != _bits(STALE):
                    lines.append(f"{name}{{{pairs}}} {_number(value)} {t / 1000:.3f}\n")
        return "".join(lines) + "# EOF\n"

    def requests(self, minutes=10):
        """What follows START, for Sender.send(), in the order of time."""
        for begin in range(0, AFTER, 60 * minutes):
            low, high = (START + begin) * 1000, (START + begin + 60 * minutes) * 1000
            yield [(labels, part) for labels, samples in self.series
                   if (part := [(t, value) for t, value in samples if low <= t < high])]


def _bits(value):
    return struct.pack("<d", value)


def _escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
