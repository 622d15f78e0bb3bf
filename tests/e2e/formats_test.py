"""Hearth beside a real Prometheus: the same bodies, in all formats, give the same series, values, native
histograms, exemplars and errors."""

import json
import re
import time
import unittest

from exposition_bytes import (COUNTER, GAUGE, GAUGE_HISTOGRAM, HISTOGRAM, NO_OP_SPAN, OPEN_METRICS, PROTOBUF, SUMMARY,
                              TEXT, UNTYPED, Target, counter, delimited, exemplar, family, gauge, histogram, native,
                              summary, untyped)
from servers import EndToEnd, use_prometheus_3, wait_for

NOW = time.time()
INFINITY = float("inf")
NAN = float("nan")

CLASSIC = ((0.1, 2), (1, 5), (10, 9))
EXEMPLARS = ((0.1, 2, exemplar(0.05, at=NOW - 5)), (1, 5, exemplar(0.5)), (10, 9, exemplar(7, (("a", "b"), ("c", "d")), NOW - 4)))
NATIVE = dict(schema=3, positive=(((-3, 2), (2, 3)), (2, 1, -1, 0, 1)), negative=(((0, 1),), (3,)), zero_count=1,
              zero_threshold=0.001)
NATIVE_FLOAT = dict(schema=2, positive=(((0, 2), (1, 1)), (1.5, 2.25, 3)), zero_count=0.25, zero_threshold=1e-10,
                    is_float=True)

PROTO_BODY = delimited(
    family("go_info", GAUGE, gauge(1, {"version": "go1.24", "empty": ""}), help="About \\ \"Go\"\nitself."),
    family("requests_total", COUNTER, counter(17, {"code": "200"}, exemplar(3, at=NOW - 3)),
           counter(2.5, {"code": "500"}, exemplar(1)), counter(NAN, {"code": "NaN"}), counter(INFINITY, {"code": "inf"})),
    family("size_bytes_total", COUNTER, counter(5), unit="bytes"),
    family("temperature_celsius", GAUGE, gauge(-3.25, {"room": "höhle"}), unit="celsius"),
    family("timed", UNTYPED, untyped(42, time_ms=int((NOW - 10) * 1000))),
    family("no.metrics", GAUGE),
    family("my.dotted.name", GAUGE, gauge(4, {"my.label": "x", "job": "mine"})),
    family("zero", GAUGE, b""),
    family("latency_seconds", SUMMARY, summary(10, 3.5, ((0.5, 0.1), (0.99, 2), (1, NAN)), {"path": "/"}),
           summary(4, 1), unit="seconds"),
    family("classic_seconds", HISTOGRAM, histogram(12, 40.5, EXEMPLARS, labels={"path": "/a"}),
           histogram(9, 40.5, CLASSIC[:2] + ((INFINITY, 9),), labels={"path": "/b"}), histogram(0, 0, labels={"path": "/c"})),
    family("classic_float", HISTOGRAM, histogram(9.5, 3, ((-1, 0.5), (0, 1.5), (1e6, 9.5), (1e21, 9.5)), is_float=True)),
    family("classic_gauge", GAUGE_HISTOGRAM, histogram(9, 40.5, CLASSIC)),
    family("native_only", HISTOGRAM, histogram(16, 12.5, native=native(**NATIVE))),
    family("native_unpacked", HISTOGRAM, histogram(16, 12.5, native=native(**NATIVE, packed=False))),
    family("native_both", HISTOGRAM, histogram(16, 12.5, EXEMPLARS, native=native(**NATIVE), labels={"x": "1"}),
           histogram(16, 13.5, CLASSIC, native=native(**NATIVE), labels={"x": "2"})),
    family("native_exemplars", HISTOGRAM,
           histogram(16, 12.5, EXEMPLARS, native=native(**NATIVE),
                     examples=(exemplar(2, (("n", "1"),), NOW - 1), exemplar(4), exemplar(1, (("n", "0"),), NOW - 2)))),
    family("native_float", HISTOGRAM, histogram(7, 12.5, native=native(**NATIVE_FLOAT), is_float=True)),
    family("native_float_gauge", GAUGE_HISTOGRAM, histogram(7, 12.5, native=native(**NATIVE_FLOAT), is_float=True)),
    family("native_gauge", GAUGE_HISTOGRAM, histogram(16, -12.5, native=native(**NATIVE))),
    family("native_empty", HISTOGRAM, histogram(0, 0, native=NO_OP_SPAN)),
    family("native_zeros", HISTOGRAM, histogram(3, 1, native=native(0, (((0, 5),), (2, -2, 0, 1, -1))))),
    family("native_nan", HISTOGRAM, histogram(4, NAN, native=native(0, (((0, 1),), (3,))))),
    family("twice", GAUGE, gauge(1), gauge(2)),
)

