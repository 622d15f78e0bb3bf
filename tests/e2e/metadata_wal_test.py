"""With metadata-wal-records a scrape's HELP, TYPE and UNIT are in the log: the same as Prometheus writes."""

import http.server
import threading
import unittest

from servers import EndToEnd, get, use_prometheus_3, wait_for

PAGE = 32 * 1024

TEXT = """# HELP requests_total Requests{generation}.
# TYPE requests_total counter
requests_total{{code="200"}} 1
requests_total{{code="500"}} 2
# TYPE latency_seconds histogram
# HELP latency_seconds Latency\\nin seconds, a \\\\ in it.
latency_seconds_bucket{{le="1"}} 1
latency_seconds_bucket{{le="+Inf"}} 2
latency_seconds_sum 3
latency_seconds_count 2
without_any 1
# HELP stray Help of another family.
not_stray 1
# HELP temperature Degrees.
# TYPE temperature {type}
temperature{{room="a"}} 20
"""
MORE = """temperature{{room="b"}} 21
# TYPE late summary
# HELP late Came later.
late{{quantile="0.5"}} 1
late_sum 1
late_count 1
"""
OPEN_METRICS = """# HELP jobs Jobs done{generation}.
# TYPE jobs counter
jobs_total 1
# TYPE run_seconds gauge
# UNIT run_seconds seconds
# HELP run_seconds Time of a run.
run_seconds 2
# TYPE build info
build_info{{version="1"}} 1
# TYPE open stateset
open{{open="a"}} 1
# EOF
"""


class Target(http.server.BaseHTTPRequestHandler):
    generation = 0

    def do_GET(self):
        words = {"generation": " again" if self.generation == 2 else "", "type": "counter" if self.generation == 2 else "gauge"}
        text = OPEN_METRICS if self.path == "/open" else TEXT + (MORE if self.generation > 0 else "")
        body = text.format(**words).encode()
        self.send_response(200)
        kind = "application/openmetrics-text; version=1.0.0; charset=utf-8" if self.path == "/open" else "text/plain; version=0.0.4"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def records(wal):
    """The records of an uncompressed log."""
    for path in sorted(wal.glob("0*")):
        data = path.read_bytes()
        at, whole = 0, b""
        while at < len(data):
            kind = data[at]
            if kind == 0:
                at = (at // PAGE + 1) * PAGE
                continue
            assert kind < 8, "compressed"
            length = int.from_bytes(data[at + 1:at + 3], "big")
            part = data[at + 7:at + 7 + length]
            at += 7 + length
            whole = part if kind in (1, 2) else whole + part
            if kind in (1, 4):
                yield whole


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 1

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def uvarint(self):
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def text(self):
        return self.take(self.uvarint()).decode()

    def pairs(self):
        return tuple((self.text(), self.text()) for _ in range(self.uvarint()))

    def more(self):
        return self.at < len(self.data)


def metadata_of(wal):
    """{labels: [(type, unit and help), ...]} in the order of the log."""
    series, told = {}, {}
    for record in records(wal):
        reader = Reader(record)
        while record[0] == 1 and reader.more():
            ref = int.from_bytes(reader.take(8), "big")
            series[ref] = reader.pairs()
        while record[0] == 6 and reader.more():
            ref, kind, fields = reader.uvarint(), reader.take(1)[0], dict(reader.pairs())
            told.setdefault(series[ref], []).append((kind, fields))
    return told


class MetadataInTheLog(EndToEnd):
    def setUp(self):
        super().setUp()
        self.target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        threading.Thread(target=self.target.serve_forever, daemon=True).start()
        self.addCleanup(self.target.server_close)
        self.addCleanup(self.target.shutdown)

    def life(self, start, data, feature):
        """What is in the log after scrapes of three generations of the exposition."""
        port = self.target.server_address[1]
        config = self.config({}, interval="200ms", name=f"{data}.yml", extra="".join(
            f"  - job_name: {name}\n    metrics_path: /{name}\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
            for name in ("text", "open")))
        flags = ["--no-storage.tsdb.wal-compression"] + (["--enable-feature=metadata-wal-records"] if feature else [])
        Target.generation = 0
        server = start(config, data=data, flags=flags)

        def scraped(times):
            return all(float(value) >= times for query in ("text", "open")
                       for value in [server.api("query", query=f'count_over_time(up{{job="{query}"}}[1h])')["result"]][0]
                       for value in [value["value"][1]])

        scrapes = 0
        for generation in range(3):
            Target.generation = generation
            scrapes += 4
            wait_for(lambda: len(server.api("query", query="up")["result"]) == 2 and scraped(scrapes), "scrapes")
        self.assertEqual(server.stop(), 0)
        return metadata_of(self.dir / data / "wal")

    def test_nothing_is_written_without_the_feature(self):
        self.assertEqual(self.life(self.hearth, "plain", False), {})

    def test_it_is_what_prometheus_writes(self):
        use_prometheus_3()
        ours = self.life(self.hearth, "ours", True)
        theirs = self.life(self.prometheus, "theirs", True)
        self.assertGreater(len(ours), 20)
        self.assertEqual({dict(labels)["__name__"] for labels in ours} & {"without_any", "not_stray"}, set())
        for labels in sorted(set(ours) | set(theirs)):
            self.assertEqual(ours.get(labels), theirs.get(labels), labels)

    def test_it_is_not_written_again_after_a_restart(self):
        first = self.life(self.hearth, "twice", True)
        again = self.life(self.hearth, "twice", True)
        # The first and the last generation say different things of some; the others are told once.
        changing = {"requests_total", "temperature", "jobs_total"}
        for labels, told in again.items():
            if dict(labels)["__name__"] not in changing:
                self.assertEqual(told, first[labels], labels)


if __name__ == "__main__":
    unittest.main()
