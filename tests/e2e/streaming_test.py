"""A large answer is never in memory as text: beside the result the server needs a few pieces of it."""

import gzip
import pathlib
import re
import socket
import time
import unittest

from remote_write import Sender
from servers import EndToEnd

SERIES, STEPS = 3000, 900
RESULT_BYTES = SERIES * STEPS * 16


class Streaming(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.hearth(self.config({}), flags=["--web.enable-remote-write-receiver"])
        self.base = int(time.time()) // 60 * 60 - 3600
        sender = Sender(self.server.port, timeout=60)
        samples = range(60)
        for low in range(0, SERIES, 500):
            series = [({"__name__": "big", "n": f"{i:06}"}, [((self.base + m * 60) * 1000, float(i * m) / 7) for m in samples]) for i in range(low, low + 500)]
            self.assertEqual(sender.send(series)[0] // 100, 2)
        sender.close()

    def peak(self):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024

    def ask(self, encoding):
        client = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        self.addCleanup(client.close)
        client.sendall(f"GET /api/v1/query_range?query=big&start={self.base}&end={self.base + 4 * (STEPS - 1)}&step=4 HTTP/1.1\r\n"
                       f"Host: x\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n".encode())
        return client

    def test_text_is_made_as_it_is_read(self):
        before = self.peak()
        waiting = [self.ask("identity") for _ in range(2)]  # who do not read
        heads = [client.recv(100) for client in waiting]
        self.assertTrue(all(head.startswith(b"HTTP/1.1 200") for head in heads))
        grown = self.peak() - before
        self.assertLess(grown, 2 * RESULT_BYTES * 1.3 + 30e6, "two results, and not their text")
        listed = self.server.api("status/queries")["queries"]
        self.assertEqual([query["state"] for query in listed], ["answering"] * 2)
        for client in waiting:
            client.close()
        packed = self.ask("gzip")
        text = gzip.decompress(self.body_of_chunks(packed))
        self.assertGreater(len(text), 60_000_000)
        self.assertTrue(text.endswith(b"]]}]}}"))
        self.assertEqual(text.count(b'"metric"'), SERIES)

    def body_of_chunks(self, client):
        """Chunk by chunk, without copying the rest each time."""
        stream = client.makefile("rb")
        while stream.readline() not in (b"\r\n", b""):
            pass
        parts = []
        while (size := int(stream.readline(), 16)) > 0:
            parts.append(stream.read(size))
            stream.readline()
        return b"".join(parts)


if __name__ == "__main__":
    unittest.main(verbosity=2)
