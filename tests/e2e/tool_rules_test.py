"""check rules, check config and test rules beside promtool 3: rule files, templates, unit tests, good and bad."""

import json
import unittest

import servers
from tool_compare import ToolTestCase, sorted_lines, without_lines, without_order, without_warnings

RULES = servers.SOURCE_DIR.parent / "shared" / "rules"

BAD_RULES = {
    'a': 'groups:\n  - name: ""\n    rules:\n      - record: a b\n        expr: up +\n        for: 5m\n        labels:\n          "": x\n          __name__: y\n  - name: g\n    labels:\n      __name__: b\n    rules:\n      - alert: X\n        record: y\n        expr: up\n      - expr: ""\n      - alert: T\n        expr: up\n        labels:\n          a: "{{ bar }}"\n        annotations:\n          b: "{{ $foo }}"\n          c: "{{ if }}"\n          d: "{{ .Value | humanize }"\n          "e e": "x"\n  - name: g\n    limit: x\n',
    'b': 'groups:\n- name: a\n  interval: 5\n  rules:\n  - record: x\n    expr: [1]\n    labels: [a]\n    for: abc\n',
    'c': 'groups:\n- name: a\n  name: b\n  rules:\n  - record: x\n    expr: 1\n    record: y\n    labels: {a: b, a: c}\n    bogus: 1\n',
    'd': 'groups:\n- name: a\n  rules:\n  - record: x\n   expr: 1\n',
    'e': '',
    'f': 'groups: 1\n',
    'g': 'groups:\n- name: a\n  rules:\n  - record: x{a="b"}\n    expr: 1\n    annotations: {a: b}\n    keep_firing_for: 1m\n',
    'h': 'groups:\n- name: a\n  rules:\n  - record: x\n    expr: "sum(up"\n  - alert: y\n    expr: |\n      up ==\n        foo bar\n',
    'i': '"a: b',
    'j': 'groups:\n - name: x\n   rules: {{a}\n',
    'k': 'groups:\n- name: a\n  limit: x\n  rules: null\n- null\n- name: k\n  rules:\n  - null\n  - alert: b\n    expr: 5\n',
    'm': 'groups:\n- name: yes\n  limit: 1.0\n  query_offset: 1m\n  rules:\n  - record: 1\n    expr: yes\n    labels: {a: 1, b: null, c: 2020-01-01}\n',
    'n': 'groups:\n- name: a\n  rules:\n  - alert: y\n    expr: up\n    annotations:\n      a: \'{{ tmpl "x" . }}\'\n      c: \'{{ "abc }}\'\n      d: \'{{ break }}\'\n      e: \'{{define "x"}}a{{end}}{{template "x"}}{{range $i, $e, $f := query "up"}}{{end}}\'\n      f: \'{{ end }}\'\n      g: \'{{ if true }}\'\n      h: \'{{ 1 | 2 }}\'\n      i: \'{{ 099 }} {{ 0x }}\'\n      j: \'{{ @ }}\'\n      k: \'{{ é }}\'\n      l: "line1\\nline {{ $x }}"\n      m: "line1\\nline {{ $value\\n | \\nfoo }}"\n      n: \'{{ (1 }}\'\n      o: \'{{ 1) }}\'\n      p: \'{{ "a".b }}\'\n      q: \'{{ $labels.foo-bar }}\'\n      r: \'{{ $labels.foo bar }}\'\n      s: \'{{/* x }}\'\n      t: \'{{/* x */ }}\'\n      u: \'{{ "\\z" }}\'\n      v: "{{ if\\n 1 "\n      w: \'{{ len }} {{html "x"}} {{call}} {{slice}}\'\n      x: \'{{ range 5 }}{{break}}{{else if}}{{end}}\'\n      y: \'{{ template }}\'\n      z: "{{ \'ab\' }}"\n',
    'a2': 'groups:\n  - name: ""\n    rules:\n      - record: a b\n        expr: up +\n        for: 5m\n        labels:\n          "": x\n          __name__: y\n  - name: g\n    labels:\n      __name__: b\n    rules:\n      - alert: X\n        record: y\n        expr: up\n      - expr: ""\n      - alert: T\n        expr: up\n        labels:\n          a: "{{ bar }}"\n        annotations:\n          b: "{{ $foo }}"\n          c: "{{ if }}"\n          d: "{{ .Value | humanize }"\n          "e e": "x"\n  - name: g\n',
}

