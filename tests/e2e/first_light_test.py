"""The main job on real input: a node_exporter is scraped, stored, queried and seen; through kills, reloads and bad configurations."""

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import unittest

from servers import HEARTH, HEARTHTOOL, EndToEnd, Server, free_port, get, peer, samples_of, wait_for


def scraped(server, job, at_least=1):
    result = server.api("query", query=f'count_over_time(up{{job="{job}"}}[1h]) >= {at_least}')["result"]
    return result[0]["value"] if result else None


class FirstLight(EndToEnd):
    def test_a_real_node_exporter_is_scraped_and_a_range_query_answers(self):
        node = self.node_exporter()
        port = free_port()
        hearth = self.hearth(self.config({"node": node.port, "hearth": port}), port=port)
        wait_for(lambda: scraped(hearth, "node", 4), "four scrapes of the node_exporter")

        now = float(hearth.api("query", query="time()")["result"][1])
        rate = hearth.api("query_range", query="sum by (mode)(rate(node_cpu_seconds_total[1m]))",
                          start=now - 30, end=now, step=1)["result"]
        modes = {series["metric"]["mode"] for series in rate}
        self.assertTrue({"idle", "user", "system"} <= modes, modes)
        self.assertTrue(all(0 <= float(value) < 1000 for series in rate for _, value in series["values"]))

        self.assertEqual({target["health"] for target in hearth.api("targets")["activeTargets"]}, {"up"})
        self.assertIn("node_cpu_seconds_total", hearth.api("label/__name__/values"))
        self.assertEqual(hearth.api("metadata", metric="node_cpu_seconds_total")["node_cpu_seconds_total"][0]["type"], "counter")
        self.assertEqual(hearth.stop(), 0)

    def test_hearthtool_and_promtool_query_it_alike(self):
        port = free_port()
        hearth = self.hearth(self.config({"hearth": port}), port=port)
        wait_for(lambda: scraped(hearth, "hearth", 3), "three scrapes of itself")
        at = hearth.api("query", query="timestamp(up) - 1")["result"][0]["value"][1]
        for arguments in (["query", "instant", f"--time={at}", hearth.url, 'up{job="hearth"}'],
                          ["query", "range", f"--start={float(at) - 1}", f"--end={at}", "--step=1s", hearth.url, "up"],
                          ["query", "labels", hearth.url, "job"],
                          ["query", "series", '--match=up{job="hearth"}', hearth.url],
                          ["query", "instant", hearth.url, "up{"]):
            ours = subprocess.run([HEARTHTOOL, *arguments], capture_output=True, text=True, timeout=30)
            theirs = subprocess.run([peer("promtool"), *arguments], capture_output=True, text=True, timeout=30)
            self.assertEqual((ours.returncode, ours.stdout), (theirs.returncode, theirs.stdout), f"{arguments}: {ours.stderr} {theirs.stderr}")

    def test_its_own_metrics_pass_promtools_check(self):
        port = free_port()
        hearth = self.hearth(self.config({"hearth": port}), port=port)
        wait_for(lambda: scraped(hearth, "hearth", 3), "three scrapes of itself")
        _, text = get(hearth.url + "/metrics")
        for name in ("prometheus_build_info", "prometheus_tsdb_head_series", "prometheus_engine_queries",
                     "prometheus_config_last_reload_successful", "process_resident_memory_bytes",
                     "prometheus_http_requests_total", "prometheus_target_interval_length_seconds"):
            self.assertRegex(text, rf"(?m)^# TYPE {name} ")
        checked = subprocess.run([peer("promtool"), "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertNotIn("error while linting", checked.stderr + checked.stdout)

    def test_a_bad_configuration_is_refused_while_the_old_one_goes_on(self):
        port = free_port()
        config = self.config({"hearth": port})
        hearth = self.hearth(config, port=port)
        good = config.read_text()
        config.write_text(good + "nonsense: 1\n")
        status, body = get(hearth.url + "/-/reload", form={})
        self.assertEqual(status, 500)
        self.assertRegex(body, r"line \d+: field nonsense not found")
        self.assertIn("hearth", hearth.api("status/config")["yaml"])
        self.assertIn("prometheus_config_last_reload_successful 0", get(hearth.url + "/metrics")[1])
        wait_for(lambda: scraped(hearth, "hearth", 2), "scrapes that go on")

        config.write_text(good.replace("job_name: hearth", "job_name: renamed"))
        hearth.process.send_signal(signal.SIGHUP)
        wait_for(lambda: scraped(hearth, "renamed"), "the configuration re-read on SIGHUP")
        wait_for(lambda: not hearth.api("query", query='up{job="hearth"}')["result"], "the lost target marked stale")
        self.assertIn("prometheus_config_last_reload_successful 1", get(hearth.url + "/metrics")[1])

    def test_it_refuses_to_start_with_clear_words(self):
        config = self.config({})
        for flags, said in ((["--storage.tsdb.pth=x"], "storage.tsdb.path"),
                            ([f"--config.file={self.dir}/missing.yml"], "missing.yml"),
                            (["--query.timeout=5 parsecs"], "query.timeout")):
            command = [HEARTH, f"--config.file={config}", f"--storage.tsdb.path={self.dir}/d", f"--web.listen-address=127.0.0.1:{free_port()}", *flags]
            if flags[0].startswith("--config.file"):
                command.remove(f"--config.file={config}")
            run = subprocess.run(command, capture_output=True, text=True, timeout=30)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(said, run.stderr)

    def test_a_second_process_on_the_same_data_is_refused_naming_the_first(self):
        config = self.config({})
        hearth = self.hearth(config)
        run = subprocess.run([HEARTH, f"--config.file={config}", f"--storage.tsdb.path={self.dir}/data",
                              f"--web.listen-address=127.0.0.1:{free_port()}"], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(f"pid {hearth.process.pid}", run.stderr)

    def test_quit_ends_it_cleanly(self):
        hearth = self.hearth(self.config({}))
        self.assertEqual(get(hearth.url + "/-/quit", form={})[0], 200)
        self.assertEqual(hearth.process.wait(20), 0)
        self.assertFalse((self.dir / "data" / "lock").exists())


class Kill(EndToEnd):
    def snapshot(self, server):
        """All samples that a query answers now."""
        now = float(server.api("query", query="time()")["result"][1])
        return now, samples_of(server.instant('{__name__=~".+"}[1h]', now))

    def test_after_kill_9_every_sample_that_was_answered_is_still_there(self):
        node = self.node_exporter()
        config = self.config({"node": node.port}, interval="200ms")
        for round_number in range(int(os.environ.get("HEARTH_KILL_ROUNDS", "4"))):
            hearth = self.hearth(config)
            wait_for(lambda: scraped(hearth, "node", 3), "three scrapes")
            at, before = self.snapshot(hearth)
            hearth.stop(signal.SIGKILL)

            again = self.hearth(config)
            after = samples_of(again.instant('{__name__=~".+"}[1h]', at))
            for series, points in before.items():
                missing = set(points) - set(after.get(series, []))
                self.assertFalse(missing, f"round {round_number}: {series} lost {sorted(missing)[:3]} and perhaps more")
            self.assertEqual(again.stop(), 0)

    def test_a_torn_last_record_is_repaired_with_one_line_and_nothing_else_is_lost(self):
        node = self.node_exporter()
        config = self.config({"node": node.port}, interval="200ms")
        hearth = self.hearth(config)
        wait_for(lambda: scraped(hearth, "node", 5), "five scrapes")
        _, before = self.snapshot(hearth)
        hearth.stop(signal.SIGKILL)

        segment = sorted((self.dir / "data" / "wal").glob("0*"))[-1]
        whole = segment.read_bytes().rstrip(b"\0")
        random.seed(7)
        segment.write_bytes(whole[: len(whole) - random.randrange(1, 60)])
        (self.dir / "hearth.log").write_text("")
        again = self.hearth(config)
        at = float(again.api("query", query="time()")["result"][1])
        after = samples_of(again.instant('{__name__=~".+"}[1h]', at))
        for series, points in before.items():
            # Of the torn scrape, the last one answered, everything may be gone; nothing older.
            last = max(time for time, _ in points)
            missing = {point for point in points if point[0] < last - 0.3} - set(after.get(series, []))
            self.assertFalse(missing, f"{series} lost {sorted(missing)[:3]}")
        repairs = [line for line in again.log().splitlines() if re.search("repair|corrupt|torn", line, re.I)]
        self.assertEqual(len(repairs), 1, repairs)


class Hostile(EndToEnd):
    """What a bad or broken client or target can send leaves the server answering."""

    URLS = ["query", "query?query=", "query?query=up%7B", "query?query=up&time=never", "query?query=up&timeout=x",
            "query_range?query=up", "query_range?query=up&start=a&end=b&step=c", "query_range?query=up&start=9&end=1&step=1",
            "query_range?query=up&start=0&end=1e9&step=1", "query_range?query=up&start=0&end=10&step=0",
            "query_range?query=up&start=0&end=10&step=-1", "query_range?query=up&start=1e308&end=1e309&step=1",
            "query_range?query=up&start=NaN&end=Inf&step=NaN",
            "query?query=up&time=1e300", "query?query=%ff%fe", "query?query=%00", "labels?start=x", "label/%20/values",
            "label//values", "label/a%2fb/values", "label/__name__/values?match[]=%7B", "series", "series?match[]=", "series?match[]=%7B%7D",
            "metadata?limit=x", "metadata?limit=-5", "targets?state=wrong", "status/nothing", "..%2f..%2fetc/passwd",
            "query?query=" + "(" * 10000, "query?query=" + "-" * 10000 + "1", "query?query=" + "sum(" * 3000 + "up" + ")" * 3000,
            "query?query=" + "a" * 60000, "query?limit=x&query=up", "query_range?query=up&start=0&end=1&step=1&timeout=-1"]

    def test_every_wrong_url_is_answered_with_an_error_in_form(self):
        hearth = self.hearth(self.config({}))
        for url in self.URLS:
            status, body = get(f"{hearth.url}/api/v1/{url}")
            self.assertLess(status, 500, f"{url[:80]} -> {status} {body[:200]}")
            if status in (400, 422):
                answer = json.loads(body)
                self.assertEqual(answer["status"], "error", url[:80])
                self.assertTrue(answer["error"], url[:80])
        self.assertEqual(get(hearth.url + "/-/healthy")[0], 200)
        self.assertEqual(hearth.stop(), 0)

    def test_a_query_nested_10000_deep_is_an_error(self):
        hearth = self.hearth(self.config({}))
        for query in ("(" * 10000 + "1" + ")" * 10000, "-" * 10000 + "1", "abs(" * 10000 + "up" + ")" * 10000,
                      "1" + "+1" * 10000, "1" + "^1" * 10000, "up" + "[1m:1m]" * 1, "{" + 'a="b",' * 10000 + 'c="d"}'):
            status, body = get(hearth.url + "/api/v1/query", form={"query": query})
            self.assertIn(status, (200, 400, 422), f"{query[:30]}… -> {status} {body[:200]}")
        self.assertEqual(get(hearth.url + "/-/healthy")[0], 200)

    def test_hostile_expositions_fail_their_own_scrape_and_nothing_else(self):
        bodies = {
            "long_line": b"x{a=\"" + b"y" * 1_000_000 + b"\"} 1\n" + b"b" * 1_000_000 + b" 1\n",
            "nul": b"ok 1\nbad\0name 1\n",
            "utf8": b"ok 1\nbad{a=\"\xff\xfe\"} 1\n",
            "duplicate": b"ok{a=\"1\",a=\"2\"} 1\n",
            "garbage": bytes(random.Random(3).randrange(256) for _ in range(200_000)) * 50,
            "mid_line": b"ok 1\nhalf{a=\"b",
            "endless": None,
        }
        target = BodyServer(bodies)
        self.addCleanup(target.close)
        config = self.dir / "hostile.yml"
        jobs = "".join(f"  - job_name: {name}\n    metrics_path: /{name}\n    static_configs: [{{targets: ['127.0.0.1:{target.port}']}}]\n" for name in bodies)
        config.write_text(f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}")
        hearth = self.hearth(config)
        wait_for(lambda: len(hearth.api("query", query="count_over_time(up[1h]) >= 2")["result"]) == len(bodies), "two scrapes of each")
        down = {target["scrapePool"]: target["lastError"] for target in hearth.api("targets")["activeTargets"] if target["health"] == "down"}
        for name in ("nul", "utf8", "garbage", "mid_line", "endless"):
            self.assertTrue(down.get(name), f"{name} was accepted; down are {down}")
        self.assertEqual(get(hearth.url + "/-/healthy")[0], 200)
        self.assertEqual(hearth.stop(), 0)

    def test_yaml_bombs_are_refused(self):
        bomb = self.dir / "bomb.yml"
        levels = "".join(f"l{i}: &l{i} [{','.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 12))
        for text in ("l0: &l0 [x,x,x,x,x,x,x,x,x,x]\n" + levels, "a: " + "[" * 100_000, "a: &a\n  b: *a\n", "? " * 50_000, "\0\xff"):
            bomb.write_text(text, encoding="latin-1")
            run = subprocess.run([HEARTH, f"--config.file={bomb}", f"--storage.tsdb.path={self.dir}/d",
                                  f"--web.listen-address=127.0.0.1:{free_port()}"], capture_output=True, text=True, timeout=30)
            self.assertGreater(run.returncode, 0, run.stderr[-500:])  # negative: killed by a signal
            self.assertIn("bomb.yml", run.stderr)


class BodyServer:
    """Answers GET /name with a given body as text/plain; a body of None never ends."""

    def __init__(self, bodies):
        import http.server
        import threading

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = bodies[self.path.strip("/").split("?")[0]]
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                if body is not None:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    if body is not None:
                        self.wfile.write(body)
                    while body is None:
                        self.wfile.write(b"endless 1\n" * 1000)
                except OSError:
                    pass  # the scraper has had enough

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
