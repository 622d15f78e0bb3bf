#!/usr/bin/env python3
"""Memory of a server whose series are all replaced, several times: what the dead ones held goes back.

Usage: benchmarks/churn.py BUILD_DIR [SERIES [GENERATIONS]]
Each generation has SERIES new series (200,000) with two hours of samples, a minute apart, by remote write; the server
writes the earlier ones to blocks, and forgets them.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

BUILD_DIR = pathlib.Path(sys.argv[1]).resolve()
SERIES = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
GENERATIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 6
os.environ.setdefault("HEARTH_BINARY_DIR", str(BUILD_DIR))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import servers  # noqa: E402

SAMPLES, PER_REQUEST, STEP_SECONDS = 120, 20, 60


def resident(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text()
    return [int(re.search(name + r":\s+(\d+) kB", lines)[1]) * 1024 / 1e6 for name in ("VmRSS", "RssAnon")]


def metric(server, name):
    text = servers.get(server.url + "/metrics")[1]
    text = text if isinstance(text, str) else text.decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])


def main():
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        dir = pathlib.Path(folder)
        port = servers.free_port()
        config = dir / "prometheus.yml"
        config.write_text("scrape_configs: []\n")
        server = servers.Server([BUILD_DIR / "bin" / "hearth", f"--config.file={config}",
                                 f"--storage.tsdb.path={dir / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
                                 "--web.enable-remote-write-receiver"], port, ready="/-/ready", log=dir / "log")
        print("{:>12} {:>16} {:>14} {:>14}".format("generations", "series in head", "resident MB", "in no file MB"))
        print("{:12} {:16} {:14.1f} {:14.1f}".format(0, 0, *resident(server.process.pid)), flush=True)
        for generation in range(1, GENERATIONS + 1):
            hours_ago = 2 * (GENERATIONS - generation)
            load = [BUILD_DIR / "bin" / "remote_write_load", port, server.process.pid, "/api/v1/write", 1, SERIES,
                    PER_REQUEST, SAMPLES // PER_REQUEST - 1, hours_ago, STEP_SECONDS, generation]
            subprocess.run([str(word) for word in load], check=True, stdout=subprocess.DEVNULL)
            show = lambda: print("{:12} {:16.0f} {:14.1f} {:14.1f}".format(
                generation, metric(server, "prometheus_tsdb_head_series"), *resident(server.process.pid)), flush=True)
            if generation < 3:
                show()
                continue
            # Three hours and more are in the head: the oldest two are due.
            servers.wait_for(lambda: metric(server, "prometheus_tsdb_head_series") < 2.5 * SERIES,
                             "the dead series to be forgotten", 300)
            time.sleep(2)
            show()
        server.stop()


main()
