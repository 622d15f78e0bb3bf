"""Queries that are made to hurt: each gets an answer or a clear error within seconds, memory stays bounded, and the
server lives. Queries over very many series end soon after their client leaves."""

import http.client
import json
import pathlib
import socket
import statistics
import struct
import time
import unittest
import urllib.parse

import remote_write
from servers import EndToEnd, get, wait_for

NOW = 1_700_000_000
SERIES = 200_000
HUGE_SERIES_SAMPLES = 400_000
SECONDS = 20  # for one answer: the timeout of 10 s, and what takes a while to notice it
MEGABYTES = 600  # of the queries of a server, as a flag
SOON = 1.0  # seconds until a query whose client left is gone; 0.1 is the aim, but tests may run on a busy machine


def nested(before, inner, after, times):
    return before * times + inner + after * times


# (what, query); the answers of these are an error with a text, or a result, never a failure of the server.
INSTANT = [
    ("parentheses", nested("(", "1", ")", 10_000)),
    ("open parentheses", "(" * 100_000),
    ("unary minus", "-" * 10_000 + "1"),
    ("unary minus over series", "-" * 10_000 + "few"),
    ("functions", nested("abs(", "few", ")", 10_000)),
    ("aggregations", nested("sum(", "few", ")", 10_000)),
    ("subqueries", nested("max_over_time(", "few", "[1h:1m])", 10_000)),
    ("subqueries of subqueries", nested("max_over_time(", "few", "[1d:1s])", 12)),
    ("binary operations to the left", "+".join(["few"] * 20_000)),
    ("binary operations to the right", "^".join(["1"] * 20_000)),
    ("binary operations of selectors", " or ".join(f"few{{n=\"{i}\"}}" for i in range(20_000))),
    ("everything", '{__name__=~".+"}'),
    ("everything sorted", 'sort_desc({__name__=~".+"})'),
    ("everything with itself", '{__name__=~".+"} * on(i) group_left {__name__="many"}'),
    ("everything named anew", 'label_replace({__name__=~".+"}, "x", "$1$1$1$1", "__name__", "((((.*))))")'),
    ("everything joined", 'label_join({__name__=~".+"}, "x", ",", ' + ",".join(['"i"'] * 1000) + ")"),
    ("huge @", "few @ 9223372036854775807"),
    ("huge @ of 1e300", "few @ 1e300"),
    ("small @", "few @ -9223372036854775"),
    ("@ of the last millisecond", "few @ 9223372036854775.807"),
    ("@ of nothing", "few @ NaN"),
    ("@ of infinity", "few @ +Inf"),
    ("long offset", "few offset 292y"),
    ("long offset back", "few offset -292y"),
    ("offset beyond all time", "few offset 10000y"),
    ("offset of numbers", "few offset 9e18"),
    ("offset of negative numbers", "few offset -9e18"),
    ("offset of 9223372036854775807 ms", "few offset 9223372036854775807ms"),
    ("long range", "rate(few[292y])"),
    ("long range at the end of time", "rate(few[292y] @ 9223372036854775)"),
    ("long subquery", "rate(few[292y:1ms])"),
    ("subquery of long steps", "rate(few[292y:291y])"),
    ("subquery of huge offset", "rate(few[1h:1m] offset -292y)"),
    ("subquery of many steps", "sum_over_time(many[1d:1ms])"),
    ("values counted", 'count_values("v", many)'),
    ("values counted in turn", 'count_values("w", count_values by (i) ("v", many))'),
    ("values counted for each series", 'count_values without (none) ("v", many)'),
    ("regex of 10 kB", 'many{i=~"' + "|".join(f"{i}.*x" for i in range(1500)) + '"}'),
    ("regex of 10 kB of optional letters", 'many{i=~"' + "a?" * 5000 + "a" * 5000 + '"}'),
    ("regex of nested repetition", 'many{i=~"(a{1,1000}){1,1000}"}'),
    ("regex of much nested repetition", 'many{i=~"((((a{0,10}){0,10}){0,10}){0,10}){0,10}"}'),
    ("regex of nested stars", 'many{i=~"' + nested("(", ".*", ")*", 1000) + 'x"}'),
    ("regex of nested parentheses", 'many{i=~"' + nested("(", "1", ")", 5000) + '"}'),
    ("regex of alternatives of alternatives", 'many{i=~"' + "(0|1|2|3|4|5|6|7|8|9)" * 500 + '"}'),
    ("regex of character classes", 'many{i=~"' + r"[\\p{L}\\p{N}]" * 800 + '"}'),
    ("regex of case folding", 'many{i=~"(?i)' + "abcdefghij" * 1000 + '"}'),
    ("label_replace of (a+)+", 'label_replace(many, "x", "$1", "i", "(([0-9]+)+)+([0-9]*)*!")'),
    ("label_replace of (.*)*", 'label_replace(many, "x", "$1", "i", "(.*)*(.*)*(.*)*(.*)*")'),
    ("label_replace that grows", nested("label_replace(", "few", ', "x", "$1$1", "x", "(.*)")', 64)),
    ("label_replace that grows something", nested(
        "label_replace(", 'label_replace(few, "x", "0123456789", "", "")', ', "x", "$1$1", "x", "(.*)")', 40)),
    ("1 MB of text", "few" + " " * 1_000_000),
    ("1 MB of a name", "a" * 1_000_000),
    ("1 MB of a string", '"' + "x" * 1_000_000 + '"'),
    ("1 MB of sums", "1" + "+1" * 500_000),
    ("1 MB of comparisons", "few" + ">0" * 300_000),
    ("10,000 matchers", "few{" + ",".join(f'i!="{i}"' for i in range(10_000)) + "}"),
    ("10,000 matchers by regex", "few{" + ",".join(f'i!~"{i}.+"' for i in range(10_000)) + "}"),
    ("10,000 matchers of nothing", "many{" + ",".join(f'l{i}=""' for i in range(10_000)) + "}"),
    ("10,000 labels in by", "sum by (" + ",".join(f"l{i}" for i in range(10_000)) + ") (many)"),
    ("quantile", "quantile(NaN, many) + quantile(-Inf, many) + quantile(+Inf, many) + quantile(1e308, many)"),
    ("topk of NaN", "topk(NaN, many)"),
    ("topk of infinity", "topk(+Inf, few)"),
    ("topk of too many", "topk(9223372036854775807, many)"),
    ("topk of 1e300", "topk(1e300, few)"),
    ("topk of less than nothing", "bottomk(-9e18, many)"),
    ("quantile over time", "quantile_over_time(NaN, few[1h]) or quantile_over_time(1e308, few[1h])"),
    ("smoothing", "double_exponential_smoothing(few[1h], NaN, 2)"),
    ("prediction", "predict_linear(few[1h], 1e308)"),
    ("rounding", "round(few, 1e-320) + round(few, NaN)"),
    ("clamping", "clamp(few, NaN, -Inf)"),
    ("times", "year(vector(1e300)) + month(vector(-1e300)) + day_of_month(vector(NaN)) + hour(vector(+Inf))"),
    ("years far away", "days_in_month(vector(9.2e15)) + year(vector(-9.2e15))"),
    ("numbers of many digits", "9" * 400_000),
    ("a huge hexadecimal number", "0x" + "f" * 1000),
    ("durations of many units", "few[" + "9" * 1000 + "y]"),
    ("escapes that end", '"\\u'),
    ("bytes that are no text", "few{i=\"\xff\xfe\"}\x00"),
]

