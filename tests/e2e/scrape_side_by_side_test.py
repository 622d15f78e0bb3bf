"""Hearth beside a real Prometheus of version 3: what targets answer, well or badly, becomes the same series, samples,
staleness markers, errors and counts."""

import collections
import json
import re
import resource
import subprocess
import time
import unittest
import urllib.request

from scrape_cases import CASES, GLOBAL_CASES, GLOBAL_LIMITS, NOT_SERVED
from scripted_target import ScriptedTarget, Step
from servers import HEARTH, EndToEnd, Server, free_port, get, peer, samples_of, use_prometheus_3, wait_for

# Measured anew by each of the two: only when there is a sample must be equal.
MEASURED = {"scrape_duration_seconds"}
COUNTERS = re.compile(
    r"^(prometheus_target_scrapes_(?:exceeded|sample)\w+_total|prometheus_target_scrape_pool_exceeded\w+_total"
    r"|prometheus_target_scrapes_exceeded\w+_total)(\{.*\})? (\S+)$", re.M)
INGEST_WARNING = re.compile(r'msg="(Error on ingesting[^"]*)".*?target=\S*?/(?:hearth|prometheus)/(\w+).*?num_dropped=(\d+)')


# New series whose first sample is refused: older versions of Prometheus 3 mark them stale when they are gone.
REFUSED_BUT_TRACKED = {("sample_limit", "e"), ("sample_limit_after_relabelling", "c"), ("sample_limit_and_parse_error", "b"), ("times_tracked", "a"),
                       ("samples", "d"), ("samples_of_its_own", "b")}


def setUpModule():
    use_prometheus_3()


def dumped(directory):
    """{job: {series without job and instance: [(time, value)]}} of everything that a data directory holds."""
    text = subprocess.run([peer("promtool"), "tsdb", "dump", directory], capture_output=True, text=True, check=True).stdout
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in text.splitlines():
        series, value, at = re.fullmatch(r"(\{.*\}) (\S+) (-?\d+)", line).groups()
        job = re.search(r'(?<![a-z_])job="([^"]*)"', series)
        found[job[1] if job else ""][series].append((int(at), value))
    return found


def by_scrape(series_of_job, scrapes):
    """Each series' samples as (number of the scrape, value): the first scrape is 0. Samples at other moments keep them."""
    up = next(samples for series, samples in series_of_job.items() if '__name__="up"' in series)
    number = {at: n for n, (at, _) in enumerate(sorted(up))}
    table = {}
    for series, samples in series_of_job.items():
        measured = any(f'__name__="{name}"' in series for name in MEASURED)
        rows = [(number.get(at, f"at {at}"), "measured" if measured and value != "NaN" else value) for at, value in sorted(samples)]
        rows = [row for row in rows if isinstance(row[0], str) or row[0] < scrapes]
        if rows:
            table[series] = rows
    return table


