"""Expositions for end-to-end tests: io.prometheus.client messages written by hand, and a server that gives them."""

import http.server
import struct
import threading

PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"

COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM, GAUGE_HISTOGRAM = range(6)


# ---- the wire ----------------------------------------------------------------------------------

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    return varint(number << 1 ^ number >> 63)


def field_varint(field, number):
    return varint(field << 3) + varint(number)


def field_signed(field, number):
    return varint(field << 3) + zigzag(number)


def field_double(field, number):
    return varint(field << 3 | 1) + struct.pack("<d", number)


def field_bytes(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def delimited(*families):
    return b"".join(varint(len(f)) + f for f in families)


# ---- messages ----------------------------------------------------------------------------------

def family(name, kind, *metrics, help="", unit=""):
    out = field_bytes(1, name)
    if help:
        out += field_bytes(2, help)
    out += field_varint(3, kind) + b"".join(field_bytes(4, m) for m in metrics)
    return out + (field_bytes(5, unit) if unit else b"")


def metric(field, value, labels=(), time_ms=0):
    out = b"".join(field_bytes(1, field_bytes(1, n) + field_bytes(2, v)) for n, v in dict(labels).items())
    out += field_bytes(field, value)
    return out + (field_varint(6, time_ms) if time_ms else b"")


def timestamp(seconds):
    return field_varint(1, int(seconds)) + field_varint(2, int(round(seconds % 1 * 1e9)))


def exemplar(value, labels=(("trace_id", "t"),), at=None):
    out = b"".join(field_bytes(1, field_bytes(1, n) + field_bytes(2, v)) for n, v in labels)
    out += field_double(2, value)
    return out + (field_bytes(3, timestamp(at)) if at is not None else b"")


def counter(value, labels=(), example=None, created=None, time_ms=0):
    body = field_double(1, value)
    body += field_bytes(2, example) if example else b""
    body += field_bytes(3, timestamp(created)) if created else b""
    return metric(3, body, labels, time_ms)


def gauge(value, labels=(), time_ms=0):
    return metric(2, field_double(1, value), labels, time_ms)


def untyped(value, labels=(), time_ms=0):
    return metric(5, field_double(1, value), labels, time_ms)


def summary(count, total, quantiles=(), labels=(), created=None):
    body = field_varint(1, count) + field_double(2, total)
    body += b"".join(field_bytes(3, field_double(1, q) + field_double(2, v)) for q, v in quantiles)
    body += field_bytes(4, timestamp(created)) if created else b""
    return metric(4, body, labels)


def bucket(bound, count, example=None, is_float=False):
    body = field_double(4, count) if is_float else field_varint(1, count)
    return field_bytes(3, body + field_double(2, bound) + (field_bytes(3, example) if example else b""))


def histogram(count, total, buckets=(), native=None, labels=(), created=None, examples=(), is_float=False):
    """`buckets` are (bound, cumulative count[, exemplar]); `native` is what native() gives."""
    body = field_double(4, count) if is_float else field_varint(1, count)
    body += field_double(2, total)
    body += b"".join(bucket(*b, is_float=is_float) for b in buckets)
    body += native or b""
    body += field_bytes(15, timestamp(created)) if created else b""
    return metric(7, body + b"".join(field_bytes(16, e) for e in examples), labels)


def native(schema, positive=((), ()), negative=((), ()), zero_count=0, zero_threshold=0, is_float=False, packed=True):
    """Sides are (spans, counts): differences for integers, counts for floats."""
    body = field_signed(5, schema) + field_double(6, zero_threshold)
    body += field_double(8, zero_count) if is_float else field_varint(7, zero_count)
    for (spans, counts), first in ((negative, 9), (positive, 12)):
        body += b"".join(field_bytes(first, field_signed(1, o) + field_varint(2, n)) for o, n in spans)
        if is_float:
            values = [struct.pack("<d", c) for c in counts]
            body += (field_bytes(first + 2, b"".join(values)) if packed else
                     b"".join(varint(first + 2 << 3 | 1) + v for v in values))
        elif packed:
            body += field_bytes(first + 1, b"".join(map(zigzag, counts)))
        else:
            body += b"".join(field_signed(first + 1, c) for c in counts)
    return body


NO_OP_SPAN = field_bytes(12, field_signed(1, 0) + field_varint(2, 0))


# ---- a target ----------------------------------------------------------------------------------

class Target:
    """Serves {path: (content type, body)}, and keeps the headers of the last request of each path and version."""

    def __init__(self, pages):
        self.pages, self.headers = dict(pages), {}
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                target.headers.setdefault(self.path, {})[self.headers["User-Agent"].split("/")[1].split("+")[0]] = self.headers
                content_type, body = target.pages[self.path]
                self.send_response(200)
                if content_type is not None:
                    self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