# (what, query, start, end, step)
RANGE = [
    ("11,000 steps of everything", '{__name__=~".+"}', NOW - 10_700, NOW + 299, 1),
    ("11,000 steps of everything, summed", 'sum by (i) ({__name__=~".+"})', NOW - 10_700, NOW + 299, 1),
    ("11,000 steps of everything, sorted out", 'topk(100000, {__name__=~".+"})', NOW - 10_700, NOW + 299, 1),
    ("11,000 steps of counted values", 'count_values("v", time() + many)', NOW - 10_700, NOW + 299, 1),
    ("11,000 steps of a subquery", "sum_over_time(few[1d:1s])", NOW - 10_700, NOW + 299, 1),
    ("steps of nothing", "few", "-9e15", "9e15", "1e-9"),
    ("steps of a millisecond", "few", "-9e15", "9e15", "0.001"),
    ("all time in one step", "few", "-9e15", "9e15", "9e15"),
    ("all time in a few steps", "rate(few[292y])", "-9223372036854775", "9223372036854775", "9223372036854775"),
    ("a step beyond numbers", "few", 0, 1, "1e300"),
    ("a step of NaN", "few", 0, 1, "NaN"),
    ("a step of infinity", "few", 0, 1, "+Inf"),
    ("a start of NaN", "few", "NaN", 1, 1),
    ("an end of infinity", "few", 0, "Inf", 1),
    ("a start of 1e300", "few", "-1e300", "1e300", "1"),
    ("a long step", "few", 0, 1, "292y"),
    ("a step of a long duration", "few", 0, 1, "99999999999999999999y"),
    ("a negative step", "few", 0, 1, "-1"),
    ("an end before the start", "few", 1, 0, 1),
    ("offsets at the edge", "few offset 292y", "-9223372036854775", "-9223372036854770", 1),
    ("negative offsets at the edge", "few[1h:1m] offset -292y", "9223372036854770", "9223372036854775", 1),
    ("averages at the edge", "avg_over_time(few[1h:1m] offset -292y)", "9223372036854770", "9223372036854775", 1),
]

