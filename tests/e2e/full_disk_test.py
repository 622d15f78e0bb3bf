"""A disk that is full: storing fails with a reason, everything else goes on, and storing resumes by itself."""

import os
import subprocess
import time
import unittest

from remote_write import Sender
from servers import HEARTHTOOL, EndToEnd, get, wait_for

MIB = 1 << 20
MINUTE = 60_000
RETENTION = "storage:\n  tsdb:\n    retention:\n      time: {}\n"


class FullDisk(EndToEnd):
    """The data directory is a file system of 24 MiB of its own."""

    def setUp(self):
        super().setUp()
        self.disk = self.dir / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.disk], check=True))
        self.stored = {}  # {(series, minute): value} of what was acknowledged
        self.minute = 0

    def open(self, retention):
        self.settings = self.config({}, extra=RETENTION.format(retention))
        self.server = self.hearth(self.settings, data="disk/data", flags=[
            "--web.enable-remote-write-receiver", "--storage.tsdb.min-block-duration=10m",
            "--storage.tsdb.max-block-duration=10m"])

    def send(self, minutes):
        """One sample a minute of 200 series, ending now; returns what a refusal says, or None."""
        sender = Sender(self.server.port)
        try:
            for _ in range(minutes):
                minute = self.minute
                series = [({"__name__": "m", "n": str(n)}, [(self.start + minute * MINUTE, n + minute / 7)])
                          for n in range(200)]
                status, body = sender.send(series)
                if status // 100 != 2:
                    return status, body
                self.minute += 1
                self.stored.update({(str(n), minute): n + minute / 7 for n in range(200)})
            return None
        finally:
            sender.close()

    def fill(self):
        ballast = self.disk / "ballast"
        with open(ballast, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(MIB))
            except OSError:
                return ballast

    def metric(self, name):
        _, text = get(self.server.url + "/metrics")
        return float([line for line in text.splitlines() if line.startswith(name + " ")][0].split()[1])

    def assert_stored(self, since=0):
        found = {}
        for n in range(0, 200, 50):
            matrix = self.server.api("query_range", query=f'm{{n=~"{n}|{n + 1}"}}', start=self.start / 1000,
                                     end=(self.start + self.minute * MINUTE) / 1000, step=60)["result"]
            for series in matrix:
                for at, value in series["values"]:
                    found[series["metric"]["n"], round((at * 1000 - self.start) / MINUTE)] = float(value)
        missing = {key: value for key, value in self.stored.items()
                   if key[1] >= since and int(key[0]) % 50 < 2 and found.get(key) != value}
        self.assertEqual(missing, {})

    def verify(self):
        return subprocess.run([HEARTHTOOL, "tsdb", "verify", self.disk / "data"], capture_output=True, text=True)

    def test_storing_resumes_when_there_is_room(self):
        self.start = (int(time.time() * 1000) - 100 * MINUTE) // MINUTE * MINUTE
        self.open("15d")
        self.assertIsNone(self.send(60))
        ballast = self.fill()
        refused = wait_for(lambda: self.send(1), "a refusal")
        self.assertEqual(refused[0], 500, refused)
        self.assertIn("nothing was stored. Make room on the disk", refused[1])
        self.assertGreater(self.metric("prometheus_tsdb_wal_writes_failed_total"), 0)
        self.assert_stored()
        self.assertEqual(get(self.server.url + "/-/healthy")[0], 200)
        os.remove(ballast)
        self.assertIsNone(self.send(30))
        self.assert_stored()
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(self.verify().returncode, 0, self.verify().stdout)
        self.open("15d")
        self.assert_stored()

    def test_retention_makes_room_on_a_full_disk(self):
        # Blocks of ten minutes, of which the older ones may go.
        self.start = (int(time.time() * 1000) - 200 * MINUTE) // MINUTE * MINUTE
        self.open("15d")
        self.assertIsNone(self.send(150))
        wait_for(lambda: len(list((self.disk / "data").glob("01*"))) >= 10, "blocks", seconds=120)
        self.fill()
        wait_for(lambda: self.send(1), "a refusal")
        self.assert_stored()
        log_bytes = self.metric("prometheus_tsdb_wal_storage_size_bytes")
        self.config({}, extra=RETENTION.format("100m"))
        self.assertEqual(get(self.server.url + "/-/reload", form={})[0], 200)
        wait_for(lambda: self.send(1) is None, "storing to resume", seconds=120)
        self.assertIsNone(self.send(30))
        self.assertLess(self.metric("prometheus_tsdb_wal_storage_size_bytes"), log_bytes + MIB)
        self.assertGreater(self.metric("prometheus_tsdb_time_retentions_total"), 0)
        since = self.minute - 90
        self.assert_stored(since)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(self.verify().returncode, 0, self.verify().stdout)
        self.open("100m")
        self.assert_stored(since)

    def test_a_damaged_directory_is_told_named_and_repaired(self):
        self.start = (int(time.time() * 1000) - 100 * MINUTE) // MINUTE * MINUTE
        self.open("15d")
        self.assertIsNone(self.send(60))
        wait_for(lambda: len(list((self.disk / "data").glob("01*"))) >= 2, "blocks", seconds=120)
        self.assertEqual(self.server.stop(), 0)
        block = sorted((self.disk / "data").glob("01*"))[0]
        chunks = block / "chunks" / "000001"
        damaged = bytearray(chunks.read_bytes())
        damaged[20] ^= 4
        chunks.write_bytes(damaged)

        self.open("15d")
        status, body = get(f"{self.server.url}/api/v1/query_range?query=count(m)&step=60"
                           f"&start={self.start / 1000}&end={(self.start + 59 * MINUTE) / 1000}")
        self.assertEqual(status, 200)
        self.assertIn(f'"warnings":["block {block.name} is damaged', body)
        self.assertIn('"200"]', body)  # of the other blocks and chunks
        self.assertIn('"199"]', body)
        self.assertEqual(self.server.stop(), 0)

        found = self.verify()
        self.assertNotEqual(found.returncode, 0)
        self.assertIn(block.name, found.stdout + found.stderr)
        repaired = subprocess.run([HEARTHTOOL, "tsdb", "verify", "--repair", self.disk / "data"], capture_output=True, text=True)
        self.assertIn("damaged-", " ".join(os.listdir(self.disk / "data")), repaired)
        self.assertEqual(self.verify().returncode, 0)
        self.open("15d")
        status, body = get(f"{self.server.url}/api/v1/query_range?query=count(m)&step=60"
                           f"&start={self.start / 1000}&end={(self.start + 59 * MINUTE) / 1000}")
        self.assertNotIn("warnings", body)


if __name__ == "__main__":
    unittest.main()
