#include "core/http_error.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/go_text.h"

namespace hearth {
namespace {

// strerror begins with a capital letter, Go's errno texts do not.
std::string errno_text(int error) {
  if (error == 0) return "connection failed";
  std::string text = std::strerror(error);
  text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

// What OpenSSL says of a certificate, as Go says it where that needs nothing more.
std::string certificate_text(const std::string& detail) {
  for (const std::string_view unknown : {"unable to get local issuer", "self-signed", "self signed",
                                         "unable to verify the first", "unable to get issuer"}) {
    if (detail.find(unknown) != std::string::npos) return "certificate signed by unknown authority";
  }
  if (detail.find("has expired") != std::string::npos || detail.find("not yet valid") != std::string::npos) {
    return "certificate has expired or is not yet valid";
  }
  return detail;
}

// "remote error: tls: bad certificate" of an alert that the other side has sent; "" = it has sent none.
std::string alert_text(const std::string& detail) {
  const size_t found = detail.find(" alert ");
  if (found == std::string::npos) return "";
  std::string alert = detail.substr(found + 7);
  alert = alert.substr(0, alert.find(','));
  if (alert == "protocol version") alert = "protocol version not supported";
  return "remote error: tls: " + alert;
}

std::string without_password(const std::string& url) {
  const size_t begin = url.find("://");
  if (begin == std::string::npos) return url;
  const size_t end = url.find_first_of("/?#", begin + 3);
  const size_t at = url.substr(0, end).rfind('@');
  const size_t colon = url.find(':', begin + 3);
  if (at == std::string::npos || at < begin || colon == std::string::npos || colon > at) return url;
  return url.substr(0, colon + 1) + "***" + url.substr(at);
}

// Of a proxy that opened no tunnel: "Forbidden".
std::string tunnel_text(const std::string& detail) {
  constexpr std::string_view kBefore = "CONNECT tunnel failed, response ";
  if (!detail.starts_with(kBefore)) return "";
  return std::string(http_status_name(std::atoi(detail.c_str() + kBefore.size())));
}

// The inner text, without method and URL.
std::string reason(const HttpFailure& failure) {
  if (std::string alert = alert_text(failure.detail); !alert.empty()) return alert;
  if (std::string refused = tunnel_text(failure.detail); !refused.empty()) return refused;
  switch (static_cast<CURLcode>(failure.code)) {
    case CURLE_OPERATION_TIMEDOUT: return "context deadline exceeded";
    case CURLE_COULDNT_CONNECT:
      if (failure.peer.empty()) return "dial tcp: " + failure.detail;
      if (failure.peer.front() == '/' || failure.peer.front() == '.') {
        return fmt::format("dial unix {}: connect: {}", failure.peer, errno_text(failure.os_error));
      }
      return fmt::format("dial tcp {}: connect: {}", failure.peer, errno_text(failure.os_error));
    case CURLE_COULDNT_RESOLVE_HOST:
      return fmt::format("dial tcp: lookup {}: no such host", url_host(failure.url));
    case CURLE_COULDNT_RESOLVE_PROXY: return "proxyconnect tcp: " + failure.detail;
    case CURLE_GOT_NOTHING: return "EOF";
    case CURLE_PARTIAL_FILE: return "unexpected EOF";
    case CURLE_RECV_ERROR:
      return fmt::format("read tcp {}: read: {}", failure.peer,
                         errno_text(failure.os_error == 0 ? ECONNRESET : failure.os_error));
    case CURLE_SEND_ERROR:
      return fmt::format("write tcp {}: write: {}", failure.peer,
                         errno_text(failure.os_error == 0 ? EPIPE : failure.os_error));
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (failure.detail.find("HTTP/0.9") == std::string::npos) {
        return "unsupported protocol scheme " + go_quote(failure.url.substr(0, failure.url.find("://")));
      }
      [[fallthrough]];
    case CURLE_WEIRD_SERVER_REPLY:
      return "net/http: HTTP/1.x transport connection broken: malformed HTTP response";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "tls: failed to verify certificate: x509: " + certificate_text(failure.detail);
    case CURLE_SSL_CONNECT_ERROR:
      if (failure.detail.find("wrong version number") != std::string::npos) {
        return "tls: first record does not look like a TLS handshake";
      }
      return "tls: " + failure.detail;
    default: break;
  }
  return failure.detail.empty() ? curl_easy_strerror(static_cast<CURLcode>(failure.code))
                                : failure.detail;
}

}  // namespace

std::string_view http_status_name(int status) {
  static constexpr std::pair<int, std::string_view> kNames[] = {
      {100, "Continue"}, {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
      {206, "Partial Content"}, {300, "Multiple Choices"}, {301, "Moved Permanently"}, {302, "Found"},
      {303, "See Other"}, {304, "Not Modified"}, {307, "Temporary Redirect"},
      {308, "Permanent Redirect"}, {400, "Bad Request"}, {401, "Unauthorized"},
      {402, "Payment Required"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
      {406, "Not Acceptable"}, {407, "Proxy Authentication Required"}, {408, "Request Timeout"},
      {409, "Conflict"}, {410, "Gone"}, {411, "Length Required"}, {412, "Precondition Failed"},
      {413, "Request Entity Too Large"}, {414, "Request URI Too Long"},
      {415, "Unsupported Media Type"}, {417, "Expectation Failed"}, {418, "I'm a teapot"},
      {421, "Misdirected Request"}, {422, "Unprocessable Entity"}, {426, "Upgrade Required"},
      {428, "Precondition Required"}, {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"}, {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
      {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"}};
  for (const auto& [code, name] : kNames) {
    if (code == status) return name;
  }
  return "";
}

std::string url_host(const std::string& url) {
  std::string host;
  CURLU* parts = curl_url();
  char* text = nullptr;
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_HOST, &text, 0) == CURLUE_OK) {
    for (const char* c = text; *c != '\0'; ++c) {
      host += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
    }
  }
  curl_free(text);
  curl_url_cleanup(parts);
  return host;
}

std::string http_error_text(const std::string& method, const std::string& url, const std::string& reason) {
  std::string verb = method;
  for (size_t i = 1; i < verb.size(); ++i) {
    verb[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(verb[i])));
  }
  return fmt::format("{} {}: {}", verb, go_quote(without_password(url)), reason);
}

std::string http_failure_text(const HttpFailure& failure) {
  if (failure.headers_complete) return reason(failure);
  return http_error_text(failure.method, failure.url, reason(failure));
}

}  // namespace hearth
