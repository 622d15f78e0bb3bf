"""What a real Prometheus says of thousands of configurations, and what Hearth says: both accept and refuse the
same, in the same words, and show what they accepted in the same bytes. All but what only one version knows."""

import contextlib
import re
import subprocess
import unittest

import config_cases
import servers

# Debian's build leaves these out; the fields are younger than its version.
UNKNOWN_TO_PEER = re.compile(
    r"field (consul_sd_configs|azure_sd_configs|openstack_sd_configs|nomad_sd_configs|kuma_sd_configs|"
    r"stackit_sd_configs|azuread|google_iam|scrape_native_histograms|promote_scope_metadata) not found")

# Cases in which 3.14 does otherwise than 3.5, or only one of the two looks beyond the file.
OTHER_IN_THIS_VERSION = re.compile(
    r"^(labels\.legacy|scheme\.|global\.metric_name_validation_scheme|scrape\.metric_name_|target_label\.\w+\.legacy"
    r"|otlp\.translation_strategy|ec2_sd\.bearer_token_file|queue\.(capacity|max_shards|min_shards|max_samples_per_send)|ec2_sd\.(empty|region)|lightsail_sd\.(empty|region)"
    r"|write\.auths|remote_write\.protobuf_message|static\.url2|static\.targets)")
# What needs more of its library than its fields: identifiers of one provider.
NOT_LOOKED_INTO = re.compile(r"^(scaleway_sd|uyuni_sd\.server|kubernetes_sd\.proxy_connect_header)")
# What libyaml reads otherwise than go-yaml: a ? or an ending : in braces, %YAML 1.2, an empty collection as a key.
READ_OTHERWISE = re.compile(r"^yaml\.((flow|item)\.(0|2)|(block|flow|key|item)\.(16|17|18)|whole\.(5|8))$")
PEER_PANICS = re.compile(r"^(am\.null|am\.two|null)$")

LATER_LINES = {"metric_name_validation_scheme: utf8", "scrape_native_histograms: false", "extra_scrape_metrics: false",
               "label_name_underscore_sanitization: true", "label_name_preserve_multiple_underscores: true"}
EARLIER_DEFAULT = ("  scrape_protocols:\n  - OpenMetricsText1.0.0\n  - OpenMetricsText0.0.1\n"
                   "  - PrometheusText1.0.0\n  - PrometheusText0.0.4\n")


def setUpModule():
    servers.use_prometheus_3()


def comparable():
    for name, text in config_cases.all_cases():
        if not any(left.match(name) for left in (OTHER_IN_THIS_VERSION, NOT_LOOKED_INTO, READ_OTHERWISE, PEER_PANICS)):
            yield name, text


def without_versions(text):
    """A printed configuration without the lines that only one version prints."""
    text = "\n".join(line for line in text.split("\n") if line.strip() not in LATER_LINES)
    glob, mark, rest = text.partition("\nscrape_configs:")
    return glob.replace(EARLIER_DEFAULT, "", 1) + mark + rest


class ConfigDifferential(servers.EndToEnd):
    def verdicts(self, tool, files):
        """{file: "" or the error}; a tool that dies on one file goes on with the next."""
        found = {}
        rest = list(files)
        while rest:
            done = subprocess.run([tool, "check", "config", "--syntax-only", *rest[:300]], cwd=self.dir,
                                  capture_output=True, text=True, errors="replace")
            blocks = re.split(r"^Checking (.*)\n", done.stdout, flags=re.M)[1:]
            errors = iter(re.split(r"^  FAILED: ", done.stderr, flags=re.M)[1:])
            for file, block in zip(blocks[::2], blocks[1::2]):
                found[file] = "" if "SUCCESS" in block else self.plain(next(errors, "died"), file)
            rest = rest[max(len(blocks) // 2, 1):]
        return found

    @staticmethod
    def plain(error, file):
        error = error.split("\n  WARNING")[0].replace(f"parsing YAML file {file}: ", "")
        return re.sub(r" \(line \d+\)(?=$|\n)", "", error.rstrip()).rstrip()

    def test_both_accept_and_refuse_the_same_in_the_same_words(self):
        cases = list(comparable())
        names = {}
        for i, (name, text) in enumerate(cases):
            (self.dir / f"{i}.yml").write_text(text)
            names[f"{i}.yml"] = (name, text)
        ours = self.verdicts(servers.HEARTHTOOL, names)
        theirs = self.verdicts(servers.peer("promtool"), names)
        compared = 0
        wrong = []
        for file, (name, text) in names.items():
            if UNKNOWN_TO_PEER.search(theirs[file]) or "panic:" in theirs[file]:
                continue
            compared += 1
            if ours.get(file) != theirs[file]:
                wrong.append(f"{name}:\n{text}\n  Hearth:     {ours.get(file)}\n  Prometheus: {theirs[file]}")
        print(f"\n{compared} configurations compared, {sum(1 for e in theirs.values() if e)} of them refused")
        self.assertEqual(wrong, [], "\n".join(wrong[:20]))
        self.assertGreater(compared, 10_000)

    @staticmethod
    def shown(server):
        """The configuration that a server has after a reload; None where it refuses it, or ends."""
        try:
            if servers.get(server.url + "/-/reload", form={})[0] == 200:
                return server.api("status/config")["yaml"]
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.process.wait(5)
        return None

    def test_what_was_accepted_is_shown_in_the_same_bytes(self):
        config = self.dir / "prometheus.yml"
        config.write_text("")
        hearth = self.hearth(config)
        prometheus = self.prometheus(config)
        compared = 0
        for i, (name, text) in enumerate(comparable()):
            # Every reload starts and ends things; a part of the cases says enough here.
            if i > 300 and i % 40 != 0:
                continue
            config.write_text(text)
            shown = self.shown(prometheus)
            if prometheus.process.poll() is not None:  # some intervals of zero end it
                config.write_text("")
                prometheus = self.prometheus(config)
            if shown is None:
                continue
            ours = self.shown(hearth)
            self.assertIsNone(hearth.process.poll(), f"{name}:\n{text}\n{hearth.log()[-2000:]}")
            if ours is not None:  # kinds of discovery that Hearth leaves to others stop the reload
                compared += 1
                self.assertEqual(without_versions(ours), without_versions(shown), f"{name}:\n{text}")
        print(f"\n{compared} printed configurations compared")
        self.assertGreater(compared, 150)


if __name__ == "__main__":
    unittest.main()
