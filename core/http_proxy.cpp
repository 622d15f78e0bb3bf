#include "core/http_proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/uri.h"

namespace hearth {
namespace {

// An IPv4 address is ::ffff:a.b.c.d.
using Ip = std::array<unsigned char, 16>;

std::optional<Ip> parse_ip(const std::string& text) {
  Ip ip{};
  if (inet_pton(AF_INET6, text.c_str(), ip.data()) == 1) return ip;
  ip[10] = ip[11] = 0xff;
  if (inet_pton(AF_INET, text.c_str(), ip.data() + 12) == 1) return ip;
  return std::nullopt;
}

bool is_loopback(const Ip& ip) {
  Ip one{};
  one[15] = 1;
  return ip == one || (ip[10] == 0xff && ip[11] == 0xff && ip[12] == 127);
}

bool same_bits(const Ip& a, const Ip& b, int count) {
  const auto bytes = static_cast<size_t>(count / 8);
  if (std::memcmp(a.data(), b.data(), bytes) != 0) return false;
  const int rest = count % 8;
  return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

bool in_network(const Ip& ip, const std::string& network) {
  const size_t slash = network.find('/');
  const std::optional<Ip> base = parse_ip(network.substr(0, slash));
  const bool v4 = network.find(':') == std::string::npos;
  char* end = nullptr;
  const long bits = std::strtol(network.c_str() + slash + 1, &end, 10);
  if (!base || *end != '\0' || bits < 0 || bits > (v4 ? 32 : 128)) return false;
  return same_bits(ip, *base, static_cast<int>(v4 ? bits + 96 : bits));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return out;
}

// One entry of a no_proxy list.
bool names(std::string rule, const std::string& host, const std::string& port) {
  if (rule == "*") return true;
  const std::optional<Ip> ip = parse_ip(host);
  if (rule.find('/') != std::string::npos) return ip && in_network(*ip, rule);
  std::string rule_port;
  if (const auto parts = split_host_port(rule)) {
    rule = parts->host;
    rule_port = parts->port;
  }
  if (rule.empty() || (!rule_port.empty() && rule_port != port)) return false;
  if (const std::optional<Ip> rule_ip = parse_ip(rule)) return ip && *ip == *rule_ip;
  if (rule.starts_with("*.")) rule.erase(0, 1);
  if (rule.front() == '.') return host.ends_with(rule);
  return host == rule || host.ends_with("." + rule);
}

bool goes_direct(const std::string& no_proxy, const std::string& host, const std::string& port) {
  const std::optional<Ip> ip = parse_ip(host);
  if (host == "localhost" || (ip && is_loopback(*ip))) return true;
  for (size_t from = 0; from < no_proxy.size();) {
    const size_t comma = std::min(no_proxy.find(',', from), no_proxy.size());
    const size_t first = std::min(no_proxy.find_first_not_of(" \t", from), comma);
    const size_t last = no_proxy.find_last_not_of(" \t", comma == 0 ? 0 : comma - 1);
    if (first < comma && names(lower(no_proxy.substr(first, last + 1 - first)), host, port)) return true;
    from = comma + 1;
  }
  return false;
}

std::string environment(const char* name, const char* other) {
  for (const char* one : {name, other}) {
    const char* value = std::getenv(one);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

}  // namespace

std::string proxy_for(const HttpOptions& options, const std::string& url) {
  const bool https = lower(url.substr(0, 8)) == "https://";
  const size_t begin = url.find("://") + 3;
  const std::string authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const size_t at = authority.rfind('@');
  const std::string server = lower(at == std::string::npos ? authority : authority.substr(at + 1));
  const auto parts = split_host_port(server);
  std::string host = parts ? parts->host : server;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string port = parts && !parts->port.empty() ? parts->port : https ? "443" : "80";

  if (!options.proxy_from_environment) {
    if (!options.no_proxy.empty() && goes_direct(options.no_proxy, host, port)) return "";
    return options.proxy_url;
  }
  const std::string proxy = https ? environment("HTTPS_PROXY", "https_proxy")
                                  : environment("HTTP_PROXY", "http_proxy");
  if (proxy.empty() || goes_direct(environment("NO_PROXY", "no_proxy"), host, port)) return "";
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

}  // namespace hearth