# What works for long in very different places.
LONG = [
    "count({__name__=~\".+\"})",
    "sum by (i) (many)",
    "sort(many)",
    'count(many{i=~".*[13579].*[02468].*"})',
    'count(label_replace(many, "x", "$1", "i", "(([0-9]+)+)([0-9]*)"))',
    'count(label_join(many, "x", ",", "i", "i", "i", "i", "i", "i", "i", "i"))',
    'count_values("v", many)',
    "many * on(i) many",
    "many and on(i) many",
    "many or many",
    "topk(5, many)",
    "quantile(0.5, many)",
    "sum(sum_over_time(huge[30d:1s]))",
    "sum_over_time(huge[1000d])",
    "sum(quantile_over_time(0.5, huge[1000d:15s]))",
]


def peak(server):
    """Bytes of memory that no file backs: the most so far, at most (what is mapped counts, too)."""
    text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) * 1024


def load(server):
    """200,000 series with a sample, a hundred with an hour of them, one with very many."""
    sender = remote_write.Sender(server.port)

    def send(series):
        status, body = sender.send(series)
        if status // 100 != 2:
            raise AssertionError((status, body))

    begin = NOW - HUGE_SERIES_SAMPLES // 100
    for first in range(0, HUGE_SERIES_SAMPLES, 20_000):
        send([({"__name__": "huge"}, [(begin * 1000 + i * 10, float(i)) for i in range(first, first + 20_000)])])
    for first in range(0, SERIES, 5000):
        send([({"__name__": "many", "i": str(i), "job": f"j{i % 7}"}, [(NOW * 1000, float(i))])
              for i in range(first, first + 5000)])
    send([({"__name__": "few", "i": str(i)}, [((NOW - 3600 + t) * 1000, float(i + t)) for t in range(0, 3601, 60)])
          for i in range(100)])
    sender.close()


class HostileQueries(EndToEnd):
    def setUp(self):
        super().setUp()
        file = self.dir / "prometheus.yml"
        file.write_text("")
        self.server = self.hearth(file, flags=["--web.enable-remote-write-receiver", "--query.timeout=10s",
                                               f"--query.max-memory={MEGABYTES}MB"])
        load(self.server)

    def running(self):
        return self.server.api("status/queries")["queries"]

    def ask(self, what, path, **parameters):
        begin = time.monotonic()
        try:
            status, body = get(f"{self.server.url}/api/v1/{path}", form=parameters, timeout=60)
        except OSError as error:
            self.fail(f"{what}: {error}; the server said {self.server.log()[-2000:]}")
        took = time.monotonic() - begin
        answer = json.loads(body)
        said = answer.get("error", "")
        print(f"{took:6.2f} s {status} {peak(self.server) / 1e6:6.0f} MB {what}: {answer.get('errorType', 'success')} "
              f"{said[:150]}", flush=True)
        self.assertIn(status, (200, 400, 422, 503), what)
        if status != 200:
            self.assertEqual(answer["status"], "error", what)
            self.assertIn(answer["errorType"], ("bad_data", "execution", "timeout"), what)
            self.assertGreater(len(said), 10, what)
        self.assertLess(took, SECONDS, what)
        self.assertIsNone(self.server.process.poll(), what)

    def test_every_hostile_query_gets_an_answer(self):
        before = peak(self.server)
        for what, query in INSTANT:
            with self.subTest(what):
                self.ask(what, "query", query=query, time=NOW)
        for what, query, start, end, step in RANGE:
            with self.subTest(what):
                self.ask(what, "query_range", query=query, start=start, end=end, step=step)
        self.assertEqual(self.server.instant("count(many)", NOW)[0]["value"][1], str(SERIES))
        self.assertEqual(self.running(), [])
        self.assertLess(peak(self.server) - before, 2 * MEGABYTES * 1_000_000)

    def leave(self, query, path, seconds):
        """Asks, leaves after that many seconds; how long the query went on after that, None where it had ended."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        parameters = {"query": query, "time": NOW}
        if path == "query_range":
            parameters = {"query": query, "start": NOW - 1000, "end": NOW, "step": 1}
        connection.request("GET", f"/api/v1/{path}?" + urllib.parse.urlencode(parameters))
        time.sleep(seconds)
        # With a reset the server learns of it whatever it still had to send.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sock.close()
        left = time.monotonic()
        if not self.running():
            return None
        while self.running():
            if time.monotonic() - left > 30:
                self.fail(f"{query} goes on 30 s after its client left")
        return time.monotonic() - left

    def test_a_query_of_very_many_series_ends_soon_after_its_client_left(self):
        for query in LONG:
            for path in ("query", "query_range"):
                found = [gone for seconds in (0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
                         if (gone := self.leave(query, path, seconds)) is not None]
                if not found:
                    continue
                print(f"client left: {max(found) * 1000:6.0f} ms at most, {statistics.median(found) * 1000:.0f} ms "
                      f"mostly, {len(found)} times {path} {query}", flush=True)
                self.assertLess(max(found), SOON, (path, query))


if __name__ == "__main__":
    unittest.main()
