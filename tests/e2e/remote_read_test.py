"""Remote read beside a real Prometheus, and for one.

A Prometheus without data reads from Hearth and from a Prometheus with the same data: both ways of answering, by
samples and by chunks, give the same query results. Then the raw answers: framing, limits, refusals.
"""

import struct
import unittest
import urllib.error
import urllib.request

from api_data import Twins
from remote_write import field, snappy, varint
from servers import use_prometheus_3

QUERIES = ["temperature", "odd", "texts", "native", '{"dotted.name"}', "many", "ended", "rate(http_requests_total[5m])", "sum(rate(native[5m]))",
           "histogram_count(native)", 'temperature{region="eu <west>"}', 'temperature{region="other"}', "count(many)", "max_over_time(temperature[20m])",
           "native[3m]", "temperature[5m]", 'texts{text=~".*ü.*"}', 'http_requests_total{code!="200",job=~"a.*"}', "nothing"]


def setUpModule():
    use_prometheus_3()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields_of(message):
    """[(number, value)] of a protobuf message."""
    at, found = 0, []
    while at < len(message):
        key, at = read_varint(message, at)
        if key & 7 == 0:
            value, at = read_varint(message, at)
        elif key & 7 == 1:
            value, at = message[at:at + 8], at + 8
        else:
            length, at = read_varint(message, at)
            value, at = message[at:at + length], at + length
        found.append((key >> 3, value))
    return found


def frames_of(body):
    at, frames = 0, []
    while at < len(body):
        length, at = read_varint(body, at)
        checksum, = struct.unpack(">I", body[at:at + 4])
        message = body[at + 4:at + 4 + length]
        assert crc32c(message) == checksum and len(message) == length
        at += 4 + length
        frames.append(message)
    return frames


def request(matchers, start, end, accepted=(), copies=1):
    query = field(1, 0, varint(start)) + field(2, 0, varint(end))
    for kind, name, value in matchers:
        query += field(3, 2, field(1, 0, varint(kind)) + field(2, 2, name.encode()) + field(3, 2, value.encode()))
    return b"".join([field(1, 2, query)] * copies) + b"".join(field(2, 0, varint(kind)) for kind in accepted)


