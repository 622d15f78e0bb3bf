"""The verbs of hearthtool beside those of promtool 3, but check rules, check config and test rules."""

import http.server
import json
import re
import tarfile
import threading
import unittest
import urllib.parse

import servers
from tool_compare import ToolTestCase, sorted_lines

METRICS = """# HELP foo_total bar
# TYPE foo_total gauge
foo_total 1
# TYPE http_requests counter
http_requests{a="b"} 1
# HELP x_milliseconds x
# TYPE x_milliseconds gauge
x_milliseconds 5
# HELP fooBar x
# TYPE fooBar histogram
fooBar_bucket{le="1"} 1
fooBar_bucket{le="+Inf"} 1
fooBar_sum 1
fooBar_count 1
# HELP h_bucket_x x
# TYPE h_bucket_x counter
h_bucket_x{camelCase="x",le="5",quantile="x"} 1
# HELP foo_gauge x
# TYPE foo_gauge gauge
foo_gauge 1
# HELP y_count x
# TYPE y_count untyped
y_count{metric_counter="1"} 1
# HELP y_ms x
# TYPE y_ms counter
y_ms 1
"""
GOOD_METRICS = """# HELP foo_bytes x
# TYPE foo_bytes gauge
foo_bytes 1
foo_bytes{a="b"} 2
# HELP h_seconds x
# TYPE h_seconds histogram
h_seconds_bucket{le="1"} 1
h_seconds_bucket{le="+Inf"} 1
h_seconds_sum 1
h_seconds_count 1
"""
OPENMETRICS = """# HELP requests The total number.
# TYPE requests counter
requests_total{code="200"} 1021 1565133713.989
requests_total{code="200"} 1 1575133713.979
requests_total{code="400"} 2 1565133713.990
# EOF
"""


def setUpModule():
    servers.use_prometheus_3()


def without_ulids(text):
    """Identifiers are new each time, and sizes depend on a version's index."""
    return re.sub(r"[0-9A-Z]{26}(.*?)\s+\d+(B|KiB\d+B)?$", r"ULID\1", text, flags=re.M)


def without_new_labels(text):
    """Labels that a job's defaults give since 3.13."""
    return re.sub(r'\n *"__(always_scrape_classic|convert_classic|scrape_native)_\w+": "\w+",', "", text)


class Promql(ToolTestCase):
    def test_expressions_are_printed_and_changed(self):
        for words in (["format", "up"], ["format", "sum by(a)(rate(x[5m]))+on(b)group_left y"], ["format", "up+"],
                      ["label-matchers", "set", "up", "a", "b"],
                      ["label-matchers", "set", "-t=~", 'sum(rate(up{a="x"}[5m])) / on(q) avg(y)', "a", "b.*"],
                      ["label-matchers", "set", "--type=!=", "up[5m:1m] offset 1h", "a", "b"],
                      ["label-matchers", "set", "-t=bogus", "up", "a", "b"], ["label-matchers", "set", "up{", "a", "b"],
                      ["label-matchers", "delete", 'up{a="b",c=~"d"}', "a"], ["label-matchers", "delete", "up+", "a"],
                      ["--help"], ["label-matchers", "--help"], ["label-matchers", "set", "--help"]):
            self.assert_same("--experimental", "promql", *words)
        self.assert_same("promql", "format", "up")


