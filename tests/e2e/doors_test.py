"""The doors of the server: passwords, paths, origins, malformed and oversized requests, slow clients. Where Prometheus
has the same door, both are asked and must say the same."""

import contextlib
import re
import socket
import time
import unittest
import urllib.parse

from guarded import SECRET, Guarded, basic, parse, raw, request, statuses
from servers import SOURCE_DIR, get, use_prometheus_3

USERS = f"basic_auth_users:\n  alice: {SECRET}\n"
RIGHT = basic("alice:secret")
CHANGING = ["/-/reload", "/-/quit", "/api/v1/admin/tsdb/snapshot", "/api/v1/admin/tsdb/clean_tombstones",
            "/api/v1/admin/tsdb/delete_series?match[]=up"]
OPEN_TO_ADMINS = ["--web.enable-admin-api", "--web.enable-lifecycle"]


def setUpModule():
    use_prometheus_3()


def all_paths():
    """Every path of the route table, with something for its names."""
    table = (SOURCE_DIR / "web" / "routes.cpp").read_text()
    paths = re.findall(r'^    \{"(/[^"]*)"', table, re.MULTILINE)
    assert len(paths) > 40, paths
    return sorted({re.sub(r":\w+", "x", path) for path in paths})


def shown(answer):
    status, fields, body = answer
    return status, {name: value for name, value in fields.items() if name != "date"}, body


