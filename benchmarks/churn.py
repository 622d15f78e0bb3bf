#!/usr/bin/env python3
"""Memory of a server whose series are all replaced, several times: what the dead ones held goes back.

Usage: benchmarks/churn.py BUILD_DIR [SERIES [GENERATIONS]]
Each generation has SERIES new series (200,000) with two hours of samples, a minute apart, by remote write; the server
writes the earlier ones to blocks, and forgets them.
"""

import pathlib
import re
import sys
import tempfile

from remote_write_server import command, load, memory, servers, wait_until_settled

SERIES = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
GENERATIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 6

SAMPLES, PER_REQUEST, STEP_SECONDS = 120, 20, 60


def show(generation, server):
    used = memory(server)
    print("{:12} {:16.0f} {:14.1f} {:14.1f}".format(generation, metric(server, "prometheus_tsdb_head_series"),
                                                    used["VmRSS"] / 1e6, used["RssAnon"] / 1e6), flush=True)


def metric(server, name):
    text = servers.get(server.url + "/metrics")[1]
    text = text if isinstance(text, str) else text.decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])


def main():
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        dir = pathlib.Path(folder)
        port = servers.free_port()
        server = servers.Server(command(dir, port), port, ready="/-/ready", log=dir / "log")
        print("{:>12} {:>16} {:>14} {:>14}".format("generations", "series in head", "resident MB", "in no file MB"))
        show(0, server)
        for generation in range(1, GENERATIONS + 1):
            hours_ago = 2 * (GENERATIONS - generation)
            load(server, port, SERIES, PER_REQUEST, SAMPLES // PER_REQUEST - 1, hours_ago, STEP_SECONDS, generation)
            if generation >= 3:
                # Three hours and more are in the head: the oldest two are due.
                servers.wait_for(lambda: metric(server, "prometheus_tsdb_head_series") < 2.5 * SERIES,
                                 "the dead series to be forgotten", 300)
            wait_until_settled(server)
            show(generation, server)
        server.stop()


main()