SERIES = [
    '"abc"',
    '"1 2x"',
    '"1+x3"',
    '"{{schema:1 foo:2}}"',
    '"{{schema:x}}"',
    '"{{buckets:[1 2}}"',
    '"1 {{count:1}} stale _x2 0x3"',
    '"1e5+-3x2"',
    '"-1-2x3 Inf -inf NaN"',
    '"1,2"',
    '"0x5 0xabc"',
    '"{{}} {{schema:3}}+{{schema:2 sum:1}}x2"',
    '""',
    '"1x-3"',
    '"{{counter_reset_hint:bogus}}"',
    '"{{sum:1 sum:2}}"',
    '"1h"',
    '"0+1x2_"',
    '"_ _x"',
    '"stalex2"',
    '"{{count:1}}+1x2"',
    '"{{buckets:[1 -2]}}"',
    '"{{buckets:[+1 2]}}"',
    '"{{schema:-53 custom_values:[2 1] buckets:[1 2]}}"',
    '"{{schema:-53 custom_values:[1] n_buckets:[1]}}"',
    '"{{schema:-53 buckets:[1]}}"',
    '"{{custom_values:[1]}}"',
    '"1+1"',
    '"1+1 x2"',
    '"- 1"',
    '"x3"',
    '"1 x 3"',
    '"__"',
    '"_1"',
    '"1{{count:1}}"',
    '"{{count:1}}{{count:2}}"',
    '"1 2x3x4"',
    '"{{buckets:[]}}"',
    '"{{buckets:[ 1 2 ]}}"',
    '"{{buckets:[1  2]}}"',
    '"{{schema:1.5}}"',
    '"{{schema:-1 offset:-2 buckets:[1]}}"',
    '"{{offset:+1}}"',
    '"1 2\\n"',
    '"1 2\\n3 4"',
    '"1\\r\\n2"',
    '"\\t1 \\t2 "',
    '"\'1\'"',
]

# What stands where a metric should.
NAMES = ["", ".", "{}", "{} 1", " up 1", "up.x", ".up", "5", "up{", "'a'", "é", "up}", "[5m]", "up[5m]", "-", "~", "#x",
         '"a"', "up up", "_", "1x3", "stale", "{{"]

NUMBERS = ["1+1x", "1+2", "1-x", "1+", "1+2ix", "--1", "+1", "1_0", "0x1p4", "1e", "1.5.", "0b12"]

UNIT_TESTS = {
    's': 'tests:\n- input_series:\n  - series: \'up{a="b"} 5\'\n    values: 1\n  - series: \'\'\n    values: 1\n',
    's10': '',
    's11': 'tests:\n- name: a\n  nam: b\n  name: c\n',
    's2': "tests:\n- input_series:\n  - series: 'rate(up)'\n    values: 1\n",
    's3': 'foo: 1\ntests:\n- interval: 1x\n',
    's4': 'tests:\n- bar: 1\n  input_series: 5\n  external_labels: [a]\n  alert_rule_test:\n  - eval_time: 5\n  - eval_tim: 1m\n    exp_alerts: [{exp_label: {}}]\n  promql_expr_test:\n  - exp_samples: [{label: x, value: y}]\ngroup_eval_order: [a, a]\n',
    's5': "rule_files: [nonexist.yml, '*.bad', '[']\ngroup_eval_order: [a, a]\n",
    's6': 'rule_files: [nonexist.yml]\ngroup_eval_order: [a, a]\ntests: []\n',
    's7': 'tests:\n- name: abc\n  alert_rule_test:\n  - eval_time: 5m\n- promql_expr_test:\n  - expr: \'up +\'\n    eval_time: 1m\n  - expr: \'"foo"\'\n  - expr: \'1\'\n    exp_samples: [{labels: \'{\', value: 1}]\n  - expr: \'1\'\n    exp_samples: [{labels: \'{}\', histogram: \'1\'}]\n  - expr: \'1\'\n    exp_samples: [{labels: \'{}\', histogram: \'{{\'}]\n  - expr: \'1\'\n    exp_samples: [{labels: \'{}\', histogram: \'{{}} {{}}\'}]\n  - expr: \'up[5m]\'\n  - expr: \'\'\n  - expr: \'1\'\n    exp_samples: [{labels: \'a{b="c"}\', value: 1}, {labels: \'x\', value: 1e300}, {value: .nan}, {value: 0x10}]\n',
    's8': 'rule_files: [bad1.yml, bad2.yml]\ntests:\n- {}\n',
    's9': 'tests: 5',
}