HISTOGRAM_LINES = """\
# HELP rpc_seconds Durations.
# TYPE rpc_seconds histogram
{unit}rpc_seconds_bucket{{code="200",le="0.1"}} 2{exemplar}
rpc_seconds_bucket{{code="200",le="1"}} 5
rpc_seconds_bucket{{code="200",le="+Inf"}} 9{exemplar}
rpc_seconds_sum{{code="200"}} 12.5
rpc_seconds_count{{code="200"}} 9
rpc_seconds_bucket{{code="500",le="0.1"}} 0
rpc_seconds_bucket{{code="500",le="1"}} 0.5
rpc_seconds_bucket{{code="500",le="+Inf"}} 1.5
rpc_seconds_sum{{code="500"}} 1
rpc_seconds_count{{code="500"}} 1.5
rpc_seconds_bucket{{code="no count",le="1"}} 3
rpc_seconds_bucket{{code="no count",le="2"}} 7
rpc_seconds_count{{code="no buckets"}} 7
rpc_seconds_sum{{code="no buckets"}} 7
rpc_seconds_sum{{code="sum only"}} 7
rpc_seconds_bucket{{code="not cumulative",le="1"}} 3
rpc_seconds_bucket{{code="not cumulative",le="2"}} 2
rpc_seconds_count{{code="not cumulative"}} 3
rpc_seconds_bucket{{code="other count",le="1"}} 3
rpc_seconds_bucket{{code="other count",le="+Inf"}} 4
rpc_seconds_count{{code="other count"}} 5
rpc_seconds_bucket{{code="backwards",le="+Inf"}} 4
rpc_seconds_bucket{{code="backwards",le="2"}} 3
rpc_seconds_bucket{{code="backwards",le="1"}} 1
rpc_seconds_bucket{{code="backwards",le="1.0"}} 1
rpc_seconds_bucket{{code="bad bound",le="x"}} 4
rpc_seconds_bucket{{code="no bound"}} 4
rpc_seconds_other{{code="200"}} 4
# TYPE after counter
after_total 3{exemplar}
"""

TEXT_BODY = (HISTOGRAM_LINES.format(exemplar="", unit="") + """\
# TYPE quantiles_seconds summary
quantiles_seconds{quantile="0.5"} 1
quantiles_seconds{quantile="1"} 2
quantiles_seconds{quantile="0.990"} 3
quantiles_seconds_sum 4
quantiles_seconds_count 5
untold 6
after_total_of_none 7
{"quoted.name","a b"="c"} 8
"quoted" 
""").replace('"quoted" \n', "").encode()

OPEN_METRICS_BODY = (HISTOGRAM_LINES.format(exemplar=f' # {{trace_id="x"}} 0.067 {NOW - 5:.3f}',
                                            unit="# UNIT rpc_seconds seconds\n") + """\
# TYPE quantiles_seconds summary
# UNIT quantiles_seconds seconds
quantiles_seconds{quantile="0.5"} 1
quantiles_seconds_sum 4
quantiles_seconds_count 5
quantiles_seconds_created 1.6e9
# TYPE build info
build_info{v="1"} 1
# TYPE state stateset
state{state="on"} 1
# TYPE gh gaugehistogram
gh_bucket{le="1"} 4
gh_bucket{le="+Inf"} 4
gh_gcount 4
gh_gsum 3
# TYPE what unknown
what 1
# TYPE "quoted.name" gauge
{"quoted.name","a b"="c"} 8
unrelated 5
# EOF
""").encode()

CREATED_BODY = f"""\
# TYPE a counter
a_total{{x="1"}} 17
a_created{{x="1"}} {NOW - 100:.3f}
a_total{{x="2"}} 18
a_created{{x="2"}} {NOW - 90:.3f}
a_total{{x="none"}} 19
# TYPE s summary
s{{quantile="0.5"}} 1
s_sum 2
s_count 3
s_created {NOW - 80:.3f}
# TYPE h histogram
h_bucket{{le="1"}} 1
h_bucket{{le="+Inf"}} 2
h_sum 3
h_count 2
h_created {NOW - 70:.3f}
# TYPE first counter
first_created {NOW - 60:.3f}
first_total 1
# TYPE other counter
other_total{{x="1"}} 1
other_created{{x="2"}} {NOW - 50:.3f}
# TYPE g gauge
g 1
g_created 5
# TYPE future counter
future_total 1
future_created {NOW + 10000:.3f}
# TYPE "u.t" counter
{{"u.t_total",x="1"}} 4
{{"u.t_created",x="1"}} {NOW - 40:.3f}
# EOF
""".encode()

