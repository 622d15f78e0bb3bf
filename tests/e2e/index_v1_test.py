"""Blocks with an index of version 1, as Prometheus wrote them before 2.0: read and compacted as Prometheus does it."""

import json
import struct
import subprocess
import unittest

from remote_write import varint as uvarint
from servers import HEARTHTOOL, EndToEnd, get, peer, samples_of, use_prometheus_3
from wal_damage_test import crc32c, varint

ULID = "01BX6V6TY06G5MFQ0GPH7EMXRH"
START = 1_507_500_000_000 // 7_200_000 * 7_200_000


def checked(content):
    return content + struct.pack(">I", crc32c(content))


def text(value):
    value = value.encode()
    return uvarint(len(value)) + value


def section(content):
    return struct.pack(">I", len(content)) + checked(content)


def chunk(at, value):
    """An XOR chunk of one sample has no bits but those of its numbers."""
    return struct.pack(">H", 1) + varint(at) + struct.pack(">d", value)


class Block:
    """Series with one chunk a sample, in the files of a block."""

    def __init__(self, series):
        self.chunks = bytearray(struct.pack(">IB", 0x85BD40DD, 1) + bytes(3))
        self.series = sorted(series.items(), key=lambda item: sorted(item[0]))
        self.index = self.write_index()

    def add_chunk(self, at, value):
        ref = len(self.chunks)
        data = chunk(at, value)
        self.chunks += uvarint(len(data)) + checked(b"\x01" + data)
        return ref

    def write_index(self):
        out = bytearray(struct.pack(">IB", 0xBAAAD700, 1))
        symbols = sorted({part for labels, _ in self.series for pair in labels for part in pair})
        symbols_at = len(out)
        places, content = {}, bytearray(struct.pack(">I", len(symbols)))
        for symbol in symbols:
            places[symbol] = symbols_at + 4 + len(content)
            content += text(symbol)
        out += section(bytes(content))

        series_at = len(out)
        lists = {("", ""): []}
        for labels, samples in self.series:
            entry = uvarint(len(labels)) + b"".join(uvarint(places[part]) for pair in sorted(labels) for part in pair)
            entry += uvarint(len(samples))
            last = None
            for at, value in samples:
                ref = self.add_chunk(at, value)
                if last is None:
                    entry += varint(at) + uvarint(0) + uvarint(ref)
                else:
                    entry += uvarint(at - last[0]) + uvarint(0) + varint(ref - last[1])
                last = at, ref
            for pair in [("", ""), *labels]:
                lists.setdefault(pair, []).append(len(out))
            out += uvarint(len(entry)) + checked(entry)

        label_indices_at, label_table = len(out), []
        for name in sorted({name for name, _ in lists if name}):
            values = sorted(value for other, value in lists if other == name)
            label_table.append((name, len(out)))
            out += section(struct.pack(">II", 1, len(values)) + b"".join(struct.pack(">I", places[v]) for v in values))

        postings_at, table = len(out), []
        # In no order, which version 1 allowed.
        for pair in sorted(lists, key=lambda pair: (pair[0], pair[1][::-1]), reverse=True):
            table.append((pair, len(out)))
            refs = lists[pair]
            out += section(struct.pack(">I", len(refs)) + b"".join(struct.pack(">I", ref) for ref in refs))
        label_table_at = len(out)
        out += section(struct.pack(">I", len(label_table)) +
                       b"".join(uvarint(1) + text(name) + uvarint(at) for name, at in label_table))
        postings_table_at = len(out)
        out += section(struct.pack(">I", len(table)) +
                       b"".join(uvarint(2) + text(name) + text(value) + uvarint(at) for (name, value), at in table))
        out += checked(struct.pack(">6Q", symbols_at, series_at, label_indices_at, label_table_at, postings_at,
                                   postings_table_at))
        return bytes(out)

    def write(self, directory):
        block = directory / ULID
        (block / "chunks").mkdir(parents=True)
        (block / "chunks" / "000001").write_bytes(self.chunks)
        (block / "index").write_bytes(self.index)
        (block / "tombstones").write_bytes(struct.pack(">IB", 0x0130BA30, 1) + struct.pack(">I", 0))
        samples = sum(len(samples) for _, samples in self.series)
        (block / "meta.json").write_text(json.dumps({
            "ulid": ULID, "minTime": START, "maxTime": START + 7_200_000,
            "stats": {"numSamples": samples, "numSeries": len(self.series), "numChunks": samples},
            "compaction": {"level": 1, "sources": [ULID]}, "version": 1}))