class Passwords(Guarded):
    def setUp(self):
        super().setUp()
        self.web_config.write_text(USERS + "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
                                   "    Strict-Transport-Security: max-age=31536000\n")
        self.start_both(OPEN_TO_ADMINS, lambda port: request(port, path="/-/ready", headers=RIGHT)[0] == 200)

    def test_wrong_and_missing_credentials_on_every_path(self):
        credentials = ["", basic("alice:wrong"), basic("bob:secret"), "Authorization: Bearer secret\r\n",
                       "Authorization: Basic !\r\n"]
        expected = shown(request(self.ports["prometheus"], path="/metrics"))
        self.assertEqual((expected[0], expected[2]), (401, "Unauthorized\n"))
        for path in all_paths() + ["/nothing", "/../../etc/passwd", "//"]:
            for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
                for headers in credentials:
                    found = shown(request(self.ports["hearth"], method, path, headers))
                    self.assertEqual(found, expected, f"{method} {path} {headers}")

    def test_credentials_as_prometheus_takes_them(self):
        for headers in (RIGHT, RIGHT.replace("Basic", "bAsIc"), RIGHT.replace("Basic ", "Basic  "), RIGHT + RIGHT,
                        RIGHT + basic("alice:wrong"), basic("alice:wrong") + RIGHT, basic("alice:secret\0"),
                        basic("alice:secret\0x"), basic("alice:secret:x"), basic("alice"), basic(":"), basic(""),
                        basic("ALICE:secret"), RIGHT.replace("=", ""), "Authorization: Basic\r\n",
                        basic("alice:" + "s" * 100), "Proxy-" + RIGHT):
            found = {name: shown(request(port, path="/-/healthy", headers=headers)) for name, port in self.ports.items()}
            self.assertEqual(found["hearth"], found["prometheus"], headers)

    def test_users_that_change(self):
        texts = ["", USERS, "basic_auth_users: {}\n", USERS.replace("alice", "bob"), "nonsense: 1\n", USERS]
        for text in texts:
            self.web_config.write_text(text)
            for headers in ("", RIGHT, basic("bob:secret")):
                found = {name: shown(request(port, path="/-/healthy", headers=headers))
                         for name, port in self.ports.items()}
                self.assertEqual(found["hearth"], found["prometheus"], f"{text} {headers}")

    def test_the_time_of_an_answer_tells_no_user(self):
        def seconds(user):
            taken = []
            for attempt in range(12):
                begin = time.perf_counter()
                request(self.ports["hearth"], path="/-/healthy", headers=basic(f"{user}:{user}{attempt}"))
                taken.append(time.perf_counter() - begin)
            return sorted(taken)[len(taken) // 2]

        self.web_config.write_text(USERS.replace("$04$", "$09$"))  # some 25 ms
        known, unknown = seconds("alice"), seconds("nobody")
        self.assertLess(abs(known - unknown), 0.5 * max(known, unknown), (known, unknown))


class RateLimit(Guarded):
    def test_rate_limit(self):
        self.web_config.write_text("rate_limit:\n  interval: 1h\n  burst: 4\n")
        self.start_both(ready=lambda port: request(port, path="/-/ready")[0] in (200, 429))
        for _ in range(4):
            for port in self.ports.values():
                last = request(port, path="/-/healthy")
        self.assertEqual(last[0], 429)
        found = {name: shown(request(port, path="/-/healthy")) for name, port in self.ports.items()}
        self.assertEqual(found["hearth"], found["prometheus"])


class Places(Guarded):
    """Where requests are led under an external URL and a route prefix."""

    def compare(self, flags, paths):
        self.start_both(flags, lambda port: any(request(port, path=prefix + "/-/ready")[0] == 200
                                                for prefix in ("", "/prom", "/a/b")))
        wrong = []
        for path in paths:
            for method in ("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"):
                found = {}
                for name, port in self.ports.items():
                    status, fields, _ = request(port, method, path)
                    found[name] = status, fields.get("location"), fields.get("allow")
                if found["hearth"] != found["prometheus"]:
                    wrong.append(f"{method} {path}: {found}")
        self.assertFalse(wrong, f"{flags}\n" + "\n".join(wrong))

    # no pages: Debian's Prometheus has none
    PATHS = ["/", "/prom", "/prom/", "/prom/graph", "/prom/graph?g0.expr=up", "/graph", "/graph?g0.expr=a%20b",
             "/prom/-/healthy", "/-/healthy", "/prom/metrics", "/metrics", "/prom/api/v1/query?query=1",
             "/api/v1/query?query=1", "/a/b", "/a/b/", "/a/b/-/healthy", "/a", "/promx", "/prom/prom",
             "/prom/version", "/version", "//prom//version", "/prom/./version", "/prom/x/../version",
             "/api/v1/query/../labels", "/api", "/api/v1", "/prom/api", "/prom/api/v1", "/prom/api/v1/", "/prom/metrics/",
             "/metrics/", "/prom/-/healthy/", "/prom/-/reload/", "/-/reload/", "/a/b/-/ready/"]

    def test_an_external_url_with_a_path(self):
        self.compare(["--web.external-url=http://example.org/prom/"], self.PATHS)

    def test_an_external_url_and_a_prefix_of_its_own(self):
        self.compare(["--web.external-url=http://example.org/prom", "--web.route-prefix=/"], self.PATHS)

    def test_a_prefix_of_two_parts(self):
        self.compare(["--web.external-url=http://example.org/prom", "--web.route-prefix=a/b/"], self.PATHS)


class Origins(Guarded):
    def test_cors(self):
        self.start_both([r"--web.cors.origin=https?://(one|two)\.example"])
        for origin in ("", "http://one.example", "https://two.example", "http://one.example.evil.org", "null",
                       "http://xone.example", "http://one.example\tx", "https://one.example:443", "ftp://one.example"):
            headers = f"Origin: {origin}\r\n" if origin else ""
            for method, path in (("GET", "/api/v1/labels"), ("OPTIONS", "/api/v1/query"), ("GET", "/api/v1/query"),
                                 ("GET", "/-/healthy"), ("OPTIONS", "/-/reload"), ("OPTIONS", "/api/v1/admin/tsdb/snapshot")):
                found = {}
                for name, port in self.ports.items():
                    status, fields, _ = request(port, method, path, headers)
                    found[name] = status, {key: value for key, value in fields.items() if key.startswith("access-")}
                self.assertEqual(found["hearth"], found["prometheus"], f"{method} {path} {origin}")

    def test_what_changes_something_needs_the_right_method(self):
        self.start_both(OPEN_TO_ADMINS)
        for path in CHANGING:
            found = {name: request(port, "GET", path)[0] for name, port in self.ports.items()}
            self.assertEqual(found["hearth"], found["prometheus"], path)
            self.assertEqual(found["hearth"], 405, path)

    def test_pages_of_other_sites_change_nothing(self):
        port = self.start("hearth", OPEN_TO_ADMINS)
        other = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"
        for path in CHANGING + ["/api/v1/write", "/api/v1/otlp/v1/metrics"]:
            for method in ("POST", "PUT"):
                self.assertEqual(request(port, method, path, other)[0], 403, path)
        self.assertEqual(request(port, "DELETE", "/api/v1/series", other)[0], 403)
        self.assertEqual(request(port, "POST", "/api/v1/query?query=1", other)[0], 200)
        self.assertEqual(request(port, "POST", "/-/reload", other.replace("cross-site", "same-origin"))[0], 200)
        self.assertEqual(request(port, "POST", "/-/reload", "Origin: https://evil.example\r\n")[0], 200)

    def test_origins_that_are_named_may(self):
        port = self.start("hearth", OPEN_TO_ADMINS + ["--web.cors.origin=https://good.example"])
        for origin, status in (("https://good.example", 200), ("https://evil.example", 403)):
            headers = f"Origin: {origin}\r\nSec-Fetch-Site: cross-site\r\n"
            self.assertEqual(request(port, "POST", "/-/reload", headers)[0], status, origin)


HOST = "Host: t\r\n"
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n"
CHUNKED = f"POST /api/v1/query HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n"
POST = f"POST /api/v1/query HTTP/1.1\r\n{HOST}"
FORMS = {
    "both lengths": f"{POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "both lengths, other order": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two lengths": f"{POST}Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a list of lengths": f"{POST}Content-Length: 0, {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a signed length": f"{POST}Content-Length: +0\r\n\r\n{SMUGGLED}",
    "a negative length": f"{POST}Content-Length: -1\r\n\r\n{SMUGGLED}",
    "a length in hex": f"{POST}Content-Length: 0x0\r\n\r\n{SMUGGLED}",
    "a length of 2^64": f"{POST}Content-Length: 18446744073709551616\r\n\r\n{SMUGGLED}",
    "chunked twice": f"{POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunked with a letter": f"{POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunked behind identity": f"{POST}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two encodings": f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a space before the colon": f"{POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a vertical tab": f"{POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a folded line": f"{POST}X: y\r\n Transfer-Encoding: chunked\r\n\r\n{SMUGGLED}",
    "a carriage return alone": f"{POST}X: y\rTransfer-Encoding: chunked\r\n\r\n{SMUGGLED}",
    "a zero byte": f"{POST}X: y\0z\r\n\r\n{SMUGGLED}",
    "a name with a space": f"{POST}X Y: z\r\n\r\n{SMUGGLED}",
    "no name": f"{POST}: z\r\n\r\n{SMUGGLED}",
    "no colon": f"{POST}nothing\r\n\r\n{SMUGGLED}",
    "two hosts": f"{POST}Host: u\r\n\r\n{SMUGGLED}",
    "no host": f"POST / HTTP/1.1\r\n\r\n{SMUGGLED}",
    "a size in 0x": f"{CHUNKED}0x0\r\n\r\n{SMUGGLED}",
    "a negative size": f"{CHUNKED}-1\r\n\r\n{SMUGGLED}",
    "an empty size": f"{CHUNKED}\r\n\r\n{SMUGGLED}",
    "a size of 2^68": f"{CHUNKED}100000000000000000\r\n\r\n{SMUGGLED}",
    "a chunk that is longer": f"{CHUNKED}1\r\nabc\r\n0\r\n\r\n{SMUGGLED}",
    "an endless extension": f"{CHUNKED}1;{'e' * 100_000}\r\na\r\n0\r\n\r\n{SMUGGLED}",
    "a version of three parts": f"POST / HTTP/1.1.1\r\n{HOST}\r\n{SMUGGLED}",
    "no version": f"POST /\r\n{HOST}\r\n{SMUGGLED}",
    "a method with a colon": f"PO:ST / HTTP/1.1\r\n{HOST}\r\n{SMUGGLED}",
    "a space in the target": f"POST / x HTTP/1.1\r\n{HOST}\r\n{SMUGGLED}",
}


class Malformed(Guarded):
    def test_what_means_two_things_is_refused_and_ends_the_connection(self):
        self.start_both()
        for name, text in FORMS.items():
            found = {server: statuses(raw(port, text, ends=True)) for server, port in self.ports.items()}
            self.assertEqual(len(found["hearth"]), 1, f"{name}: {found}")
            self.assertGreaterEqual(found["hearth"][0], 400, f"{name}: {found}")
        self.assertEqual(request(self.ports["hearth"], path="/-/healthy")[0], 200)

    def test_what_is_well_formed_is_answered_by_both(self):
        self.start_both()
        closing = "Connection: close\r\nTransfer-Encoding"
        forms = [f"{CHUNKED.replace('Transfer-Encoding', closing)}5;name=value\r\nquery\r\n2\r\n=1\r\n0\r\nTrailer: x\r\n\r\n",
                 f"{POST}content-length:7\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nquery=1",
                 f"GET http://other/-/healthy HTTP/1.1\r\n{HOST}\r\n", "GET /-/healthy HTTP/1.0\r\n\r\n",
                 f"\r\nGET /-/healthy HTTP/1.1\r\n{HOST}\r\n", f"GET /-/healthy HTTP/1.1\r\nX:\t y \r\n{HOST}\r\n",
                 f"GET /-/healthy HTTP/1.1\r\n{HOST}Connection: close, x\r\n\r\n{SMUGGLED}"]
        for text in forms:
            found = {server: statuses(raw(port, text, ends="healthy" in text)) for server, port in self.ports.items()}
            self.assertEqual(found["hearth"], found["prometheus"], text)

    def test_no_way_out_of_the_pages(self):
        self.start_both()
        for path in ("/../../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../x",
                     "/app.js/../../../etc/passwd", "/\\..\\..\\etc\\passwd", "/%00/etc/passwd", "/app.js%00.txt",
                     "/api/v1/label/..%2f..%2fx/values", "/api/v1/dashboards/..%2f..%2fprometheus",
                     "/api/v1/dashboards/%2e%2e%2fprometheus.yml", "/user/../../x", "/consoles/../../etc/passwd"):
            status, fields, body = request(self.ports["hearth"], path=path)
            self.assertIn(status, (301, 400, 404), path)
            self.assertNotIn("root:", body, path)
            self.assertNotIn("scrape_configs", body, path)
            self.assertNotIn("..", fields.get("location", ""), path)

    def test_nothing_of_a_request_becomes_a_header_of_its_answer(self):
        self.start("hearth", ["--web.external-url=http://example.org/prom"],
                   lambda port: request(port, path="/prom/-/ready")[0] == 200)
        evil = "%0d%0aX-Injected:%20yes"
        for path in (f"/prom/graph?{evil}", f"/prom/{evil}/../query", f"/{evil}", f"//{evil}", f"/prom/query/{evil}/",
                     f"/prom/api/v1/label/{evil}/values", f"/prom/x/../{evil}?{evil}", f"/prom/query/?{evil}"):
            for headers in ("", f"Origin: http://a{evil}\r\n", "Origin: http://a\r\nX-Injected: no\r\n"):
                said = raw(self.ports["hearth"], f"GET {path} HTTP/1.1\r\n{HOST}Connection: close\r\n{headers}\r\n")
                self.assertNotIn("x-injected", parse(said)[1], path)
                self.assertEqual(len(statuses(said)), 1, path)

    def test_oversized_everything(self):
        port = self.start("hearth")
        mega = "x" * 1_000_000
        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        pairs = "&".join(f"a{i}=b" for i in range(200_000))
        self.assertEqual(request(port, path=f"/api/v1/query?query={urllib.parse.quote('1' + ' ' * 300_000)}")[0], 200)
        for text, expected in [(f"GET /{mega * 2} HTTP/1.1\r\n{HOST}\r\n", 414),
                               (f"{mega * 2} / HTTP/1.1\r\n{HOST}\r\n", 414),
                               (f"GET / HTTP/1.1\r\n{HOST}X: {mega}\r\n\r\n", 431),
                               (f"GET / HTTP/1.1\r\n{HOST}{mega}: x\r\n\r\n", 431),
                               (f"GET / HTTP/1.1\r\n{HOST}" + "a: b\r\n" * 2000 + "\r\n", 431),
                               (f"{POST}Content-Length: 999999999999\r\n\r\n", 413),
                               (f"{CHUNKED}{'f' * 15}\r\n", 413),
                               (CHUNKED + f"100000\r\n{'y' * 0x100000}\r\n" * 11 + "0\r\n\r\n", 413),
                               (f"{CHUNKED}0\r\n" + f"T: {'t' * 200}\r\n" * 1000 + "\r\n", 400),
                               (f"{POST}{form}Connection: close\r\nContent-Length: {len(pairs)}\r\n\r\n{pairs}", 400),
                               (f"{POST}{form}Connection: close\r\nContent-Length: 1000006\r\n\r\nquery={mega}", 200),
                               (f"{POST}{form}Connection: close\r\nContent-Length: 1000006\r\n\r\nquery={'(' * 1_000_000}", 400)]:
            self.assertEqual(statuses(raw(port, text))[:1], [expected], text[:80])
        self.assertEqual(request(port, path="/-/healthy")[0], 200)


class SlowClients(Guarded):
    """400 idle connections, 50 that read slowly and 50 that send slowly, all at once."""

    def latency(self, port, path, count=60):
        taken = []
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), 20)) as client:
            for _ in range(count):
                begin = time.perf_counter()
                client.sendall(f"GET {path} HTTP/1.1\r\n{HOST}\r\n".encode())
                answer = b""
                while b"\r\n\r\n" not in answer:
                    answer += client.recv(65536)
                taken.append(time.perf_counter() - begin)
                self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer[:200])
                head, _, rest = answer.partition(b"\r\n\r\n")
                left = int(re.search(rb"[Cc]ontent-[Ll]ength: (\d+)", head).group(1)) - len(rest)
                while left > 0:
                    left -= len(client.recv(65536))
        return sorted(taken)[int(count * 0.9)]

    def test_they_leave_the_others_their_time(self):
        port = self.start("hearth", ["--web.read-timeout=1m"])
        paths = ["/-/healthy", "/api/v1/query?query=vector(1)"]
        before = {path: self.latency(port, path) for path in paths}
        large = " or ".join(f'label_replace(vector(time()), "a", "{i}", "", "")' for i in range(20))
        form = urllib.parse.urlencode({"query": large, "start": 0, "end": 10_000, "step": 1})
        with contextlib.ExitStack() as clients:
            def connect(buffer=None):
                client = socket.socket()
                clients.callback(client.close)
                if buffer:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
                client.settimeout(30)
                client.connect(("127.0.0.1", port))
                return client

            idle = [connect() for _ in range(400)]
            for client in idle:
                client.sendall(f"GET /-/healthy HTTP/1.1\r\n{HOST}\r\n".encode())
            for client in idle:
                self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200"))
            readers = [connect(4096) for _ in range(50)]
            for client in readers:
                client.sendall(f"GET /api/v1/query_range?{form} HTTP/1.1\r\n{HOST}\r\n".encode())
            for client in readers:
                self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200"))
            senders = [connect() for _ in range(50)]
            for _ in range(3):
                for number, client in enumerate(senders):
                    client.sendall(b"G" if number % 2 else b"POST / HTTP/1.1\r\nX: y" if _ == 0 else b"z")
                for client in readers:
                    client.recv(50)
                during = {path: self.latency(port, path) for path in paths}
                for path in paths:
                    self.assertLess(during[path], max(5 * before[path], 0.1), f"{path} before {before}, now {during}")
            for client in idle[::20]:
                client.sendall(f"GET /-/healthy HTTP/1.1\r\n{HOST}\r\n".encode())
                self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200"))
        self.assertEqual(get(f"http://127.0.0.1:{port}/-/healthy")[0], 200)


class Sockets(Guarded):
    def test_several_addresses_and_the_path_of_a_socket(self):
        path = self.dir / "web.sock"
        other = self.start("hearth", [f"--web.listen-address=unix://{path}"])
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(f"GET /-/healthy HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
                self.assertEqual(parse(b"".join(iter(lambda: client.recv(4096), b"")))[0], 200)
        self.assertEqual(request(other, path="/-/healthy")[0], 200)


if __name__ == "__main__":
    unittest.main()
