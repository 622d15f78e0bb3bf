"""docs/compatibility.md is true: every row of its tables is tried against the programs."""

import re
import subprocess
import tempfile
import unittest

import servers

TEXT = (servers.SOURCE_DIR / "docs" / "compatibility.md").read_text()


def rows(heading):
    """{name: mark} of the table under a heading; several names in one cell are several rows."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) < 2 or not cells[0].startswith("`"):
            continue
        for name in re.findall(r"`([^`]+)`", cells[0]):
            found[name] = cells[1]
    return found


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def help_of_flags():
    """{flag: its help text} of hearth."""
    text = run(servers.HEARTH, "--help").stdout
    flags = {}
    for line in text.splitlines():
        found = re.match(r"^ +(?:-\w, )?--(?:\[no-\])?([a-z][\w.-]*)(.*)", line)
        if found:
            name = found[1]
            flags[name] = found[2]
        elif flags:
            flags[name] += " " + line.strip()
    return flags


# What Prometheus wants of each; the others need nothing.
REQUIRED = {
    "aws": "role: ec2, region: a", "eureka": "server: 'http://a'", "kuma": "server: 'http://a'",
    "ionos": "datacenter_id: a, authorization: {credentials: a}", "marathon": "servers: ['http://a']",
    "nerve": "servers: [a], paths: [/a]", "serverset": "servers: [a], paths: [/a]",
    "outscale": "region: eu-west-2, access_key: a, secret_key: b",
    "ovhcloud": "application_key: a, application_secret: b, consumer_key: c, service: vps",
    "puppetdb": "url: 'http://a', query: b", "scaleway": "project_id: a, secret_key: b, access_key: c, role: instance",
    "triton": "account: a, dns_suffix: b, endpoint: c", "uyuni": "server: 'http://a', username: b, password: c",
}


class CompatibilityTest(servers.EndToEnd):
    maxDiff = None

    def test_every_flag_is_listed_with_what_it_does(self):
        flags = {name: "no effect" if "has no effect in this version" in text else "works"
                 for name, text in help_of_flags().items()}
        listed = {name.removeprefix("--"): mark for name, mark in rows("Flags").items()}
        self.assertEqual({name: "works" if mark == "ours" else mark for name, mark in listed.items()}, flags)

    def test_discoveries_work_or_are_refused_with_the_way_out_named(self):
        for name, mark in rows("Service discovery").items():
            with self.subTest(name), tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
                if name == "static_configs":
                    continue
                config.write(f"scrape_configs: [{{job_name: a, {name}: [{{{REQUIRED.get(name.removesuffix('_sd_configs'), '')}}}]}}]\n")
                config.flush()
                said = run(servers.HEARTHTOOL, "check", "config", config.name)
                self.assertEqual("http_sd_configs" in said.stdout + said.stderr and said.returncode != 0
                                 and name != "http_sd_configs", mark == "refused", said.stdout + said.stderr)

    def test_every_verb_of_promtool_that_is_listed_has_its_help(self):
        for name, mark in rows("promtool").items():
            with self.subTest(name):
                said = run(servers.HEARTHTOOL, *name.split(), "--help")
                self.assertEqual(said.returncode == 0 and name.split()[-1] in said.stdout, mark != "missing", said.stderr)

    def test_every_path_of_the_api_answers(self):
        server = self.hearth(self.config({}), flags=["--web.enable-admin-api", "--web.enable-remote-write-receiver"])
        for name, mark in rows("HTTP API").items():
            method, path = name.split()
            with self.subTest(name):
                status, body = servers.get(server.url + path, form={} if method == "POST" else None)
                self.assertEqual(status == 404, mark == "missing", f"{status}: {body[:200]}")


if __name__ == "__main__":
    unittest.main()
