"""Sends samples by remote write 1.0, with nothing but the standard library.

A request is a protobuf message (prometheus.WriteRequest) in a snappy block; the block here holds literals
only, which every reader of snappy accepts.
"""

import http.client
import struct


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, wire_type, payload):
    key = varint(number << 3 | wire_type)
    return key + (varint(len(payload)) + payload if wire_type == 2 else payload)


def snappy(raw):
    out = bytearray(varint(len(raw)))
    for start in range(0, len(raw), 65536):
        part = raw[start:start + 65536]
        out += bytes([61 << 2]) + struct.pack("<H", len(part) - 1) + part
    return bytes(out)


def zigzag(number):
    return varint(number << 1 ^ number >> 63)


def label_pairs(labels):
    return b"".join(field(1, 2, field(1, 2, name.encode()) + field(2, 2, value.encode()))
                    for name, value in sorted(labels.items()))


class Histogram:
    """A native histogram: {bucket index: count} of positive and negative buckets, in spans without gaps.

    `exact`: its counts are floats. `bounds`: of custom buckets (schema -53).
    """

    def __init__(self, positive, negative=None, zero=0, total=0.0, schema=2, exact=False, bounds=(), gauge=False):
        self.positive, self.negative = positive, negative or {}
        self.zero, self.sum, self.schema, self.exact = zero, total, schema, exact
        self.bounds, self.gauge = list(bounds), gauge
        self.count = zero + sum(self.positive.values()) + sum(self.negative.values())

    def _buckets(self, buckets, spans_field, deltas_field, counts_field):
        out = b""
        last = None
        spans = []
        for index in sorted(buckets):
            if last is not None and index == last + 1:
                spans[-1][1] += 1
            else:
                spans.append([index if last is None else index - last - 1, 1])
            last = index
        for offset, length in spans:
            out += field(spans_field, 2, field(1, 0, zigzag(offset)) + field(2, 0, varint(length)))
        counts = [buckets[index] for index in sorted(buckets)]
        if self.exact:
            return out + (field(counts_field, 2, struct.pack(f"<{len(counts)}d", *counts)) if counts else b"")
        deltas = [count - before for count, before in zip(counts, [0, *counts])]
        return out + (field(deltas_field, 2, b"".join(zigzag(delta) for delta in deltas)) if deltas else b"")

    def encoded(self, t):
        if self.exact:
            out = field(2, 1, struct.pack("<d", self.count))
        else:
            out = field(1, 0, varint(self.count))
        out += field(3, 1, struct.pack("<d", self.sum)) + field(4, 0, zigzag(self.schema))
        out += field(5, 1, struct.pack("<d", 0.0 if self.bounds else 1e-128))
        if not self.bounds:
            out += field(7, 1, struct.pack("<d", self.zero)) if self.exact else field(6, 0, varint(self.zero))
        out += self._buckets(self.negative, 8, 9, 10) + self._buckets(self.positive, 11, 12, 13)
        if self.gauge:
            out += field(14, 0, varint(3))
        out += field(15, 0, varint(t))
        return out + (field(16, 2, struct.pack(f"<{len(self.bounds)}d", *self.bounds)) if self.bounds else b"")


def message(series):
    """series: [({label: value}, [(time in ms, value or Histogram)], and maybe [(exemplar's labels, value, time)])]"""
    request = b""
    for labels, samples, *exemplars in series:
        body = label_pairs(labels)
        for t, value in samples:
            if isinstance(value, Histogram):
                body += field(4, 2, value.encoded(t))
            else:
                body += field(2, 2, field(1, 1, struct.pack("<d", value)) + field(2, 0, varint(t)))
        for exemplar_labels, value, t in exemplars[0] if exemplars else ():
            body += field(3, 2, label_pairs(exemplar_labels) + field(2, 1, struct.pack("<d", value)) + field(3, 0, varint(t)))
        request += field(1, 2, body)
    return request


class Sender:
    """One connection to /api/v1/write of a server on loopback."""

    def __init__(self, port, timeout=30):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def post(self, body, headers=()):
        all_headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
                       "X-Prometheus-Remote-Write-Version": "0.1.0", **dict(headers)}
        self.connection.request("POST", "/api/v1/write", snappy(body), all_headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode(errors="replace"), dict(answer.getheaders())

    def send(self, series):
        """(status, body): 2xx means that all of it is stored."""
        status, body, _ = self.post(message(series))
        return status, body

    def close(self):
        self.connection.close()
