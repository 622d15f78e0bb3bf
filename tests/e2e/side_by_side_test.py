"""Hearth beside Debian's Prometheus: the same targets give the same series, the same samples give the same answers."""

import json
import math
import os
import shutil
import subprocess
import unittest

from promql_answers import close
from servers import EndToEnd, peer, wait_for

SECONDS = int(os.environ.get("HEARTH_SIDE_BY_SIDE_SECONDS", "20"))

# Asked at one moment, and as a range; the answers must be equal, sample for sample.
QUERIES = """
up
node_load1
node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes
rate(node_cpu_seconds_total[10s])
sum by (mode)(rate(node_cpu_seconds_total[10s]))
sum without (cpu)(irate(node_cpu_seconds_total[10s]))
100 * (1 - avg by (instance)(rate(node_cpu_seconds_total{mode="idle"}[10s])))
increase(node_context_switches_total[15s])
deriv(node_memory_MemFree_bytes[15s])
predict_linear(node_filesystem_avail_bytes[15s], 3600)
delta(node_load1[10s])
max_over_time(node_memory_Active_bytes[10s]) - min_over_time(node_memory_Active_bytes[10s])
avg_over_time(node_load1[10s])
stddev_over_time(node_memory_MemFree_bytes[10s])
quantile_over_time(0.9, node_memory_MemFree_bytes[10s])
sum_over_time(up[10s])
count_over_time(scrape_duration_seconds[10s])
last_over_time(node_time_seconds[5s])
changes(node_load1[15s])
resets(node_cpu_seconds_total[15s])
topk(3, node_cpu_seconds_total)
bottomk(2, node_cpu_seconds_total)
quantile(0.5, node_cpu_seconds_total)
count_values("value", node_cpu_seconds_total > bool 1)
stdvar by (mode)(node_cpu_seconds_total)
group by (job)(node_uname_info)
node_memory_MemTotal_bytes * on (instance) group_left (nodename) node_uname_info
node_cpu_seconds_total and on (cpu) node_cpu_seconds_total{mode="idle"} > 1
node_load1 or node_load5
node_cpu_seconds_total unless node_cpu_seconds_total{mode="idle"}
label_replace(node_uname_info, "short", "$1", "release", "([0-9]+).*")
label_join(up, "both", "-", "job", "instance")
absent(nothing{job="x"})
absent_over_time(nothing[5s])
sort_desc(node_cpu_seconds_total{mode="user"})
clamp_max(node_load1, 0.5)
round(node_load1, 0.01)
sqrt(node_load1) + ln(node_load5 + 1) ^ 2 % 7
max_over_time(rate(node_cpu_seconds_total{mode="user"}[5s])[10s:1s])
node_load1 offset 3s
timestamp(up)
day_of_week(vector(time()))
vector(time()) - node_time_seconds
histogram_quantile(0.9, sum by (le)(rate(prometheus_http_request_duration_seconds_bucket[10s])))
count({__name__=~"node_.+"})
count by (__name__)({job="node"})
{__name__=~"node_(load1|load5)", job!~"x.*"}
scalar(node_load1) * 2
-node_load1
node_cpu_seconds_total > 10 < 1e9
""".strip().splitlines()


def between_scrapes(server):
    """Half a second after a whole one, near the newest sample. Ranges are left-open since Prometheus 3
    and were closed before: so no sample and no step of a subquery may lie on a range's edge."""
    newest = float(server.api("query", query="max(timestamp(up))")["result"][0]["value"][1])
    return math.floor(newest) - 0.5


