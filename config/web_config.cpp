#include "config/web_config.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "config/decode.h"
#include "config/scalar.h"
#include "config/schema.h"
#include "core/bcrypt.h"
#include "core/error.h"
#include "core/file.h"
#include "core/go_duration.h"
#include "core/go_text.h"

namespace hearth {
namespace {

// Prometheus tells no line of what is wrong in itself.
[[noreturn]] void refuse_text(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

// ---- what it may contain -----------------------------------------------------------------------

constexpr std::array<std::string_view, 13> kCiphers = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
constexpr std::array<std::string_view, 4> kCurves = {"CurveP256", "CurveP384", "CurveP521",
                                                     "X25519"};
constexpr std::array<std::string_view, 4> kVersions = {"TLS10", "TLS11", "TLS12", "TLS13"};

// A null stands for the zero of its kind, which is no name.
template <size_t n>
void check_name(const Value& value, const std::array<std::string_view, n>& known,
                const char* unknown) {
  if (value.present && std::find(known.begin(), known.end(), value.text) == known.end()) {
    refuse_text(unknown + value.text);
  }
}

const Type& cipher_suites_type() {
  static const Type type = [] {
    Type list = list_of(string_type(), "[]web.Cipher");
    list.check = [](Value& names) {
      for (const Value& name : names.items) check_name(name, kCiphers, "unknown cipher: ");
    };
    return list;
  }();
  return type;
}

const Type& curve_preferences_type() {
  static const Type type = [] {
    Type list = list_of(string_type(), "[]web.Curve");
    list.check = [](Value& names) {
      for (const Value& name : names.items) check_name(name, kCurves, "unknown curve: ");
    };
    return list;
  }();
  return type;
}

const Type& tls_server_type() {
  static const Type type = structure("web.TLSConfig",
                                     {{"cert", &string_type()},
                                      {"key", &secret_type()},
                                      {"client_ca", &string_type()},
                                      {"cert_file", &path_type()},
                                      {"key_file", &path_type()},
                                      {"client_auth_type", &string_type()},
                                      {"client_ca_file", &path_type()},
                                      {"cipher_suites", &cipher_suites_type()},
                                      {"curve_preferences", &curve_preferences_type()},
                                      {"min_version", &string_type()},
                                      {"max_version", &string_type()},
                                      {"prefer_server_cipher_suites", &bool_type()},
                                      {"client_allowed_sans", &strings_type()}},
                                     [](Value& tls) {
                                       for (const auto field : {"min_version", "max_version"}) {
                                         check_name(tls[field], kVersions, "unknown TLS version: ");
                                       }
                                     });
  return type;
}

const Type& go_duration_type() {
  static const Type type = [] {
    Type text = string_type();
    text.go_name = "time.Duration";
    return text;
  }();
  return type;
}

const Type& web_config_type() {
  static const Type http =
      structure("web.HTTPConfig", {{"http2", &bool_type()}, {"headers", &string_map_type()}});
  static const Type rate = structure("web.RateLimiterConfig",
                                     {{"burst", &int_type()}, {"interval", &go_duration_type()}});
  static const Type users = [] {
    Type map = list_of(secret_type(), "map[string]config.Secret");
    map.kind = Type::Kind::kMap;
    return map;
  }();
  static const Type type = structure("web.Config", {{"tls_server_config", &tls_server_type()},
                                                    {"http_server_config", &http},
                                                    {"rate_limit", &rate},
                                                    {"basic_auth_users", &users}});
  return type;
}

// ---- from what is written to what it means -----------------------------------------------------

std::string resolved(const Value& path, const std::string& base_dir) {
  if (path.text.empty() || path.text.front() == '/') return path.text;
  return (std::filesystem::path(base_dir) / path.text).lexically_normal().string();
}

TlsServerConfig to_tls_server(const Value& tls, const std::string& base_dir) {
  TlsServerConfig out;
  out.cert = tls["cert"].text;
  out.key.value = tls["key"].text;
  out.client_ca = tls["client_ca"].text;
  out.cert_file = resolved(tls["cert_file"], base_dir);
  out.key_file = resolved(tls["key_file"], base_dir);
  out.client_ca_file = resolved(tls["client_ca_file"], base_dir);
  out.client_auth_type = tls["client_auth_type"].text;
  out.client_allowed_sans = tls["client_allowed_sans"].strings();
  out.cipher_suites = tls["cipher_suites"].strings();
  out.curve_preferences = tls["curve_preferences"].strings();
  out.min_version = tls["min_version"].text;
  out.max_version = tls["max_version"].text;
  return out;
}

std::map<std::string, std::string> to_map(const Value& map) {
  std::map<std::string, std::string> out;
  for (size_t i = 0; i < map.items.size(); ++i) out[map.keys[i]] = map.items[i].text;
  return out;
}

void check_headers(const std::map<std::string, std::string>& headers) {
  static const std::map<std::string, std::vector<std::string>> kAllowed = {
      {"Strict-Transport-Security", {}},
      {"X-Content-Type-Options", {"nosniff"}},
      {"X-Frame-Options", {"deny", "sameorigin"}},
      {"X-XSS-Protection", {}},
      {"Content-Security-Policy", {}}};
  for (const auto& [name, value] : headers) {
    const auto found = kAllowed.find(name);
    if (found == kAllowed.end()) {
      refuse_text("HTTP header " + go_quote(name) + " can not be configured");
    }
    const std::vector<std::string>& values = found->second;
    if (values.empty() || std::count(values.begin(), values.end(), value) > 0) continue;
    std::string expected;
    for (const std::string& one : values) {
      expected += (expected.empty() ? "" : " ") + go_quote(one);
    }
    refuse_text(fmt::format("invalid value for {}. Expected one of: [{}], but got: {}", name,
                            expected, go_quote(value)));
  }
}

// Go's time.Duration takes a text with units, or a number of nanoseconds.
double duration_seconds(const Value& interval) {
  if (!interval.present) return 0;
  Value number = zero_value(int_type());
  if (read_scalar(number, interval.text)) return static_cast<double>(number.integer) / 1e9;
  try {
    return parse_go_duration(interval.text);
  } catch (const Error&) {
    const std::string& text = interval.text;
    refuse_text(fmt::format(
        "yaml: unmarshal errors:\n  line {}: cannot unmarshal {} `{}` into time.Duration",
        interval.line, text.empty() ? "!!str" : yaml_plain_tag(text),
        text.size() > 10 ? text.substr(0, 7) + "..." : text));
  }
}

}  // namespace

bool TlsServerConfig::enabled() const {
  return !cert.empty() || !cert_file.empty() || !key.value.empty() || !key_file.empty() ||
         !client_ca.empty() || !client_ca_file.empty() || !client_auth_type.empty();
}

WebConfig parse_web_config(const std::string& text, const std::string& base_dir) {
  const Value root = decode(parse_yaml(text), web_config_type());
  WebConfig out;
  out.tls = to_tls_server(root["tls_server_config"], base_dir);
  out.headers = to_map(root["http_server_config"]["headers"]);
  for (auto& [name, value] : out.headers) {
    std::replace_if(
        value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  }
  out.rate_interval_seconds = duration_seconds(root["rate_limit"]["interval"]);
  out.rate_burst = root["rate_limit"]["burst"].integer;
  out.users = to_map(root["basic_auth_users"]);
  check_headers(out.headers);
  for (const auto& [name, hash] : out.users) check_bcrypt_hash(hash);
  return out;
}

WebConfig load_web_config(const std::string& path) {
  return parse_web_config(read_named_file(path),
                          std::filesystem::path(path).parent_path().string());
}

std::string read_named_file(const std::string& path) {
  struct stat status {};
  std::string what = "open ";
  int error = 0;
  if (stat(path.c_str(), &status) != 0 || access(path.c_str(), R_OK) != 0) {
    error = errno;
  } else if (S_ISDIR(status.st_mode)) {
    what = "read ";
    error = EISDIR;
  } else {
    return read_file(path);
  }
  std::string reason = std::strerror(error);
  reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  throw Error(ErrorKind::kIo, what + path + ": " + reason);
}

}  // namespace hearth
