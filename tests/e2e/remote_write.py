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


def message(series):
    """series: [({label: value}, [(time in ms, value)])]"""
    request = b""
    for labels, samples in series:
        body = b"".join(field(1, 2, field(1, 2, name.encode()) + field(2, 2, value.encode()))
                        for name, value in sorted(labels.items()))
        body += b"".join(field(2, 2, field(1, 1, struct.pack("<d", value)) + field(2, 0, varint(t)))
                         for t, value in samples)
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
