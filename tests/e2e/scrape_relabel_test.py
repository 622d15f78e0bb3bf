"""Relabelling by Hearth and by a real Prometheus of version 3: random rules and targets, dropped and kept, compared label by label;
then the same for the labels of series."""

import json
import os
import random
import re
import unittest

import relabel_rules
from scripted_target import ScriptedTarget, Step
from servers import EndToEnd, free_port, get, use_prometheus_3, wait_for

SEED = int(os.environ.get("HEARTH_RELABEL_SEED", "1"))
RULE_SETS = int(os.environ.get("HEARTH_RELABEL_SETS", "80"))
TARGETS = 60  # of each set
# Rules that make two labels of one end in Prometheus in the order of a Go map: not compared.
SAFE_NAMES = [name for name in relabel_rules.NAMES if name not in ("__scheme__", "__address__", "__metrics_path__")]


def setUpModule():
    use_prometheus_3()


# Set on every target since Prometheus 3.13.
OF_3_13 = {"__scrape_native_histograms__", "__convert_classic_histograms_to_nhcb__", "__always_scrape_classic_histograms__"}


def common(labels):
    return {name: value for name, value in labels.items() if name not in OF_3_13}


def frozen(labels):
    return json.dumps(labels, sort_keys=True, ensure_ascii=False)


class Relabelling(EndToEnd):
    maxDiff = None

    def check(self, wrong):
        if wrong:
            self.fail(f"{len(wrong)} differences, with seed {SEED}:\n" + "\n".join(wrong[:20]))

    def test_targets_get_the_same_labels_or_are_dropped(self):
        rng = random.Random(SEED)
        names = SAFE_NAMES + relabel_rules.UTF8_NAMES
        lines = ["global:\n  scrape_interval: 1h\nscrape_configs:\n"]
        for number in range(RULE_SETS):
            groups = []
            for i in range(TARGETS):
                labels = {name: value for name, value in relabel_rules.label_set(rng, names).items() if name not in ("job", "instance") or value}
                labels["id"] = str(i)
                groups.append({"targets": [rng.choice(["10.0.0.1:80", "h.example:9100", "[::1]:1", "bare", "UPPER:1"])], "labels": labels})
            rules = relabel_rules.rules(f"{SEED}/{number}", relabel_rules.NAMES + relabel_rules.UTF8_NAMES,
                                        relabel_rules.TARGETS + (relabel_rules.UTF8_NAMES if rng.random() < 0.3 else []))
            lines.append(f"  - job_name: set{number}\n    static_configs: {json.dumps(groups)}\n    relabel_configs:\n")
            lines += [f"      - {rule}\n" for rule in rules]
            lines.append("      - {source_labels: [id], target_label: the_id}\n")
        config = self.dir / "prometheus.yml"
        config.write_text("".join(lines))
        servers = {"hearth": self.hearth(config), "prometheus": self.prometheus(config)}

        def pages(server):
            data = server.api("targets")
            active, dropped = {}, {}
            for target in data["activeTargets"]:
                active[target["scrapePool"], target["discoveredLabels"]["id"]] = {
                    "discovered": common(target["discoveredLabels"]), "labels": target["labels"], "url": target["scrapeUrl"]}
            for target in data["droppedTargets"]:
                dropped[target["scrapePool"], target["discoveredLabels"]["id"]] = common(target["discoveredLabels"])
            return active, dropped, data["droppedTargetCounts"]

        def settled(server):  # discovery hands targets over some seconds after the start
            failed = re.findall(r"^prometheus_target_sync_failed_total\{.*\} (\d+)", get(server.url + "/metrics")[1], re.M)
            data = server.api("targets")
            return sum(map(int, failed)) + len(data["activeTargets"]) + len(data["droppedTargets"]) >= RULE_SETS * TARGETS

        for server in servers.values():
            wait_for(lambda: settled(server), "all targets to be known", 60)
        here, there = pages(servers["hearth"]), pages(servers["prometheus"])
        wrong = []
        for key in sorted(there[0].keys() | there[1].keys() | here[0].keys() | here[1].keys()):
            for kind in (0, 1):
                ours, theirs = here[kind].get(key), there[kind].get(key)
                if ours != theirs:
                    wrong.append(f"{key} {('active', 'dropped')[kind]}:\n  here  {ours}\n  there {theirs}")
        self.assertGreater(len(there[0]), RULE_SETS * TARGETS // 4)
        self.assertGreater(len(there[1]), RULE_SETS * TARGETS // 20)
        self.assertEqual(here[2], there[2])
        self.check(wrong)

    def test_series_get_the_same_labels_or_are_dropped(self):
        rng = random.Random(SEED + 1)
        names = ["app", "zone", "tier", "env", "Team", "a_b", "x1", "__tmp_a", "__meta_label_App", "a.b", "größe", "le", "exported_job"]
        cases, lines = {}, ["global:\n  scrape_interval: 3s\n  scrape_timeout: 3s\nscrape_configs:\n"]
        escape = lambda text: text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        port = free_port()
        for number in range(RULE_SETS):
            body = []
            for i in range(TARGETS):
                labels = relabel_rules.label_set(rng, names) | {"id": str(i)}
                body.append('{"' + rng.choice(["m", "up_time", "M.x", "ü"]) + '",' + ",".join(f'"{name}"="{escape(value)}"' for name, value in labels.items()) + f"}} {i}\n")
            cases[f"set{number}"] = [Step("".join(body))]
            rules = relabel_rules.rules(f"series {SEED}/{number}", names + ["job", "instance", "__name__"], ["app", "new", "__tmp_b", "zone", "a.b"])
            lines.append(f"  - job_name: set{number}\n    metrics_path: /WHO/set{number}\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n    metric_relabel_configs:\n")
            lines += [f"      - {rule}\n" for rule in rules]
        target = ScriptedTarget(cases, 0, port)
        self.addCleanup(target.close)
        found = {}
        for who, start in (("hearth", self.hearth), ("prometheus", self.prometheus)):
            config = self.dir / f"{who}.yml"
            config.write_text("".join(lines).replace("WHO", who))
            server = start(config)
            wait_for(lambda: all(target.count(who, case) >= 2 for case in cases), f"{who} to scrape twice")
            errors = {t["scrapePool"]: t["lastError"] for t in server.api("targets")["activeTargets"]}
            result = server.instant('{id!=""}', float(server.api("query", query="time()")["result"][1]))
            found[who] = ({frozen(series["metric"]): series["value"][1] for series in result}, errors)
            self.assertEqual(server.stop(), 0)
        self.assertGreater(len(found["prometheus"][0]), RULE_SETS * TARGETS // 4)
        wrong = [f"{series}: {found['hearth'][0].get(series)} here, {found['prometheus'][0].get(series)} there"
                 for series in sorted(found["hearth"][0].keys() | found["prometheus"][0].keys())
                 if found["hearth"][0].get(series) != found["prometheus"][0].get(series)]
        wrong += [f"error of {pool}: {found['hearth'][1][pool]} here, {error} there" for pool, error in found["prometheus"][1].items() if error != found["hearth"][1][pool]]
        self.check(wrong)


if __name__ == "__main__":
    unittest.main(verbosity=2)
