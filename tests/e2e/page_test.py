"""The page at / in headless Chromium: the graph of a rate from a real node_exporter is drawn. Needs Debian's chromium."""

import collections
import os
import pathlib
import shutil
import struct
import subprocess
import unittest
import urllib.parse
import zlib

from servers import BINARY_DIR, EndToEnd, get, wait_for


def pixels(path):
    """Rows of (r, g, b) of an 8-bit PNG, by PNG's specification (https://www.w3.org/TR/png)."""
    data = pathlib.Path(path).read_bytes()
    at, packed, header = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            header = struct.unpack(">IIBB", chunk[:10])
        elif kind == b"IDAT":
            packed += chunk
        at += 12 + length
    width, height, depth, colour = header
    assert depth == 8 and colour in (2, 6), header
    size = 3 if colour == 2 else 4
    raw, stride = zlib.decompress(packed), width * size
    before, rows = bytearray(stride), []
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = line[x - size] if x >= size else 0
            up, corner = before[x], before[x - size] if x >= size else 0
            if kind == 1:
                line[x] = (line[x] + left) & 255
            elif kind == 2:
                line[x] = (line[x] + up) & 255
            elif kind == 3:
                line[x] = (line[x] + (left + up) // 2) & 255
            elif kind == 4:
                guess = left + up - corner
                nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
                line[x] = (line[x] + nearest[2]) & 255
        rows.append([tuple(line[x:x + 3]) for x in range(0, stride, size)])
        before = line
    return rows


class Page(EndToEnd):
    def chromium(self, url, *arguments, width=1200, height=900):
        program = shutil.which("chromium")
        if program is None:
            self.skipTest("chromium is not installed; scripts/setup test installs it")
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync", f"--user-data-dir={self.dir}/chromium",
                   f"--window-size={width},{height}", "--virtual-time-budget=8000", *arguments, url]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def test_the_graph_of_a_rate_is_drawn(self):
        node = self.node_exporter()
        hearth = self.hearth(self.config({"node": node.port}))
        wait_for(lambda: hearth.api("query", query="count_over_time(up[1h]) >= 10")["result"], "ten scrapes")
        shots = BINARY_DIR / "screenshots"
        shots.mkdir(exist_ok=True)
        expression = urllib.parse.quote("rate(node_cpu_seconds_total[1m])")
        drawn = {}
        for name, wanted in (("graph", expression), ("empty", urllib.parse.quote("nothing_at_all"))):
            picture = shots / f"{name}.png"
            run = self.chromium(f"{hearth.url}/query?g0.expr={wanted}&g0.tab=graph&g0.range_input=1m", f"--screenshot={picture}")
            self.assertTrue(picture.exists(), run.stderr[-2000:])
            # Lines of series are coloured; text, axes and background are near grey or the one accent colour of the page.
            colours = collections.Counter((r // 24, g // 24, b // 24) for row in pixels(picture) for r, g, b in row if max(r, g, b) - min(r, g, b) > 60)
            drawn[name] = sum(count for count in colours.values()), len([c for c in colours.values() if c >= 20])
        self.assertGreater(drawn["graph"][0], drawn["empty"][0] + 500, drawn)
        self.assertGreater(drawn["graph"][1], drawn["empty"][1] + 2, drawn)

    def test_the_table_and_the_targets_are_shown(self):
        node = self.node_exporter()
        hearth = self.hearth(self.config({"node": node.port}))
        wait_for(lambda: hearth.api("query", query="count_over_time(up[1h]) >= 2")["result"], "two scrapes")
        table = self.chromium(f"{hearth.url}/query?g0.expr=node_uname_info&g0.tab=table", "--dump-dom").stdout
        self.assertIn("nodename", table)
        targets = self.chromium(f"{hearth.url}/targets", "--dump-dom").stdout
        self.assertIn(f"127.0.0.1:{node.port}", targets)

    def test_markup_in_labels_stays_text(self):
        hearth = self.hearth(self.config({}))
        expression = urllib.parse.quote("label_replace(vector(1), \"x\", \"<img src=q onerror=document.title='pwned'>\", \"\", \"\")")
        page = self.chromium(f"{hearth.url}/query?g0.expr={expression}&g0.tab=table", "--dump-dom").stdout
        self.assertIn("&lt;img src=q", page)
        self.assertNotIn("<title>pwned", page)

    def test_the_page_needs_nothing_from_elsewhere(self):
        hearth = self.hearth(self.config({}))
        status, body = get(hearth.url + "/")
        self.assertEqual(status, 200)
        self.assertNotIn("http://", body.replace("http://www.w3.org", ""))
        self.assertNotIn("https://", body)


if __name__ == "__main__":
    unittest.main(verbosity=2)
