"""Queries' bounds and accounts over HTTP: limits, clients that leave, queries ended by id, a crash, the query
log; beside Prometheus where it has the thing."""

import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse
import urllib.request

from servers import EndToEnd, get, peer, use_prometheus_3, wait_for

START = 1_700_000_000
SLOW = "quantile_over_time(0.5, quantile_over_time(0.5, big[2h:1s])[2h:1s])"  # many seconds of work
LONG = f"sum({SLOW})"
SOON = 1.0  # seconds; measured 0.01 to 0.1 on an idle machine, but tests may run on a busy one


def setUpModule():
    use_prometheus_3()


def parameters(**values):
    return urllib.parse.urlencode(values)


class QueryBounds(EndToEnd):
    @classmethod
    def make_blocks(cls, folder):
        """Samples of 2000 series over two hours, as a block."""
        text = folder / "samples.txt"
        with open(text, "w") as out:
            out.write("# TYPE big gauge\n")
            for i in range(2000):
                for t in range(0, 7200, 240):
                    out.write(f'big{{i="{i}",job="j{i % 7}"}} {i + t} {START + t}\n')
            out.write("# EOF\n")
        subprocess.run([peer("promtool"), "tsdb", "create-blocks-from", "openmetrics", text, folder / "data"],
                       check=True, capture_output=True)

    def setUp(self):
        super().setUp()
        self.make_blocks(self.dir)
        self.log = self.dir / "query.log"
        self.file = self.dir / "prometheus.yml"
        self.file.write_text(f"global:\n  query_log_file: {self.log}\n")

    def ask_in_background(self, server, query, headers=None):
        """The connection, and a list that gets (status, body, monotonic time) when the answer is there."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        connection.request("GET", "/api/v1/query?" + parameters(query=query, time=START + 7200), headers=headers or {})
        answers = []

        def wait():
            try:
                answer = connection.getresponse()
                answers.append((answer.status, json.loads(answer.read()), time.monotonic()))
            except (OSError, http.client.HTTPException):
                pass

        thread = threading.Thread(target=wait)
        thread.start()
        self.addCleanup(thread.join)
        return connection, answers

    def running(self, server):
        return server.api("status/queries")["queries"]

    def test_a_query_that_takes_too_long_ends(self):
        hearth = self.hearth(self.file)
        status, body = get(f"{hearth.url}/api/v1/query?" + parameters(query=LONG, time=START + 7200, timeout="20ms"))
        self.assertEqual((status, json.loads(body)), (503, {"status": "error", "errorType": "timeout",
                                                            "error": "query timed out in expression evaluation"}))

    def test_a_query_is_seen_and_ended_by_its_id(self):
        hearth = self.hearth(self.file)
        _, answers = self.ask_in_background(hearth, LONG, {"User-Agent": "grafana", "X-Dashboard-Uid": "d1",
                                                           "X-Panel-Id": "7", "X-Forwarded-For": "10.1.2.3"})
        wait_for(lambda: [q for q in self.running(hearth) if q["state"] == "running" and q["memoryBytes"] > 0], "query")
        found, = self.running(hearth)
        self.assertEqual(found["query"], LONG)
        self.assertEqual(found["caller"], {"remoteAddress": "127.0.0.1", "userAgent": "grafana",
                                           "forwardedFor": "10.1.2.3", "dashboardUid": "d1", "panelId": "7"})
        self.assertEqual((found["start"], found["end"], found["step"]), (START + 7200, START + 7200, 0))
        url = f"{hearth.url}/api/v1/status/queries/"
        for unknown, status in ((found["id"] + 1, 404), ("x", 400)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(f"{url}{unknown}", method="DELETE"))
            self.assertEqual(refused.exception.code, status)
        ended = time.monotonic()
        urllib.request.urlopen(urllib.request.Request(f"{url}{found['id']}", method="DELETE"))
        wait_for(lambda: answers, "the answer of the query that was ended")
        status, body, at = answers[0]
        print(f"ended by id: {(at - ended) * 1000:.0f} ms")
        self.assertEqual((status, body), (499, {"status": "error", "errorType": "canceled",
                                                "error": "query was canceled in expression evaluation"}))
        self.assertLess(at - ended, SOON)
        wait_for(lambda: not self.running(hearth), "no query to run")

    def test_a_client_that_leaves_ends_its_query(self):
        hearth = self.hearth(self.file)
        for query in (LONG, f"sort({SLOW})", f"topk(5, {SLOW})", f'count_values("v", {SLOW})', f"big * on(i) {SLOW}"):
            connection, answers = self.ask_in_background(hearth, query)
            wait_for(lambda: [q for q in self.running(hearth) if q["state"] == "running"], "the query to run")
            left = time.monotonic()
            connection.sock.shutdown(socket.SHUT_RDWR)
            wait_for(lambda: not self.running(hearth), "the query to end")
            gone = time.monotonic() - left
            print(f"client left: {gone * 1000:.0f} ms {query}")
            self.assertLess(gone, SOON, query)
            self.assertEqual(answers, [], "it had ended by itself")

    def test_limits_have_prometheus_texts_and_statuses(self):
        hearth = self.hearth(self.file, flags=["--query.max-samples=1000", "--query.max-memory=1MB"])
        shutil.copytree(self.dir / "data", self.dir / "prometheus-data",
                        ignore=shutil.ignore_patterns("lock", "wal", "chunks_head", "queries.active"))
        prometheus = self.prometheus(self.file, flags=["--query.max-samples=1000"])
        for path in ("query?" + parameters(query="big", time=START + 7000),
                     "query?" + parameters(query="big{", time=START),
                     "query_range?" + parameters(query='big{i="1"}', start=START, end=START + 70, step=10) + "&lookback_delta=1m"):
            self.assertEqual(get(f"{hearth.url}/api/v1/{path}"), get(f"{prometheus.url}/api/v1/{path}"), path)
        path = "query_range?" + parameters(query='sum by (i) (big{i=~".+"})', start=START, end=START + 7000, step=1)
        status, body = get(f"{hearth.url}/api/v1/{path}")
        self.assertEqual(status, 422)
        self.assertEqual(json.loads(body)["error"],
                         'query needs more than 1 MB of memory: big{i=~".+"} selects 2000 series, at 7001 steps; select '
                         "fewer series, a shorter range or a longer step, or raise --query.max-memory")

    def test_queries_that_ran_at_a_crash_are_told_at_the_next_start(self):
        hearth = self.hearth(self.file)
        self.ask_in_background(hearth, LONG)
        wait_for(lambda: [q for q in self.running(hearth) if q["state"] == "running"], "the query to run")
        hearth.stop(signal.SIGKILL)
        (self.dir / "hearth.log").unlink()
        hearth = self.hearth(self.file)
        line, = [line for line in hearth.log().splitlines() if "didn't finish" in line]
        self.assertIn("component=activeQueryTracker", line)
        self.assertIn(LONG, line)
        hearth.stop()
        (self.dir / "hearth.log").unlink()
        self.assertNotIn("didn't finish", self.hearth(self.file).log())

    def test_log_metrics_and_statistics_are_those_of_prometheus(self):
        features = ["--enable-feature=promql-per-step-stats"]
        hearth = self.hearth(self.file, flags=features)
        shutil.copytree(self.dir / "data", self.dir / "prometheus-data",
                        ignore=shutil.ignore_patterns("lock", "wal", "chunks_head", "queries.active"))
        other = self.dir / "other.yml"
        other.write_text(f"global:\n  query_log_file: {self.dir}/other.log\n")
        prometheus = self.prometheus(other, flags=features)
        asked = 0
        for query in ("big", 'sum by (job) (big)', 'rate(big{i="7"}[10m])', "sum(rate(big[20m]))", "topk(3, big)",
                      "max_over_time(big[1h:10m])", "big @ 1700003600", "1 + 1", "time()", "big offset 10m > 5",
                      "avg_over_time(big[17m]) * on(i) group_left big", "absent(nothing)", "count(big) by (job)"):
            for path, when in (("query", {"time": START + 5000}),
                               ("query_range", {"start": START, "end": START + 7200, "step": 600})):
                found = []
                for server in (hearth, prometheus):
                    stats = server.api(path, query=query, stats="all", **when)["stats"]
                    self.assertEqual(list(stats["timings"]), ["evalTotalTime", "resultSortTime", "queryPreparationTime",
                                                              "innerEvalTime", "execQueueTime", "execTotalTime"])
                    self.assertEqual(list(stats), ["timings", "samples"])
                    peak = stats["samples"].pop("peakSamples")
                    found.append(stats["samples"])
                    if server is hearth:
                        held = peak
                self.assertEqual(found[0], found[1], (path, query))
                self.assertLessEqual(held, peak, (path, query))
                asked += 1
        lines = [[json.loads(line) for line in path.read_text().splitlines()]
                 for path in (self.log, self.dir / "other.log")]
        self.assertEqual(len(lines[0]), asked)
        self.assertEqual(len(lines[1]), asked)
        for ours, theirs in zip(*lines):
            theirs.pop("source")
            for line in (ours, theirs):
                line.pop("time")
                del line["stats"]["timings"], line["stats"]["samples"]["peakSamples"]
            self.assertEqual(ours, theirs)
            self.assertEqual(list(ours), list(theirs))

        def engine_metrics(server):
            text = get(server.url + "/metrics")[1]
            return re.findall(r"^(# TYPE prometheus_engine\S+ \S+|prometheus_engine[^ ]+) ?", text, re.M)
        self.assertEqual(sorted(engine_metrics(hearth)), sorted(engine_metrics(prometheus)))

    def test_explain_shows_the_plan_beside_the_result(self):
        hearth = self.hearth(self.file)
        for path, when in (("query", {"time": START + 5000}),
                           ("query_range", {"start": START, "end": START + 7200, "step": 600})):
            data = hearth.api(path, query="sum by (job) (rate(big[10m]))", explain="true", **when)
            plan = data["explain"]
            self.assertEqual((plan["operator"], plan["series"]), ("sum", 7))
            rate = plan["children"][0]
            self.assertEqual((rate["operator"], rate["series"]), ("rate", 2000))
            self.assertEqual(rate["children"][0]["expr"], "big[10m]")
            self.assertGreater(rate["samples"], 0)
            self.assertGreater(rate["seconds"], 0)
            plain = hearth.api(path, query="sum by (job) (rate(big[10m]))", **when)
            self.assertNotIn("explain", plain)
            self.assertEqual(plain["result"], data["result"])


if __name__ == "__main__":
    unittest.main()