class Check(ToolTestCase):
    def test_metrics(self):
        self.assert_same("check", "metrics", stdin=METRICS)
        self.assert_same("check", "metrics", stdin=GOOD_METRICS)
        self.assert_same("check", "metrics", "--extended", stdin=GOOD_METRICS)
        self.assert_same("check", "metrics", stdin="")
        self.assert_same("check", "metrics", stdin=GOOD_METRICS + "foo_bytes 3\n")
        for bad in ("a{\n", "b 1\na x\n", "1a 1\n"):
            self.assert_same("check", "metrics", stdin=bad, change=lambda text: re.sub(r"(line \d+): .*", r"\1", text))

    def test_web_configurations(self):
        self.write("empty.yml", "")
        self.write("short.yml", "basic_auth_users:\n  a: foo\n")
        self.write("good.yml", "basic_auth_users:\n"
                   "  a: $2y$10$cIIqFdhcTBuKjVO7AYGVWeELFxpi4GjZ9ihvM3vyPYdb2ViBtgY1u\n")
        self.write("unknown.yml", "foo: 1\n")
        self.write("half.yml", "tls_server_config:\n  cert_file: x\n")
        for names in (["empty.yml"], ["short.yml"], ["good.yml", "unknown.yml"], ["half.yml"], ["nowhere.yml"]):
            self.assert_same("check", "web-config", *names)

    def test_service_discovery(self):
        self.write("sd.yml", """
scrape_configs:
- job_name: a
  static_configs:
  - targets: [x:1, y:2]
    labels: {l: m}
  relabel_configs:
  - {source_labels: [__address__], regex: 'y:2', action: drop}
- job_name: b
  file_sd_configs: [{files: [targets.json]}]
""")
        self.write("targets.json", '[{"targets":["q:1"],"labels":{"a":"b"}}]')
        for words in (["sd.yml", "a"], ["sd.yml", "b"], ["sd.yml", "c"], ["nowhere.yml", "a"]):
            self.assert_same("check", "service-discovery", "--timeout=1s", *words,
                             change=lambda text: without_new_labels(text).replace(f"{self.folder}/", ""))


class Blocks(ToolTestCase):
    def test_openmetrics_becomes_blocks_that_promtool_reads(self):
        self.write("a.om", OPENMETRICS)
        self.assert_same("tsdb", "create-blocks-from", "openmetrics", "a.om", "out", change=without_ulids)
        self.assert_same("tsdb", "create-blocks-from", "openmetrics", "-r", "a.om", "out2", change=without_ulids)
        self.assert_same("tsdb", "create-blocks-from", "openmetrics", "-q", "--label=x=y", "a.om", "out3")
        for name in ("out", "out3"):
            (self.folder / name / "wal").mkdir()
            self.assert_same("tsdb", "dump", name)
            self.assert_same("tsdb", "dump", name, "--match={code='200'}", "--min-time=1570000000000")
            self.assert_same("tsdb", "dump-openmetrics", name)
            self.assert_same("tsdb", "list", name)
            self.assert_same("tsdb", "list", "-r", name)

    def test_what_is_wrong_names_file_and_line(self):
        for text, line in (("a 1\n# EOF\n", 1), ("a 1 1\nb{ 1 1\n# EOF\n", 2), ("a x 1\n# EOF\n", 1)):
            self.write("a.om", text)
            self.assert_same("tsdb", "create-blocks-from", "openmetrics", "a.om", "out",
                             change=lambda text: text.replace(f" (a.om, line {line})", ""))
            self.assertIn(f"a.om, line {line}", self.tool("tsdb", "create-blocks-from", "openmetrics", "a.om").stderr)
        self.write("a.om", "a 1 1\n")
        self.assert_same("tsdb", "create-blocks-from", "openmetrics", "a.om", "out",
                         change=lambda text: text.replace(" (a.om)", ""))
        self.assertEqual([p for p in (self.folder / "out").iterdir() if p.name.endswith(".tmp")], [])

    def test_series_in_any_order(self):
        lines = [f'm{{i="{i}"}} {t * i} {1700000000 + t * 15}' for t in range(1500) for i in range(20)]
        dumps = set()
        for name, order in (("time", lines), ("series", sorted(lines, key=lambda line: line.split(" ")[0]))):
            self.write(name, "\n".join(order) + "\n# EOF\n")
            for program in (servers.peer("promtool"), self.ours):
                out = self.folder / f"{name}-{program.name}-{program == self.ours}"
                (out / "wal").mkdir(parents=True)
                self.run_tool(program, ["tsdb", "create-blocks-from", "openmetrics", "-q", name, out])
                dumps.add("\n".join(sorted(self.run_tool(servers.peer("promtool"), ["tsdb", "dump", out]).stdout.split())))
        self.assertEqual(len(dumps), 1)
        self.assertEqual(len(dumps.pop().split("\n")), 30000 * 4)

    def test_a_block_is_analyzed(self):
        self.write("a.om", "".join(f'm{{i="{i}",j="{i % 3}"}} {t * i} {1700000000 + t * 60}\n'
                                   for i in range(20) for t in range(10)) + "# EOF\n")
        self.run_tool(servers.peer("promtool"), ["tsdb", "create-blocks-from", "openmetrics", "-q", "a.om", "data"])
        for flags in ([], ["--extended"], ["--match={j='1'}"]):
            done = self.assert_same("tsdb", "analyze", "--limit=1000", *flags, "data",
                                    change=sorted_lines)
            self.assertIn("Total Series: ", done.stdout)
        self.assert_same("tsdb", "analyze", "data", "nope")
        self.assert_same("tsdb", "analyze", "nowhere")


