"""Grafana's Prometheus data source against Hearth.

The package @grafana/prometheus drives it where it is installed (grafana/README.md says how): template variables,
completion, metadata and the client's side of queries. What Grafana's own server does in Go, and the page in a
browser, cannot run here; those calls are replayed from its source, and are listed in CALLS.
"""

import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from api_data import CONFIG, fixed_target, series_at
from remote_write import Sender
from servers import EndToEnd, wait_for

MODULES = pathlib.Path(os.environ.get("HEARTH_GRAFANA", pathlib.Path.home() / ".cache" / "hearth-grafana")) / "node_modules"
DRIVER = pathlib.Path(__file__).resolve().parent / "grafana" / "drive.cjs"

# (who calls, method, path, parameters, what must hold of the status and the answer). START and END are replaced.
CALLS = [
    # pkg/promlib/healthcheck.go: "Save & test"
    ("health check", "POST", "/api/v1/query", {"query": "1+1", "time": "4"}, lambda s, a: s == 200 and a["data"] == {"resultType": "scalar", "result": [4, "2"]}),
    ("flavour by build info", "GET", "/api/v1/status/buildinfo", {}, lambda s, a: s == 200 and a["data"]["version"].startswith("3.") and "application" not in a["data"] and "features" not in a["data"]),
    ("flavour by the ruler", "GET", "/api/v1/rules/test/test", {}, lambda s, a: s == 404 and "page not found" in a),
    # pkg/promlib/querydata: panels, explore, alert rules
    ("panel", "POST", "/api/v1/query_range", {"query": "rate(http_requests_total[1m0s])", "start": "START", "end": "END", "step": "15.000"}, lambda s, a: a["data"]["resultType"] == "matrix"),
    ("panel with milliseconds", "POST", "/api/v1/query_range", {"query": "temperature", "start": "START.250", "end": "END.750", "step": "15"}, lambda s, a: len(a["data"]["result"]) == 4),
    ("instant", "POST", "/api/v1/query", {"query": "temperature", "time": "END.123"}, lambda s, a: len(a["data"]["result"]) == 4),
    ("native histograms", "POST", "/api/v1/query_range", {"query": "native", "start": "START", "end": "END", "step": "60"}, lambda s, a: "histograms" in a["data"]["result"][0]),
    ("exemplars", "GET", "/api/v1/query_exemplars", {"query": "latency_bucket", "start": "START", "end": "END"}, lambda s, a: a["data"][0]["exemplars"][0]["labels"]["trace_id"] == "t0"),
    ("a query that is wrong", "POST", "/api/v1/query_range", {"query": "sum(", "start": "START", "end": "END", "step": "15"}, lambda s, a: s == 400 and a["errorType"] == "bad_data"),
    ("warnings", "POST", "/api/v1/query", {"query": "quantile(2, temperature)", "time": "END"}, lambda s, a: len(a["warnings"]) == 1),
    # packages/grafana-prometheus/src/resource_clients.ts, language_provider.ts: completion
    ("metric names", "GET", "/api/v1/label/__name__/values", {"start": "START", "end": "END", "limit": "40000"}, lambda s, a: "temperature" in a["data"]),
    ("label names", "POST", "/api/v1/labels", {"start": "START", "end": "END", "limit": "40000"}, lambda s, a: "room" in a["data"]),
    ("label names of a metric", "GET", "/api/v1/labels", {"start": "START", "end": "END", "match[]": '{__name__="temperature"}'}, lambda s, a: a["data"] == ["__name__", "room"]),
    ("label values of a metric", "GET", "/api/v1/label/room/values", {"start": "START", "end": "END", "match[]": "temperature", "limit": "2"}, lambda s, a: a["data"] == ["r0", "r1"] and a["warnings"] == ["results truncated due to limit"]),
    ("values of an escaped name", "GET", "/api/v1/label/U__la_2e_bel/values", {"start": "START", "end": "END"}, lambda s, a: a["data"] == ["x.y", "z"]),
    ("series", "POST", "/api/v1/series", {"match[]": "temperature", "start": "START", "end": "END", "limit": "40000"}, lambda s, a: len(a["data"]) == 4),
    ("metadata", "GET", "/api/v1/metadata", {"limit": "40000"}, lambda s, a: a["data"]["scraped_bytes"][0]["type"] == "gauge"),
    ("metadata of one metric", "GET", "/api/v1/metadata", {"metric": "scraped_total"}, lambda s, a: list(a["data"]) == ["scraped_total"]),
    # packages/grafana-prometheus/src/metric_find_query.ts: template variables
    ("label_values(room)", "GET", "/api/v1/label/room/values", {"start": "START", "end": "END"}, lambda s, a: len(a["data"]) == 4),
    ("label_values(metric, label)", "GET", "/api/v1/series", {"match[]": "http_requests_total", "start": "START", "end": "END"}, lambda s, a: len(a["data"]) == 18),
    ("query_result()", "GET", "/api/v1/query", {"query": "temperature", "time": "END"}, lambda s, a: a["data"]["resultType"] == "vector"),
    # public/app/features/alerting: rules of the data source
    ("rules", "GET", "/api/v1/rules", {}, lambda s, a: a["data"] == {"groups": []}),
    ("rules by page", "GET", "/api/v1/rules", {"group_limit": "40"}, lambda s, a: a["data"] == {"groups": []}),
    ("alerts", "GET", "/api/v1/alerts", {}, lambda s, a: a["data"] == {"alerts": []}),
    ("an empty ruler", "GET", "/api/v1/status/config", {}, lambda s, a: "yaml" in a["data"]),
]