TEMPLATES = r'''groups:
- name: x
  limit: 100
  labels: {team: a, drop: ""}
  rules:
  - alert: T
    expr: v > 0
    for: 2m
    keep_firing_for: 3m
    labels:
      sev: '{{ if gt $value 5.0 }}crit{{ else }}warn{{ end }}'
      empty: '{{ "" }}'
    annotations:
      a: '{{ $value | humanize }} {{ humanize1024 $value }} {{ humanizeDuration $value }} {{ humanizePercentage $value }} {{ humanizeTimestamp $value }} {{ $value }} {{ .Value }} {{ printf "%.2f|%d|%s|%v|%5.1f|%q|%e|%g|%t" $value $value $value $value $value $value $value $value $value }}'
      b: '{{ range query "sort(v)" }}{{ .Labels.i }}={{ .Value }} {{ end }}{{ with query "sort(v)" }}{{ . | first | value }} {{ . | first | label "i" }} {{ (first .).Labels.i }}{{ end }} {{ range sortByLabel "i" (query "sort(v)") }}{{ .Labels.i }}{{ end }}'
      c: '{{ query "nonexist" | first | value }}'
      d: '{{ $labels.i }} {{ $labels.nonexist }} {{ $labels }} {{ . }} {{ $externalLabels.el }} {{ $externalURL }}'
      e: '{{ "a.b:80" | stripPort }} {{ "a.b:80" | stripDomain }} {{ "1.2.3.4:80" | stripDomain }} {{ reReplaceAll "(a)(b*)" "<$2-${1}>" "xabbaca" }} {{ match "a+" "caab" }} {{ title "foo bar-baz o''neil" }} {{ toUpper "abc" }} {{ toLower "ABC" }} {{ graphLink "up == 0" }} {{ tableLink "a&b" }}'
      f: '{{ toTime 1.5 }} {{ (toTime 1600000000).Year }} {{ (toTime 1600000000.25).Format "2006-01-02T15:04:05.000Z07:00 Jan Mon PM" }} {{ parseDuration "1h30m" }} {{ humanizeDuration "1e5" }} {{ "x" | humanize }}'
      g: '{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}{{ len "abc" }} {{ index $labels "i" }} {{ slice "abcdef" 1 3 }} {{ and true false }} {{ or "" "z" }} {{ not true }} {{ eq 1 1 }} {{ ne "a" "b" }} {{ lt 1.5 2.5 }} {{ ge $value 1.0 }} {{ html "<a>&''\"" }} {{ urlquery "a b&c" }} {{ js "a''<b" }} {{ print 1 2 "a" "b" 3 }} {{ println "x" 1 }}'
      h: '{{ eq $value 1 }}'
      i: '{{ $value.foo }}'
      j: '{{ range $i, $s := query "sort(v)" }}{{ $i }}:{{ $s.Value }},{{ else }}none{{ end }}{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}{{ range 3 }}x{{ end }}'
      k: '{{ define "foo" }}[{{ .arg0 }} {{ .arg1 }} {{ .arg2 }}]{{ end }}{{ template "foo" (args 1 "two") }} {{ args 1 2 }}'
      l: '{{- " x " -}} y {{/* comment */ -}} z'
      m: '{{ humanize }}'
      n: '{{ humanize 1 2 }}'
      o: '{{ label "i" 5 }}'
      p: '{{ toUpper 5 }} '
      q: '{{ toUpper $value }}'
      r: '{{ first "x" }}'
      s: '{{ query "up{" }}'
      t: '{{ index $labels 1 }}'
      u: '{{ printf "%d %s %v" }} {{ printf "%d" 1 2 }} {{ printf "%z" 1 }} {{ printf "%5d|%-5d|%05d|%+d|%x|%c|%U" 42 42 42 42 42 65 65 }} {{ printf "%s" nil }} {{ printf "%v" true }} {{ printf "%q" "a\"b" }} {{ printf "%8.3f|%-8s|%8s" 3.14159 "ab" "cd" }}'
      v: '{{ 1.5 | printf "%.1f" }} {{ "a" | printf "%s-%s" "b" }} {{ 1e3 }} {{ 0x10 }} {{ ''a'' }} {{ 1_000 }} {{ -3 }} {{ true }}'
      w: '{{ if and (gt $value 1.0) (lt $value 100.0) }}in{{ else if eq $value 0.0 }}zero{{ else }}out{{ end }} {{ with $labels.nonexist }}a{{ else }}b{{ end }}'
      x: '{{ template "nope" }}'
      y: '{{ strvalue (query "count_values(\"__value__\", v)" | first) }} {{ safeHtml "<b>" }} {{ .Foo }}'
      z: '{{ range $value }}{{ end }}'
  - record: r
    expr: v * 2
    labels: {new: n}
  - record: hist
    expr: h * 2
- name: y
  rules:
  - alert: Hist
    expr: h
    annotations: {v: '{{ $value }}'}
'''

