"""/federate beside a real Prometheus: the same data, the same bytes, in text and in protobuf."""

import json
import re
import unittest
import urllib.error
import urllib.parse
import urllib.request

from api_data import Twins
from servers import use_prometheus_3, wait_for

PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
ACCEPTS = ["", "*/*", "text/plain", "text/plain;version=0.0.4;escaping=allow-utf-8", "text/plain;version=1.0.0;escaping=dots",
           "application/openmetrics-text;version=1.0.0;q=0.4,text/plain;q=0.5;escaping=values", PROTOBUF, PROTOBUF + ";escaping=allow-utf-8",
           f"{PROTOBUF};q=0.3,text/plain;q=0.6", f"{PROTOBUF};q=0.6,text/plain;q=0.3", "nonsense"]
SELECTORS = [["temperature"], ["odd"], ["texts"], ['{"dotted.name"}'], ['{__name__=~"native.*"}'], ["many"], ["ended"], ["ended_long_ago"], ["nothing"],
             ['{job="api"}'], ["http_requests_total", "temperature", '{job="api"}'], ['{__name__=~"t.*|n.*|h.*|d.*|o.*"}'], ['{instance!=""}', "temperature"],
             ["native", 'native{kind="gauge"}']]
# What both have scraped at times of their own is left out.
NOT_SCRAPED = '__name__!~"up|scrape.*|untyped_thing"'


def not_scraped(selectors):
    return [selector[:-1] + "," + NOT_SCRAPED + "}" if selector.startswith("{") and "__name__" not in selector and "dotted" not in selector else selector
            for selector in selectors]


def setUpModule():
    use_prometheus_3()


class Federate(Twins):
    def ask(self, server, selectors, accept):
        query = urllib.parse.urlencode({"match[]": selectors}, doseq=True)
        request = urllib.request.Request(f"{server.url}/federate?{query}", headers={"Accept": accept} if accept else {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read()

    def test_both_give_the_same(self):
        self.start_twins()
        some = 0
        for selectors in SELECTORS:
            selectors = not_scraped(selectors)
            for accept in ACCEPTS:
                ours, theirs = (self.ask(server, selectors, accept) for server in self.both)
                self.assertEqual(ours, theirs, f"{selectors} {accept}")
                some += len(ours[2]) > 100
        self.assertGreater(some, 60)

    def federating(self, selectors, protocols):
        """A configuration that scrapes Hearth's /federate; protocols "": those that a server asks for by itself."""
        config = self.dir / "federating.yml"
        config.write_text(f"""global:
  scrape_interval: 1s
  scrape_timeout: 1s
  {protocols}
scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    params: {{"match[]": {json.dumps(selectors)}}}
    static_configs:
      - targets: ["127.0.0.1:{self.hearth_server.port}"]
""")
        return config

    def test_openmetrics_holds_what_text_holds(self):
        self.start_twins()
        openmetrics = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
        some = 0
        for selectors in map(not_scraped, SELECTORS):
            status, kind, text = self.ask(self.hearth_server, selectors, "text/plain;version=1.0.0;escaping=allow-utf-8")
            answer = self.ask(self.hearth_server, selectors, f"{openmetrics};q=0.6,text/plain;q=0.3")
            self.assertEqual((status, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"), answer[:2])
            in_seconds = lambda line: re.sub(r"\d+$", lambda ms: f"{int(ms[0]) / 1000:.3f}".rstrip("0").rstrip("."), line)
            lines = [in_seconds(line) if not line.startswith("#") else line.replace(" untyped", " unknown") for line in text.decode().splitlines()]
            self.assertEqual(lines + ["# EOF"], answer[2].decode().splitlines())
            some += len(lines)
        self.assertGreater(some, 60)

    def test_both_scrape_it_as_they_ask_by_themselves(self):
        self.start_twins()
        selectors = ["temperature", '{"dotted.name"}', "http_requests_total"]
        config = self.federating(selectors, "")
        at = self.base / 1000 + 59 * 60
        for central in (self.prometheus(config, data="central-prometheus"), self.hearth(config, data="central-hearth")):
            for selector in selectors:
                key = lambda one: sorted(one["metric"].items())
                added = {("region", "eu <west>"), ("replica", "a"), ("job", "federate")}
                drop = lambda one: {**one, "metric": dict(pair for pair in one["metric"].items() if pair not in added)}
                ours = sorted(self.hearth_server.instant(selector, at), key=key)
                self.assertGreater(len(ours), 0, selector)
                wait_for(lambda: len(central.instant(selector, at)) == len(ours), f"{selector} to arrive")
                self.assertEqual(ours, sorted((drop(one) for one in central.instant(selector, at)), key=key))
            up = central.api("query", query="up")["result"]
            self.assertEqual([one["value"][1] for one in up], ["1"])

    def test_a_prometheus_scrapes_it_with_native_histograms(self):
        self.start_twins()
        config = self.federating(['native{kind!="custom"}', "temperature"], "scrape_protocols: [PrometheusProto]")
        central = self.prometheus(config, data="central-data", flags=["--enable-feature=native-histograms"])

        at = self.base / 1000 + 59 * 60
        want = {kind for kind in ("plain", "float", "gauge", "empty", "odd_sum")}
        wait_for(lambda: want <= {one["metric"]["kind"] for one in central.instant("native", at)}, "histograms to arrive")
        ours = {one["metric"]["kind"]: one["histogram"][1] for one in self.hearth_server.instant("native", at)}
        theirs = {one["metric"]["kind"]: one["histogram"][1] for one in central.instant("native", at)}
        for kind in want:
            self.assertEqual(ours[kind], theirs[kind])
        self.assertEqual(len(central.instant('temperature{region="eu <west>",replica="a"}', at)), 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