class DataDirectory(ToolTestCase):
    def test_a_directory_is_queried_without_a_server(self):
        self.write("a.om", OPENMETRICS)
        self.tool("tsdb", "create-blocks-from", "openmetrics", "-q", "a.om", "data")
        done = self.tool("query", "instant", "--data-dir=data", "--time=1565133714", "sum(requests_total)")
        self.assertEqual((done.stdout, done.returncode), ("{} => 1023 @[1565133714]\n", 0))
        done = self.tool("query", "range", "--data-dir=data", "--start=1565133714", "--end=1565133774", "--step=60s",
                         "-o", "csv", "requests_total")
        self.assertEqual(done.stdout, "__name__,code,timestamp,value\n"
                         "requests_total,200,1565133714,1021\nrequests_total,200,1565133774,1021\n"
                         "requests_total,400,1565133714,2\nrequests_total,400,1565133774,2\n")
        table = self.tool("query", "instant", "--data-dir=data", "--time=1565133714", "-o", "table", "requests_total")
        self.assertIn("requests_total  200", table.stdout)
        self.assertEqual(self.tool("query", "instant", "--data-dir=nowhere", "up").returncode, 1)
        self.assertEqual(self.tool("query", "instant", "--data-dir=data", "--time=-1h", "up").stdout, "\n")


def classic(le, values, **labels):
    return {"metric": {"__name__": "lat_bucket", "le": le, **labels}, "values": [[1000 + i * 15, str(v)] for i, v in enumerate(values)]}


def native(job, histograms):
    return {"metric": {"__name__": "nat", "job": job},
            "histograms": [[1000 + i * 15, {"count": "5", "sum": "1", "buckets": [[0, str(low), str(high), str(count)]
                                                                                  for low, high, count in buckets]}]
                           for i, buckets in enumerate(histograms)]}


ANALYZED = {
    "both": [classic("+Inf", [1, 3, 5, 9], job="a"), classic("0.5", [1, 2, 3, 4], job="a"), classic("1", [1, 2, 4, 8], job="a"),
             native("b", [[(1, 2, 1)], [(1, 2, 2), (2, 4, 1)], [(2, 4, 3)]]), classic("1", [0, 1]), classic("+Inf", [1, 1])],
    "changing": [native("z", [[(1, 2, 1)], [(2, 4, 1)], [(4, 8, 1)]]), native("x", [[], []]), native('q"u\n', [[], [(1, 2, 3)]])],
    "single": [native("b", [[(1, 2, 1)]]), classic("1", [1], job="short")],
    "others": [{"metric": {"__name__": "x", "le": "1"}, "values": [[1, "2"], [2, "3"]]},
               {"metric": {"__name__": "y_bucket"}, "values": [[1, "2"], [2, "3"]]}],
    "odd": [classic("abc", ["NaN", 2, "+Inf"], job="é\"x"), classic("1", [1.4, 2, -3.5], job="é\"x")],
    "apart": [classic("1", [1, 2]), {"metric": {"__name__": "lat_bucket", "le": "2"}, "values": [[1000, "1"], [2000, "2"]]}],
    "nothing": [],
}


