"""Random PromQL beside a real Prometheus: the same samples, the same question, the same answer.

HEARTH_DIFFERENTIAL_QUERIES (500) questions from HEARTH_DIFFERENTIAL_SEED (1), each asked at one moment and as
a range. Equal are: status, error type and text, result type, labels, order where the language fixes one, values
to 1e-12 relative, histograms, warnings and infos. A difference is printed with the smallest expression that
still shows it. HEARTH_DIFFERENTIAL_FEATURES adds features of both servers, such as promql-delayed-name-removal.

Hearth follows a later version of the language than a peer may speak: promql_versions.py names what differs.
"""

import http.client
import json
import os
import random
import re
import subprocess
import time
import unittest
import urllib.parse

import servers
from promql_answers import difference
from promql_data import AFTER, BEFORE, START, Data
from promql_grammar import Grammar, smaller
from promql_versions import beyond_versions, features_of
from remote_write import Sender
from servers import EndToEnd, peer, use_prometheus_3

QUERIES = int(os.environ.get("HEARTH_DIFFERENTIAL_QUERIES", "500"))
SEED = int(os.environ.get("HEARTH_DIFFERENTIAL_SEED", "1"))
MORE_FEATURES = os.environ.get("HEARTH_DIFFERENTIAL_FEATURES", "")
MOST_SHOWN = int(os.environ.get("HEARTH_DIFFERENTIAL_SHOWN", "20"))


def setUpModule():
    try:
        use_prometheus_3()
    except unittest.SkipTest:
        peer("prometheus"), peer("promtool")  # Debian's 2.42 does, for what it knows


class Asker:
    """One connection that asks one server."""

    def __init__(self, port):
        self.port = port
        self.connection = None

    def send(self, question):
        path, form = question
        body = urllib.parse.urlencode(form)
        for again in (True, False):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
                self.connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
                return
            except OSError:
                self.connection = None
                if not again:
                    raise

    def answer(self):
        answer = self.connection.getresponse()
        text = answer.read().decode()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"error": text}

    def ask(self, question):
        self.send(question)
        return self.answer()


class PromqlDifferential(EndToEnd):
    def setUp(self):
        super().setUp()
        said = subprocess.run([peer("prometheus"), "--version"], capture_output=True, text=True)
        self.version = tuple(int(part) for part in re.search(r"version (\d+)\.(\d+)", said.stdout + said.stderr).groups())
        self.features = features_of(self.version)
        self.data = Data(seed=7, histograms="histograms" in self.features, whole_seconds="milliseconds" in self.features)
        self._make_block()
        config = self.config({}, extra="storage:\n  tsdb:\n    out_of_order_time_window: 0s\n")
        names = {"experimental": "promql-experimental-functions", "durations": "promql-duration-expr", "histograms": "native-histograms"}
        wanted = [flag for feature, flag in names.items() if feature in self.features] + [name for name in MORE_FEATURES.split(",") if name]
        flags = ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"]
        flags += [f"--enable-feature={','.join(wanted)}"] if wanted else []
        self.both = [self.hearth(config, flags=flags), self.prometheus(config, flags=flags)]
        for server in self.both:
            self._send(server)
        self.askers = [Asker(server.port) for server in self.both]

    def _make_block(self):
        text = self.dir / "floats.om"
        text.write_text(self.data.openmetrics())
        made = subprocess.run([peer("promtool"), "tsdb", "create-blocks-from", "openmetrics", text, self.dir / "data"], capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr[-2000:])
        subprocess.run(["cp", "-r", self.dir / "data", self.dir / "prometheus-data"], check=True)

    def _send(self, server):
        sender = Sender(server.port, timeout=120)
        for request in self.data.requests():
            status, body = sender.send(request)
            self.assertEqual(status // 100, 2, body)
        sender.close()

    def ask(self, question):
        for asker in self.askers:
            asker.send(question)
        try:
            return [asker.answer() for asker in self.askers]
        except OSError as error:
            raise AssertionError(f"no answer to {question}") from error

    def differs(self, tree, question_of):
        """In words, or None. An answer that the peer itself does not give twice is no measure."""
        query = str(tree)
        question = question_of(query)
        ours, theirs = self.ask(question)
        self.last_answered = bool(theirs[1].get("data", {}).get("result"))
        found = beyond_versions(self.version, query, ours, theirs, difference)
        if found is None:
            return None
        for _ in range(12):
            again = self.askers[1].ask(question)
            if difference(query, again, theirs) is not None or difference(query, ours, again) is None:
                self.unstable += 1
                return None
        return found

    def smallest(self, tree, question_of):
        """The smallest expression reached that still differs."""
        tried = 0
        while tried < 400:
            for option in smaller(tree):
                tried += 1
                if self.differs(option, question_of):
                    tree = option
                    break
            else:
                break
        return tree

    def questions(self, numbers):
        """One moment and one range."""
        low, high = START - BEFORE + 600, START + AFTER
        if numbers.random() < 0.6:
            low = START + 300
        at = numbers.randrange(low, high)
        at = at + 0.5 if "milliseconds" not in self.features else numbers.choice((at, at // 60 * 60, at + 0.001, at + 0.5))
        step = numbers.choice((15, 30, 60, 60, 61, 300, 7))
        steps = numbers.choice((1, 2, 10, 20, 40))
        instant = lambda query: ("/api/v1/query", {"query": query, "time": f"{at:.3f}"})
        ranged = lambda query: ("/api/v1/query_range", {"query": query, "start": f"{at:.3f}", "end": f"{at + step * steps:.3f}", "step": step})
        return instant, ranged

    def test_random_queries_have_equal_answers(self):
        self.unstable = 0
        grammar, numbers = Grammar(SEED, self.features), random.Random(SEED)
        failures, asked, answered, began = [], 0, 0, time.monotonic()
        for number in range(QUERIES):
            tree = grammar.query()
            for question_of in self.questions(numbers):
                asked += 1
                found = self.differs(tree, question_of)
                answered += self.last_answered
                if found is None:
                    continue
                small = self.smallest(tree, question_of)
                found = self.differs(small, question_of)
                if found is None:
                    continue  # counted as unstable
                failures.append(f"{found}\n    {question_of(str(small))}\n    from query {number} of seed {SEED}: {tree}")
                print(f"-- {failures[-1]}", flush=True)
                if len(failures) >= MOST_SHOWN:
                    self.fail(f"{len(failures)} differences in the first {asked} questions of seed {SEED}")
        seconds = time.monotonic() - began
        print(f"{asked} questions of seed {SEED} to Prometheus {'.'.join(map(str, self.version))} in {seconds:.0f} s: {answered} with data; "
              f"{self.unstable} that Prometheus answers now so, now so")
        self.assertEqual(failures, [])
        self.assertGreater(answered, asked // 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