TEMPLATES_TEST = """rule_files: [rt.yml]
evaluation_interval: 1m
group_eval_order: [y, x]
fuzzy_compare: true
tests:
- name: first
  interval: 1m
  external_labels: {el: ext}
  external_url: http://pr.example:9090/pfx
  input_series:
  - {series: 'v{i="a"}', values: '1 1 1 1 0 0 0 0 0 0 0'}
  - {series: 'v{i="b"}', values: '1234567.5 _ _ 10x4 stale'}
  - {series: 'h{i="b"}', values: '{{schema:1 count:3 sum:3 buckets:[1 2]}}x5'}
  alert_rule_test:
  - {eval_time: 1m, alertname: T}
  - {eval_time: 2m, alertname: T}
  - {eval_time: 3m, alertname: T}
  - {eval_time: 5m, alertname: T}
  - {eval_time: 6m30s, alertname: T}
  - {eval_time: 8m, alertname: T}
  - {eval_time: 3m, alertname: Hist}
  promql_expr_test:
  - {expr: ALERTS, eval_time: 2m}
  - {expr: 'ALERTS', eval_time: 4m}
  - {expr: 'ALERTS_FOR_STATE', eval_time: 6m}
  - {expr: 'ALERTS', eval_time: 7m}
  - {expr: 'ALERTS', eval_time: 8m}
  - {expr: 'r', eval_time: 3m}
  - {expr: 'hist', eval_time: 3m}
  - {expr: '{__name__=~".+"}', eval_time: 9m}
"""


def setUpModule():
    servers.use_prometheus_3()


