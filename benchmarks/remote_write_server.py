"""What the benchmarks of a whole server share: programs in sys.argv[1], a server that takes remote write, the load, and
what the server needs.
"""

import os
import pathlib
import subprocess
import sys
import time

BUILD_DIR = pathlib.Path(sys.argv[1]).resolve()
os.environ.setdefault("HEARTH_BINARY_DIR", str(BUILD_DIR))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import servers  # noqa: E402


def use_peers(folder):
    """Where scripts/peers unpacked Debian's programs."""
    servers.PEERS = pathlib.Path(folder).resolve()


def command(dir, port, name="hearth"):
    """The words that start a server with nothing to scrape in `dir`: hearth, prometheus or victoria-metrics."""
    if name == "victoria-metrics":
        return [servers.PEERS / name, f"-storageDataPath={dir / 'data'}", f"-httpListenAddr=127.0.0.1:{port}"]
    config = dir / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    return [BUILD_DIR / "bin" / "hearth" if name == "hearth" else servers.PEERS / name, f"--config.file={config}",
            f"--storage.tsdb.path={dir / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver"]


def load(server, port, series, samples, rounds, *more, version=1):
    """Sends `rounds` and one more; returns CPU and wall seconds per million samples (remote_write_load.cpp)."""
    words = [BUILD_DIR / "bin" / "remote_write_load", port, server.process.pid, "/api/v1/write", version, series, samples,
             rounds, *more]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{words[0]}: {done.stderr}{server.log()[-2000:]}")
    return [float(number) for number in done.stdout.split()]


def memory(server):
    """Bytes of /proc/<pid>/status, by name."""
    lines = pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}


def wait_until_settled(server):
    """What is on its way to the disk needs a while."""
    before = 0
    while abs(before - (before := memory(server)["VmRSS"])) > before / 200:
        time.sleep(5)


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