class ScrapedSideBySide(EndToEnd):
    maxDiff = None

    def config_of(self, who, port, cases, extra="", interval="1s"):
        lines = [f"global:\n  scrape_interval: {interval}\n  scrape_timeout: {interval}\n{extra}scrape_configs:\n"]
        for job, (settings, _) in cases.items():
            lines.append(f"  - job_name: {job}\n    metrics_path: /{who}/{job}\n{settings}    static_configs:\n"
                         f"      - targets: ['127.0.0.1:{port}']\n")
        path = self.dir / f"{who}.yml"
        path.write_text("".join(lines))
        return path

    def both(self, cases, extra="", flags=()):
        """Starts a scripted target and both servers, which scrape it."""
        self.target = ScriptedTarget({job: script for job, (_, script) in cases.items()}, int(time.time() * 1000) - 600_000, free_port())
        self.addCleanup(self.target.close)
        self.target.cases["landing"] = [Step("landed 1\n")]
        return {"hearth": self.hearth(self.config_of("hearth", self.target.port, cases, extra), flags=flags),
                "prometheus": self.prometheus(self.config_of("prometheus", self.target.port, cases, extra), flags=flags)}

    def watch_errors(self, servers, cases, seen):
        """Adds what the targets pages say; true once all scripts have been answered, and the last answers are stored."""
        for who, server in servers.items():
            self.assertIsNone(server.process.poll(), f"{who} ended: {server.log()[-2000:]}")
            for target in server.api("targets", state="active")["activeTargets"]:
                if target["lastError"]:
                    seen[who][target["scrapePool"]].add(target["lastError"].replace(f"/{who}/", "/who/"))
        return all(self.target.count(who, job) > len(script) for who in servers for job, (_, script) in cases.items() if job not in NOT_SERVED)

    def test_scripted_answers_become_the_same_samples_errors_and_counts(self):
        self.compare_all(dict(CASES), flags=("--enable-feature=extra-scrape-metrics",))

    def test_limits_of_all_jobs(self):
        self.compare_all(GLOBAL_CASES, extra=GLOBAL_LIMITS)

    def test_targets_beyond_the_limit_and_dropped_ones(self):
        target = ScriptedTarget({"a": [Step("a 1\n")]}, 0, free_port())
        self.addCleanup(target.close)
        addresses = ", ".join(f"'127.0.0.{i}:{target.port}'" for i in range(1, 5))
        config = self.dir / "limits.yml"
        config.write_text(f"""global: {{scrape_interval: 1s, scrape_timeout: 1s, target_limit: 3, keep_dropped_targets: 2}}
scrape_configs:
  - job_name: many
    metrics_path: /any/a
    static_configs: [{{targets: [{addresses}]}}]
  - job_name: enough
    metrics_path: /any/a
    target_limit: 4
    static_configs: [{{targets: [{addresses}]}}]
  - job_name: dropped
    static_configs: [{{targets: [{addresses}]}}]
    relabel_configs: [{{source_labels: [__address__], regex: '127.0.0.[1-3]:.*', action: drop}}]
  - job_name: dropped_more
    keep_dropped_targets: 3
    static_configs: [{{targets: [{addresses}]}}]
    relabel_configs: [{{source_labels: [__address__], regex: '.*', action: drop}}]
""")
        pages = {}
        for who, server in (("hearth", self.hearth(config)), ("prometheus", self.prometheus(config))):
            wait_for(lambda: len(server.api("query", query="count_over_time(up[1h]) >= 2")["result"]) == 9, f"{who} to scrape", 60)
            data = server.api("targets")
            errors = collections.Counter((t["scrapePool"], t["health"], t["lastError"].replace(f"{target.port}", "")) for t in data["activeTargets"] if t["scrapePool"] != "dropped")
            values = sorted((s["metric"]["job"], s["value"][1]) for s in server.instant("{__name__=~'a|up|scrape_samples_scraped',job=~'many|enough'}", time.time()))
            metrics = get(server.url + "/metrics")[1]
            self.assertRegex(metrics, r"prometheus_target_scrape_pool_exceeded_target_limit_total [1-9]")
            limits = sorted(re.findall(r"^prometheus_target_scrape_pool_target(?:s|_limit)\{.*\} \S+$", metrics, re.M))
            dropped = sorted((t["scrapePool"], t["discoveredLabels"]["job"]) for t in data["droppedTargets"])
            pages[who] = (errors, values, limits, dropped, data["droppedTargetCounts"])
        self.assertEqual(pages["hearth"], pages["prometheus"])

    def compare_all(self, cases, extra="", flags=()):
        servers = self.both(cases, extra, flags)
        seen = {who: collections.defaultdict(set) for who in servers}
        wait_for(lambda: self.watch_errors(servers, cases, seen), "all scripts to be answered", 60)
        counters = {who: {m[1] + (m[2] or ""): m[3] for m in COUNTERS.finditer(get(server.url + "/metrics")[1])} for who, server in servers.items()}
        pools = {who: server.api("targets") for who, server in servers.items()}
        for server in servers.values():
            self.assertEqual(server.stop(), 0)
        found = {"hearth": dumped(self.dir / "data"), "prometheus": dumped(self.dir / "prometheus-data")}

        wrong = []
        def compare(what, ours, theirs):
            if ours != theirs:
                wrong.append(f"{what}:\n  here  {ours}\n  there {theirs}")

        compare("jobs", sorted(found["hearth"]), sorted(found["prometheus"]))
        for job, (_, script) in cases.items():
            if job not in found["prometheus"] or job not in found["hearth"] or not any('__name__="up"' in s for s in found["prometheus"][job]):
                continue
            ours, theirs = (by_scrape(found[who][job], len(script)) for who in ("hearth", "prometheus"))
            for series in sorted(ours.keys() | theirs.keys()):
                if (job, re.search('__name__="(.*?)"', series)[1]) in REFUSED_BUT_TRACKED:
                    continue
                compare(f"{job} {series}", ours.get(series), theirs.get(series))
        for job in cases:
            compare(f"errors of {job}", sorted(seen["hearth"][job]), sorted(seen["prometheus"][job]))
        for name in sorted(counters["prometheus"]):
            compare(name, counters["hearth"].get(name), counters["prometheus"][name])
        logged = {who: collections.Counter(match.groups() for match in INGEST_WARNING.finditer(server.log())) for who, server in servers.items()}
        compare("warnings", dict(logged["hearth"]), dict(logged["prometheus"]))
        compare("dropped", pools["hearth"]["droppedTargetCounts"], pools["prometheus"]["droppedTargetCounts"])
        sent = {who: {job: head for (scraper, job), head in self.target.requests.items() if scraper == who} for who in servers}
        for job in cases:
            if job in NOT_SERVED:
                continue
            (path, headers), (their_path, their_headers) = sent["hearth"][job], sent["prometheus"][job]
            compare(f"path of {job}", path.replace("/hearth/", "/who/"), their_path.replace("/prometheus/", "/who/"))
            for headers_of_one in (headers, their_headers):
                headers_of_one.pop("User-Agent", None)
                headers_of_one.pop("Connection", None)
            compare(f"headers of {job}", headers, their_headers)
        if wrong:
            self.fail(f"{len(wrong)} differences:\n" + "\n".join(wrong))


