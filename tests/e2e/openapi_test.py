"""Every answer of the API beside the OpenAPI document: each path, each documented parameter, valid and not.

The document is Prometheus' own, of ../shared/api. A response must be of the documented status (else "default"),
of the documented content type, and its body must be what the schema says. The server holds the data of api_data,
made by itself: no Prometheus is needed.
"""

import json
import os
import pathlib
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from api_data import CONFIG, MINUTES, fixed_target, series_at
from remote_write import Sender
from servers import SOURCE_DIR, EndToEnd, wait_for

DOCUMENT = pathlib.Path(os.environ.get("HEARTH_SHARED_DIR", SOURCE_DIR.parent / "shared")) / "api" / "openapi_3.1.yaml"

# Paths whose answers are no JSON, in Prometheus as here.
NOT_JSON = {"/read", "/write", "/otlp/v1/metrics"}
ODD_VALUES = ["", "abc", "-1", "0", "1", "2", "1.5", "1e400", "NaN", "9223372036854775808", "true", "{", "up", "<&>", "\x00", "é"]


def setUpModule():
    global jsonschema, yaml
    try:
        import jsonschema
        import yaml
    except ImportError as missing:
        raise unittest.SkipTest(f"{missing}; python3-jsonschema and python3-yaml are needed")
    if not DOCUMENT.exists():
        raise unittest.SkipTest(f"{DOCUMENT} is not there")


class OpenApi(EndToEnd):
    def setUp(self):
        super().setUp()
        self.document = yaml.safe_load(DOCUMENT.read_text())
        target = fixed_target()
        self.addCleanup(target.stop)
        config = self.dir / "prometheus.yml"
        config.write_text(CONFIG.format(port=target.port, closed=1))
        self.server = self.hearth(config, flags=["--web.enable-remote-write-receiver", "--web.enable-admin-api",
                                                 "--enable-feature=exemplar-storage,promql-per-step-stats"])
        self.base = (int(time.time()) // 60 * 60 - (MINUTES - 1) * 60) * 1000
        sender = Sender(self.server.port)
        status, body = sender.send(series_at(self.base))
        self.assertEqual(status // 100, 2, body)
        sender.close()
        wait_for(lambda: len(self.server.api("metadata")) > 3, "a first scrape")
        self.validators = {}

    def good(self, path):
        """Parameters with which the path has something to say."""
        start, end = self.base // 1000 + 600, self.base // 1000 + 1800
        times = {"start": start, "end": end}
        return {
            "/query": {"query": "temperature", "time": end},
            "/query_range": {"query": "temperature", **times, "step": "60"},
            "/query_exemplars": {"query": "latency_bucket", "start": self.base // 1000, "end": end},
            "/format_query": {"query": "sum(rate(a[5m]))by(b)"},
            "/parse_query": {"query": "sum(rate(a[5m]))by(b)"},
            "/series": {"match[]": "temperature", **times},
            "/search/label_values": {"label": "job"},
            "/targets/relabel_steps": {"scrapePool": "dropping", "labels": '{"__address__":"x:1"}'},
            "/admin/tsdb/delete_series": {"match[]": "ended_long_ago"},
        }.get(path, {})

    def more(self, path):
        """Further good questions: other types of results."""
        start, end = self.base // 1000 + 600, self.base // 1000 + 1800
        if path == "/query":
            for query in ("native", "native[5m]", "temperature[5m]", "1", "odd", "texts", '{"dotted.name"}', "rate(temperature[5m])", "nothing"):
                for stats in ("", "true", "all"):
                    yield {"query": query, "time": end, "stats": stats}
        if path == "/query_range":
            for query in ("native", "odd", "native or temperature", "1", "nothing", "quantile(2, temperature)"):
                yield {"query": query, "start": start, "end": end, "step": "1m", "stats": "all"}
        if path == "/parse_query":
            for query in ("a + on(b) group_left c", "a[5m:1m] offset 3s", "topk(3, a @ start())", "1", "'x'", "-a", "(a)", "sum("):
                yield {"query": query}

    def ask(self, method, path, parameters):
        url = f"{self.server.url}/api/v1{path}"
        data = None
        encoded = urllib.parse.urlencode(parameters, doseq=True)
        headers = {}
        if method == "get":
            url += f"?{encoded}"
        else:
            data, headers = encoded.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        request = urllib.request.Request(url, data=data, method=method.upper(), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get_content_type(), error.read()

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            self.validators[key] = jsonschema.Draft202012Validator({**schema, "components": self.document["components"]})
        return self.validators[key]

    def check(self, method, path, operation, parameters):
        concrete = path.replace("{name}", parameters.get("name", "job") and urllib.parse.quote(str(parameters.get("name", "job")), safe=""))
        sent = {key: value for key, value in parameters.items() if not (key == "name" and "{name}" in path)}
        status, kind, body = self.ask(method, concrete, sent)
        what = f"{method.upper()} {path} {parameters}: {status} {kind} {body[:300]!r}"
        self.asked += 1
        if path in NOT_JSON:
            self.assertNotIn(b"page not found", body, what)
            return
        if "{name}" in path and status in (301, 404):
            return  # an empty name is no path
        if status == 204:
            self.assertEqual(body, b"", what)
            self.assertTrue("204" in operation["responses"] or path == "/query_exemplars" or path.startswith("/admin/"), what)
            return
        described = operation["responses"].get(str(status), operation["responses"].get("default"))
        self.assertIsNotNone(described, what)
        self.assertIn(kind, described["content"], what)
        if path == "/targets" and parameters.get("state", "") not in ("", "active", "dropped", "any"):
            return  # Prometheus gives no counts then, which its own document does not know
        if kind == "application/x-ndjson":
            for line in body.decode().splitlines():
                json.loads(line)
            return
        answer = json.loads(body)
        errors = list(self.validator(described["content"][kind]["schema"]).iter_errors(answer))
        self.assertFalse(errors, what + "\n" + "\n".join(f"{list(error.absolute_path)}: {error.message[:300]}" for error in errors[:5]))
        self.assertEqual(answer["status"], "success" if status == 200 else "error", what)
        self.successes += status == 200

    def parameter_names(self, operation):
        for parameter in operation.get("parameters", []):
            yield parameter["name"]
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content.get("schema", {})
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            yield from schema.get("properties", {})

    def test_answers_are_as_documented(self):
        self.asked = self.successes = 0
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                if method not in ("get", "post", "put", "delete") or operation.get("operationId") is None:
                    continue
                with self.subTest(f"{method} {path}"):
                    self.check_operation(method, path, operation)
        print(f"{self.asked} requests, {self.successes} successes in JSON")
        self.assertGreater(self.asked, 1500)
        self.assertGreater(self.successes, 500)

    def check_operation(self, method, path, operation):
        good = self.good(path)
        self.check(method, path, operation, good)
        self.check(method, path, operation, {})
        for parameters in self.more(path):
            self.check(method, path, operation, parameters)
        values = ODD_VALUES if not path.startswith("/admin") else ["", "{", "abc"]
        for name in self.parameter_names(operation):
            for value in values:
                self.check(method, path, operation, {**good, name: value})
            self.check(method, path, operation, {key: value for key, value in good.items() if key != name})

    def test_every_documented_path_has_a_route(self):
        served = yaml.safe_load(self.ask("get", "/openapi.yaml", {})[2])
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                if operation.get("operationId") is not None:
                    self.assertIn(method, served["paths"].get(path, {}), f"{method} {path}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
