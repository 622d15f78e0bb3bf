"""`promtool query` against Hearth as against Prometheus: the same data, the same output and exit code."""

import re
import subprocess
import unittest

from api_data import Twins
from servers import peer, use_prometheus_3


def setUpModule():
    use_prometheus_3()


class PromtoolQuery(Twins):
    def run_both(self, *words):
        answers = []
        for server in self.both:
            command = [peer("promtool"), *[word.replace("SERVER", server.url) for word in words]]
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
            answers.append((done.returncode, *(text.replace(server.url, "SERVER") for text in (done.stdout, done.stderr))))
        return answers

    def same(self, *words, in_order=True):
        ours, theirs = self.run_both(*words)
        if not in_order:
            ours, theirs = ((code, sorted(out.splitlines()), err) for code, out, err in (ours, theirs))
        self.assertEqual(ours, theirs, " ".join(words))
        return ours

    def test_outputs_are_the_same(self):
        self.start_twins()
        start, end = self.base // 1000, self.base // 1000 + 3000
        times = [f"--start={start}", f"--end={end}"]
        for form in ("promql", "json"):
            for query in ("temperature", "1", "'text'", "odd", "texts", "native", "temperature[5m]", "native[3m]", '{"dotted.name"}', "nothing", "sum(", "rate(temperature[5m])"):
                self.same("-o", form, "query", "instant", f"--time={end}", "SERVER", query)
            for query in ("temperature", "native", "1", "nothing", "quantile(2, temperature)", "temperature[1m]"):
                self.same("-o", form, "query", "range", *times, "--step=5m", "SERVER", query)
            self.same("-o", form, "query", "range", *times, "--step=5m", "--header=X-A=b", "SERVER", "temperature")
            for matches in (["temperature"], ["temperature", "odd"], ["{"], ["nothing"], ['{"dotted.name"}']):
                self.same("-o", form, "query", "series", *times, *[f"--match={match}" for match in matches], "SERVER")
            for name in ("room", "text", "job", "nothing", "la.bel", "__name__"):
                self.same("-o", form, "query", "labels", *times, '--match={__name__!~"up|scrape.*|untyped.*"}', "SERVER", name)
        code, out, _ = self.same("query", "analyze", "--server=SERVER", "--type=histogram", "--duration=1h", f"--time={end}", "--match=native")
        self.assertEqual(code, 0)
        self.assertTrue(out)
        self.same("query", "analyze", "--server=SERVER", "--type=histogram", "--duration=1h", f"--time={end}", "--match=latency_bucket")
        self.same("query", "analyze", "--server=SERVER", "--type=histogram", f"--time={end}", "--match=nothing")
        self.same("check", "healthy", "--url=SERVER")
        self.same("check", "ready", "--url=SERVER")

    def test_debug_archives_can_be_made(self):
        self.start_twins()
        for what in ("pprof", "metrics", "all"):
            done = subprocess.run([peer("promtool"), "debug", what, self.hearth_server.url], capture_output=True, text=True, timeout=120, cwd=self.dir)
            said = done.stdout + done.stderr
            if what == "metrics":
                self.assertEqual(done.returncode, 0, said)
            self.assertTrue(re.search("complet|debug.tar.gz", said), said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
