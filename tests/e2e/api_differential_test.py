"""The HTTP API beside a real Prometheus: the same data, the same request, the same bytes.

Hundreds of requests, valid and not, in odd encodings and with all methods. Equal are the status, the headers that
a client looks at, and the body to the byte, but for times of scrapes and of the process, and for what later
versions of Prometheus add. Left out are: the redirect away from a last slash below /api/v1, which forgets that prefix
in Prometheus; timeouts of 0, of which it sometimes says one thing and sometimes another.
"""

import gzip
import http.client
import re
import time
import unittest
import urllib.parse
import zlib

from api_data import Twins
from servers import use_prometheus_3

HEADERS = ["Content-Type", "Location", "Allow", "X-Content-Type-Options", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
           "Access-Control-Allow-Headers", "Access-Control-Expose-Headers", "WWW-Authenticate", "Cache-Control"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

# Parts of bodies that may differ: times of this run, how long things took.
TIMES = [(re.compile(pattern), text) for pattern, text in [
    (r'"lastScrape":"[^"]*"', '"lastScrape":"T"'),
    (r'"lastScrapeDuration":[0-9.e+-]*', '"lastScrapeDuration":0'),
    (r'"([a-zA-Z]*)Time":[0-9.e+-]+', r'"\1Time":0'),
    (r'"peakSamples":[0-9]+', '"peakSamples":0'),  # of an engine of its own
    (r',"samplesRead(PerStep)?":(\d+|\[[^"]*?\](?=[,}]))', ""),
    # What later versions say more of a parsed query.
    (r'"(anchored|smoothed)":false,', ""),
    (r',"fillValues":\{"lhs":null,"rhs":null\}', ""),
    # Labels by which later versions let a target change what its job says.
    (r'"__(always_scrape_classic_histograms|convert_classic_histograms_to_nhcb|scrape_native_histograms)__":"false",', ""),
]]
SECONDS = re.compile(r"\b\d{10}(\.\d+)?\b")  # since 1970, perhaps


def setUpModule():
    use_prometheus_3()


class Request:
    def __init__(self, method, target, body=None, headers=()):
        self.method, self.target, self.body, self.headers = method, target, body, dict(headers)

    def __str__(self):
        return f"{self.method} {self.target}" + (f" {self.body!r}" if self.body is not None else "") + (f" {self.headers}" if self.headers else "")


def quoted(parameters):
    return urllib.parse.urlencode(parameters, doseq=True)


class Cases:
    """All requests. `base` is when the samples begin, in seconds."""

    def __init__(self, base):
        self.base = base
        self.requests = []
        self.instant()
        self.ranges()
        self.parsing()
        self.labels()
        self.series()
        self.metadata_and_targets()
        self.exemplars()
        self.status()
        self.rules_and_alerts()
        self.methods()
        self.encodings()
        self.pages()

    def get(self, path, parameters=(), **headers):
        self.requests.append(Request("GET", f"/api/v1/{path}" + ("?" + quoted(parameters) if parameters else ""), headers={k.replace("_", "-"): v for k, v in headers.items()}))

    def post(self, path, parameters=()):
        self.requests.append(Request("POST", f"/api/v1/{path}", quoted(parameters), FORM))

    def both(self, path, parameters=()):
        self.get(path, parameters)
        self.post(path, parameters)

    def instant(self):
        at = self.base + 1800
        for query in ["1", "up", "odd", "texts", "native", "many", "{\"dotted.name\"}", "{\"dotted.name\", \"la.bel\"=\"z\"}", "'a <string> & \"more\"\\n'", "time()", "vector(1e21)",
                      "1e21", "NaN", "-Inf", "0x1F", "scalar(temperature)", "http_requests_total", "http_requests_total[5m]", "native[3m]", "odd[2m]",
                      "temperature offset 10m", "temperature @ end()", "rate(http_requests_total[5m])", "rate(temperature[5m])", "sum(rate(native[5m]))",
                      "histogram_quantile(0.9, native)", "histogram_quantile(2, native)", "histogram_count(native)", "sum by (job)(http_requests_total)",
                      "topk(2, many)", "sort_desc(temperature)", "absent(nothing)", "absent(nothing{a=\"<\"})", "nothing", "ended", "ended_long_ago",
                      "native{kind=\"plain\"} + native{kind=\"custom\"}", "quantile(1.5, temperature)", "label_replace(temperature, 'x', '$1<', 'room', '(.*)')",
                      "{__name__=~\".+\"}", "{job=\"api\"}", "max_over_time(temperature[10m:1m])", "-temperature", "temperature > bool 20", "group(many)", "present_over_time(many[1h])"]:
            self.both("query", {"query": query, "time": at})
        for query in ["", " ", "up{", "sum(", "up[5m", "foo{}bar", "{}", "{a=\"\"}", "{a=~\".*\"}", "unknown_function(up)", "rate(up)", "sum(1)", "1 + 'a'", "up[0s]", "a and 1",
                      "label_replace(up, 'a', '$1', 'b', '(')", "up{a=~\"(\"}", "label_join(up, '', ',')", "http_requests_total + on(job) group_left http_requests_total",
                      "temperature + on() temperature", "\"unclosed", "up @ 'x'", "1 == 1", "a unless on", "count_values('', up)", "\xff", "up[1y:1ms]", "9" * 400, "(" * 300, "a" * 2000]:
            self.both("query", {"query": query, "time": at})
        for time in ["", "0", "1", "-1", "1.5", "1e3", "0x10", "1_000", "NaN", "Inf", "-Inf", "+Inf", "abc", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123456789+02:00", "2024-01-01", "2024-13-01T00:00:00Z",
                     "9223372036854775807", "-9223372036854775808", "1e300", "9223372036.854775", "9223372036854776", "1700000000.0005", "1700000000.9999", " 1", "1 ", "١",
                     "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "292277025-08-18T07:12:54.999Z", "-292273086-05-16T16:47:06Z", "-292273086-05-16T16:47:06.001Z"]:
            self.get("query", {"query": "time()", "time": time})
            if time:
                self.get("query", {"query": "temperature[1m]", "time": time})
        for timeout in ["", "1s", "1.5", "abc", "1h30m", "1d1s1h", "1e30", "9223372036854775807", "10000y", "1ms"]:
            self.get("query", {"query": "vector(1)", "time": at, "timeout": timeout})
        for lookback in ["", "1s", "0", "-5m", "5m", "abc", "1", "1e30", "0.001"]:
            self.get("query", {"query": "temperature", "time": at + 30, "lookback_delta": lookback})
        for limit in ["", "0", "1", "2", "1000", "-1", "abc", "1.5", "1e3", "9223372036854775807", "9223372036854775808", "18446744073709551616", "+1", " 1", "0x1", "1_0"]:
            self.get("query", {"query": "temperature", "time": at, "limit": limit})
            self.get("query", {"query": "temperature[2m]", "time": at, "limit": limit})
            self.get("query", {"query": "1", "time": at, "limit": limit})
        for stats in ["", "true", "all", "false", "x"]:
            for query in ["1", "temperature", "rate(http_requests_total[5m])", "sum(many)"]:
                self.get("query", {"query": query, "time": at, "stats": stats})
                self.get("query_range", {"query": query, "start": at, "end": at + 180, "step": "60", "stats": stats})
        self.get("query", {"query": " or ".join(f"quantile({i}, temperature)" for i in range(2, 16)), "time": at})  # more warnings than are told
        self.get("query", {"query": " or ".join(f"rate({name}[5m])" for name in "temperature odd texts many ended native http_requests_total nothing latency_sum".split()) + " or rate({\"dotted.name\"}[5m])", "time": at})
        self.get("query", [("query", "1"), ("query", "2"), ("time", "1"), ("time", "2")])
        self.requests.append(Request("POST", "/api/v1/query?query=1&time=7", "query=2&time=9", FORM))
        self.requests.append(Request("POST", "/api/v1/query?query=1&time=7", "query=2", {"Content-Type": "application/json"}))
        self.requests.append(Request("POST", "/api/v1/query?query=1&time=7", "query=2", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}))
        self.requests.append(Request("POST", "/api/v1/query?query=1&time=7", "", {}))

    def ranges(self):
        start, end = self.base + 600, self.base + 1800
        for query in ["1", "temperature", "odd", "texts", "native", "many", "{\"dotted.name\"}", "rate(http_requests_total[5m])", "time()", "nothing", "ended", "native_ended", "ended_long_ago", "sum(native)",
                      "temperature > 22", "'text'", "temperature[1m]", "sum(", "", "scalar(temperature)", "topk(1, temperature)", "absent(temperature > 22)",
                      "native or temperature", "label_replace(temperature, '__name__', 'n', '', '')", "{__name__=~'temperature|native'}", "count_values('v', temperature)"]:
            for step in ("60", "15", "7m"):
                self.get("query_range", {"query": query, "start": start, "end": end, "step": step})
            self.post("query_range", {"query": query, "start": start, "end": end, "step": "300"})
        one = {"query": "temperature", "start": start, "end": end, "step": "60"}
        for name, values in {"start": ["", "abc", "NaN", str(end + 1), str(end), "-1", "2024-01-01T00:00:00Z", "1e300", "-9223372036854775"],
                             "end": ["", "abc", str(start), str(start - 1), str(start - 0.001), "1e300", "9223372036854775"],
                             "step": ["", "0", "-1", "abc", "0.0001", "0.001", "0.1", "1ms", "1h", "1e9", "1e30", "9223372036.854775", "NaN", "1d", "0x10", "5"],
                             "timeout": ["abc", "1h", ""], "limit": ["1", "2", "0", "-1", "abc", "4", "3"], "lookback_delta": ["1s", "abc", "-1"], "query": ["2", "up{"]}.items():
            for value in values:
                self.get("query_range", {**one, name: value})
            self.get("query_range", {key: value for key, value in one.items() if key != name})
        for end_at, step in ((start + 11000, "1"), (start + 10999, "1"), (start + 11001, "1"), (start + 110000, "10")):
            self.get("query_range", {"query": "1", "start": start, "end": end_at, "step": step})
        self.get("query_range", {"query": "temperature", "start": f"{start}.123", "end": f"{end}.5", "step": "33.3"})

    def parsing(self):
        for query in ["foo/bar", "up{job=\"a\",b=~'x|y'}", "sum by(a)(rate(x[5m]))", "a+b*c", "sum(", "", "1", "'x'", "{\"dotted.name\"}", "-a^2", "foo[5m:1m] offset 3s", "a @ 5", "a @ start()", "topk(3, a)", "a or b and c",
                      "a / on(x) group_left(y) b", "a == bool 1", "{a!=\"b\",c!~\"d\"}", "((a))", "label_replace(a,'b','$1','c','<(.*)>')", "absent_over_time(x[1h])", "count_values without(a)('v', b)", "NaN", "Inf", "1e3", "a unless ignoring(b) c"]:
            self.both("format_query", {"query": query})
            self.both("parse_query", {"query": query})
        for path in ("format_query", "parse_query"):
            self.get(path)

    def labels(self):
        start, end = self.base, self.base + 3600
        fixed = {"start": start, "end": end, "match[]": "{__name__=~\"odd|texts|many|native|temperature|http_requests_total|dotted.name|latency_.*\"}"}
        for more in [{}, {"match[]": "temperature"}, {"match[]": ["temperature", "odd"]}, {"match[]": "nothing"}, {"match[]": ""}, {"match[]": "{"}, {"match[]": "{}"}, {"match[]": "{a=\"\"}"}, {"match[]": "sum(a)"},
                     {"match[]": "1"}, {"match[]": ["temperature", "{"]}, {"limit": "1"}, {"limit": "3"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "abc"}, {"start": "abc"}, {"end": "abc"}, {"start": end - 60, "end": start},
                     {"start": "", "end": ""}, {"start": end + 7200, "end": end + 8000}, {"match[]": "{\"dotted.name\"}"}, {"match[]": "{__name__=\"native\",kind!=\"plain\"}"}]:
            self.both("labels", {**fixed, **more})
            self.get("label/job/values", {**fixed, **more})
            self.get("label/__name__/values", {**fixed, **more})
        for name in ["text", "n", "group", "kind", "nothing", "la.bel", "U__la_2e_bel", "U___fc_n_ef_", "U__", "U__x", "U__la_zz_bel", "U__a_2e", "1a", "a-b", "%C3%BCn%C3%AF", "a%20b", "%FF", "le", "__name__", "%00", "a%2Fb", "U__a__b", "U__d800_", "U___110000_", "U___e9_", "U__a_D_b"]:
            self.get(f"label/{name}/values", fixed)
        self.get("label//values")
        self.get("label/values")
        self.get("label/a/b/values")
        self.get("label/job")
        self.requests.append(Request("POST", "/api/v1/label/job/values", "", FORM))
        self.requests.append(Request("GET", "/api/v1/labels?match[]=%zz"))
        self.requests.append(Request("GET", "/api/v1/labels?a=1;b=2"))
        self.requests.append(Request("POST", "/api/v1/labels", "match[]=%zz", FORM))

    def series(self):
        start, end = self.base, self.base + 3600
        for match in ["temperature", "texts", "odd", "{\"dotted.name\"}", "native", "{__name__=~\"ended.*\"}", "nothing", "many{group=\"g1\"}", "{job=\"api\"}", "{a=\"\"}", "{", "", "sum(up)", "http_requests_total offset 5m", "http_requests_total[5m]"]:
            self.both("series", {"match[]": match, "start": start, "end": end})
        for more in [{"match[]": ["temperature", "odd"]}, {"match[]": ["temperature", "temperature{room=\"r1\"}"]}, {"limit": "1"}, {"limit": "2"}, {"limit": "4"}, {"limit": "5"}, {"limit": "-1"}, {"limit": "x"}, {"start": "abc"}, {"end": "x"},
                     {"start": end + 7200, "end": start}, {"start": end + 7200, "end": end + 9000}, {"match[]": ["{", "temperature"]}]:
            self.both("series", {"match[]": "temperature", "start": start, "end": end, **more})
        self.both("series")
        self.requests.append(Request("DELETE", "/api/v1/series?match[]=up"))
        self.requests.append(Request("POST", "/api/v1/series", "match[]=%zz", FORM))
        self.requests.append(Request("GET", "/api/v1/series?match[]=temperature&x=%zz"))

    def metadata_and_targets(self):
        for more in [{}, {"metric": "scraped_total"}, {"metric": "nothing"}, {"limit": "0"}, {"limit": "1"}, {"limit": "abc"}, {"limit": "-1"}, {"limit_per_metric": "1"}, {"limit_per_metric": "0"}, {"limit_per_metric": "-1"}, {"limit_per_metric": "x"},
                     {"metric": "scraped_seconds"}]:
            if "limit" not in more or more["limit"] != "1":  # of a map in random order
                self.get("metadata", more)
        for more in [{}, {"metric": "scraped_total"}, {"metric": "nothing"}, {"match_target": "{job=\"fixed\"}"}, {"match_target": "{job=\"x\"}"}, {"match_target": "{"}, {"match_target": "x{job=\"fixed\"}"}, {"limit": "0"}, {"limit": "x"}, {"limit": "-1"},
                     {"metric": "scraped_bytes", "match_target": "{note=\"<&>\"}"}]:
            if more:  # of all metrics in random order
                self.get("targets/metadata", more)
        for more in [{}, {"state": "active"}, {"state": "dropped"}, {"state": "any"}, {"state": "ANY"}, {"state": "x"}, {"state": ""}, {"scrapePool": "fixed"}, {"scrapePool": "x"}, {"scrapePool": ""}, {"state": "dropped", "scrapePool": "dropping"}]:
            self.get("targets", more)
        self.get("scrape_pools")
        self.get("alertmanagers")

    def exemplars(self):
        start, end = self.base, self.base + 3600
        for query in ["latency_bucket", "latency_bucket{le=\"1\"}", "rate(latency_bucket[5m])", "nothing", "1", "", "sum(", "latency_bucket + temperature", "{job=\"api\"}"]:
            self.both("query_exemplars", {"query": query, "start": start, "end": end})
        for more in [{"start": end - 60, "end": start}, {"start": "abc"}, {"end": "abc"}, {"start": start + 600, "end": start + 1900}, {"start": "", "end": ""}]:
            self.get("query_exemplars", {"query": "latency_bucket", "start": start, "end": end, **more})

    def status(self):
        self.get("status/walreplay")
        for limit in ["0", "-1", "abc", "1.5"]:
            self.get("status/tsdb", {"limit": limit})
        self.get("status/nothing")
        self.get("notifications")
        self.get("nothing")
        self.get("")

    def rules_and_alerts(self):
        for more in [{}, {"type": "alert"}, {"type": "record"}, {"type": "Alert"}, {"type": "x"}, {"rule_name[]": "a"}, {"rule_group[]": "a"}, {"file[]": "a"}, {"exclude_alerts": "true"}, {"exclude_alerts": "x"}, {"match[]": "{a=\"b\"}"}, {"match[]": "{"},
                     {"group_limit": "1"}, {"group_limit": "x"}, {"group_limit": "-1"}, {"group_next_token": "x"}, {"group_next_token": "x", "group_limit": "1"}, {"group_limit": "0"}, {"match[]": ""}, {"match[]": "sum(a)"}]:
            self.get("rules", more)
        self.get("alerts")
        self.get("rules/test/test")

    def methods(self):
        for path in ["/api/v1/query", "/api/v1/query_range", "/api/v1/labels", "/api/v1/label/job/values", "/api/v1/series", "/api/v1/targets", "/api/v1/metadata", "/api/v1/status/config", "/api/v1/rules", "/api/v1/write", "/api/v1/read",
                     "/api/v1/admin/tsdb/snapshot", "/api/v1/nothing", "/federate", "/version", "/-/healthy", "/-/ready", "/graph", "/metrics", "/", "/nothing", "/api/v1/query_exemplars", "/api/v1/format_query", "/api/v1/parse_query", "/consoles/x",
                     "/api/v1/notifications", "/api/v1/alertmanagers", "/debug/pprof/", "/user/x", "/api/v1/admin/tsdb/delete_series"]:
            for method in ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "FOO"]:
                if (path, method) not in {("/api/v1/admin/tsdb/snapshot", "PUT")}:
                    self.requests.append(Request(method, path))
                    if method == "OPTIONS":
                        self.requests.append(Request(method, path, headers={"Origin": "http://example.com", "Access-Control-Request-Method": "GET"}))
        self.requests.append(Request("GET", "/api/v1/query?query=1&time=1", headers={"Origin": "http://example.com"}))
        self.requests.append(Request("GET", "/api/v1/query?query=", headers={"Origin": "null"}))
        self.requests.append(Request("POST", "/api/v1/read", "nonsense", {"Content-Encoding": "snappy"}))
        self.requests.append(Request("POST", "/api/v1/read", "", {}))
        self.requests.append(Request("POST", "/api/v1/admin/tsdb/delete_series", "", FORM))
        for more in ("match[]={", "match[]=", "match[]=a&start=x", "match[]=a&end=x"):
            self.requests.append(Request("POST", f"/api/v1/admin/tsdb/delete_series?{more}"))

    def encodings(self):
        for target in ["/api/v1/query?query=%zz&time=1", "/api/v1/query?query=1&time=1&%zz=1", "/api/v1/query?query=1&time=1&a=1;x", "/api/v1/query?query=1%2B1&time=1", "/api/v1/query?query=1+%2B+1&time=1", "/api/v1/query?QUERY=1", "/api/v1/query?query",
                       "/api/v1/query?query=%FF%FE&time=1", "/api/v1/query?query=%22%FF%22&time=1", "/api/v1/query?query=%22%00%22&time=1", "/api/v1/query?query=%22%E2%80%A8%22&time=1", "/api/v1//query?query=1&time=1", "/api/v1/./query?query=1",
                       "/api/v1/../v1/query?query=1", "//api/v1/query", "/api/v1/", "/api/v1", "/api", "/api/", "/api/v2/query", "/%61pi/v1/query?query=1&time=1", "/api%2Fv1/query", "/api/v1/query?query=1&time=1#frag", "/api/v1/qu%65ry?query=1&time=1", "/api/v1/query?", "/api/v1/query?&&&", "/api/v1/query?=1",
                       "/federate/", "/-/healthy/", "/metrics/", "/graph/", "/api/v1/label/job/values?match[]=%7B__name__%3D~%22http.%2B%22%7D&start=0",
                       "/api/v1/labels?match%5B%5D=temperature", "/api/v1/series?match[]=temperature&match%5B%5D=odd"]:
            self.requests.append(Request("GET", target))
        at = self.base + 1800
        for accept in ["gzip", "deflate", "identity", "gzip;q=0", "*", "gzip, deflate", "deflate, gzip", "br"]:
            self.get("query", {"query": "many", "time": at}, Accept_Encoding=accept)

    def pages(self):
        for target in ["/", "/graph?g0.expr=up&g0.tab=1", "/graph", "/-/healthy", "/-/ready", "/nothing", "/user/x", "/classic/graph", "/new/graph", "/static/nothing.js", "/favicon.ico/x", "/-/nothing", "/-/reload", "/-/quit",
                       "/debug/nothing", "/api/v1/targets/nothing", "/consoles/../x", "/consoles/x.html", "/consoles/", "/graph?g0.expr=%3Cb%3E", "/api/v1/write"]:
            self.requests.append(Request("GET", target))


