#include "cmd/tool/api_client.h"

#include <optional>

#include "cmd/tool/interrupt.h"
#include "config/http_access.h"
#include "config/load.h"
#include "config/scalar.h"
#include "core/error.h"
#include "web/status_text.h"

namespace hearth {
namespace {

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kUnavailable, text); }

std::string trimmed(const std::string& text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  return from == std::string::npos ? ""
                                   : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::string without_scheme_is_http(const std::string& server) {
  try {
    return parse_url(server).scheme.empty() ? "http://" + server : server;
  } catch (const Error& error) {
    throw Error(ErrorKind::kBadData, std::string("invalid URL: ") + error.what());
  }
}

}  // namespace

ApiClient::ApiClient(const std::string& server, const std::string& http_config_file,
                     std::vector<std::string> headers)
    : url_(without_scheme_is_http(server)),
      headers_(std::move(headers)) {
  if (!http_config_file.empty()) {
    authority_ = make_http_authority(load_http_config_file(http_config_file), ".");
  }
  while (url_.ends_with('/')) url_.pop_back();
}

HttpResponse ApiClient::fetch(HttpRequest request) {
  request.authority = authority_;
  request.headers.insert(request.headers.end(), headers_.begin(), headers_.end());
  const auto slot = client_.slot();
  std::optional<HttpResponse> response;
  client_.start(*slot, request, [&](HttpResponse got) { response = std::move(got); });
  while (!response) {
    client_.poll(100);
    refuse_when_interrupted();
  }
  if (!response->error.empty()) fail(response->error);
  return std::move(*response);
}

std::string ApiClient::answer(const HttpResponse& response) const {
  const int status = response.status;
  if (status / 100 == 2 || status == 400 || status == 422) return response.body;
  const std::string code = std::to_string(status);
  const std::string kind = status / 100 == 4   ? "client_error: client error: " + code
                           : status / 100 == 5 ? "server_error: server error: " + code
                                               : "bad_response: bad response code " + code;
  const std::string detail = trimmed(response.body);
  fail(detail.empty() ? kind : kind + " (detail: " + detail + ")");
}

std::string ApiClient::get(const std::string& path, const QueryParameters& parameters,
                           DurationMs timeout) {
  HttpRequest request;
  request.timeout = timeout;
  const std::string query = encode_query(parameters);
  request.url = url_ + path + (query.empty() ? "" : "?" + query);
  return answer(fetch(std::move(request)));
}

std::string ApiClient::post(const std::string& path, const QueryParameters& form) {
  HttpRequest request;
  request.method = "POST";
  request.url = url_ + path;
  request.headers = {"Content-Type: application/x-www-form-urlencoded"};
  request.body = encode_query(form);
  const HttpResponse response = fetch(std::move(request));
  if (response.status == 405 || response.status == 501) return get(path, form);
  return answer(response);
}

std::string ApiClient::get_for_debug(const std::string& path) {
  HttpRequest request;
  request.url = url_ + path;
  request.timeout = 120'000;
  std::string failed;
  HttpResponse response;
  try {
    response = fetch(std::move(request));
  } catch (const Error& error) {
    fail(std::string("error executing HTTP request: ") + error.what());
  }
  if (response.status / 100 == 2) return std::move(response.body);
  fail("error executing HTTP request: unexpected status code: " + std::to_string(response.status));
}

void ApiClient::send(const std::string& body, std::vector<std::string> headers,
                     DurationMs timeout) {
  HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = std::move(headers);
  request.body = body;
  request.timeout = timeout;
  const HttpResponse response = fetch(std::move(request));
  if (response.status / 100 == 2) return;
  fail("server returned HTTP status " + std::to_string(response.status) + " " +
       std::string(web::status_text(response.status)) + ": " + response.body);
}

}  // namespace hearth
