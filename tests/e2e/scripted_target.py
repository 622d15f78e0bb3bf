"""A target that answers each scraper by a script: the n-th request of a scraper to a case gets the case's n-th step."""

import dataclasses
import gzip
import http.server
import re
import threading
import time

TEXT = "text/plain; version=0.0.4"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclasses.dataclass
class Step:
    """One answer. In the body {T+n} stands for the test's time plus n milliseconds."""

    body: str = ""
    type: str | None = TEXT
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    delay: float = 0
    cut: int | None = None  # after so many bytes of the body the connection is closed
    shown: int | None = None  # only so many bytes of the body, compressed as it may be, are all there is
    gzip: bool | None = None  # None: as the scraper asks for it


class ScriptedTarget:
    """Serves /<scraper>/<case>. After its last step a case repeats that."""

    def __init__(self, cases, start_ms, port):
        self.cases = cases
        self.start_ms = start_ms
        self.lock = threading.Lock()
        self.served = {}  # (scraper, case): how many requests
        self.requests = {}  # (scraper, case): the head of the last one, as (path with query, headers)
        self.connections = set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *_):
                pass  # a scraper that leaves early is part of some scripts

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def count(self, scraper, case):
        with self.lock:
            return self.served.get((scraper, case), 0)

    def answer(self, request):
        _, scraper, case = request.path.split("?")[0].split("/")[:3]
        with self.lock:
            n = self.served.get((scraper, case), 0)
            self.served[scraper, case] = n + 1
            self.requests[scraper, case] = (request.path, dict(request.headers))
            self.connections.add((scraper, request.client_address))
        script = self.cases[case]
        step = script[min(n, len(script) - 1)]
        time.sleep(step.delay)
        body = re.sub(r"\{T([+-]\d+)\}", lambda m: str(self.start_ms + int(m[1])), step.body).encode()
        request.send_response(step.status)
        if step.type is not None:
            request.send_header("Content-Type", step.type)
        for name, value in step.headers.items():
            request.send_header(name, value)
        if step.gzip or (step.gzip is None and "gzip" in request.headers.get("Accept-Encoding", "")):
            body = gzip.compress(body)
            request.send_header("Content-Encoding", "gzip")
        body = body[:step.shown]
        if step.status != 204:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[:step.cut])
        if step.cut is not None:
            request.close_connection = True
