"""The dashboards of deploy/grafana: a running Hearth parses every query, and every metric is one that is there."""

import json
import re
import unittest

from servers import EndToEnd, SOURCE_DIR, free_port, get, wait_for

GRAFANA = SOURCE_DIR / "deploy" / "grafana"
WORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
MACROS = {"$__rate_interval": "1m", "$__interval": "15s", "$__range": "1h", "$job": "j", "$instance": "i"}


def load(name):
    return json.loads((GRAFANA / "dashboards" / f"{name}.json").read_text())


def queries(board):
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def filled(expr):
    for macro, value in sorted(MACROS.items(), key=lambda item: -len(item[0])):
        expr = expr.replace(macro, value)
    return expr


def selectors(node):
    """Names of metrics in the tree that /api/v1/parse_query answers."""
    if isinstance(node, dict):
        if node.get("type") in ("vectorSelector", "matrixSelector") and node.get("name"):
            yield node["name"]
        for child in node.values():
            yield from selectors(child)
    elif isinstance(node, list):
        for child in node:
            yield from selectors(child)


class Dashboards(EndToEnd):
    def parsed(self, hearth, expr):
        self.assertNotIn("$", filled(expr))
        return hearth.api("parse_query", query=filled(expr))

    def names_of(self, url):
        status, text = get(url + "/metrics")
        self.assertEqual(status, 200)
        return {WORD.match(line)[0] for line in text.splitlines() if WORD.match(line)}

    def test_every_query_is_parsed_and_asks_for_metrics_that_are_there(self):
        node, port = self.node_exporter(), free_port()
        hearth = self.hearth(self.config({"hearth": port, "node": node.port}), port=port)
        wait_for(lambda: hearth.api("query", query="count(up == 1) == 2")["result"], "both targets")
        there = self.names_of(hearth.url) | self.names_of(node.url)
        there |= {"up", "scrape_duration_seconds", "scrape_samples_post_metric_relabeling", "scrape_series_added"}
        for name in ("hearth-server", "node"):
            for title, expr in queries(load(name)):
                with self.subTest(dashboard=name, panel=title):
                    self.assertEqual(set(selectors(self.parsed(hearth, expr))) - there, set())

    def test_variables_have_choices(self):
        node, port = self.node_exporter(), free_port()
        hearth = self.hearth(self.config({"hearth": port, "node": node.port}), port=port)
        wait_for(lambda: hearth.api("query", query="count(up == 1) == 2")["result"], "both targets")
        for name, job in (("hearth-server", "hearth"), ("node", "node")):
            for variable in load(name)["templating"]["list"]:
                if variable["type"] == "datasource":
                    continue
                with self.subTest(dashboard=name, variable=variable["name"]):
                    metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                    found = hearth.api(f"label/{label}/values", **{"match[]": metric.replace("$job", job)})
                    self.assertEqual(len(found), 1)


class Files(unittest.TestCase):
    def test_ids_are_unique_and_panels_do_not_overlap(self):
        for name in ("hearth-server", "node"):
            panels = load(name)["panels"]
            self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
            taken = set()
            for panel in panels:
                grid = panel["gridPos"]
                cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
                self.assertFalse(cells & taken, f"{name}: {panel['title']}")
                self.assertLessEqual(grid["x"] + grid["w"], 24)
                taken |= cells

    def test_everything_asks_the_data_source_that_was_chosen(self):
        for name in ("hearth-server", "node"):
            board = load(name)
            self.assertEqual(board["templating"]["list"][0]["type"], "datasource")
            for panel in board["panels"]:
                for target in panel.get("targets", ()):
                    self.assertEqual(target["datasource"], {"type": "prometheus", "uid": "${datasource}"})

    def test_provisioning_names_a_prometheus(self):
        text = (GRAFANA / "provisioning" / "datasources" / "hearth.yaml").read_text()
        for line in ("apiVersion: 1", "type: prometheus", "access: proxy", "httpMethod: POST", "prometheusType: Prometheus"):
            self.assertIn(line, text)
        self.assertIn("type: file", (GRAFANA / "provisioning" / "dashboards" / "hearth.yaml").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
