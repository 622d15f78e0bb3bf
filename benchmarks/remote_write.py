#!/usr/bin/env python3
"""CPU seconds per million samples of remote write: Hearth, Prometheus, VictoriaMetrics, one after another.

Usage: benchmarks/remote_write.py BUILD_DIR [PEERS]   PEERS: where scripts/peers unpacked Debian's programs
"""

import os
import pathlib
import subprocess
import sys
import tempfile

BUILD_DIR = pathlib.Path(sys.argv[1]).resolve()
os.environ.setdefault("HEARTH_BINARY_DIR", str(BUILD_DIR))
if len(sys.argv) > 2:
    os.environ["HEARTH_PEERS"] = sys.argv[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import servers  # noqa: E402

SERIES = 100_000
LOADS = [("1.0, 20 samples a series", 1, 20, 2), ("1.0, 1 sample a series", 1, 1, 20),
         ("2.0, 20 samples a series", 2, 20, 2), ("2.0, 1 sample a series", 2, 1, 20)]


def commands(dir, port):
    config = dir / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    flags = [f"--config.file={config}", f"--storage.tsdb.path={dir / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
             "--web.enable-remote-write-receiver"]
    return {"hearth": [BUILD_DIR / "bin" / "hearth", *flags],
            "prometheus": [servers.PEERS / "prometheus", *flags],
            "victoria-metrics": [servers.PEERS / "victoria-metrics", f"-storageDataPath={dir / 'data'}",
                                 f"-httpListenAddr=127.0.0.1:{port}"]}


def measure(name, version, samples, rounds):
    """CPU seconds and wall seconds per million samples; None where the program or the message is not there."""
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        dir = pathlib.Path(folder)
        port = servers.free_port()
        command = commands(dir, port)[name]
        if not command[0].exists() or (name == "victoria-metrics" and version == 2):
            return None
        server = servers.Server(command, port, ready="/health" if name == "victoria-metrics" else "/-/ready",
                                log=dir / "log")
        try:
            arguments = [port, server.process.pid, "/api/v1/write", version, SERIES, samples, rounds]
            load = subprocess.run([BUILD_DIR / "bin" / "remote_write_load", *map(str, arguments)],
                                  capture_output=True, text=True)
            if load.returncode != 0:
                raise SystemExit(f"{name}: {load.stderr}{server.log()[-2000:]}")
            return [float(number) for number in load.stdout.split()]
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