class CheckRules(ToolTestCase):
    def test_files_of_all_kinds(self):
        for name, text in BAD_RULES.items():
            with self.subTest(name):
                self.write("rules.yml", text)
                self.assert_same("check", "rules", "rules.yml", change=sorted_lines)
                self.assert_same("check", "rules", stdin=text, change=sorted_lines)

    def test_numbers_in_templates(self):
        for number in NUMBERS:
            with self.subTest(number):
                self.write("rules.yml", "groups:\n- name: a\n  rules:\n  - alert: x\n    expr: up\n"
                           f"    annotations: {{a: '{{{{ {number} }}}}'}}\n")
                self.assert_same("check", "rules", "rules.yml")

    def test_keys_that_are_null_or_stand_twice(self):
        for text in ("groups:\n- name: a\n  ~: b\n", "groups:\n- name: a\n  rules:\n    expr: 1\n    expr: 2\n"):
            self.write("rules.yml", text)
            self.assert_same("check", "rules", "rules.yml", change=sorted_lines)
            self.assert_same("check", "rules", "--ignore-unknown-fields", "rules.yml", change=sorted_lines)

    def test_files_of_prometheus(self):
        for path in sorted(RULES.glob("*.yaml")) + sorted((RULES / "unit-tests").glob("*.yml")):
            self.assert_same("check", "rules", path)
        self.assert_same("check", "rules", *sorted(RULES.glob("*.yaml")))

    def test_lint(self):
        large = RULES / "unit-tests" / "rules_large.yml"
        for flags in (["--lint=none"], ["--lint-fatal"], ["--lint=bogus,all", "--lint-fatal"], ["--no-lint-fatal"]):
            self.assert_same("check", "rules", *flags, large)
        self.assert_same("check", "rules", "--ignore-unknown-fields", RULES / "invalid_rules.yaml")
        self.assert_same("--enable-feature=bogus", "check", "rules", RULES / "rules.yaml")

    def test_wrong_words(self):
        for words in (["check"], ["check", "bogus"], ["check", "rules", "--bogus"], ["check", "rules", "/nowhere"],
                      ["check", "config"], ["check", "config", "--lint"], ["bogus"], ["-x"],
                      ["check", "rules", "--help"], ["check", "config", "--help"], ["test", "rules", "--help"],
                      ["check", "rules", "."], ["check", "config", "."], ["check", "web-config", "."], ["test", "rules", "."],
                      ["check", "service-discovery", ".", "x"], ["push", "metrics", "http://127.0.0.1:1", "."],
                      ["query", "instant", "--http.config.file=.", "http://127.0.0.1:1", "up"],
                      ["query", "range", "--step=1x", "http://127.0.0.1:1", "up"], ["check", "ready", "--url=::"],
                      ["check", "healthy", "--url=127.0.0.1:1"], ["tsdb", "dump", "nowhere"],
                      ["tsdb", "dump", "--sandbox-dir-root=/nowhere", "."],
                      ["tsdb", "create-blocks-from", "openmetrics", "nowhere"],
                      ["test", "--junit=/nowhere/x", "rules", __file__]):
            self.assert_same(*words)


class CheckConfig(ToolTestCase):
    def test_rule_files_are_checked_too(self):
        self.write("good.yml", "rule_files: [rules/*.yml, '*.none']\n")
        self.write("rules/a.yml", "groups:\n- name: a\n  rules:\n  - {record: a, expr: up}\n")
        self.assert_same("check", "config", "good.yml", change=without_warnings)
        self.write("rules/b.yml", "groups:\n- name: a\n  rules:\n  - {record: a, expr: up(}\n")
        self.assert_same("check", "config", "good.yml", change=without_warnings)
        self.assert_same("check", "config", "--syntax-only", "good.yml", change=without_warnings)
        self.write("rules/b.yml", "groups:\n- name: a\n  rules:\n  - {record: a, expr: up}\n  - {record: a, expr: up}\n")
        for flags in ([], ["--lint=none"], ["--lint-fatal"], ["--lint=bogus"]):
            self.assert_same("check", "config", *flags, "good.yml", change=without_warnings)
        self.write("missing.yml", "rule_files: [nowhere.yml]\n")
        self.assert_same("check", "config", "missing.yml", "good.yml", change=without_warnings)


