"""A real terminal for tests: a tmux server of its own, whose screen is read and whose keys are pressed."""

import itertools
import os
import re
import shlex
import shutil
import subprocess
import unittest

import servers

SECONDS = int(os.environ.get("HEARTH_TERMINAL_SECONDS", "60"))

_numbers = itertools.count()


class Terminal:
    """A shell in a pane. Every wait polls the screen for a text, with a deadline."""

    def __init__(self, folder, columns=80, rows=24, environment=None):
        if shutil.which("tmux") is None:
            raise unittest.SkipTest("tmux is not there; scripts/setup test installs it")
        # A server that was told to end may still hold its socket.
        self.command = ["tmux", "-S", str(folder / f"tmux-{next(_numbers)}.socket"), "-f", "/dev/null"]
        self.log = folder / "tmux.raw"
        clean = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")}
        self.environment = {**clean, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(folder),
                            "XDG_STATE_HOME": str(folder / "state"), **(environment or {})}
        (folder / "rc").write_text("PS1='ready$ '\n")
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(folder),
                  f"exec bash --noprofile --rcfile {shlex.quote(str(folder / 'rc'))}")
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("set-option", "-g", "window-size", "manual")
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))
        self.tmux("pipe-pane", "-o", f"cat >> {shlex.quote(str(self.log))}")
        self.wait("ready$")

    def tmux(self, *arguments):
        return subprocess.run([*self.command, *arguments], capture_output=True, text=True, check=True, timeout=30,
                              env=self.environment).stdout

    def close(self):
        subprocess.run([*self.command, "kill-server"], capture_output=True, timeout=30)

    def screen(self, colours=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def raw(self):
        """All that was ever written to the terminal."""
        return self.log.read_text(errors="replace")

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def run(self, *words):
        self.type(" ".join(shlex.quote(str(word)) for word in words))
        self.press("Enter")

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, wanted, seconds=SECONDS):
        """Until the screen matches; a text stands for itself. Returns the screen."""
        pattern = wanted if isinstance(wanted, re.Pattern) else re.compile(re.escape(wanted))
        try:
            servers.wait_for(lambda: pattern.search(self.screen()), f"{pattern.pattern!r} on the terminal", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{self.screen()}") from None
        return self.screen()

    def wait_for_prompt(self, seconds=SECONDS):
        """Until the shell's prompt is the last line, empty, and it echoes what is typed: the terminal is sane."""
        self.wait(re.compile(r"ready\$\s*\Z"), seconds)
        self.run("echo", "a", "b")
        self.wait(re.compile(r"^a b\nready\$\s*\Z", re.M))
        self.press("C-l")
        self.wait(re.compile(r"\Aready\$\s*\Z"))