CREATED_PROTO = delimited(
    family("a_total", COUNTER, counter(17, {"x": "1"}, created=NOW - 100), counter(18, {"x": "2"}),
           counter(18, {"x": "3"}, created=NOW + 10000)),
    family("s", SUMMARY, summary(3, 2, ((0.5, 1),), created=NOW - 80)),
    family("h", HISTOGRAM, histogram(9, 3, CLASSIC, created=NOW - 70)),
    family("n", HISTOGRAM, histogram(16, 12.5, native=native(**NATIVE), created=NOW - 60)),
    family("nf", HISTOGRAM, histogram(7, 12.5, native=native(**NATIVE_FLOAT), created=NOW - 50, is_float=True)),
)

# Each makes the scrape fail; the error texts must be equal.
BAD_BODIES = {
    "protobuf/empty_name": (PROTOBUF, delimited(family("", GAUGE, gauge(1)))),
    "protobuf/name": (PROTOBUF, delimited(family("ok", GAUGE, gauge(1)), b"\x0a\x02\xff\xfe" + family("", GAUGE, gauge(1))[2:])),
    "protobuf/label": (PROTOBUF, delimited(family("a", GAUGE, gauge(1, {"": "x"})))),
    "protobuf/type": (PROTOBUF, delimited(family("a", 9, gauge(1)))),
    "protobuf/unit": (PROTOBUF, delimited(family("a", GAUGE, gauge(1), unit="bytes"))),
    "protobuf/counter_unit": (PROTOBUF, delimited(family("a_total", COUNTER, counter(1), unit="bytes"))),
    "protobuf/length": (PROTOBUF, b"\x7f" + family("a", GAUGE, gauge(1))),
    "protobuf/varint": (PROTOBUF, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    "protobuf/cut": (PROTOBUF, delimited(family("a", GAUGE, gauge(1))[:-4])),
    "protobuf/text": (PROTOBUF, b"a 1\n"),
    "protobuf/wire_type": (PROTOBUF, delimited(b"\x08\x01")),
    "protobuf/count": (PROTOBUF, delimited(family("a", HISTOGRAM, histogram(99, 1, native=native(**NATIVE))))),
    "protobuf/negative": (PROTOBUF, delimited(family("a", HISTOGRAM, histogram(1, 1, native=native(0, (((0, 2),), (2, -3))))))),
    "protobuf/duplicate_label": (PROTOBUF, delimited(family("a", GAUGE, gauge(1, {"le": "1"})[:0] +
                                                            2 * gauge(1, {"x": "1"})))),
    "type/blank": (None, b"a 1\n"),
    "type/html": ("text/html", b"a 1\n"),
    "type/broken": ("text plain", b"a 1\n"),
    "openmetrics/no_eof": (OPEN_METRICS, b"a 1\n"),
    "openmetrics/after_eof": (OPEN_METRICS, b"a 1\n# EOF\nb 1\n"),
    "openmetrics/unit": (OPEN_METRICS, b"# UNIT a_seconds bytes\n# EOF\n"),
    "openmetrics/type": (OPEN_METRICS, b"# TYPE a untyped\n# EOF\n"),
    "openmetrics/spaces": (OPEN_METRICS, b"a  1\n# EOF\n"),
    "openmetrics/exemplar": (OPEN_METRICS, b"a_total 1 # {x=1} 1\n# EOF\n"),
    "openmetrics/exemplar_value": (OPEN_METRICS, b'a_total 1 # {x="1"} x\n# EOF\n'),
    "openmetrics/time": (OPEN_METRICS, b"a 1 NaN\n# EOF\n"),
    "text/value": (TEXT, b"a x\n"),
    "text/name": (TEXT, b"a-b 1\n"),
    "text/quoted": (TEXT, b'{"a","b"} 1\n'),
    "text/labels": (TEXT, b'a{b="c" 1\n'),
    "text/utf8": (TEXT, b'a{b="\xff"} 1\n'),
    "text/duplicate_label": (TEXT, b'a{b="1",b="2"} 1\n'),
    "text/time": (TEXT, b"a 1 1.5\n"),
    "text/type": (TEXT, b"# TYPE a gaugehistogram\n"),
}

# Every family has a type and a unit, and no series is of another family: then 3.5 does as later versions do.
TYPED_BODY = b"""\
# TYPE a_bytes counter
# UNIT a_bytes bytes
a_bytes_total{__type__="mine",x="1"} 1
# TYPE b_seconds histogram
# UNIT b_seconds seconds
b_seconds_bucket{le="1"} 2
b_seconds_bucket{le="+Inf"} 3
b_seconds_count 3
b_seconds_sum 4
# TYPE c_ratio gauge
# UNIT c_ratio ratio
c_ratio 5
# TYPE d_things unknown
# UNIT d_things things
d_things 6
# EOF
"""

# What one of the two versions does otherwise: 3.5 converts no gauge histograms, and histograms that have nothing
# but a sum; its converted protobuf histograms take the exemplars of their classic series.
NOT_COMPARED = re.compile(r'"classic_gauge|"sum only"|classic_seconds_bucket".*"job": "proto_(converted|both)"')

# job: (path, options)
JOBS = {
    "proto": ("/proto", ""),
    "proto_classic_too": ("/proto", "always_scrape_classic_histograms: true"),
    "proto_converted": ("/proto", "convert_classic_histograms_to_nhcb: true"),
    "proto_both": ("/proto", "convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true"),
    "proto_coarse": ("/proto", "native_histogram_min_bucket_factor: 1.5"),
    "proto_few": ("/proto", "native_histogram_bucket_limit: 3"),
    "proto_too_many": ("/proto", "native_histogram_bucket_limit: 1"),
    "converted_too_many": ("/text", "native_histogram_bucket_limit: 1, convert_classic_histograms_to_nhcb: true"),
    "text": ("/text", ""),
    "text_converted": ("/text", "convert_classic_histograms_to_nhcb: true"),
    "text_both": ("/text", "convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true"),
    "openmetrics": ("/openmetrics", ""),
    "openmetrics_converted": ("/openmetrics", "convert_classic_histograms_to_nhcb: true"),
    "openmetrics_both": ("/openmetrics", "convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true"),
    "typed": ("/typed", ""),
    "typed_converted": ("/typed", "convert_classic_histograms_to_nhcb: true"),
    "fallback": ("/fallback", "fallback_scrape_protocol: PrometheusText0.0.4"),
    "created": ("/created", ""),
    "created_proto": ("/created_proto", ""),
}


def setUpModule():
    use_prometheus_3()


class Formats(EndToEnd):
    def setUp(self):
        super().setUp()
        self.target = Target({
            "/proto": (PROTOBUF, PROTO_BODY), "/typed": (OPEN_METRICS, TYPED_BODY),
            "/text": (TEXT, TEXT_BODY), "/openmetrics": (OPEN_METRICS, OPEN_METRICS_BODY),
            "/fallback": (None, TEXT_BODY), "/created": (OPEN_METRICS, CREATED_BODY),
            "/created_proto": (PROTOBUF, CREATED_PROTO), **{"/" + name: page for name, page in BAD_BODIES.items()}})
        self.addCleanup(self.target.stop)

    def both(self, jobs, features=()):
        """Hearth and Prometheus, after each has scraped every job twice at least."""
        servers = []
        for make, own, flags in ((self.hearth, "scrape_native_histograms: true", ()), (self.prometheus, "", ("native-histograms",))):
            lines = ["global: {scrape_interval: 1s, scrape_timeout: 1s%s}" % (", " + own if own else ""), "scrape_configs:"]
            for job, (path, options) in jobs.items():
                lines.append(f"- {{job_name: {job}, metrics_path: {path}, {options + ',' if options else ''} "
                             f"static_configs: [{{targets: ['127.0.0.1:{self.target.port}']}}]}}")
            path = self.dir / (make.__name__ + ".yml")
            path.write_text("\n".join(lines))
            enabled = ["exemplar-storage", *flags, *features]
            servers.append(make(path, flags=["--enable-feature=" + ",".join(enabled)]))
        for server in servers:
            wait_for(lambda: len(server.api("query", query="count_over_time(up[1m]) >= 2")["result"]) == len(jobs),
                     f"{server.url} to scrape all jobs twice")
        return servers

    def series(self, server, job):
        """{labels: newest value} of what the job exposes, and how many samples there were."""
        result = server.api("query", query=f'{{job="{job}"}} or {{exported_job!="",job="{job}"}}')["result"]
        found = {}
        for series in result:
            name = series["metric"].get("__name__", "")
            if name.startswith("scrape_"):
                continue
            value = series["value"][1] if "value" in series else series["histogram"][1]
            found[json.dumps(series["metric"], sort_keys=True)] = value
        return {labels: value for labels, value in found.items() if not NOT_COMPARED.search(labels)}

    def assert_same_series(self, hearth, prometheus, job):
        ours, theirs = self.series(hearth, job), self.series(prometheus, job)
        for labels in sorted(ours.keys() | theirs.keys()):
            with self.subTest(job=job, labels=labels):
                self.assertEqual(ours.get(labels), theirs.get(labels))
        self.assertGreater(len(theirs), 3)

    def exemplars(self, server, job):
        found = set()
        for series in server.api("query_exemplars", query=f'{{job="{job}"}}', start=NOW - 1000, end=NOW + 1000):
            for e in series["exemplars"]:
                # One without a time has that of its scrape.
                at = e["timestamp"] if e["timestamp"] < NOW else "scrape"
                found.add((json.dumps(series["seriesLabels"], sort_keys=True), json.dumps(e["labels"], sort_keys=True),
                           e["value"], at))
        return {e for e in found if not NOT_COMPARED.search(e[0])}

    def errors(self, server):
        return {t["scrapePool"]: t["lastError"] for t in server.api("targets")["activeTargets"]}

    def test_all_formats_give_the_same_series_histograms_and_exemplars(self):
        jobs = {job: JOBS[job] for job in JOBS if not job.startswith("created")}
        hearth, prometheus = self.both(jobs)
        self.assertEqual(self.errors(hearth), self.errors(prometheus))
        for job in jobs:
            if job.endswith("too_many"):
                continue
            self.assert_same_series(hearth, prometheus, job)
            with self.subTest(exemplars=job):
                self.assertEqual(self.exemplars(hearth, job), self.exemplars(prometheus, job))

    def test_the_requests_ask_for_the_same(self):
        self.both({"proto": ("/proto", ""), "text": ("/text", "scrape_protocols: [PrometheusText1.0.0, OpenMetricsText0.0.1]"),
                   "escaped": ("/openmetrics", "metric_name_validation_scheme: legacy, metric_name_escaping_scheme: dots"),
                   "plain": ("/typed", "enable_compression: false")})
        for path in ("/proto", "/text", "/openmetrics", "/typed"):
            ours, theirs = (self.target.headers[path][agent] for agent in ("3.14.0", "3.5.3"))
            for name in ("Accept", "Accept-Encoding", "X-Prometheus-Scrape-Timeout-Seconds"):
                with self.subTest(path=path, header=name):
                    self.assertEqual(ours[name], theirs[name])

    def test_bad_bodies_fail_with_the_same_error(self):
        jobs = {name.replace("/", "_"): ("/" + name, "") for name in BAD_BODIES}
        hearth, prometheus = self.both(jobs)
        ours, theirs = self.errors(hearth), self.errors(prometheus)
        for job in jobs:
            with self.subTest(job=job):
                self.assertEqual(ours[job], theirs[job])

    def test_zeros_stand_where_counters_were_created(self):
        jobs = {job: JOBS[job] for job in JOBS if job.startswith("created")}
        hearth, prometheus = self.both(jobs, ["created-timestamp-zero-ingestion"])
        for job in jobs:
            self.assert_same_series(hearth, prometheus, job)
            old = []
            for server in (hearth, prometheus):
                found = {}
                for series in server.api("query", query=f'{{job="{job}"}}[{int(NOW)}s]', time=NOW - 5)["result"]:
                    found[json.dumps(series["metric"], sort_keys=True)] = (series.get("values"), series.get("histograms"))
                old.append(found)
            for labels in sorted(old[0].keys() | old[1].keys()):
                with self.subTest(job=job, labels=labels):
                    self.assertEqual(old[0].get(labels), old[1].get(labels))
            self.assertGreater(len(old[1]), 3)
        for server in (hearth, prometheus):
            self.assertEqual([], [e for e in self.errors(server).values() if e])

    def test_types_and_units_become_labels(self):
        jobs = {job: JOBS[job] for job in ("proto", "typed", "typed_converted")}
        hearth, prometheus = self.both(jobs, ["type-and-unit-labels"])
        for job in jobs:
            self.assert_same_series(hearth, prometheus, job)


if __name__ == "__main__":
    unittest.main()
