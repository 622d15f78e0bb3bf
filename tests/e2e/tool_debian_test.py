"""Each verb that Debian 12's promtool has (2.42, or a later one in its place), beside hearthtool: output and exit code."""

import re
import unittest

import servers
from tool_compare import ToolTestCase, without_lines, without_warnings
from tool_verbs_test import GOOD_METRICS, METRICS, OPENMETRICS, without_ulids

RULES = """groups:
- name: g
  rules:
  - {record: job:up:sum, expr: sum by (job) (up)}
  - {alert: Down, expr: up == 0, for: 1m, labels: {severity: page}, annotations: {text: 'job {{ $labels.job }} at {{ $value }}'}}
"""
TESTS = """rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series:
  - {series: 'up{job="a"}', values: '1 1 0x5'}
  - {series: 'up{job="b"}', values: '1+0x7'}
  alert_rule_test:
  - {eval_time: 2m, alertname: Down}
  - eval_time: 5m
    alertname: Down
    exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {text: job a at 0}}]
  promql_expr_test:
  - {expr: 'job:up:sum', eval_time: 1m, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 1}, {labels: 'job:up:sum{job="b"}', value: 1}]}
"""


def same_in_all_versions(text):
    """Without what has changed between the versions: headings, empty lines, the order of lists, words of kingpin."""
    text = without_lines(without_warnings(text)).replace("Total Series:", "Series:")
    text = re.sub(r"^Unit Testing:.*\n", "", text, flags=re.M)
    text = re.sub(r"required flag\(?s?\)? '?(--\w+)'?", r"required flag \1", text)
    return sorted(line for line in text.split("\n") if line)


class Files(ToolTestCase):
    def test_configurations(self):
        self.write("rules.yml", RULES)
        self.write("good.yml", "scrape_configs:\n- job_name: a\n  static_configs: [{targets: [x:1]}]\nrule_files: [rules.yml]\n")
        self.write("unknown.yml", "global: {x: 1}\n")
        self.write("twice.yml", "scrape_configs: [{job_name: a}, {job_name: a}]\n")
        for name in ("good", "unknown", "twice"):
            self.assert_same("check", "config", f"{name}.yml", change=same_in_all_versions)
        self.assert_same("check", "config", "--syntax-only", "good.yml", change=same_in_all_versions)

    def test_rules(self):
        self.write("good.yml", RULES)
        self.write("twice.yml", RULES + "  - {record: job:up:sum, expr: sum by (job) (up)}\n")
        self.write("odd.yml", "groups:\n- name: g\n  bogus: 1\n")
        for words in (["good.yml"], ["twice.yml"], ["--lint-fatal", "twice.yml"], ["--lint=none", "twice.yml"], ["good.yml", "twice.yml"]):
            self.assert_same("check", "rules", *words, change=same_in_all_versions)
        self.assert_same("check", "rules", "odd.yml", change=same_in_all_versions)

    def test_unit_tests(self):
        self.write("rules.yml", RULES)
        self.write("good.yml", TESTS)
        self.write("wrong.yml", TESTS.replace("value: 1}", "value: 2}").replace("job a at 0", "job a at 7"))
        self.assert_same("test", "rules", "good.yml", change=same_in_all_versions)
        done = self.assert_same("test", "rules", "wrong.yml", "good.yml", change=lambda text: same_in_all_versions(re.sub(r"[ \t]+", " ", text)))
        self.assertEqual(done.returncode, 1)

    def test_metrics_and_web_configurations(self):
        for text in (METRICS, GOOD_METRICS, ""):
            self.assert_same("check", "metrics", stdin=text, change=same_in_all_versions)
        self.assert_same("check", "metrics", "--extended", stdin=GOOD_METRICS)
        self.write("unknown.yml", "foo: 1\n")
        self.write("empty.yml", "")
        for name in ("unknown.yml", "empty.yml", "nowhere.yml"):
            self.assert_same("check", "web-config", name)

    def test_service_discovery(self):
        self.write("sd.yml", "scrape_configs:\n- job_name: a\n  static_configs: [{targets: [x:1], labels: {l: m}}]\n")
        self.assert_same("check", "service-discovery", "--timeout=1s", "sd.yml", "b", change=same_in_all_versions)

    def test_blocks(self):
        self.write("a.om", OPENMETRICS)
        self.assert_same("tsdb", "create-blocks-from", "openmetrics", "a.om", "out", change=without_ulids)
        (self.folder / "out" / "wal").mkdir()
        for words in (["list"], ["list", "-r"], ["dump"], ["dump", "--min-time=1570000000000", "--match={code='200'}"], ["analyze"]):
            self.assert_same("tsdb", *words, "out", change=same_in_all_versions)
        self.write("bad.om", "a 1\n# EOF\n")
        self.assert_same("tsdb", "create-blocks-from", "openmetrics", "bad.om", "out2",
                         change=lambda text: re.sub(r" \(bad\.om.*\)$", "", text, flags=re.M))
        self.write("series", '{"__name__":"x","i":"1"}\n{"__name__":"x","i":"2"}\n')
        self.assert_same("tsdb", "bench", "write", "--scrapes=10", "series",
                         change=lambda text: re.sub(r"(duration=|samples/sec: ).*|^(time|level)=.*\n", r"\1", text, flags=re.M))

    def test_wrong_words(self):
        for words in (["bogus"], ["check"], ["query"], ["query", "instant"], ["tsdb", "bogus"], ["check", "rules", "--bogus", "x"],
                      ["query", "instant", "http://127.0.0.1:1"], ["query", "series", "http://127.0.0.1:1"],
                      ["check", "config", "nowhere.yml"], ["test", "rules", "nowhere.yml"]):
            self.assertEqual(self.assert_same(*words, change=same_in_all_versions).returncode, 1)


class Queries(ToolTestCase, servers.EndToEnd):
    def setUp(self):
        ToolTestCase.setUp(self)
        servers.EndToEnd.setUp(self)

    def test_a_server_is_asked(self):
        self.write("a.om", OPENMETRICS)
        self.tool("tsdb", "create-blocks-from", "openmetrics", "-q", "a.om", self.dir / "data")
        url = self.hearth(self.config({}), flags=["--storage.tsdb.retention.time=100y"]).url
        at, times = "--time=1565133714", ["--start=1565133714", "--end=1565133954"]
        for query in ("requests_total", "sum(requests_total)", "1", "requests_total[5m]", "nothing", "sum("):
            for form in ("promql", "json"):
                self.assert_same("query", "instant", f"--format={form}", at, url, query)
                if "[" not in query:
                    self.assert_same("query", "range", f"--format={form}", *times, "--step=1m", url, query)
        self.assert_same("query", "series", *times, "--match=requests_total", url)
        for name in ("code", "nothing"):
            self.assert_same("query", "labels", *times, url, name)
        self.assert_same("query", "range", "--start=5", "--end=4", url, "up")
        self.assert_same("query", "instant", "--time=x", url, "up")
        self.assert_same("query", "instant", "http://127.0.0.1:1", "up", change=lambda text: re.sub(r'dial.*', "", text))
        self.assert_same("debug", "metrics", url)


if __name__ == "__main__":
    unittest.main()
