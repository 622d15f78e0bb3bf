"""The remote-write receiver against a real Prometheus: the same requests, good, odd and hostile, get the same
answers from both; and a real Prometheus that sends to Hearth finds its samples there again."""

import json
import struct
import time
import unittest

from remote_write import Histogram, Sender, field, label_pairs, message, varint
from servers import EndToEnd, free_port, get, samples_of, wait_for, use_prometheus_3

V1 = "application/x-protobuf"
V2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
NOW = int(time.time() * 1000)
COUNTS = [f"X-Prometheus-Remote-Write-{what}-Written" for what in ("Samples", "Histograms", "Exemplars")]


def sample(t, value):
    return field(1, 1, struct.pack("<d", value)) + field(2, 0, varint(t))


def packed(refs):
    return field(1, 2, b"".join(varint(ref) for ref in refs))


def message_v2(series, symbols=(), extra=b""):
    """series: [(labels in their order as pairs, or a list of refs, [(t, value or Histogram)], {options})]"""
    symbols = list(symbols) or [""]
    body = b""

    def place(text):
        if text not in symbols:
            symbols.append(text)
        return symbols.index(text)

    for labels, samples, *options in series:
        options = options[0] if options else {}
        refs = [place(text) if isinstance(text, str) else text for pair in labels
                for text in (pair if isinstance(pair, tuple) else (pair,))]
        one = packed(refs)
        for t, value in samples:
            one += field(3, 2, value.encoded(t)) if isinstance(value, Histogram) else field(2, 2, sample(t, value))
        for exemplar_labels, value, t in options.get("exemplars", ()):
            refs = [place(text) for pair in exemplar_labels for text in pair]
            one += field(4, 2, packed(refs) + field(2, 1, struct.pack("<d", value)) + field(3, 0, varint(t)))
        if "help" in options:
            one += field(5, 2, field(1, 0, varint(1)) + field(3, 0, varint(place(options["help"]))))
        if "created" in options:
            one += field(6, 0, varint(options["created"]))
        body += field(5, 2, one)
    return b"".join(field(4, 2, symbol.encode()) for symbol in symbols) + body + extra


def labels(name, **others):
    return {"__name__": name, **others}


def pairs(name, **others):
    return sorted(labels(name, **others).items())


def bad_histogram(t):
    h = Histogram({1: 2, 2: 3})
    h.count = 99
    return h


def raw_v1(label_bytes, t):
    return field(1, 2, label_bytes + field(2, 2, sample(t, 1)))


def raw_label(name, value):
    return field(1, 2, field(1, 2, name) + field(2, 2, value))