class SideBySide(EndToEnd):
    def assert_equal_answers(self, ours, theirs, query):
        """Equal types, label sets and values, each within 1e-12 relative."""
        self.assertEqual(ours["resultType"], theirs["resultType"], query)
        if ours["resultType"] in ("scalar", "string"):
            self.assertTrue(close(ours["result"][1], theirs["result"][1]), f"{query}: {ours['result']} {theirs['result']}")
            return 1
        key = lambda series: json.dumps(series["metric"], sort_keys=True)
        a = {key(series): series for series in ours["result"]}
        b = {key(series): series for series in theirs["result"]}
        self.assertEqual(sorted(a), sorted(b), query)
        points = 0
        for labels in a:
            x = a[labels].get("values") or [a[labels]["value"]]
            y = b[labels].get("values") or [b[labels]["value"]]
            self.assertEqual([p[0] for p in x], [p[0] for p in y], f"{query} {labels}")
            for (t, v), (_, w) in zip(x, y):
                self.assertTrue(close(v, w), f"{query} {labels} at {t}: {v} here, {w} there")
            points += len(x)
        return points

    def assert_page_equal(self, hearth, prometheus, end):
        points = 0
        for query in QUERIES:
            answers = [server.api("query", query=query, time=end) for server in (hearth, prometheus)]
            points += self.assert_equal_answers(*answers, query)
            answers = [server.api("query_range", query=query, start=end - 15, end=end, step=1) for server in (hearth, prometheus)]
            points += self.assert_equal_answers(*answers, query)
        self.assertGreater(points, 2000)

    def test_the_same_exporter_gives_the_same_series_and_steady_answers(self):
        node = self.node_exporter()
        config = self.config({"node": node.port})
        hearth, prometheus = self.hearth(config), self.prometheus(config)
        for server in (hearth, prometheus):
            wait_for(lambda: server.api("query", query=f"count_over_time(up[1h]) >= {SECONDS}")["result"], f"{SECONDS} scrapes", SECONDS + 60)

        selector = {"match[]": '{job="node"}'}
        def normal(series):
            # Since Prometheus 3 these two are stored as 0.0 where a target says 0; Debian's 2.42 keeps the text.
            return {name: str(float(value)) if name in ("le", "quantile") else value for name, value in series.items()}

        names = [sorted(json.dumps(normal(series), sort_keys=True) for series in server.api("series", **selector)) for server in (hearth, prometheus)]
        self.assertGreater(len(names[0]), 100)
        self.assertEqual(names[0], names[1])
        self.assertEqual(hearth.api("labels"), prometheus.api("labels"))
        self.assertEqual(hearth.api("label/__name__/values"), prometheus.api("label/__name__/values"))
        self.assertEqual(hearth.api("metadata"), prometheus.api("metadata"))

        # What does not depend on the moment of the scrape is equal to the last digit.
        at = float(hearth.api("query", query="time()")["result"][1]) - 1
        for query in ("count({job=\"node\"})", "count by (__name__)({job=\"node\"})", "node_uname_info", "node_memory_MemTotal_bytes",
                      "up", "count by (mode)(node_cpu_seconds_total)", "node_filesystem_size_bytes", "scrape_samples_scraped",
                      "scrape_samples_post_metric_relabeling", "changes(node_boot_time_seconds[10s])"):
            self.assert_equal_answers(hearth.api("query", query=query, time=at), prometheus.api("query", query=query, time=at), query)
        # What does is near.
        for query in ("sum(increase(node_context_switches_total[15s]))", "sum(increase(node_cpu_seconds_total[15s]))"):
            ours, theirs = (float(server.instant(query, at)[0]["value"][1]) for server in (hearth, prometheus))
            self.assertTrue(math.isclose(ours, theirs, rel_tol=0.5), f"{query}: {ours} here, {theirs} there")

    def test_prometheus_opens_what_hearth_wrote_and_answers_the_same(self):
        node = self.node_exporter()
        config = self.config({"node": node.port})
        hearth = self.hearth(config)
        wait_for(lambda: hearth.api("query", query=f'count_over_time(up[1h]) >= {SECONDS}')["result"], f"{SECONDS} scrapes", SECONDS + 60)
        end = between_scrapes(hearth)
        self.assertEqual(hearth.stop(), 0)
        shutil.copytree(self.dir / "data", self.dir / "prometheus-data")
        idle = self.config({}, name="idle.yml")
        self.assert_page_equal(self.hearth(idle), self.prometheus(idle), end)

    def test_hearth_opens_what_prometheus_wrote_and_answers_the_same(self):
        node = self.node_exporter()
        prometheus = self.prometheus(self.config({"node": node.port}))
        wait_for(lambda: prometheus.api("query", query=f"count_over_time(up[1h]) >= {SECONDS}")["result"], f"{SECONDS} scrapes", SECONDS + 60)
        end = between_scrapes(prometheus)
        self.assertEqual(prometheus.stop(), 0)
        shutil.copytree(self.dir / "prometheus-data", self.dir / "data")
        idle = self.config({}, name="idle.yml")
        self.assert_page_equal(self.hearth(idle), self.prometheus(idle), end)

    def test_promtool_reads_the_directory(self):
        node = self.node_exporter()
        hearth = self.hearth(self.config({"node": node.port}))
        wait_for(lambda: hearth.api("query", query="count_over_time(up[1h]) >= 3")["result"], "three scrapes")
        self.assertEqual(hearth.stop(), 0)
        dump = subprocess.run([peer("promtool"), "tsdb", "dump", self.dir / "data"], capture_output=True, text=True)
        self.assertEqual(dump.returncode, 0, dump.stderr)
        self.assertGreater(len(dump.stdout.splitlines()), 300)
        self.assertIn('__name__="node_uname_info"', dump.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
