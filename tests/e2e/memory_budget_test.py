"""Memory that becomes short: known series go on, and the target that brings most new ones is named, everywhere."""

import http.server
import threading
import unittest

from servers import EndToEnd, free_port, get, wait_for

SERIES = 20_000  # of a scrape of the flood, new ones each time
ROOM = 60_000_000  # bytes above what the server has at its start


class Page(http.server.BaseHTTPRequestHandler):
    scrapes = 0

    def do_GET(self):
        if self.path == "/calm":
            body = "".join(f"calm{{i=\"{i}\"}} {i}\n" for i in range(10))
        else:
            Page.scrapes += 1
            body = "".join(f"flood{{scrape=\"{Page.scrapes}\",i=\"{i}\"}} {i}\n" for i in range(SERIES))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class MemoryBudget(EndToEnd):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        pages = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Page)
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        self.addCleanup(pages.server_close)
        self.addCleanup(pages.shutdown)

    def write_config(self, jobs):
        path = self.dir / "prometheus.yml"
        path.write_text("global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n" + "".join(
            f"  - job_name: {job}\n    metrics_path: /{job}\n    static_configs:\n"
            f"      - targets: ['127.0.0.1:{self.port}']\n" for job in jobs))
        return path

    def metric(self, server, name):
        """The value, or None where there is no such line yet."""
        _, text = get(server.url + "/metrics")
        values = [line for line in text.splitlines() if line.startswith(name + " ")]
        return float(values[0].split()[-1]) if values else None

    def target(self, server, job):
        return [t for t in server.api("targets")["activeTargets"] if t["labels"]["job"] == job][0]

    def test_the_culprit_is_named_in_the_log_a_metric_and_among_the_targets(self):
        server = self.hearth(self.write_config(["calm"]))
        used = wait_for(lambda: self.metric(server, "hearth_memory_used_bytes"), "the first series")
        self.assertEqual(server.stop(), 0)

        server = self.hearth(self.write_config(["calm", "flood"]), flags=[f"--storage.max-memory={int(used + ROOM)}B"])
        flood = f"http://127.0.0.1:{self.port}/flood"
        refused = f'hearth_tsdb_source_series_refused_total{{source="{flood}"}}'
        wait_for(lambda: self.metric(server, refused), "a series of the flood to be refused", seconds=60)
        wait_for(lambda: "memory is short" in self.target(server, "flood")["lastError"], "the target to say so")
        self.assertRegex(self.target(server, "flood")["lastError"], r"memory is short: \d+ samples of new series refused")
        lines = [line for line in server.log().splitlines() if "Memory is short" in line]
        self.assertEqual(len(lines), 1, lines)  # once a minute
        self.assertIn(f"source={flood} ", lines[0])

        calm = self.target(server, "calm")
        self.assertEqual((calm["health"], calm["lastError"]), ("up", ""))
        self.assertIsNone(self.metric(server, refused.replace("/flood", "/calm")))
        newest = lambda: float(server.api("query", query="max(timestamp(calm))")["result"][0]["value"][1])
        before = newest()
        wait_for(lambda: newest() > before, "known series to go on")
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
