#!/usr/bin/env python3
"""Memory of a server with many active series, and how long it takes to be whole again after a stop and a kill.

Usage: benchmarks/memory.py BUILD_DIR [SERIES [SAMPLES [SERVER [PEERS]]]]
Defaults: 200,000 series of 10 labels, 480 samples each (two hours at 15 s, by remote write), hearth.
"""

import json
import pathlib
import signal
import sys
import tempfile
import time
import urllib.parse

from remote_write_server import command, cpu_seconds, load, memory, servers, use_peers, wait_until_settled

SERIES = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
SAMPLES = int(sys.argv[3]) if len(sys.argv) > 3 else 480
SERVER = sys.argv[4] if len(sys.argv) > 4 else "hearth"
if len(sys.argv) > 5:
    use_peers(sys.argv[5])

PER_REQUEST = 20  # samples of a series


def show(what, server):
    used = memory(server)
    print(f"{what:34} resident {used['VmRSS'] / SERIES:7.0f} B a series, of them in no file "
          f"{used['RssAnon'] / SERIES:7.0f}; {cpu_seconds(server):7.1f} CPU s", flush=True)


def show_scrapes(server, begin):
    """What became of the scrapes, one a second, while the log was read again."""
    query = urllib.parse.urlencode({"query": "up[30m]"})
    answer = servers.get(f"{server.url}/api/v1/query?{query}")[1]
    samples = json.loads(answer)["data"]["result"][0]["values"]
    times = [float(t) for t, v in samples if v == "1"]
    gaps = [later - t for t, later in zip(times, times[1:])]
    print(f"{'':34} first scrape that is stored {times[0] - begin:.2f} s after the start, longest gap {max(gaps):.2f} s",
          flush=True)


def main():
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        dir = pathlib.Path(folder)
        port = servers.free_port()
        config = dir / "prometheus.yml"
        words = command(dir, port, SERVER)

        def start(what):
            begin = time.monotonic()
            server = servers.Server(words, port, ready="/-/healthy", log=dir / "log")
            answers = time.monotonic() - begin
            servers.wait_for(lambda: servers.get(server.url + "/-/ready")[0] == 200, "the server to be ready", 600)
            print(f"{what:34} answers after {answers:.2f} s, whole after {time.monotonic() - begin:.2f} s", flush=True)
            time.sleep(2)  # threads that have nothing to do give back what they keep
            return server

        server = start("first start")
        empty = memory(server)["VmRSS"]
        print(f"{'':34} {empty / 1e6:.1f} MB resident without any series")
        load(server, port, SERIES, PER_REQUEST, max(SAMPLES // PER_REQUEST, 1))
        show(f"{SERIES} series, {SAMPLES} samples each", server)
        wait_until_settled(server)
        show("a little later", server)
        server.stop(signal.SIGKILL)
        server = start("after kill -9")
        show("after kill -9", server)
        server.stop(signal.SIGKILL)
        config.write_text("scrape_configs: [{job_name: self, scrape_interval: 1s, scrape_timeout: 1s, "
                          f"static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n")
        begin = time.time()
        server = start("after kill -9, with a target")
        show_scrapes(server, begin)
        config.write_text("scrape_configs: []\n")
        begin = time.monotonic()
        server.stop(signal.SIGTERM, seconds=300)
        print(f"{'a clean stop':34} takes {time.monotonic() - begin:.2f} s")
        server = start("after a clean stop")
        show("after a clean stop", server)
        server.stop(signal.SIGKILL)


if __name__ == "__main__":
    main()
