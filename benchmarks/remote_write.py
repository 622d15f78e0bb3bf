#!/usr/bin/env python3
"""CPU seconds per million samples of remote write: Hearth, Prometheus, VictoriaMetrics, one after another.

Usage: benchmarks/remote_write.py BUILD_DIR [PEERS]   PEERS: where scripts/peers unpacked Debian's programs
"""

import pathlib
import sys
import tempfile

from remote_write_server import command, load, servers, use_peers

if len(sys.argv) > 2:
    use_peers(sys.argv[2])

SERIES = 100_000
LOADS = [("1.0, 20 samples a series", 1, 20, 2), ("1.0, 1 sample a series", 1, 1, 20),
         ("2.0, 20 samples a series", 2, 20, 2), ("2.0, 1 sample a series", 2, 1, 20)]


def measure(name, version, samples, rounds):
    """CPU seconds and wall seconds per million samples; None where the program or the message is not there."""
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        dir = pathlib.Path(folder)
        port = servers.free_port()
        words = command(dir, port, name)
        if not words[0].exists() or (name == "victoria-metrics" and version == 2):
            return None
        server = servers.Server(words, port, ready="/health" if name == "victoria-metrics" else "/-/ready",
                                log=dir / "log")
        try:
            return load(server, port, SERIES, samples, rounds, version=version)
        finally:
            server.stop()


def main():
    print(f"CPU seconds (wall seconds) per million samples; {SERIES} series of 10 labels, 2,000 samples a request")
    names = ["hearth", "prometheus", "victoria-metrics"]
    print(f"{'':26}" + "".join(f"{name:>20}" for name in names))
    for title, version, samples, rounds in LOADS:
        cells = []
        for name in names:
            result = measure(name, version, samples, rounds)
            cells.append("-" if result is None else f"{result[0]:.3f} ({result[1]:.3f})")
        print(f"{title:26}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


main()