class RemoteRead(Twins):
    def reader_of(self, server, name, chunks):
        config = self.dir / f"{name}.yml"
        config.write_text(f"remote_read:\n  - url: {server.url}/api/v1/read\n    read_recent: true\n    chunked_read_limit: 50000000\n" if chunks
                          else f"remote_read:\n  - url: {server.url}/api/v1/read\n    read_recent: true\n")
        return self.prometheus(config, data=f"{name}-data", flags=["--enable-feature=native-histograms,promql-experimental-functions"])

    def post(self, server, message, raw=False):
        sent = urllib.request.Request(f"{server.url}/api/v1/read", data=message if raw else snappy(message),
                                      headers={"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"})
        try:
            with urllib.request.urlopen(sent, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def test_a_prometheus_reads_the_same_from_both(self):
        self.start_twins()
        readers = [self.reader_of(server, name, True) for server, name in zip(self.both, ("from-hearth", "from-prometheus"))]
        start, end = self.base / 1000 + 600, self.base / 1000 + 3000
        some = 0
        for query in QUERIES:
            ours, theirs = (reader.api("query", query=query, time=end)["result"] for reader in readers)
            self.assertEqual(sorted(map(str, ours)), sorted(map(str, theirs)), query)
            some += bool(ours)
            if "m]" in query and "(" not in query:
                continue
            ours, theirs = (reader.api("query_range", query=query, start=start, end=end, step=60)["result"] for reader in readers)
            self.assertEqual(sorted(map(str, ours)), sorted(map(str, theirs)), query)
        self.assertGreater(some, 12)
        # Without external labels of its own the reader sees those of the server.
        self.assertEqual(readers[0].instant("temperature", end)[0]["metric"]["region"], "eu <west>")

    def series_of(self, server, message, chunked):
        """{labels: samples, or how many chunks}"""
        status, headers, body = self.post(server, message)
        self.assertEqual(status, 200, body[:300])
        found = []
        if not chunked:
            self.assertEqual(headers["Content-Type"], "application/x-protobuf")
            self.assertEqual(headers["Content-Encoding"], "snappy")
            return headers, body
        self.assertEqual(headers["Content-Type"], "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
        for frame in frames_of(body):
            for number, series in fields_of(frame):
                if number != 1:
                    continue
                parts = fields_of(series)
                labels = tuple(tuple(value.decode() for _, value in fields_of(label)) for kind, label in parts if kind == 1)
                chunks = [dict(fields_of(chunk)) for kind, chunk in parts if kind == 2]
                self.assertTrue(chunks)
                self.assertTrue({chunk[3] for chunk in chunks} <= {1, 2, 3})
                found.append((labels, [(chunk.get(1, 0), chunk.get(2, 0)) for chunk in chunks]))
        return found

    def test_chunks_come_in_order_and_whole(self):
        self.start_twins()
        every = [(2, "__name__", "temperature|native|texts|many|odd|http_requests_total")]
        message = request(every, self.base, self.base + 3_600_000, accepted=(1, 0))
        ours, theirs = (self.series_of(server, message, True) for server in self.both)
        self.assertEqual([labels for labels, _ in ours], [labels for labels, _ in theirs])
        self.assertGreater(len(ours), 330)
        self.assertEqual([labels for labels, _ in ours], sorted((labels for labels, _ in ours), key=lambda one: [list(pair) for pair in one]))
        for (labels, mine), (_, others) in zip(ours, theirs):
            self.assertEqual((mine[0][0], mine[-1][1]), (others[0][0], others[-1][1]), labels)

    def test_samples_are_the_same_bytes(self):
        self.start_twins()
        for name in ("temperature", "odd", "native", "texts", "ended"):
            # A Prometheus 3.5 drops the sign of a negative zero, and the bounds of custom buckets.
            message = request([(0, "__name__", name), (1, "case", "01"), (1, "kind", "custom")], self.base, self.base + 3_600_000)
            (our_headers, ours), (_, theirs) = (self.series_of(server, message, False) for server in self.both)
            ours, theirs = (sorted(series for _, result in fields_of(unsnapped(body)) for _, series in fields_of(result)) for body in (ours, theirs))
            self.assertTrue(ours)
            self.assertEqual(ours, theirs, name)

    def test_what_cannot_be_is_refused(self):
        self.start_twins(flags=["--storage.remote.read-sample-limit=1000"])
        many = request([(0, "__name__", "many")], self.base, self.base + 3_600_000)
        cases = {"no snappy": (b"nonsense", True), "empty": (b"", True), "too many samples": (many, False),
                 "unknown answers": (request([(0, "a", "b")], 0, 1, accepted=(7,)), False)}
        for name, (message, raw) in cases.items():
            ours, theirs = (self.post(server, message, raw) for server in self.both)
            self.assertEqual(ours[0], theirs[0], f"{name}: {ours} {theirs}")
            if name != "unknown answers":
                self.assertEqual(ours[2], theirs[2], name)
        self.assertEqual(self.post(self.hearth_server, b"\x0a\xff\xff\xff")[0], 400)
        # Chunks are not limited so, and two queries are told apart.
        both = request([(0, "__name__", "many")], self.base, self.base + 3_600_000, accepted=(1,), copies=2)
        status, _, body = self.post(self.hearth_server, both)
        self.assertEqual(status, 200)
        self.assertEqual([dict(fields_of(frame)).get(2, 0) for frame in frames_of(body)], [0] * 300 + [1] * 300)


def unsnapped(block):
    """The text of a snappy block."""
    length, at = read_varint(block, 0)
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            size = (tag >> 2) + 1
            if size > 60:
                extra = size - 60
                size = int.from_bytes(block[at:at + extra], "little") + 1
                at += extra
            out += block[at:at + size]
            at += size
            continue
        if tag & 3 == 1:
            size, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | block[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            size, offset = (tag >> 2) + 1, int.from_bytes(block[at:at + width], "little")
            at += width
        for _ in range(size):
            out.append(out[-offset])
    assert len(out) == length
    return bytes(out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
