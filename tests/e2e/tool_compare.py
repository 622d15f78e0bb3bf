"""hearthtool beside promtool: the same words, the same output and exit code."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import servers


class ToolTestCase(unittest.TestCase):
    """Each test has a folder of its own, in which both programs run; Hearth's is called promtool there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hearth-tool-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        bin_folder = tempfile.TemporaryDirectory(prefix="hearth-tool-")
        self.addCleanup(bin_folder.cleanup)
        self.ours = pathlib.Path(bin_folder.name) / "promtool"
        self.ours.symlink_to(servers.HEARTHTOOL)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    def run_tool(self, program, arguments, stdin="", cwd=None):
        return subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                              cwd=cwd or self.folder, timeout=300)

    def tool(self, *arguments, stdin="", cwd=None):
        return self.run_tool(self.ours, arguments, stdin, cwd)

    def assert_same(self, *arguments, stdin="", cwd=None, change=lambda text: text):
        """`change` takes from both outputs what cannot be equal."""
        theirs = self.run_tool(servers.peer("promtool"), arguments, stdin, cwd)
        ours = self.run_tool(self.ours, arguments, stdin, cwd)
        where = " ".join(map(str, arguments))
        self.assertEqual(change(theirs.stderr), change(ours.stderr), where)
        self.assertEqual(change(theirs.stdout), change(ours.stdout), where)
        self.assertEqual(theirs.returncode, ours.returncode, where)
        return ours


def sorted_lines(text):
    """Go walks over its maps in any order."""
    return sorted(text.split("\n"))


def without_lines(text):
    """Hearth tells the line of what is wrong where Prometheus does not."""
    return re.sub(r" \(line \d+\)$", "", text, flags=re.M)


def without_order(text):
    """Which of two series an error names first is chance in Prometheus."""
    return re.sub(r"operation: \[.*\];", "", text)


def without_warnings(text):
    """Hearth tells of sections that it does not act on."""
    return re.sub(r"^  WARNING: section .*\n", "", text, flags=re.M)