# What both are asked, in this order: (name, content type, body). Later ones build on what earlier ones stored.
CASES = [
    ("v1 samples", V1, message([(labels("a"), [(NOW - 5000, 1.0), (NOW - 4000, 2.0)]), (labels("b", x="1"), [(NOW - 5000, 3.0)])])),
    ("v1 the same again", V1, message([(labels("a"), [(NOW - 4000, 2.0)])])),
    ("v1 duplicate", V1, message([(labels("new1"), [(NOW, 1.0)]), (labels("a"), [(NOW - 4000, 5.0)])])),
    ("v1 out of order", V1, message([(labels("new2"), [(NOW, 1.0)]), (labels("a"), [(NOW - 4500, 5.0)])])),
    ("v1 out of bounds", V1, message([(labels("old"), [(NOW - 86_400_000, 1.0)])])),
    ("v1 too far ahead", V1, message([(labels("new3"), [(NOW, 1.0)]), (labels("ahead"), [(NOW + 700_000, 1.0)])])),
    ("v1 a little ahead", V1, message([(labels("ahead"), [(NOW + 200_000, 1.0)])])),
    ("v1 disorder within", V1, message([(labels("disorder"), [(NOW - 2000, 1.0), (NOW - 3000, 2.0), (NOW - 1000, 3.0)])])),
    ("v1 no name", V1, message([({"x": "1"}, [(NOW, 1.0)]), (labels("named"), [(NOW, 1.0)])])),
    ("v1 no labels", V1, message([({}, [(NOW, 1.0)])])),
    ("v1 no samples", V1, message([(labels("nothing"), [])])),
    ("v1 empty value", V1, message([(labels("emptyvalue", gone="", kept="1"), [(NOW, 1.0)])])),
    ("v1 empty name", V1, raw_v1(raw_label(b"__name__", b"x") + raw_label(b"", b"1"), NOW)),
    ("v1 empty metric name", V1, raw_v1(raw_label(b"__name__", b""), NOW)),
    ("v1 unsorted", V1, raw_v1(raw_label(b"z", b"1") + raw_label(b"__name__", b"unsorted"), NOW)),
    ("v1 twice a label", V1, raw_v1(raw_label(b"__name__", b"twice") + raw_label(b"a", b"1") + raw_label(b"a", b"2"), NOW)),
    ("v1 bad UTF-8 value", V1, raw_v1(raw_label(b"__name__", b"utf") + raw_label(b"a", b"\xff\xfe"), NOW)),
    ("v1 bad UTF-8 name", V1, raw_v1(raw_label(b"__name__", b"utf") + raw_label(b"\xff", b"1"), NOW)),
    ("v1 UTF-8", V1, raw_v1(raw_label(b"__name__", "größe.%".encode()) + raw_label("lä bel".encode(), b"1"), NOW)),
    ("v1 NaN, stale, infinite", V1, message([(labels("odd"), [(NOW - 3, float("nan")), (NOW - 2, struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]), (NOW - 1, float("-inf"))])])),
    ("v1 unknown fields", V1, message([(labels("unknown"), [(NOW, 1.0)])]) + field(9, 2, b"what") + field(15, 0, varint(3))),
    ("v1 metadata list", V1, field(3, 2, field(1, 0, varint(1)) + field(2, 2, b"a")) + message([(labels("meta"), [(NOW, 1.0)])])),
    ("v1 histogram", V1, message([(labels("h"), [(NOW - 2000, Histogram({1: 2, 2: 3}, {1: 1}, zero=2, total=4.5))])])),
    ("v1 histogram out of order", V1, message([(labels("h"), [(NOW - 3000, Histogram({1: 2}))])])),
    ("v1 histogram duplicate", V1, message([(labels("h"), [(NOW - 2000, Histogram({1: 9}))])])),
    ("v1 float histogram", V1, message([(labels("fh"), [(NOW - 2000, Histogram({1: 2.5}, exact=True))])])),
    ("v1 custom buckets", V1, message([(labels("ch"), [(NOW - 2000, Histogram({0: 2, 1: 3}, schema=-53, bounds=(1.0, 2.0)))])])),
    ("v1 sample at a histogram's time", V1, message([(labels("h"), [(NOW - 2000, 1.0)])])),
    ("v1 gauge histogram", V1, message([(labels("gh"), [(NOW - 2000, Histogram({1: 2}, gauge=True))])])),
    ("v1 sample in a histogram series", V1, message([(labels("h"), [(NOW - 1000, 1.0)])])),
    ("v1 exemplar", V1, message([(labels("ex"), [(NOW - 1000, 1.0)], [({"trace_id": "abc"}, 0.5, NOW - 1000)])])),
    ("v1 exemplar out of order", V1, message([(labels("ex"), [(NOW - 900, 1.0)], [({"trace_id": "x"}, 0.5, NOW - 9000)])])),
    ("v1 long exemplar", V1, message([(labels("ex"), [(NOW - 800, 1.0)], [({"trace_id": "x" * 200}, 0.5, NOW - 800)])])),
    ("v1 empty request", V1, b""),
    ("v1 by its name", "application/x-protobuf;proto=prometheus.WriteRequest", message([(labels("byname"), [(NOW, 1.0)])])),
    ("v1 malformed", V1, b"\x0a\xff\xff\xff"),
    ("v1 wrong wire type", V1, field(1, 0, varint(5))),
    ("v1 malformed label", V1, raw_v1(field(1, 2, b"\x0a\x7f"), NOW)),
    ("v1 malformed sample", V1, field(1, 2, raw_label(b"__name__", b"m") + field(2, 2, b"\x09\x00"))),
    ("tag 0", V1, b"\x00\x01"),

    ("v2 samples", V2, message_v2([(pairs("a2"), [(NOW - 5000, 1.0), (NOW - 4000, 2.0)]), (pairs("b2", x="1"), [(NOW - 5000, 3.0)])])),
    ("v2 the same again", V2, message_v2([(pairs("a2"), [(NOW - 4000, 2.0)])])),
    ("v2 duplicate", V2, message_v2([(pairs("new12"), [(NOW, 1.0)]), (pairs("a2"), [(NOW - 4000, 5.0), (NOW - 3900, 6.0)])])),
    ("v2 out of order", V2, message_v2([(pairs("new22"), [(NOW, 1.0)]), (pairs("a2"), [(NOW - 4500, 5.0)]), (pairs("b2", x="1"), [(NOW - 6000, 5.0)])])),
    ("v2 out of bounds", V2, message_v2([(pairs("old2"), [(NOW - 86_400_000, 1.0)])])),
    ("v2 too far ahead", V2, message_v2([(pairs("ahead2"), [(NOW, 1.0), (NOW + 700_000, 1.0)])])),
    ("v2 disorder within", V2, message_v2([(pairs("disorder2"), [(NOW - 2000, 1.0), (NOW - 3000, 2.0)])])),
    ("v2 no name", V2, message_v2([([("x", "1")], [(NOW, 1.0)]), (pairs("named2"), [(NOW, 1.0)])])),
    ("v2 twice a label", V2, message_v2([(pairs("twice2") + [("a", "1"), ("a", "2")], [(NOW, 1.0)])])),
    ("v2 empty value", V2, message_v2([(pairs("emptyvalue2", gone="", kept="1"), [(NOW, 1.0)])])),
    ("v2 unsorted", V2, message_v2([([("z", "1"), ("__name__", "unsorted2")], [(NOW, 1.0)])])),
    ("v2 histogram", V2, message_v2([(pairs("h2"), [(NOW - 2000, Histogram({1: 2, 2: 3}))])])),
    ("v2 histogram out of order", V2, message_v2([(pairs("h2"), [(NOW - 3000, Histogram({1: 2})), (NOW - 1000, Histogram({1: 9}))])])),
    ("v2 float histogram", V2, message_v2([(pairs("fh2"), [(NOW - 2000, Histogram({1: 2.5}, exact=True))])])),
    ("v2 samples and histograms", V2, message_v2([(pairs("both2"), [(NOW - 2000, 1.0), (NOW - 1000, Histogram({1: 2}))])])),
    ("v2 exemplars", V2, message_v2([(pairs("ex2"), [(NOW - 1000, 1.0)], {"exemplars": [([("trace_id", "abc")], 0.5, NOW - 1000)]})])),
    ("v2 exemplar out of order", V2, message_v2([(pairs("ex2"), [(NOW - 900, 1.0)], {"exemplars": [([("trace_id", "x")], 0.5, NOW - 9000)]})])),
    ("v2 exemplar once more", V2, message_v2([(pairs("ex2"), [(NOW - 800, 1.0)], {"exemplars": [([("trace_id", "abc")], 0.5, NOW - 1000)]})])),
    ("v2 long exemplar", V2, message_v2([(pairs("ex2"), [(NOW - 700, 1.0)], {"exemplars": [([("trace_id", "x" * 200)], 0.5, NOW - 700)]})])),
    ("v2 metadata", V2, message_v2([(pairs("meta2"), [(NOW, 1.0)], {"help": "What it counts."})])),
    ("v2 created", V2, message_v2([(pairs("created2"), [(NOW, 1.0)], {"created": NOW - 5000})])),
    ("v2 empty request", V2, b""),
    ("v2 malformed", V2, b"\x2a\xff"),
    ("a 1.0 message as 2.0", V2, message([(labels("mistaken"), [(NOW, 1.0)])])),
    ("a 2.0 message as 1.0", V1, message_v2([(pairs("mistaken2"), [(NOW, 1.0)])])),

    ("another content type", "application/json", b""),
    ("another message", "application/x-protobuf;proto=io.prometheus.write.v3.Request", b""),
    ("a parameter without a value", "application/x-protobuf;proto", b""),
    ("another parameter", "application/x-protobuf;charset=x", message([(labels("charset"), [(NOW, 1.0)])])),
]