def setUpModule():
    use_prometheus_3()


class IndexV1(EndToEnd):
    def setUp(self):
        super().setUp()
        series = {}
        for i in range(70):
            labels = (("__name__", f"metric_{i % 3}"), ("instance", f"host{i}"), ("job", "even" if i % 2 == 0 else "odd"))
            series[labels] = [(START + 60_000 * (i + k * 10), i + k / 8) for k in range(1 + i % 4)]
        series[(("__name__", "metric_9"), ("ü", "ÿ" * 200))] = [(START + 1, -1.5)]
        self.block = Block(series)

    def open(self, start, data):
        return start(self.config({}), data=data, flags=["--storage.tsdb.retention.time=100y"])

    def answers(self, server):
        at = (START + 7_199_000) / 1000
        found = {}
        for query in ('{__name__=~".+"}[2h]', 'metric_1{job="odd"}[2h]', '{job!="odd",__name__!=""}[2h]',
                      '{instance=~"host[1-3].",job=~"even|other"}[2h]', 'metric_9[2h]'):
            found[query] = samples_of(server.instant(query, at))
        for path in ("labels", "label/instance/values", "label/job/values?match[]=metric_2", "series?match[]=metric_0"):
            path += ("&" if "?" in path else "?") + f"start={START / 1000}&end={at}"
            found[path] = json.loads(get(f"{server.url}/api/v1/{path}")[1])["data"]
        self.assertEqual(server.stop(), 0)
        return found

    def test_it_is_read_as_prometheus_reads_it(self):
        self.block.write(self.dir / "ours")
        self.block.write(self.dir / "theirs")
        theirs = self.answers(self.open(self.prometheus, "theirs"))
        self.assertEqual(sum(map(len, theirs['{__name__=~".+"}[2h]'].values())), sum(len(s) for _, s in self.block.series))
        self.assertEqual(self.answers(self.open(self.hearth, "ours")), theirs)
        verified = subprocess.run([HEARTHTOOL, "tsdb", "verify", self.dir / "ours"], capture_output=True, text=True)
        self.assertEqual(verified.returncode, 0, verified.stdout)
        dumped = subprocess.run([peer("promtool"), "tsdb", "dump", self.dir / "ours"], capture_output=True, text=True)
        self.assertEqual(dumped.returncode, 0, dumped.stderr)

    def test_its_compaction_is_a_block_of_version_2(self):
        self.block.write(self.dir / "data")
        server = self.hearth(self.config({}), flags=["--storage.tsdb.retention.time=100y", "--web.enable-admin-api"])
        before = samples_of(server.instant('{__name__=~".+"}[2h]', (START + 7_199_000) / 1000))
        status, _ = get(f"{server.url}/api/v1/admin/tsdb/delete_series?match[]=metric_9", form={})
        self.assertEqual(status, 204)
        self.assertEqual(get(f"{server.url}/api/v1/admin/tsdb/clean_tombstones", form={})[0], 204)
        self.assertEqual(server.stop(), 0)
        index, = (self.dir / "data").glob("01*/index")
        self.assertNotEqual(index.parent.name, ULID)
        self.assertEqual(index.read_bytes()[4], 2)
        prometheus = self.open(self.prometheus, "data")
        after = samples_of(prometheus.instant('{__name__=~".+"}[2h]', (START + 7_199_000) / 1000))
        self.assertEqual(after, {labels: points for labels, points in before.items() if "metric_9" not in labels})
        self.assertEqual(prometheus.stop(), 0)


if __name__ == "__main__":
    unittest.main()