# Queries whose result has no order of its own.
UNORDERED = [r"sort%28many", r"count_values", r"\+or\+", r"targets/metadata\?match", r"targets/metadata\?limit"]


def notes_in_order(body):
    """Annotations sorted: Prometheus tells them as its map has them."""
    return re.sub(r'"(warnings|infos)":\[(.*?")\]', lambda notes: f'"{notes[1]}":[' + '","'.join(sorted(notes[2].strip('"').split('","'))), body)


def in_order(body):
    """The items of a vector, or of other lists, sorted. Of many annotations any ten may be shown."""
    body = re.sub(r'PromQL warning: quantile value should be between 0 and 1, got \d+ \(1:\d+\)', "quantile", body)
    head, found, items = body.partition("[{")
    items, end, rest = items.rpartition("}]")
    return head + found + "},{".join(sorted(items.split("},{"))) + end + rest


class ApiDifferential(Twins):
    def setUp(self):
        super().setUp()
        self.start_twins(flags=["--web.cors.origin=.*", "--enable-feature=promql-per-step-stats", "--web.console.templates=/nowhere/consoles"])
        self.connections = [None, None]
        self.addCleanup(lambda: [connection.close() for connection in self.connections if connection])

    def ask(self, which, request):
        for again in (True, False):
            try:
                if self.connections[which] is None:
                    self.connections[which] = http.client.HTTPConnection("127.0.0.1", self.both[which].port, timeout=60)
                connection = self.connections[which]
                connection.putrequest(request.method, request.target, skip_accept_encoding=True)
                body = request.body.encode() if request.body is not None else None
                for name, value in request.headers.items():
                    connection.putheader(name, value)
                if body is not None:
                    connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                answer = connection.getresponse()
                raw = answer.read()
                headers = {name: answer.headers[name] for name in HEADERS if answer.headers[name] is not None}
                if answer.headers["Connection"] == "close":
                    self.connections[which] = None
                return answer.status, headers, self.plain(raw, answer.headers["Content-Encoding"])
            except (OSError, http.client.HTTPException):
                self.connections[which] = None
                if not again:
                    raise

    def plain(self, raw, encoding):
        raw = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(encoding, lambda same: same)(raw)
        text = raw.decode("utf-8", "surrogateescape")
        for server in self.both:
            text = text.replace(f":{server.port}", ":PORT")
        for pattern, replacement in TIMES:
            text = pattern.sub(replacement, text)
        return SECONDS.sub(lambda found: "NOW" if abs(float(found[0]) - time.time()) < 100 else found[0], text)

    def test_answers_are_the_same(self):
        requests = Cases(self.base // 1000).requests
        differing = []
        for request in requests:
            ours, theirs = (self.ask(which, request) for which in (0, 1))
            ours, theirs = ((*rest, notes_in_order(body)) for *rest, body in (ours, theirs))
            if any(re.search(pattern, str(request)) for pattern in UNORDERED):
                ours, theirs = ((*rest, in_order(body)) for *rest, body in (ours, theirs))
            if ours != theirs:
                differing.append(self.describe(request, ours, theirs))
        print(f"{len(requests)} requests, {len(differing)} differ")
        if differing:
            self.fail(f"{len(differing)} of {len(requests)} answers differ:\n" + "\n".join(differing))

    def describe(self, request, ours, theirs):
        lines = [str(request)[:300]]
        for name, mine, other in zip(("status", "headers", "body"), ours, theirs):
            if mine == other:
                continue
            if name == "headers":
                mine = {k: v for k, v in mine.items() if theirs[1].get(k) != v}
                other = {k: v for k, v in other.items() if ours[1].get(k) != v}
            elif name == "body":
                at = next((i for i, (a, b) in enumerate(zip(mine, other)) if a != b), min(len(mine), len(other)))
                mine, other = repr(mine[max(0, at - 60):at + 160]), repr(other[max(0, at - 60):at + 160])
            lines.append(f"    {name}: ours   {mine}\n    {name}: theirs {other}")
        return "\n".join(lines)


if __name__ == "__main__":
    unittest.main(verbosity=2)