class Grafana(EndToEnd):
    def setUp(self):
        super().setUp()
        target = fixed_target()
        self.addCleanup(target.stop)
        config = self.dir / "prometheus.yml"
        config.write_text(CONFIG.format(port=target.port, closed=1))
        self.server = self.hearth(config, flags=["--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage"])
        self.base = (int(time.time()) // 60 * 60 - 59 * 60) * 1000
        sender = Sender(self.server.port)
        self.assertEqual(sender.send(series_at(self.base))[0] // 100, 2)
        sender.close()
        wait_for(lambda: "scraped_bytes" in self.server.api("metadata"), "a first scrape")

    def call(self, method, path, parameters):
        start, end = self.base // 1000, self.base // 1000 + 3000
        parameters = {name: value.replace("START", str(start)).replace("END", str(end)) for name, value in parameters.items()}
        encoded = urllib.parse.urlencode(parameters)
        url = self.server.url + path + (f"?{encoded}" if method == "GET" and encoded else "")
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
        request = urllib.request.Request(url, data=encoded.encode() if method == "POST" else None, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def test_what_grafana_calls_is_answered(self):
        for who, method, path, parameters, holds in CALLS:
            with self.subTest(who):
                status, answer = self.call(method, path, parameters)
                self.assertTrue(holds(status, answer), f"{method} {path} {parameters}: {status} {str(answer)[:500]}")

    def test_the_package_drives_it(self):
        node = shutil.which("node")
        if node is None:
            self.skipTest("node is not installed")
        if not (MODULES / "@grafana" / "prometheus").exists():
            self.skipTest(f"@grafana/prometheus is not in {MODULES}; tests/e2e/grafana/README.md says how it gets there")
        words = [node, DRIVER, self.server.url, str(self.base), str(self.base + 3_000_000)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=240, env={**os.environ, "NODE_PATH": str(MODULES)})
        self.assertEqual(done.returncode, 0, (done.stdout[-3000:], done.stderr[-6000:]))
        print(done.stdout)
        checks = json.loads(done.stdout.strip().splitlines()[-1])
        self.assertEqual([name for name, held in checks.items() if not held], [], done.stdout)
        self.assertGreater(len(checks), 8)


if __name__ == "__main__":
    unittest.main(verbosity=2)
