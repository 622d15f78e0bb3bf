"""What is packed: the unit, the manual pages, the completions, versions that have to agree. scripts/test-package installs it."""

import configparser
import os
import re
import shutil
import subprocess
import unittest

from servers import HEARTH, HEARTHTOOL, SOURCE_DIR

DEPLOY = SOURCE_DIR / "deploy"


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)


class Package(unittest.TestCase):
    def test_the_unit_takes_away_what_the_server_does_not_need(self):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(DEPLOY / "debian" / "hearth.service")
        service = dict(unit["Service"])
        for name in ("NoNewPrivileges", "PrivateDevices", "PrivateTmp", "PrivateUsers", "ProtectHome", "ProtectControlGroups", "LockPersonality",
                     "ProtectKernelModules", "ProtectKernelTunables", "RemoveIPC", "RestrictNamespaces", "RestrictRealtime", "MemoryDenyWriteExecute"):
            self.assertEqual(service.get(name), "yes", name)
        self.assertEqual((service["ProtectSystem"], service["CapabilityBoundingSet"], service["StateDirectory"]), ("strict", "", "hearth"))
        self.assertEqual(service["User"], "hearth")
        flags = re.findall(r"--([a-z.-]+)", service["ExecStart"])
        for flag in flags:
            self.assertIn(f"--{flag}", run(HEARTH, "--help").stdout)

    def test_the_changelog_has_the_version_that_is_built(self):
        version = re.search(r"project\(hearth VERSION (\S+)", (SOURCE_DIR / "CMakeLists.txt").read_text()).group(1)
        self.assertTrue((DEPLOY / "debian" / "changelog").read_text().startswith(f"hearth ({version}) "))
        self.assertIn(f"hearth, version {version} ", run(HEARTH, "--version").stdout)

    def test_manual_pages_tell_every_flag_and_verb_without_a_warning(self):
        for program, flag in ((HEARTH, "--help"), (HEARTHTOOL, "--help-long")):
            said = run(program, flag).stdout
            name = program.name
            page = run("awk", "-f", DEPLOY / "man" / "page.awk", "-v", f"program={name}", "-v", "summary=s", "-v", "version=1", "-v",
                       "date=2026-01-01", "-", DEPLOY / "man" / f"{name}.roff", input=said, env={**os.environ, "LC_ALL": "C"}).stdout
            shown = page.replace("\\-", "-").replace("\\e", "\\")
            for line in said.splitlines():
                if match := re.match(r"^ +(?:-\w, )?(--\S+)", line):
                    self.assertIn(match.group(1), shown)
                elif re.match(r"^[a-z]\S* [a-z\[<]", line) and not line.startswith("usage:"):
                    self.assertIn(f".SS {line.rstrip()}", shown)
            for checker in (["mandoc", "-Tlint", "-Wwarning"], ["groff", "-ww", "-man", "-Tutf8", "-z"]):
                if shutil.which(checker[0]):
                    done = run(*checker, input=page)
                    self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), name)

    def complete(self, line):
        """What bash offers at the end of the line."""
        words = line.split(" ")
        script = (f"source {DEPLOY}/completions/hearth.bash; COMP_WORDS=({' '.join(repr(word) for word in words)}); "
                  f"COMP_CWORD={len(words) - 1}; _hearth; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        folder = f"{HEARTHTOOL.parent}:{os.environ['PATH']}"
        done = run("bash", "-c", script, env={**os.environ, "PATH": folder}, cwd=SOURCE_DIR)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def test_bash_completes_verbs_flags_and_files(self):
        self.assertLessEqual({"check", "query", "tsdb", "test", "promql", "push", "debug"}, self.complete("hearthtool "))
        self.assertEqual(self.complete("hearthtool check co"), {"config"})
        self.assertEqual(self.complete("hearthtool tsdb create-blocks-from "), {"openmetrics", "rules"})
        self.assertEqual(self.complete("hearthtool query range --sta"), {"--start"})
        self.assertEqual(self.complete("hearthtool check config deploy/pro"), {"deploy/prometheus.yml"})
        self.assertEqual(self.complete("hearth --web.listen"), {"--web.listen-address"})

    def test_the_other_shells_can_read_their_completions(self):
        for shell, file in (("zsh", "_hearth"), ("fish", "hearth.fish")):
            if shutil.which(shell):
                done = run(shell, "-n", DEPLOY / "completions" / file)
                self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