# Prometheus 3.5 answers these 500 or drops the connection; later ones 400, as Hearth does.
LATER = [
    ("v1 bad histogram", V1, message([(labels("badh"), [(NOW, bad_histogram(NOW))])]), 400),
    ("v2 bad histogram", V2, message_v2([(pairs("badh2"), [(NOW, bad_histogram(NOW))])]), 400),
    ("v2 odd refs", V2, message_v2([([1, 2, 1], [(NOW, 1.0)])], symbols=["", "__name__", "a"]), 400),
    ("v2 unknown refs", V2, message_v2([([1, 99], [(NOW, 1.0)])], symbols=["", "__name__", "a"]), 400),
    ("v2 no samples", V2, message_v2([(pairs("nothing2"), [])]), 400),
]

# Texts of Go's protobuf are its own; "another message" reads as in later versions.
OWN_TEXT = {"another message", "v1 malformed", "v1 wrong wire type", "v1 malformed label", "v1 malformed sample", "tag 0", "v2 malformed",
            "a 1.0 message as 2.0"}


def setUpModule():
    use_prometheus_3()


class RemoteWrite(EndToEnd):
    flags = ("--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage")

    def test_both_answer_alike(self):
        config = self.config({})
        theirs = self.prometheus(config, flags=[*self.flags, "--enable-feature=native-histograms"])
        ours = self.hearth(config, flags=self.flags)
        for name, content_type, body in CASES:
            with self.subTest(name):
                there, here = (self.ask(server, content_type, body) for server in (theirs, ours))
                self.assertEqual(there[0], here[0], f"{there} {here}")
                self.assertEqual(there[2], here[2])
                if name not in OWN_TEXT:
                    self.assertEqual(there[1], here[1])
        with self.subTest("what is stored"):
            query = {"query": '{__name__=~".+"}[1m]', "time": (NOW + 1000) / 1000}
            there, here = (sorted(map(json.dumps, server.api("query", **query)["result"])) for server in (theirs, ours))
            self.assertEqual(there, here)
        with self.subTest("exemplars"):
            query = {"query": '{__name__=~".+"}', "start": (NOW - 20_000) / 1000, "end": NOW / 1000}
            self.assertEqual(*(server.api("query_exemplars", **query) for server in (theirs, ours)))
        with self.subTest("what is counted"):
            def counted(server):
                return [line for line in get(server.url + "/metrics")[1].splitlines()
                        if line.startswith("prometheus_api_remote_write_")]
            self.assertEqual(counted(theirs), counted(ours))

    def test_what_later_versions_answer(self):
        ours = self.hearth(self.config({}), flags=self.flags)
        self.assertEqual(self.ask(ours, V1, message([(labels("a"), [(NOW, 1.0)])])), (204, "", [None] * 3))
        both = message_v2([(pairs("b"), [(NOW, 1.0)]), (pairs("h"), [(NOW, Histogram({1: 2}))])])
        self.assertEqual(self.ask(ours, V2, both), (204, "", ["1", "1", "0"]))
        for name, content_type, body, status in LATER:
            with self.subTest(name):
                self.assertEqual(self.ask(ours, content_type, body)[0], status)

    def test_it_is_off_until_it_is_asked_for(self):
        config = self.config({})
        theirs, ours = self.prometheus(config), self.hearth(config)
        body = message([(labels("a"), [(NOW, 1.0)])])
        self.assertEqual(self.ask(theirs, V1, body), self.ask(ours, V1, body))

    def test_only_the_messages_that_are_accepted(self):
        config = self.config({})
        flags = [*self.flags, "--web.remote-write-receiver.accepted-protobuf-messages=prometheus.WriteRequest"]
        theirs, ours = self.prometheus(config, flags=flags), self.hearth(config, flags=flags)
        there, here = (self.ask(server, V2, message_v2([(pairs("a"), [(NOW, 1.0)])])) for server in (theirs, ours))
        self.assertEqual((there[0], here[0]), (415, 415))

    def send_from_prometheus(self, message_name):
        port = free_port()
        ours = self.hearth(self.config({}, name="ours.yml"), flags=self.flags, port=port)
        node = self.node_exporter()
        extra = ("remote_write:\n"
                 f"  - url: http://127.0.0.1:{port}/api/v1/write\n"
                 f"    protobuf_message: {message_name}\n"
                 "    send_exemplars: true\n    send_native_histograms: true\n"
                 "    queue_config: {batch_send_deadline: 1s}\n")
        config = self.config({"node": node.port}, extra=extra)
        theirs = self.prometheus(config, flags=["--enable-feature=native-histograms"])
        wait_for(lambda: theirs.instant('count_over_time(up{job="node"}[1m]) > 4', time.time()), "a few scrapes")
        query = {"query": '{job="node"}[4s]', "time": int(time.time())}
        there = wait_for(lambda: samples_of(theirs.api("query", **query)["result"]), "samples in Prometheus")
        self.assertGreater(len(there), 100)
        wait_for(lambda: samples_of(ours.api("query", **query)["result"]) == there, "the same samples in Hearth", 15)

    def test_prometheus_sends_1_0(self):
        self.send_from_prometheus("prometheus.WriteRequest")

    def test_prometheus_sends_2_0(self):
        self.send_from_prometheus("io.prometheus.write.v2.Request")

    def ask(self, server, content_type, body):
        """(status, text, counts)"""
        sender = Sender(server.port)
        try:
            status, text, headers = sender.post(body, {"Content-Type": content_type})
            return status, text, [headers.get(name) for name in COUNTS]
        finally:
            sender.close()


if __name__ == "__main__":
    unittest.main()
