"""The pages in headless Chromium, driven by Playwright: tests/e2e/browser/run.mjs against a server with much to show.

Needs Debian's chromium and node, and the one npm package of tests/e2e/browser (npm ci there); skipped without.
Pictures of every page are left in screenshots/ of the build folder.
"""

import http.server
import json
import math
import pathlib
import shutil
import subprocess
import threading
import time
import unittest

from servers import BINARY_DIR, EndToEnd, HEARTH, SOURCE_DIR, Server, free_port, wait_for

BROWSER = SOURCE_DIR / "tests" / "e2e" / "browser"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
MARKUP = '<img src=x onerror="window.pwned=1">'
QUOTED = MARKUP.replace('"', '\\"')


class Shop(http.server.BaseHTTPRequestHandler):
    """Histograms that move, with exemplars; names, values and help that are markup."""

    started = time.time()

    def log_message(self, *_):
        pass

    def do_GET(self):
        now, out = time.time(), []
        for name in ("shop", "native"):
            metric = f"{name}_request_duration_seconds"
            out.append(f"# TYPE {metric} histogram\n# HELP {metric} How long requests took.\n")
            for path, pace in (("/cart", 40), ("/pay", 25)):
                total = int((now - self.started + 10) * pace)
                for i, bound in enumerate(BOUNDS):
                    share = 1 / (1 + math.exp(3 - i + math.sin(now / 7)))
                    count = int(total * min(share, 1))
                    out.append(f'{metric}_bucket{{path="{path}",le="{bound}"}} {max(count, self.least(name, path, i, count))}'
                               f' # {{trace_id="{i:08x}",user="{QUOTED}"}} {bound * 0.9:g} {now:.3f}\n')
                out.append(f'{metric}_bucket{{path="{path}",le="+Inf"}} {total}\n{metric}_count{{path="{path}"}} {total}\n'
                           f'{metric}_sum{{path="{path}"}} {total * 0.07}\n')
        out.append(f'# TYPE evil_help gauge\n# HELP evil_help {QUOTED}\nevil_help{{evil="{QUOTED}"}} 1\n')
        out.append(f'# TYPE "{QUOTED}" gauge\n{{"{QUOTED}",evil="name"}} {math.sin(now)}\n# EOF\n')
        body = "".join(out).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    counts = {}

    def least(self, *key_and_count):
        """Buckets are counters: never less than before."""
        key, count = key_and_count[:-1], key_and_count[-1]
        self.counts[key] = max(self.counts.get(key, 0), count)
        return self.counts[key]


SMALL = {
    "title": "Small", "time": {"from": "now-5m", "to": "now"},
    "panels": [
        {"type": "text", "title": "Text", "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}, "options": {"content": "<b onclick=alert(1)>bold</b>"}},
        {"type": "gauge", "title": "Gauge", "gridPos": {"x": 6, "y": 0, "w": 6, "h": 4}, "targets": [{"expr": "vector(0.7)"}],
         "fieldConfig": {"defaults": {"unit": "percentunit", "min": 0, "max": 1, "thresholds": {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 0.5}]}}}},
        {"type": "bargauge", "title": "Bars", "gridPos": {"x": 12, "y": 0, "w": 6, "h": 4}, "targets": [{"expr": "up", "legendFormat": "{{job}}", "instant": True}]},
        {"type": "piechart", "title": "Pie", "gridPos": {"x": 18, "y": 0, "w": 6, "h": 4}},
        {"type": "table", "title": "Table", "gridPos": {"x": 0, "y": 4, "w": 24, "h": 6}, "targets": [{"expr": "up"}, {"expr": "scrape_duration_seconds", "refId": "B"}]},
    ],
}
HOSTILE = {
    "title": MARKUP,
    "templating": {"list": [{"name": "v", "label": MARKUP, "type": "custom", "query": MARKUP.replace(",", "")}]},
    "panels": [{"type": kind, "title": MARKUP, "description": MARKUP, "gridPos": {"x": 0, "y": i * 4, "w": 12, "h": 4},
                "targets": [{"expr": "vector(1)", "legendFormat": MARKUP}], "options": {"content": MARKUP},
                "fieldConfig": {"defaults": {"unit": MARKUP, "thresholds": {"steps": [{"color": "url(http://elsewhere.test/)", "value": None}]}}}}
               for i, kind in enumerate(("stat", "timeseries", "bargauge", "gauge", "table", "text", MARKUP))],
}