class LiveSideBySide(EndToEnd):
    """Targets that come and go, reloads, and exporters that others have written."""

    maxDiff = None

    def both(self, config_text):
        """Both servers with this configuration, in which WHO stands for their names."""
        self.configs, self.servers_of = {}, {}
        for who, start in (("hearth", self.hearth), ("prometheus", self.prometheus)):
            self.configs[who] = self.dir / f"{who}.yml"
            self.configs[who].write_text(config_text.replace("WHO", who))
            self.servers_of[who] = start(self.configs[who])
        return self.servers_of

    def reload(self, config_text):
        for who, server in self.servers_of.items():
            self.configs[who].write_text(config_text.replace("WHO", who))
            status, body = get(server.url + "/-/reload", form={})
            self.assertEqual(status, 200, f"{who}: {body}")

    def target(self, cases):
        target = ScriptedTarget(cases, int(time.time() * 1000) - 600_000, free_port())
        self.addCleanup(target.close)
        return target

    def scraped(self, target, cases, times, since=None):
        since = since or {}
        wait_for(lambda: all(target.count(who, case) >= times + since.get((who, case), 0) for who in self.servers_of for case in cases), f"{times} scrapes of {cases}", 60)

    def stop_both(self):
        for server in self.servers_of.values():
            self.assertEqual(server.stop(), 0)
        return {"hearth": dumped(self.dir / "data"), "prometheus": dumped(self.dir / "prometheus-data")}

    def test_a_reload_disturbs_no_target_that_stays(self):
        target = self.target({name: [Step("a 1\nb{x=\"1\"} 2\n")] for name in ("stays", "relabelled", "goes", "comes")})
        job = lambda name, more="": f"  - job_name: {name}\n    metrics_path: /WHO/{name}\n{more}    static_configs: [{{targets: ['127.0.0.1:{target.port}']}}]\n"
        head = "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n"
        first = head + job("stays") + job("relabelled") + job("goes")
        servers = self.both(first)
        self.scraped(target, ["stays", "relabelled", "goes"], 3)
        drop = "    metric_relabel_configs:\n      - {source_labels: [__name__], regex: b, action: drop}\n"
        for _ in range(3):  # some hit a scrape, some do not
            self.reload(head + job("stays") + job("relabelled", drop) + job("comes"))
        self.scraped(target, ["stays", "relabelled", "comes"], 5, dict(target.served))
        found = self.stop_both()
        for who in servers:
            ups = sorted(at for at, _ in next(samples for series, samples in found[who]["stays"].items() if '"up"' in series))
            if who == "hearth":
                self.assertLessEqual(max(b - a for a, b in zip(ups, ups[1:])), 1100, ups)
                connections = {port for scraper, (_, port) in target.connections if scraper == who}
                self.assertEqual(len(connections), 4)  # one for each job that ever was
                # Prometheus leaves the series of a job that is gone as they are.
                self.assertEqual(len(found[who]["goes"]), 7)
                for series, samples in found[who]["goes"].items():
                    self.assertEqual([i for i, (_, value) in enumerate(sorted(samples)) if value == "NaN"], [len(samples) - 1], series)
            relabelled = {series: sorted(samples) for series, samples in found[who]["relabelled"].items()}
            for series, samples in relabelled.items():
                self.assertEqual(samples[-1][1] == "NaN", '__name__="b"' in series, f"{who} {series} {samples}")
        self.assertEqual({job: sorted(series) for job, series in found["hearth"].items()}, {job: sorted(series) for job, series in found["prometheus"].items()})

    def test_a_target_that_discovery_loses_becomes_stale_one_interval_later(self):
        target = self.target({name: [Step("a 1\nb{x=\"1\"} 2\n")] for name in ("stays", "goes", "returns")})
        groups = lambda *names: json.dumps([{"targets": [f"127.0.0.1:{target.port}"], "labels": {"name": name, "__metrics_path__": f"/WHO/{name}"}} for name in names])
        write = lambda *names: [(self.dir / f"{who}.json").write_text(groups(*names).replace("WHO", who)) for who in ("hearth", "prometheus")]
        write("stays", "goes", "returns")
        self.both(f"global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n  - job_name: files\n    file_sd_configs: [{{files: [{self.dir}/WHO.json]}}]\n")
        self.scraped(target, ["stays", "goes", "returns"], 3)
        write("stays")
        wait_for(lambda: all(len(server.api("targets")["activeTargets"]) == 1 for server in self.servers_of.values()), "the targets to be gone")
        write("stays", "returns")
        wait_for(lambda: all(len(server.api("targets")["activeTargets"]) == 2 for server in self.servers_of.values()), "one to be back", 30)
        self.scraped(target, ["stays", "returns"], 5, dict(target.served))
        found = self.stop_both()
        self.assertEqual(sorted(found["hearth"]["files"]), sorted(found["prometheus"]["files"]))
        for who in found:
            for series, samples in found[who]["files"].items():
                samples = sorted(samples)
                name = re.search(r'name="(stays|goes|returns)"', series)[1]
                markers = [i for i, (_, value) in enumerate(samples) if value == "NaN"]
                if name == "goes":
                    self.assertEqual(markers, [len(samples) - 1], f"{who} {series} {samples}")
                    self.assertAlmostEqual(samples[-1][0] - samples[-2][0], 1000, delta=60, msg=f"{who} {series} {samples}")
                elif name == "stays":
                    self.assertEqual(markers, [], f"{who} {series} {samples}")

    def test_failed_scrapes_are_logged_with_the_same_fields(self):
        dead = free_port()
        target = self.target({"fails": [Step("a 1\n", status=500)], "malformed": [Step("{ 1\n")], "html": [Step("a 1\n", type="text/html")]})
        job = lambda name: f"  - job_name: {name}\n    metrics_path: /WHO/{name}\n    static_configs: [{{targets: ['127.0.0.1:{target.port}']}}]\n"
        text = (f"global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n  scrape_failure_log_file: {self.dir}/WHO.log.json\nscrape_configs:\n" + job("fails") + job("malformed") + job("html")
                + f"  - job_name: own\n    scrape_failure_log_file: WHO.own.json\n    static_configs: [{{targets: ['127.0.0.1:{dead}']}}]\n")
        self.both(text)
        logs = lambda name: {who: self.dir / f"{who}.{name}.json" for who in self.servers_of}
        read = lambda path: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        wait_for(lambda: all(len(read(path)) >= 2 for name in ("log", "own") for path in logs(name).values()), "failures to be logged")
        self.scraped(target, ["malformed", "html"], 3)
        for name in ("log", "own"):
            ours, theirs = (read(logs(name)[who])[-1] for who in ("hearth", "prometheus"))
            self.assertRegex(ours.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$")
            self.assertRegex(theirs.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$")
            theirs.pop("source", None)  # the place in Go code
            self.assertEqual(json.dumps(ours).replace("hearth", "WHO"), json.dumps(theirs).replace("prometheus", "WHO"))
        for who, path in logs("log").items():
            self.assertEqual({line["job_name"] for line in read(path)}, {"fails"}, who)
        for path in logs("log").values():
            path.rename(path.with_suffix(".old"))
        self.reload(text)
        wait_for(lambda: all(len(read(path)) >= 2 for path in logs("log").values()), "the files to be opened anew")

    def test_as_many_files_may_be_open_as_the_system_allows(self):
        config, port = self.config({}, name="idle.yml"), free_port()
        command = ["bash", "-c", 'ulimit -Sn 256; exec "$0" "$@"', HEARTH, f"--config.file={config}", f"--storage.tsdb.path={self.dir / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
        server = self.started(Server(command, port, log=self.dir / "hearth.log"))
        allowed = float(re.search(r"^process_max_fds (\S+)$", get(server.url + "/metrics")[1], re.M)[1])
        self.assertEqual(allowed, resource.getrlimit(resource.RLIMIT_NOFILE)[1])

    def test_exporters_of_others_give_the_same_series(self):
        node = self.node_exporter()
        gateway_port, blackbox_port = free_port(), free_port()
        gateway = self.started(Server([peer("prometheus-pushgateway"), f"--web.listen-address=127.0.0.1:{gateway_port}"], gateway_port, log=self.dir / "gateway.log"))
        modules = self.dir / "blackbox.yml"
        modules.write_text("modules:\n  http_2xx: {prober: http}\n  tcp: {prober: tcp}\n")
        blackbox = self.started(Server([peer("prometheus-blackbox-exporter"), f"--web.listen-address=127.0.0.1:{blackbox_port}", f"--config.file={modules}"],
                                       blackbox_port, ready="/-/healthy", log=self.dir / "blackbox.log"))
        for job, body in (("batch", "# TYPE rows_total counter\nrows_total{table=\"a\"} 42\n# TYPE took summary\ntook{quantile=\"0.5\"} 1.5\ntook_sum 3\ntook_count 2\n"), ("other/instance/i", "last_seconds 1.7e9\n")):
            request = urllib.request.Request(f"{gateway.url}/metrics/job/{job}", data=body.encode(), method="PUT")
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.assertEqual(answer.status, 200)
        own = self.hearth(self.config({}, name="idle.yml"), data="own")  # exposes by prometheus-cpp
        self.both(f"""global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ['127.0.0.1:{node.port}']}}]
  - job_name: gateway
    honor_labels: true
    static_configs: [{{targets: ['127.0.0.1:{gateway_port}']}}]
  - job_name: gateway_exported
    static_configs: [{{targets: ['127.0.0.1:{gateway_port}'], labels: {{exported_instance: taken}}}}]
  - job_name: cpp
    static_configs: [{{targets: ['127.0.0.1:{own.port}']}}]
  - job_name: blackbox_itself
    static_configs: [{{targets: ['127.0.0.1:{blackbox_port}']}}]
  - job_name: probe
    metrics_path: /probe
    params: {{module: [http_2xx]}}
    static_configs:
      - targets: ['http://127.0.0.1:{gateway_port}/-/ready', 'http://127.0.0.1:{gateway_port}/nothing']
      - targets: ['127.0.0.1:{gateway_port}']
        labels: {{__param_module: tcp}}
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: '127.0.0.1:{blackbox_port}'}}
""")
        for server in self.servers_of.values():
            wait_for(lambda: server.api("query", query="min(count_over_time(up[1h])) >= 4")["result"], "four scrapes", 60)
        names = {who: sorted(json.dumps(series, sort_keys=True) for series in server.api("series", **{"match[]": '{job!=""}'})) for who, server in self.servers_of.items()}
        self.assertGreater(len(names["prometheus"]), 500)
        only = {who: sorted(set(names[who]) - set(names[other])) for who, other in (("hearth", "prometheus"), ("prometheus", "hearth"))}
        self.assertEqual(only, {"hearth": [], "prometheus": []})
        steady = ("up", "rows_total", "took", "took_sum", "took_count", "last_seconds", "probe_success", "probe_http_status_code", "node_uname_info", "node_memory_MemTotal_bytes", "node_boot_time_seconds",
                  "push_failure_time_seconds", "prometheus_build_info", "go_info", "scrape_samples_post_metric_relabeling{job=~'gateway.*|probe|cpp'}", "pushgateway_build_info", "probe_http_version", "process_start_time_seconds", "process_max_fds")
        at = time.time() - 1
        for query in steady:
            ours, theirs = (samples_of(server.instant(query, at)) for server in (self.servers_of["hearth"], self.servers_of["prometheus"]))
            self.assertEqual(ours, theirs, query)
        self.assertEqual(*(server.api("metadata") for server in self.servers_of.values()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
