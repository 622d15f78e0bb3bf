#include "config/load.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/file.h"

using hearth::Config;
using hearth::load_config;

namespace {

std::string error_of(const std::string& text) {
  try {
    load_config(text);
  } catch (const hearth::Error& error) {
    return error.what();
  }
  return "no error";
}

// Of a file with one job named a that has these further fields.
std::string job_error(const std::string& fields) {
  return error_of("scrape_configs: [{job_name: a, " + fields + "}]");
}
std::string type_error(const std::string& text) { return "yaml: unmarshal errors:\n  " + text; }

constexpr char kAll[] = R"(
global:
  scrape_interval: 90s
  external_labels: {a: "1", region: "${HEARTH_TEST_REGION}-$$"}
scrape_configs:
- job_name: one
  honor_labels: true
  honor_timestamps: false
  params: {module: [x, y]}
  scrape_interval: 15s
  scrape_timeout: 5s
  scrape_protocols: [PrometheusText0.0.4]
  fallback_scrape_protocol: OpenMetricsText1.0.0
  metrics_path: /m
  scheme: https
  body_size_limit: 15MB
  sample_limit: 5
  label_limit: 6
  label_name_length_limit: 7
  label_value_length_limit: 8
  target_limit: 9
  keep_dropped_targets: 10
  basic_auth: {username: u, password: secret1}
  tls_config: {ca_file: ca.pem, min_version: TLS12}
  proxy_url: http://u:secret2@proxy:80/
  static_configs:
  - targets: [b:1, a:2]
    labels: {z: y}
  file_sd_configs: [{files: [a.json, /b/*.yml], refresh_interval: 1m}]
  relabel_configs:
  - {source_labels: [a, __b], regex: a|b, target_label: x}
  - {action: hashmod, modulus: 8, source_labels: [a], target_label: y}
  metric_relabel_configs:
  - {action: LabelDrop, regex: ""}
- job_name: two
  bearer_token_file: token
)";

}  // namespace

TEST_CASE("every field that has an engine arrives in the structs") {
  setenv("HEARTH_TEST_REGION", "eu", 1);
  const Config config = load_config(kAll, "/etc/hearth");
  CHECK(config.global.scrape_interval == 90'000);
  CHECK(config.global.scrape_timeout == 10'000);
  CHECK(config.global.external_labels == hearth::Labels{{"a", "1"}, {"region", "eu-$"}});
  REQUIRE(config.scrape_configs.size() == 2);

  const hearth::ScrapeConfig& one = config.scrape_configs[0];
  CHECK(one.job_name == "one");
  CHECK(one.honor_labels);
  CHECK(!one.honor_timestamps);
  CHECK(one.params.at("module") == std::vector<std::string>{"x", "y"});
  CHECK(one.scrape_interval == 15'000);
  CHECK(one.scrape_timeout == 5'000);
  CHECK(one.scrape_protocols == std::vector{hearth::ScrapeProtocol::kPrometheusText0_0_4});
  CHECK(one.fallback_scrape_protocol == hearth::ScrapeProtocol::kOpenMetricsText1_0_0);
  CHECK(one.metrics_path == "/m");
  CHECK(one.scheme == "https");
  CHECK(one.body_size_limit == 15 << 20);
  CHECK(one.sample_limit == 5);
  CHECK(one.label_limit == 6);
  CHECK(one.label_name_length_limit == 7);
  CHECK(one.label_value_length_limit == 8);
  CHECK(one.target_limit == 9);
  CHECK(one.keep_dropped_targets == 10);
  CHECK(one.http_client.basic_auth->password.value == "secret1");
  CHECK(one.http_client.tls_config.ca_file == "/etc/hearth/ca.pem");
  CHECK(one.http_client.proxy_url == "http://u:secret2@proxy:80/");
  REQUIRE(one.static_configs.size() == 1);
  CHECK(one.static_configs[0].targets[1] == hearth::Labels{{"__address__", "a:2"}});
  CHECK(one.static_configs[0].labels == hearth::Labels{{"z", "y"}});
  REQUIRE(one.file_sd_configs.size() == 1);
  CHECK(one.file_sd_configs[0].files == std::vector<std::string>{"/etc/hearth/a.json", "/b/*.yml"});
  CHECK(one.file_sd_configs[0].refresh_interval == 60'000);
  REQUIRE(one.relabel_configs.size() == 2);
  CHECK(one.relabel_configs[0].source_labels == std::vector<std::string>{"a", "__b"});
  CHECK(one.relabel_configs[0].regex.matches("b"));
  CHECK(one.relabel_configs[1].modulus == 8);
  CHECK(one.metric_relabel_configs[0].action == hearth::RelabelAction::kLabelDrop);

  const hearth::ScrapeConfig& two = config.scrape_configs[1];
  CHECK(two.scrape_interval == 90'000);
  CHECK(two.scrape_protocols.size() == 4);
  CHECK(two.http_client.authorization->type == "Bearer");
  CHECK(two.http_client.authorization->credentials_file == "/etc/hearth/token");
  CHECK(config.warnings.empty());
}

TEST_CASE("the configuration prints with defaults and without secrets") {
  const Config config = load_config(kAll, "/etc/hearth");
  CHECK(config.text.find("secret1") == std::string::npos);
  CHECK(config.text.find("secret2") == std::string::npos);
  CHECK(config.text.find("    password: <secret>\n") != std::string::npos);
  CHECK(config.text.find("  - source_labels: [a, __b]\n    separator: ;\n    regex: a|b\n"
                         "    target_label: x\n    replacement: $1\n    action: replace\n") !=
        std::string::npos);
  CHECK(config.text.find("body_size_limit: 15MiB\n") != std::string::npos);
  CHECK(load_config(config.text).text == config.text);
}

TEST_CASE("an empty configuration is Prometheus' default one") {
  const std::string expected =
      "global:\n"
      "  scrape_interval: 1m\n"
      "  scrape_timeout: 10s\n"
      "  evaluation_interval: 1m\n"
      "  metric_name_validation_scheme: utf8\n"
      "  metric_name_escaping_scheme: allow-utf-8\n"
      "  scrape_native_histograms: false\n"
      "runtime:\n"
      "  gogc: 75\n"
      "otlp:\n"
      "  translation_strategy: UnderscoreEscapingWithSuffixes\n"
      "  label_name_underscore_sanitization: true\n"
      "  label_name_preserve_multiple_underscores: true\n";
  CHECK(load_config("").text == expected);
  CHECK(load_config("global:\nruntime:\n").text == expected);
}

TEST_CASE("texts are quoted as go-yaml quotes them") {
  const Config config = load_config(
      R"(global: {external_labels: {a: "1", b: "yes", c: "x: y", e: "a\nb", f: "'q'", g: "- a", i: "0x1",
      n: " x", o: "#c", p: "2020-01-01", q: "1:20", r: "@a", s: "a\tb", t: "null", "k l": "~",
      m: "a really long string that goes on and on with words until it is longer than eighty characters"}})");
  CHECK(config.text.find(
            "  external_labels:\n"
            "    a: \"1\"\n"
            "    b: \"yes\"\n"
            "    c: 'x: y'\n"
            "    e: |-\n"
            "      a\n"
            "      b\n"
            "    f: '''q'''\n"
            "    g: '- a'\n"
            "    i: \"0x1\"\n"
            "    k l: \"~\"\n"
            "    m: a really long string that goes on and on with words until it is longer than\n"
            "      eighty characters\n"
            "    \"n\": ' x'\n"
            "    o: '#c'\n"
            "    p: \"2020-01-01\"\n"
            "    q: \"1:20\"\n"
            "    r: '@a'\n"
            "    s: \"a\\tb\"\n"
            "    t: \"null\"\n") != std::string::npos);
  CAPTURE(config.text);
}

TEST_CASE("what does not fit its type is refused with its line, all of it together") {
  CHECK(error_of("global:\n  scrape_interval: [5]\n  foo: 1\n") ==
        type_error("line 2: cannot unmarshal !!seq into string\n"
                   "  line 3: field foo not found in type config.plain"));
  CHECK(error_of("global:\n  scrape_interval: 5s\n  scrape_interval: 6s") ==
        type_error("line 3: field scrape_interval already set in type config.plain"));
  CHECK(error_of("global: {external_labels: {a: b, a: c}}") ==
        type_error("line 1: key \"a\" already set in map"));
  CHECK(error_of("abc") == type_error("line 1: cannot unmarshal !!str `abc` into config.plain"));
  CHECK(error_of("scrape_configs: 5") ==
        type_error("line 1: cannot unmarshal !!int `5` into []*config.ScrapeConfig"));
  CHECK(job_error("sample_limit: -1, honor_labels: 'true', params: {a: b}") ==
        type_error("line 1: cannot unmarshal !!int `-1` into uint\n"
                   "  line 1: cannot unmarshal !!str `true` into bool\n"
                   "  line 1: cannot unmarshal !!str `b` into []string"));
  CHECK(job_error("target_limit: 99999999999999999999") ==
        type_error("line 1: cannot unmarshal !!float `9999999...` into uint"));
  CHECK(job_error("foo_sd_configs: []") ==
        type_error("line 1: field foo_sd_configs not found in type config.ScrapeConfig"));
  CHECK(job_error("relabel_configs: [{foo: 1}]") ==
        type_error("line 1: field foo not found in type relabel.plain"));
  CHECK(job_error("basic_auth: a") ==
        type_error("line 1: cannot unmarshal !!str `a` into config.plain"));
}

TEST_CASE("what is wrong in itself is refused in Prometheus' words, with the line behind") {
  CHECK(error_of("global:\n  scrape_interval: abc") ==
        "not a valid duration string: \"abc\" (line 2)");
  CHECK(error_of("scrape_configs: [null]") == "empty or null scrape config section (line 1)");
  CHECK(error_of("scrape_configs: [{}]") == "job_name is empty (line 1)");
  CHECK(
      job_error("scrape_interval: 1s, scrape_timeout: 2s") ==
      R"(scrape timeout greater than scrape interval for scrape config with job name "a" (line 1))");
  CHECK(error_of("global: {scrape_timeout: 2m}") ==
        "global scrape timeout greater than scrape interval (line 1)");
  CHECK(job_error("body_size_limit: 5") == "units: unknown unit  in 5 (line 1)");
  CHECK(job_error("relabel_configs: [{regex: 'a(b'}]") ==
        "error parsing regexp: missing closing ): `^(?s:a(b)$` (line 1)");
  CHECK(job_error("relabel_configs: [{action: bogus}]") ==
        "unknown relabel action \"bogus\" (line 1)");
  CHECK(job_error("scrape_protocols: []") ==
        R"(scrape_protocols cannot be empty for scrape config with job name "a" (line 1))");
  CHECK(job_error("static_configs: [{targets: ['http://x']}]") ==
        R"("http://x" is not a valid hostname (line 1))");
  CHECK(job_error("authorization: {type: basic}") ==
        R"(authorization type cannot be set to "basic", use "basic_auth" instead (line 1))");
  CHECK(job_error("tls_config: {min_version: tls3}") == "unknown TLS version: tls3 (line 1)");
  CHECK(job_error("file_sd_configs: [{files: [a]}]") ==
        R"(path name "a" is not valid for file discovery (line 1))");
  CHECK(job_error("http_headers: {host: {values: [x]}}") ==
        R"(setting header "Host" is not allowed (line 1))");
  CHECK(error_of("rule_files: ['*/a.yml']") == R"(invalid rule file path "*/a.yml" (line 1))");
}

TEST_CASE("what is written empty differs from what is not written") {
  CHECK(job_error("tls_config: {min_version: ''}") == "unknown TLS version:  (line 1)");
  CHECK(job_error("tls_config: {min_version: null}") == "no error");
  CHECK(job_error("relabel_configs: [{action: ''}]") == "unknown relabel action \"\" (line 1)");
  CHECK(job_error("relabel_configs: [{action: null}]") == "relabel action cannot be empty (line 1)");
  CHECK(error_of("remote_read: [{url: ''}]") == "no error");
  CHECK(error_of("remote_read: [{url: null}]") == "url for remote_read is empty (line 1)");
  CHECK(error_of("tracing: {endpoint: a, client_type: null}") == "no error");
  CHECK(job_error("file_sd_configs: [null]") == "empty or null section in file_sd_configs (line 1)");
  CHECK(error_of("alerting: {alertmanagers: [{dns_sd_configs: [null]}]}") ==
        "empty or null section in dns_sd_configs (line 1)");
}

TEST_CASE("of a merged field and a written one the later wins, but no key of a map comes twice") {
  const std::string head = "scrape_configs:\n- &a {job_name: a, scrape_interval: 20s}\n- ";
  CHECK(load_config(head + "{<<: *a, job_name: b, scrape_interval: 30s}").scrape_configs[1].scrape_interval == 30'000);
  CHECK(error_of(head + "{job_name: b, <<: *a}").starts_with("found multiple scrape configs with job name \"a\""));
  CHECK(load_config(head + "{<<: [{scrape_interval: 25s}, *a], job_name: b}").scrape_configs[1].scrape_interval ==
        25'000);
  CHECK(error_of(head + "{<<: {job_name: b, job_name: c}}") ==
        type_error("line 3: field job_name already set in type config.ScrapeConfig"));
  CHECK(error_of("global: {external_labels: {<<: {a: b}, a: c}}") ==
        type_error("line 1: key \"a\" already set in map"));
  CHECK(error_of(head + "{job_name: b, <<: 5}") ==
        "yaml: map merge requires map or sequence of maps as the value");
}

TEST_CASE("keys and values must be what their tags say") {
  CHECK(error_of("!!int global: {}") == "yaml: cannot decode !!str `global` as a !!int");
  CHECK(error_of("global: !!null x") == "yaml: cannot decode !!str `x` as a !!null");
  CHECK(job_error("!!binary x: 1") == "yaml: !!binary value contains invalid base64 data");
  CHECK(job_error("sample_limit: !!float 5") == "no error");
  CHECK(job_error("sample_limit: 18446744073709551616") == "no error");  // go-yaml compares floats
  CHECK(load_config("scrape_configs: [{job_name: a, sample_limit: 18446744073709551616}]")
            .text.find("sample_limit: 9223372036854775808") != std::string::npos);
  CHECK(job_error("sample_limit: 18446744073709560000") ==
        type_error("line 1: cannot unmarshal !!float `1844674...` into uint"));
}

TEST_CASE("each form of oauth2 has its own secret") {
  const std::string common = "client_id: a, token_url: b, ";
  CHECK(job_error("oauth2: {" + common + "client_secret: c, client_secret_file: d}")
            .starts_with("at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be "
                         "configured using grant-type=client_credentials"));
  const std::string assertion = common + "grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', ";
  CHECK(job_error("oauth2: {" + assertion + "client_certificate_key: c, client_certificate_key_file: d}")
            .starts_with("at most one of oauth2 client_certificate_key, client_certificate_key_file"));
  CHECK(job_error("oauth2: {" + assertion + "client_certificate_key: c, signature_algorithm: ES256}") ==
        "valid signature algorithms are RS256, RS384 and RS512 (line 1)");
  const Config config = load_config("scrape_configs: [{job_name: a, oauth2: {" + assertion +
                                    "client_certificate_key: secret1, claims: {x: y}, scopes: [s]}}]");
  const auto& oauth2 = *config.scrape_configs[0].http_client.oauth2;
  CHECK(oauth2.grant_type == hearth::kJwtBearer);
  CHECK(oauth2.client_certificate_key.value == "secret1");
  CHECK(oauth2.claims.at("x") == "y");
  CHECK(oauth2.scopes == std::vector<std::string>{"s"});
  CHECK(config.text.find("secret1") == std::string::npos);
}

TEST_CASE("numbers print as go-yaml has them") {
  const Config config = load_config(
      "scrape_configs: [{job_name: a, sample_limit: 18446744073709551615, "
      "native_histogram_min_bucket_factor: .inf}]");
  CHECK(config.text.find("sample_limit: 18446744073709551615\n") != std::string::npos);
  CHECK(config.text.find("native_histogram_min_bucket_factor: .inf\n") != std::string::npos);
}

TEST_CASE("a null means the zero value, and numbers of YAML 1.1 are understood") {
  const Config config = load_config(
      "scrape_configs:\n- job_name: 012\n  sample_limit: 010\n  label_limit: 0x10\n  target_limit: "
      "1_000\n"
      "  honor_labels: on\n  scrape_interval: ~\n  metrics_path: 1.50\n");
  const hearth::ScrapeConfig& job = config.scrape_configs.at(0);
  CHECK(job.job_name == "012");
  CHECK(job.sample_limit == 8);
  CHECK(job.label_limit == 16);
  CHECK(job.target_limit == 1000);
  CHECK(job.honor_labels);
  CHECK(job.scrape_interval == 60'000);
  CHECK(job.metrics_path == "1.50");
}

TEST_CASE("sections without an engine are kept and told") {
  const Config config = load_config(
      "rule_files: [a.yml]\n"
      "remote_write: [{url: http://a}]\n"
      "otlp: {keep_identifying_resource_attributes: true}\n");
  REQUIRE(config.warnings.size() == 3);
  CHECK(config.warnings[2] == "section otlp is not supported yet: nothing is received in that protocol");
  CHECK(config.warnings[0] == "section rule_files is not supported yet: no rule is evaluated");
  CHECK(config.warnings[1] == "section remote_write is not supported yet: nothing is sent");
  CHECK(config.text.find("- url: http://a\n") != std::string::npos);
}

TEST_CASE("discovery that is left to others is well written, but no server runs with it") {
  const Config config = load_config(
      "scrape_configs:\n"
      "- {job_name: a, dns_sd_configs: [{names: [x]}], kubernetes_sd_configs: [{role: pod}]}\n"
      "- {job_name: b, kuma_sd_configs: [{server: 'http://a'}]}\n");
  CHECK(config.warnings.empty());
  REQUIRE(config.refusals.size() == 1);
  CHECK(config.refusals[0] ==
        "job \"b\": Hearth does not do kuma_sd_configs: let an adapter serve its targets as JSON "
        "and use http_sd_configs");
  CHECK_THROWS_WITH_AS(hearth::refuse_unsupported(config), config.refusals[0].c_str(), hearth::Error);
  CHECK_NOTHROW(hearth::refuse_unsupported(load_config("")));
}

TEST_CASE("jobs come from other files too, relative to the main one") {
  const hearth::TempDir dir;
  hearth::make_dirs(dir.path() + "/jobs");
  hearth::write_file(dir.path() + "/main.yml",
                     "scrape_config_files: [jobs/*.yml]\nglobal: {scrape_interval: 7s}\n");
  hearth::write_file(dir.path() + "/jobs/a.yml",
                     "scrape_configs: [{job_name: a, file_sd_configs: [{files: [t.json]}]}]\n");
  const Config config = hearth::load_config_file(dir.path() + "/main.yml");
  REQUIRE(config.scrape_configs.size() == 1);
  CHECK(config.scrape_configs[0].scrape_interval == 7'000);
  CHECK(config.scrape_configs[0].file_sd_configs[0].files[0] == dir.path() + "/jobs/t.json");

  hearth::write_file(dir.path() + "/jobs/b.yml", "scrape_configs: [{job_name: a}]\n");
  CHECK_THROWS_WITH_AS(
      hearth::load_config_file(dir.path() + "/main.yml"),
      ("error loading scrape configs: \"" + dir.path() +
       "/jobs/b.yml\": found multiple scrape configs with job name \"a\", first found in \"" +
       dir.path() + "/jobs/a.yml\" (line 1)")
          .c_str(),
      hearth::Error);
  const Config alone = hearth::load_config_file(dir.path() + "/main.yml", hearth::ScrapeConfigFiles::kLeave);
  CHECK(std::none_of(alone.scrape_configs.begin(), alone.scrape_configs.end(),
                     [](const hearth::ScrapeConfig& job) { return job.job_name == "a"; }));
}