def needed():
    """Skips where the browser, node or its package is not there."""
    for program in ("chromium", "node"):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"{program} is not installed: the pages are not tested in a browser")
    if not (BROWSER / "node_modules" / "playwright-core").exists():
        raise unittest.SkipTest(f"playwright-core is not there: run npm ci in {BROWSER}")


class Browser(EndToEnd):
    def setUp(self):
        needed()
        super().setUp()

    def dashboards(self):
        folder = self.dir / "dashboards"
        folder.mkdir()
        (folder / "small.json").write_text(json.dumps(SMALL))
        (folder / "hostile.json").write_text(json.dumps({"dashboard": HOSTILE}))
        (folder / "broken.json").write_text("[")
        return folder

    def shop(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Shop)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def everything(self):
        """A server with what run.mjs looks at, and ten thousand targets that nobody answers for."""
        shop, node, port = self.shop(), self.node_exporter().port, free_port()
        many = ",".join(f"'127.0.{i // 256}.{i % 256}:1'" for i in range(10_000))
        extra = f"""
  - job_name: node
    static_configs: [{{targets: ['127.0.0.1:{node}']}}]
    relabel_configs: [{{source_labels: [__address__], target_label: instance, replacement: the-node}}]
  - job_name: shop
    static_configs:
      - targets: ['127.0.0.1:{shop}']
        labels: {{label: '{MARKUP}'}}
      - {{targets: ['127.0.0.1:1'], labels: {{env: dropme}}}}
    relabel_configs: [{{source_labels: [env], regex: dropme, action: drop}}]
    metric_relabel_configs: [{{source_labels: [__name__], regex: 'native_.*', action: drop}}]
  - job_name: native
    convert_classic_histograms_to_nhcb: true
    static_configs: [{{targets: ['127.0.0.1:{shop}']}}]
    metric_relabel_configs: [{{source_labels: [__name__], regex: 'shop_.*', action: drop}}]
  - job_name: many
    scrape_interval: 1h
    static_configs: [{{targets: [{many}]}}]
"""
        return self.hearth(self.config({"hearth": port}, extra=extra), port=port, flags=(
            "--enable-feature=exemplar-storage", "--web.page-title=Test <b>", f"--web.dashboards={self.dashboards()}"))

    def drive(self, url, *parts):
        shots = BINARY_DIR / "screenshots"
        run = subprocess.run(["node", str(BROWSER / "run.mjs"), url, str(shots), *parts], capture_output=True, text=True, timeout=400)
        print(run.stdout, end="")
        self.assertEqual(run.returncode, 0, run.stderr[-4000:])

    def test_a_person_goes_through_every_page(self):
        hearth = self.everything()
        wait_for(lambda: hearth.api("query", query='count_over_time(up{job="node"}[1m]) >= 12')["result"], "twelve scrapes", 60)
        self.drive(hearth.url)

    def test_everything_stays_below_a_prefix(self):
        port = free_port()
        command = [HEARTH, f"--config.file={self.config({'hearth': port})}", f"--storage.tsdb.path={self.dir / 'data'}",
                   f"--web.listen-address=127.0.0.1:{port}", f"--web.external-url=http://127.0.0.1:{port}/deep/inside/"]
        server = self.started(Server(command, port, ready="/deep/inside/-/ready", log=self.dir / "hearth.log"))
        self.drive(f"{server.url}/deep/inside/", "prefix")


if __name__ == "__main__":
    unittest.main(verbosity=2)
