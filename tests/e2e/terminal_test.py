"""hearthtool in a real terminal: plots, --watch, a new size, the prompt, progress, Ctrl-C."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import servers
from terminal import Terminal

BRAILLE = re.compile("[\u2801-\u28ff]")
BEGIN = 1700000000 // 7200 * 7200


def openmetrics(series, samples, step=15):
    lines = [f'room_temperature{{room="{room}"}} {20 + (t * (room + 1)) % 17} {BEGIN + t * step}'
             for room in range(series) for t in range(samples)]
    return "\n".join(lines) + "\n# EOF\n"


class TerminalTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hearth-terminal-"))
        self.addCleanup(self.remove_folder)

    def remove_folder(self):
        """What runs in a terminal may write until it has ended with it."""
        def removed():
            shutil.rmtree(self.folder, ignore_errors=True)
            return not self.folder.exists()
        servers.wait_for(removed, f"{self.folder} to be removed")

    def terminal(self, columns=80, rows=24, **environment):
        terminal = Terminal(self.folder, columns, rows, environment)
        self.addCleanup(terminal.close)
        return terminal

    def data(self, series=3, samples=200):
        """A directory of blocks."""
        (self.folder / "a.om").write_text(openmetrics(series, samples))
        subprocess.run([servers.HEARTHTOOL, "tsdb", "create-blocks-from", "openmetrics", "-q", self.folder / "a.om",
                        self.folder / "data"], check=True, capture_output=True, timeout=60)
        return self.folder / "data"

    def large_file(self, samples=600):
        """One that takes a second or more to import."""
        path = self.folder / "large.om"
        with path.open("w") as out:
            for at in range(samples):
                out.write("".join(f'm{{i="{i}"}} {at} {BEGIN + at * 15}\n' for i in range(12000)))
            out.write("# EOF\n")
        return path


class Plots(TerminalTest):
    def range_query(self, *flags, query="room_temperature"):
        return [servers.HEARTHTOOL, "query", "range", f"--data-dir={self.data()}", f"--start={BEGIN}",
                f"--end={BEGIN + 2900}", "--step=15s", *flags, query]

    def test_lines_axes_legend_and_colours_of_several_series(self):
        terminal = self.terminal(90, 30)
        terminal.run(*self.range_query("-o", "plot"))
        screen = terminal.wait('room_temperature{room="2"}')
        self.assertRegex(screen, BRAILLE)
        self.assertRegex(screen, r"36 ┤")        # the top of the value axis
        self.assertRegex(screen, r"20 ┤")        # and its bottom
        self.assertRegex(screen, r"└─{60,}")     # the time axis
        self.assertRegex(screen, r"\d\d:\d\d:\d\d +\d\d:\d\d:\d\d")
        self.assertEqual(len(re.findall(r"^── room_temperature\{room=\"\d\"\}$", screen, re.M)), 3)
        coloured = terminal.screen(colours=True)
        for colour in (36, 33, 32):
            self.assertRegex(coloured, rf"\x1b\[{colour}m[\u2801-\u28ff]")
            self.assertRegex(coloured, rf"\x1b\[{colour}m──")
        self.assertLessEqual(max(map(len, screen.splitlines())), 90)
        terminal.wait_for_prompt()

    def test_a_plot_is_as_wide_and_high_as_the_terminal(self):
        for columns, rows in ((60, 16), (120, 40)):
            terminal = self.terminal(columns, rows)
            terminal.run("clear")
            terminal.run(*self.range_query("-o", "plot"))
            screen = terminal.wait(re.compile(r'── room_temperature\{room="2"\}\n'))
            axis = re.search(r"└(─+)", screen)[1]
            self.assertGreater(len(axis), columns - 12)
            self.assertGreater(screen.count("│") + screen.count("┤"), rows - 9)
            terminal.close()

    def test_no_colours_where_none_are_wanted(self):
        terminal = self.terminal(90, 30, NO_COLOR="1")
        terminal.run(*self.range_query("-o", "plot"))
        terminal.wait('room_temperature{room="2"}')
        self.assertNotIn("\x1b[36m", terminal.screen(colours=True))

    def test_a_new_size_is_drawn_at_once_and_ctrl_c_ends(self):
        terminal = self.terminal(90, 30)
        terminal.run(*self.range_query("-o", "plot", "--watch=1h"))
        wide = re.search(r"└(─+)", terminal.wait(re.compile(r"└─{70,}")))[1]
        terminal.resize(50, 20)
        narrow = re.search(r"└(─+)", terminal.wait(re.compile(r"└─{30,46}$", re.M)))[1]
        self.assertGreater(len(wide), len(narrow) + 30)
        self.assertRegex(terminal.screen(), BRAILLE)
        self.assertIn('── room_temperature{room="0"}', terminal.screen())
        terminal.resize(110, 30)
        terminal.wait(re.compile(r"└─{90,}"))
        terminal.press("C-c")
        terminal.wait_for_prompt()


class Watch(TerminalTest, servers.EndToEnd):
    def setUp(self):
        TerminalTest.setUp(self)
        servers.EndToEnd.setUp(self)

    def test_it_asks_again_and_again(self):
        server = self.hearth(self.config({}))
        terminal = self.terminal(90, 30)
        terminal.run(servers.HEARTHTOOL, "query", "range", "--watch=100ms", "--step=60s", "-o", "csv", server.url, "vector(time())")
        first = re.search(r"^(\d+(?:\.\d+)?),", terminal.wait(re.compile(r"^\d+(\.\d+)?,", re.M)), re.M)[1]
        servers.wait_for(lambda: (found := re.search(r"^(\d+(?:\.\d+)?),", terminal.screen(), re.M)) and found[1] != first,
                         "another time on the screen")
        self.assertTrue(terminal.screen().startswith("timestamp,value\n"))  # at the top, over what was there
        server.stop(signal.SIGKILL)
        terminal.wait("query error: ")
        terminal.press("C-c")
        terminal.wait_for_prompt()


class Prompt(TerminalTest):
    def prompt(self, terminal=None):
        terminal = terminal or self.terminal(100, 40)
        terminal.run(servers.HEARTHTOOL, "query", "-i", f"--data-dir={self.folder / 'data'}")
        terminal.wait(re.compile(r"^promql>\s*\Z", re.M))
        return terminal

    def answer(self, terminal, line, wanted):
        terminal.type(line)
        terminal.press("Enter")
        return terminal.wait(wanted)

    def test_queries_are_answered_and_drawn(self):
        self.data()
        terminal = self.prompt()
        self.answer(terminal, "6*7", re.compile(r"^scalar: 42 @", re.M))
        self.answer(terminal, "sum(", "error: 1:5: parse error: unclosed left parenthesis")
        self.answer(terminal, f"\\time {BEGIN + 600}", re.compile(r"^promql>\s*\Z", re.M))
        self.answer(terminal, 'room_temperature{room="1"}', re.compile(rf'^room_temperature{{room="1"}} => \d+ @\[{BEGIN + 600}\]$', re.M))
        self.answer(terminal, "\\format table", re.compile(r"^promql>\s*\Z", re.M))
        self.answer(terminal, "room_temperature", re.compile(r"^__name__ +room +timestamp +value$", re.M))
        self.answer(terminal, "\\format auto", re.compile(r"^promql>\s*\Z", re.M))
        self.answer(terminal, "\\range 10m", re.compile(r"^promql>\s*\Z", re.M))
        self.answer(terminal, "\\step 15s", re.compile(r"^promql>\s*\Z", re.M))
        screen = self.answer(terminal, "room_temperature", re.compile(r'^── room_temperature\{room="2"\}\n', re.M))
        self.assertRegex(screen, BRAILLE)
        self.answer(terminal, "\\format bogus", "error: the format is one of")
        self.answer(terminal, "\\bogus", "error: \\bogus is no command")
        self.answer(terminal, "\\help", "Ctrl-C ends a query, Ctrl-D the prompt")
        terminal.press("C-d")
        terminal.wait_for_prompt()

    def test_tab_completes_metrics_functions_labels_and_values(self):
        self.data()
        terminal = self.prompt()
        self.answer(terminal, f"\\time {BEGIN + 600}", re.compile(r"^promql>\s*\Z", re.M))
        terminal.type("coun")
        terminal.press("Tab")  # to what count and count_values have in common
        terminal.wait(re.compile(r"^promql> count\s*\Z", re.M))
        terminal.press("Tab")
        terminal.wait(re.compile(r"^count +count_over_time +count_values$", re.M))
        terminal.type("_o")
        terminal.press("Tab")
        terminal.wait(re.compile(r"^promql> count_over_time\(\s*\Z", re.M))
        terminal.type("room_t")
        terminal.press("Tab")
        terminal.wait(re.compile(r"^promql> count_over_time\(room_temperature\s*\Z", re.M))
        terminal.type("{r")
        terminal.press("Tab")
        terminal.wait('count_over_time(room_temperature{room="')
        terminal.press("Tab")
        terminal.wait(re.compile(r"^0 +1 +2$", re.M))
        terminal.type("2")
        terminal.press("Tab")
        terminal.wait(re.compile(r'count_over_time\(room_temperature\{room="2"\s*\Z'))
        self.answer(terminal, "}[5m])", re.compile(r'^\{room="2"\} => 20 @', re.M))
        terminal.type("sum by (ro")
        terminal.press("Tab")
        terminal.wait(re.compile(r"^promql> sum by \(room\s*\Z", re.M))
        terminal.press("C-c")
        terminal.type("\\fo")
        terminal.press("Tab")
        terminal.wait(re.compile(r"^promql> \\format\s*\Z", re.M))

    def test_history_is_kept_for_the_next_prompt(self):
        self.data()
        terminal = self.prompt()
        self.answer(terminal, "20+1", re.compile(r"^scalar: 21 @", re.M))
        self.answer(terminal, "20+2", re.compile(r"^scalar: 22 @", re.M))
        terminal.press("Up", "Up")
        terminal.wait(re.compile(r"^promql> 20\+1\s*\Z", re.M))
        terminal.press("BSpace")
        self.answer(terminal, "3", re.compile(r"^scalar: 23 @", re.M))
        terminal.press("C-d")
        terminal.wait_for_prompt()
        self.assertEqual((self.folder / "state" / "hearth" / "history").read_text(), "20+1\n20+2\n20+3\n")
        self.prompt(terminal)
        terminal.press("Up", "Up", "Up")
        terminal.wait(re.compile(r"^promql> 20\+1\s*\Z", re.M))
        terminal.press("C-c")
        terminal.wait(re.compile(r"^promql>\s*\Z", re.M))
        terminal.press("C-r")
        terminal.type("+3")
        terminal.wait("20+3")
        terminal.press("Enter")
        terminal.wait(re.compile(r"^scalar: 23 @", re.M))

    def test_ctrl_c_empties_the_line_or_ends_the_query_and_never_the_prompt(self):
        self.data(series=100, samples=5000)
        terminal = self.prompt()
        terminal.type("sum(never asked")
        terminal.wait("sum(never asked")
        terminal.press("C-c")
        terminal.wait(re.compile(r"sum\(never asked\^C\npromql>\s*\Z"))
        self.answer(terminal, f"\\time {BEGIN + 70000}", re.compile(r"^promql>\s*\Z", re.M))
        slow = "max_over_time(sum(quantile_over_time(0.5, room_temperature[20h]))[20h:1s])"
        terminal.type(slow)
        terminal.wait("[20h:1s])")
        terminal.press("Enter")
        terminal.press("C-c")
        terminal.wait(re.compile(r"^canceled\npromql>\s*\Z", re.M))
        self.answer(terminal, "40+2", re.compile(r"^scalar: 42 @", re.M))
        for _ in range(5):
            terminal.press("C-c")
        self.answer(terminal, "40+3", re.compile(r"^scalar: 43 @", re.M))
        terminal.press("C-d")
        terminal.wait_for_prompt()

    def test_without_a_terminal_lines_are_read_and_answered(self):
        self.data()
        done = subprocess.run([servers.HEARTHTOOL, "query", "-i", f"--data-dir={self.folder / 'data'}"], text=True,
                              input=f"\\time {BEGIN}\n6*7\nsum(\n\\format csv\nroom_temperature\n", capture_output=True, timeout=60)
        self.assertEqual(done.stdout, f"scalar: 42 @[{BEGIN}]\n__name__,room,timestamp,value\n" +
                         "".join(f"room_temperature,{i},{BEGIN},20\n" for i in range(3)))
        self.assertEqual(done.stderr, "error: 1:5: parse error: unclosed left parenthesis\n")
        self.assertEqual(done.returncode, 0)


class LongWork(TerminalTest):
    def test_an_import_shows_a_bar_and_ctrl_c_leaves_nothing(self):
        path = self.large_file()
        terminal = self.terminal(100, 30)
        out = self.folder / "out"
        terminal.run(servers.HEARTHTOOL, "tsdb", "create-blocks-from", "openmetrics", path, out)
        terminal.wait(re.compile(r"importing \[#*\.*\] +\d+% \d+ samples of 12000 series"))
        terminal.press("C-c")
        screen = terminal.wait(re.compile(r"^interrupted$", re.M))
        self.assertNotIn("importing [", screen)
        terminal.wait_for_prompt()
        self.assertEqual(os.listdir(out), [])

    def test_bars_of_verify_analyze_and_the_log(self):
        data, log = self.folder / "data", self.folder / "bench" / "storage"
        (self.folder / "series").write_text("".join(f'{{"__name__":"m","i":"{i}"}}\n' for i in range(4000)))
        subprocess.run([servers.HEARTHTOOL, "tsdb", "bench", "write", "--metrics=4000", "--scrapes=1500", f"--out={log.parent}",
                        self.folder / "series"], check=True, capture_output=True, timeout=120)
        subprocess.run([servers.HEARTHTOOL, "tsdb", "create-blocks-from", "openmetrics", "-q", self.large_file(), data],
                       check=True, capture_output=True, timeout=120)
        terminal = self.terminal(100, 30)
        for words, end, bar in (
                (["tsdb", "verify", log], "nothing is damaged", r"verifying \[#*\.*\] +\d+% "),
                (["tsdb", "verify", data], "nothing is damaged", r"verifying \[#*\.*\] +\d+% "),
                (["tsdb", "analyze", "--extended", data], "buckets per histogram chunk", r"analyzing \[#*\.*\] +\d+% \d+ series"),
                (["query", "instant", f"--data-dir={log}", "--time=40000", 'count(m{i=~".*1"})'], "{} => 400 @",
                 r"reading the log \[#*\.*\] +\d+% \S+ of \S+")):
            with self.subTest(words):
                terminal.run(servers.HEARTHTOOL, *words)
                terminal.wait(end)
                self.assertRegex(terminal.raw(), bar)
                self.assertNotRegex(terminal.screen(), bar)
                terminal.wait_for_prompt()

    def test_no_bar_in_a_pipe(self):
        done = subprocess.run([servers.HEARTHTOOL, "tsdb", "create-blocks-from", "openmetrics", "-q", self.large_file(100), self.folder / "out"],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(re.sub(r"^importing \d+% \d+ samples of \d+ series\n|^writing blocks \d+ blocks\n", "", done.stderr, flags=re.M), "")

    def test_a_pipe_that_is_interrupted_leaves_nothing(self):
        out = self.folder / "out"
        process = subprocess.Popen([servers.HEARTHTOOL, "tsdb", "create-blocks-from", "openmetrics", self.large_file(), out],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        servers.wait_for(lambda: out.exists() and any(p.stat().st_size for p in out.iterdir()), "the import to be under way")
        process.send_signal(signal.SIGTERM)
        printed, said = process.communicate(timeout=60)
        self.assertEqual((process.returncode, printed), (1, ""))
        self.assertTrue(said.endswith("interrupted\n"), said)
        self.assertEqual(os.listdir(out), [])


if __name__ == "__main__":
    unittest.main()
