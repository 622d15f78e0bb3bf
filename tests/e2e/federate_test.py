"""/federate beside a real Prometheus: the same data, the same bytes, in text and in protobuf."""

import unittest
import urllib.error
import urllib.parse
import urllib.request

from api_data import Twins
from servers import use_prometheus_3, wait_for

PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
ACCEPTS = ["", "*/*", "text/plain", "text/plain;version=0.0.4;escaping=allow-utf-8", "text/plain;version=1.0.0;escaping=dots",
           "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.5;escaping=values", PROTOBUF, PROTOBUF + ";escaping=allow-utf-8",
           f"{PROTOBUF};q=0.3,text/plain;q=0.6", f"{PROTOBUF};q=0.6,text/plain;q=0.3", "nonsense"]
SELECTORS = [["temperature"], ["odd"], ["texts"], ['{"dotted.name"}'], ['{__name__=~"native.*"}'], ["many"], ["ended"], ["ended_long_ago"], ["nothing"],
             ['{job="api"}'], ["http_requests_total", "temperature", '{job="api"}'], ['{__name__=~"t.*|n.*|h.*|d.*|o.*"}'], ['{instance!=""}', "temperature"],
             ["native", 'native{kind="gauge"}']]
# What both have scraped at times of their own is left out.
NOT_SCRAPED = '__name__!~"up|scrape.*|untyped_thing"'


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
            selectors = [selector[:-1] + "," + NOT_SCRAPED + "}" if selector.startswith('{') and "__name__" not in selector and "dotted" not in selector else selector
                         for selector in selectors]
            for accept in ACCEPTS:
                ours, theirs = (self.ask(server, selectors, accept) for server in self.both)
                self.assertEqual(ours, theirs, f"{selectors} {accept}")
                some += len(ours[2]) > 100
        self.assertGreater(some, 60)

    def test_a_prometheus_scrapes_it_with_native_histograms(self):
        self.start_twins()
        config = self.dir / "federating.yml"
        config.write_text(f"""global:
  scrape_interval: 1s
  scrape_timeout: 1s
  scrape_protocols: [PrometheusProto]
scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    params: {{"match[]": ['native{{kind!="custom"}}', "temperature"]}}
    static_configs:
      - targets: ["127.0.0.1:{self.hearth_server.port}"]
""")
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
