#include "config/web_config.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"

using namespace hearth;

namespace {

const std::string kHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

std::string user(const std::string& hash) { return "basic_auth_users:\n  a: \"" + hash + "\"\n"; }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

// "" when it is accepted.
std::string refusal(const std::string& text) {
  try {
    parse_web_config(text, "");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("an empty web configuration means neither TLS nor passwords") {
  for (const char* text : {"", "# nothing\n", "~\n", "tls_server_config:\n",
                           "tls_server_config:\n  min_version: TLS12\n"}) {
    CAPTURE(text);
    const WebConfig config = parse_web_config(text, "");
    CHECK_FALSE(config.tls.enabled());
    CHECK(config.users.empty());
    CHECK(config.headers.empty());
    CHECK(config.rate_interval_seconds == 0);
  }
}

TEST_CASE("all fields of a web configuration are read, paths are relative to it") {
  const WebConfig config = parse_web_config(
      "tls_server_config:\n"
      "  cert: CERT\n  key: KEY\n  client_ca: CA\n"
      "  cert_file: a/../cert.pem\n  key_file: /abs/key.pem\n  client_ca_file: ca.pem\n"
      "  client_auth_type: RequireAndVerifyClientCert\n"
      "  client_allowed_sans: [one, 'two']\n"
      "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n"
      "  curve_preferences: [CurveP256, X25519]\n"
      "  min_version: TLS10\n  max_version: TLS13\n  prefer_server_cipher_suites: no\n"
      "http_server_config:\n  http2: false\n"
      "  headers:\n    X-Frame-Options: deny\n    Content-Security-Policy: \"a\\r\\nb\"\n"
      "rate_limit:\n  interval: 1m30s\n  burst: 7\n" +
          user(kHash),
      "/etc/web");
  CHECK(config.tls.enabled());
  CHECK(config.tls.cert == "CERT");
  CHECK(config.tls.key.value == "KEY");
  CHECK(config.tls.client_ca == "CA");
  CHECK(config.tls.cert_file == "/etc/web/cert.pem");
  CHECK(config.tls.key_file == "/abs/key.pem");
  CHECK(config.tls.client_ca_file == "/etc/web/ca.pem");
  CHECK(config.tls.client_auth_type == "RequireAndVerifyClientCert");
  CHECK(config.tls.client_allowed_sans == std::vector<std::string>{"one", "two"});
  CHECK(config.tls.cipher_suites ==
        std::vector<std::string>{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"});
  CHECK(config.tls.curve_preferences == std::vector<std::string>{"CurveP256", "X25519"});
  CHECK(config.tls.min_version == "TLS10");
  CHECK(config.tls.max_version == "TLS13");
  CHECK(config.headers.at("X-Frame-Options") == "deny");
  CHECK(config.headers.at("Content-Security-Policy") == "a  b");  // one line stays one line
  CHECK(config.rate_interval_seconds == 90);
  CHECK(config.rate_burst == 7);
  CHECK(config.users.at("a") == kHash);
}

TEST_CASE("intervals of the rate limit are Go's durations, or nanoseconds") {
  const auto seconds = [](const std::string& interval) {
    return parse_web_config("rate_limit:\n  interval: " + interval + "\n", "")
        .rate_interval_seconds;
  };
  CHECK(seconds("250ms") == 0.25);
  CHECK(seconds("2000000000") == 2);
  CHECK(seconds("-1s") == -1);
}

TEST_CASE("what is wrong in a web configuration is told in Prometheus' words") {
  const std::string tls = "tls_server_config:\n  ";
  const std::string unmarshal = "yaml: unmarshal errors:\n  ";
  const struct {
    std::string text, refusal;
  } cases[] = {
      {"- a\n", unmarshal + "line 1: cannot unmarshal !!seq into web.Config"},
      {"foo: 1\nbar: 2\n" + tls + "zzz: 1\n",
       unmarshal + "line 1: field foo not found in type web.Config\n" +
           "  line 2: field bar not found in type web.Config\n" +
           "  line 4: field zzz not found in type web.TLSConfig"},
      {"basic_auth_users: 5\nhttp_server_config: 6\nrate_limit: 7\ntls_server_config: 8\n",
       unmarshal + "line 1: cannot unmarshal !!int `5` into map[string]config.Secret\n" +
           "  line 2: cannot unmarshal !!int `6` into web.HTTPConfig\n" +
           "  line 3: cannot unmarshal !!int `7` into web.RateLimiterConfig\n" +
           "  line 4: cannot unmarshal !!int `8` into web.TLSConfig"},
      {"basic_auth_users:\n  a: x\n  a: y\n", unmarshal + "line 3: key \"a\" already set in map"},
      {tls + "cipher_suites: [foo]\n", "unknown cipher: foo"},
      {tls + "cipher_suites: [TLS_RSA_WITH_AES_128_GCM_SHA256]\n",
       "unknown cipher: TLS_RSA_WITH_AES_128_GCM_SHA256"},
      {tls + "cipher_suites: TLS_AES_128_GCM_SHA256\n",
       unmarshal + "line 2: cannot unmarshal !!str `TLS_AES...` into []web.Cipher"},
      {tls + "curve_preferences: [X25519MLKEM768]\n", "unknown curve: X25519MLKEM768"},
      {tls + "min_version: TLS14\n", "unknown TLS version: TLS14"},
      {tls + "max_version: ''\n", "unknown TLS version: "},
      {tls + "client_allowed_sans: a\n",
       unmarshal + "line 2: cannot unmarshal !!str `a` into []string"},
      {"http_server_config:\n  headers:\n    X-Foo: a\n",
       "HTTP header \"X-Foo\" can not be configured"},
      {"http_server_config:\n  headers:\n    x-frame-options: deny\n",
       "HTTP header \"x-frame-options\" can not be configured"},
      {"http_server_config:\n  headers:\n    X-Frame-Options: DENY\n",
       "invalid value for X-Frame-Options. Expected one of: [\"deny\" \"sameorigin\"], but got: "
       "\"DENY\""},
      {"rate_limit:\n  interval: 1d\n",
       unmarshal + "line 2: cannot unmarshal !!str `1d` into time.Duration"},
      {user("b"), "crypto/bcrypt: hashedSecret too short to be a bcrypted password"},
      {user("x" + kHash.substr(1)),
       "crypto/bcrypt: bcrypt hashes must start with '$', but hashedSecret started with 'x'"},
      {user(replaced(kHash, "$2y", "$3y")),
       "crypto/bcrypt: bcrypt algorithm version '3' requested is newer than current version '2'"},
      {user(replaced(kHash, "10", "03")),
       "crypto/bcrypt: cost 3 is outside allowed inclusive range 4..31"},
      {user(replaced(kHash, "10", "32")),
       "crypto/bcrypt: cost 32 is outside allowed inclusive range 4..31"},
      {user(replaced(kHash, "10", "xx")), "strconv.Atoi: parsing \"xx\": invalid syntax"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(refusal(c.text) == c.refusal);
  }
}

TEST_CASE("what Prometheus takes in a web configuration is taken") {
  for (const std::string& text :
       {user(replaced(kHash, "$2y", "$2a")), user(replaced(kHash, "$2y", "$2b")),
        user(replaced(kHash, "$2y", "$2")), user(kHash + "abc"),
        std::string("tls_server_config:\n  cipher_suites: [~]\n  curve_preferences: []\n"),
        std::string("tls_server_config:\n  min_version: TLS13\n  max_version: TLS12\n"),
        std::string("rate_limit:\n  interval: 1.5\n  burst: 1.5\n"),
        std::string("http_server_config:\n  headers:\n    X-XSS-Protection:\n")}) {
    CAPTURE(text);
    CHECK(refusal(text) == "");
  }
}

TEST_CASE("a web configuration that is not there says so as Go does") {
  const TempDir dir;
  CHECK_THROWS_WITH_AS(load_web_config(dir.path() + "/no.yml"),
                       ("open " + dir.path() + "/no.yml: no such file or directory").c_str(),
                       Error);
  CHECK_THROWS_WITH_AS(load_web_config(dir.path()),
                       ("read " + dir.path() + ": is a directory").c_str(), Error);
  write_file(dir.path() + "/web.yml", "tls_server_config:\n  cert_file: c.pem\n");
  CHECK(load_web_config(dir.path() + "/web.yml").tls.cert_file == dir.path() + "/c.pem");
}