class Canned(http.server.BaseHTTPRequestHandler):
    """Answers a query of a name with its matrix; keeps what was asked."""

    asked = []

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        query = form["query"][0]
        Canned.asked.append(query)
        data = {"resultType": "scalar", "result": [1, "2"]} if query.startswith("scalar") else \
            {"resultType": "matrix", "result": ANALYZED[query.split("[")[0]]}
        body = json.dumps({"status": "success", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Analyze(ToolTestCase):
    def test_buckets_that_are_populated(self):
        server = http.server.HTTPServer(("127.0.0.1", servers.free_port()), Canned)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        to = f"--server=http://127.0.0.1:{server.server_port}"
        for name in [*ANALYZED, "scalar"]:
            self.assert_same("query", "analyze", to, "--type=histogram", f"--match={name}", change=sorted_lines)
        self.assert_same("query", "analyze", to, "--type=histogram", "--duration=90m", "--match=both", "--match=changing",
                         "--time=1000", change=sorted_lines)
        self.assertIn("both[1h30m0s]", Canned.asked)
        for words in (["--type=other", "--match=both"], ["--type=histogram", "--match=both", "--time=x"],
                      ["--type=histogram"], ["--match=both"], ["--help"]):
            self.assert_same("query", "analyze", to, *words)
        self.assert_same("query", "analyze", "--server=http://127.0.0.1:1", "--type=histogram", "--match=both")
        self.assert_same("query", "analyze", "--server=127.0.0.1:1", "--type=histogram", "--match=both")


class Bench(ToolTestCase):
    def test_samples_of_series_in_a_file_are_stored(self):
        self.write("series", '{"__name__":"x","i":"1"}\n{"__name__":"x","i":"2"}\n{"i":"1","__name__":"x"}\n{"__name__":"y"}\n')
        varying = lambda text: re.sub(r"(duration=|samples/sec: ).*", r"\1", re.sub(r"^time=.*\n", "", text, flags=re.M))
        for flags in ([], ["--metrics=2"], ["--scrapes=150"]):
            done = self.assert_same("tsdb", "bench", "write", "--out=out", "--scrapes=10", *[f for f in flags if "scrapes" not in f],
                                    "series", change=varying)
            self.assertIn(f" > total samples: {200 if flags == ['--metrics=2'] else 300}\n", done.stdout)
        dumps = []
        for program in (servers.peer("promtool"), self.ours):
            self.run_tool(program, ["tsdb", "bench", "write", "--out=out", "--scrapes=150", "series"])
            dumps.append(self.run_tool(servers.peer("promtool"), ["tsdb", "dump", "out/storage"]).stdout)
        self.assertEqual(sorted_lines(dumps[0]), sorted_lines(dumps[1]))
        self.assertEqual(len(dumps[0].splitlines()), 600)
        self.assert_same("tsdb", "bench", "write", "nowhere", change=varying)
        self.write("bad", '{"a":"b"}\n{"a"}\n')
        done = self.tool("tsdb", "bench", "write", "bad")
        self.assertEqual(done.returncode, 1)
        self.assertIn('bad:2: "a" is no label and its value\n', done.stderr)
        for words in (["write", "--metrics=x"], ["write", "--scrapes="], ["write", "--help"], [], ["--help"]):
            self.assert_same("tsdb", "bench", *words)


class Servers(ToolTestCase, servers.EndToEnd):
    def setUp(self):
        ToolTestCase.setUp(self)
        servers.EndToEnd.setUp(self)

    def test_debug_push_and_the_log_of_a_running_server(self):
        server = self.prometheus(self.config({}), data="p", flags=["--web.enable-remote-write-receiver"])
        url = server.url
        self.assert_same("debug", "metrics", url)
        with tarfile.open(self.folder / "debug.tar.gz") as archive:
            self.assertEqual(archive.getnames(), ["metrics.txt"])
            self.assertIn(b"prometheus_build_info", archive.extractfile("metrics.txt").read())
        self.assert_same("debug", "metrics", "http://127.0.0.1:1")
        self.write("m.txt", GOOD_METRICS)
        self.assert_same("push", "metrics", url + "/api/v1/write", "m.txt")
        self.assert_same("push", "metrics", url + "/api/v1/write", "--label=job=x", stdin=GOOD_METRICS)
        self.assert_same("push", "metrics", url + "/nowhere", "m.txt")
        self.assert_same("push", "metrics", "http://127.0.0.1:1/api/v1/write", "m.txt")
        self.assertEqual({found["job"] for found in server.api("series", **{"match[]": "foo_bytes"})}, {"promtool", "x"})
        self.write("rules.yml", "groups:\n- name: g\n  interval: 5m\n  labels: {a: b}\n  rules:\n"
                   "  - {record: five, expr: time() - time() + 5, labels: {c: d}}\n"
                   "  - {record: v, expr: 'vector(time())'}\n  - {alert: A, expr: up}\n")
        dumps = []
        for name, program in (("theirs", servers.peer("promtool")), ("ours", self.ours)):
            (self.folder / name / "wal").mkdir(parents=True)
            self.run_tool(program, ["tsdb", "create-blocks-from", "rules", "--start=1700000100", "--end=1700020000",
                                    f"--url={url}", f"--output-dir={name}", "rules.yml"])
            dumps.append(self.run_tool(servers.peer("promtool"), ["tsdb", "dump", name]).stdout)
        self.assertEqual(sorted_lines(dumps[0]), sorted_lines(dumps[1]))
        self.assertGreater(len(dumps[1]), 1000)
        # Native histograms as results, which promtool drops.
        self.write("native.yml", "groups:\n- name: g\n  interval: 5m\n  rules:\n  - {record: h, expr: nat * 2}\n")
        ANALYZED["nat * 2"] = [native("b", [[(1, 2, 1)], [(1, 2, 2), (4, 8, 1.5)], [(0.25, 0.3, 3), ("-Inf", 0.25, 1)]])]
        canned = http.server.HTTPServer(("127.0.0.1", servers.free_port()), Canned)
        threading.Thread(target=canned.serve_forever, daemon=True).start()
        self.addCleanup(canned.server_close)
        self.addCleanup(canned.shutdown)
        (self.folder / "native" / "wal").mkdir(parents=True)
        done = self.tool("tsdb", "create-blocks-from", "rules", "--start=900", "--end=1200", "--output-dir=native",
                         f"--url=http://127.0.0.1:{canned.server_port}", "native.yml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        dumped = self.tool("tsdb", "dump", "native").stdout.splitlines()
        self.assertEqual(dumped, ['{__name__="h", job="b"} {count:5, sum:1, (1,2]:1} 1000000',
                                  '{__name__="h", job="b"} {count:5, sum:1, (1,2]:2, (4,8]:1.5} 1015000',
                                  '{__name__="h", job="b"} {count:5, sum:1, [-Inf,0.25]:1, (0.25,0.3]:3} 1030000'])
        # promtool's dump passes over the first histogram of a series.
        self.assertEqual(self.run_tool(servers.peer("promtool"), ["tsdb", "dump", "native"]).stdout.splitlines(), dumped[1:])
        for words in (["--start=x"], ["--start=2", "--end=1"], ["--start=1", "--end=x"]):
            self.assert_same("tsdb", "create-blocks-from", "rules", *words, "native.yml",
                             change=lambda text: re.sub(r"^time=.*\n", "", text, flags=re.M))
        self.assert_same("tsdb", "create-blocks-from", "rules", "--start=1", "--end=2", "--url=http://127.0.0.1:1", "native.yml",
                         change=lambda text: re.sub(r"^time=.*\n", "", text, flags=re.M))
        # The head of a server that runs is read from its log.
        data = self.dir / "p"
        done = self.tool("query", "instant", f"--data-dir={data}", "count(foo_bytes)")
        self.assertRegex(done.stdout, r"^\{\} => 4 @")
        self.assertEqual(server.api("query", query="count(foo_bytes)")["result"][0]["value"][1], "4")


if __name__ == "__main__":
    unittest.main()