class TestRules(ToolTestCase):
    def test_series_notation(self):
        for values in SERIES:
            with self.subTest(values):
                self.write("t.yml", "tests:\n- input_series:\n  - series: 'up{a=\"b\"}'\n    values: " + values +
                           "\n  promql_expr_test:\n  - {expr: up, eval_time: 1m}\n")
                self.assert_same("test", "rules", "t.yml")

    def test_what_is_no_metric(self):
        for name in NAMES:
            with self.subTest(name):
                self.write("t.yml", f"tests:\n- input_series:\n  - series: {json.dumps(name)}\n    values: '1 2'\n"
                           "  promql_expr_test:\n  - {expr: up, eval_time: 3m}\n")
                self.assert_same("test", "rules", "t.yml")

    def test_files_that_are_wrong(self):
        self.write("bad1.yml", "groups:\n- name: a\n  rules:\n  - record: x y\n    expr: up +\n- name: a\n")
        self.write("bad2.yml", "x\n")
        for name, text in UNIT_TESTS.items():
            with self.subTest(name):
                self.write("t.yml", text)
                self.assert_same("test", "rules", "t.yml", change=without_lines)

    def test_files_of_prometheus(self):
        folder = RULES / "unit-tests"
        for path in sorted(folder.glob("*.yml")):
            self.assert_same("test", "rules", path.name, cwd=folder, change=without_order)
            self.assert_same("test", "rules", "--diff", path.name, cwd=folder, change=without_order)
        self.assert_same("test", "rules", "--run=correct", "--run=x", "rules_run.yml", cwd=folder)
        self.assert_same("test", "rules", "unittest.yml", "failing.yml", "long-period.yml", cwd=folder)

    def test_templates_states_and_written_series(self):
        self.write("rt.yml", TEMPLATES)
        self.write("rt_test.yml", TEMPLATES_TEST)
        self.assert_same("test", "rules", "rt_test.yml")

    def test_empty_texts_of_alerts(self):
        self.write("rules.yml", "groups:\n- name: a\n  rules:\n  - {alert: X, expr: vector(1), labels: {l: ''},"
                   " annotations: {a: '', b: '{{ $labels.none }}'}}\n")
        for alert in ("{}", "{exp_annotations: {a: ''}}", "{exp_annotations: {a: '', b: ''}}",
                      "{exp_annotations: {a: '', b: ''}, exp_labels: {l: ''}}", "{exp_annotations: {b: ~, a: x}}"):
            self.write("t.yml", "rule_files: [rules.yml]\ntests:\n- alert_rule_test:\n"
                       f"  - {{eval_time: 1m, alertname: X, exp_alerts: [{alert}]}}\n")
            self.assert_same("test", "rules", "t.yml")
            self.assert_same("test", "rules", "--diff", "t.yml")

    def test_junit(self):
        folder = RULES / "unit-tests"
        reports = []
        for program in (servers.peer("promtool"), self.ours):
            path = self.folder / "junit.xml"
            self.run_tool(program, ["test", f"--junit={path}", "rules", "failing.yml", "bad-promql.yml", "rules.yml"],
                          cwd=folder)
            reports.append(path.read_text())
        self.assertEqual(*(r.replace(r[r.index('timestamp="'):][:31], "") for r in map(without_order, reports)))

    def test_a_start_other_than_1970(self):
        self.write("t.yml", """
tests:
- start_timestamp: 2024-02-29T12:00:00Z
  input_series:
  - {series: x, values: 1+1x10}
  promql_expr_test:
  - {expr: time() - timestamp(x), eval_time: 3m30s, exp_samples: [{labels: "{}", value: 30}]}
  - {expr: day_of_month(), eval_time: 1m, exp_samples: [{labels: "{}", value: 29}]}
- start_timestamp: 1600000000
  promql_expr_test:
  - {expr: time(), eval_time: 1m, exp_samples: [{labels: "{}", value: 1600000060}]}
""")
        done = self.tool("test", "rules", "t.yml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
