// What goes wrong with HTTP requests, in the words that Go has for it: they are shown on the targets
// page and people search for them.
#pragma once

#include <string>
#include <string_view>

namespace hearth {

std::string_view http_status_name(int status);  // "Not Found"; "" when unknown

std::string url_host(const std::string& url);  // in lower case; "" when there is none

// `Get "http://a:1/": <reason>`; a password in the URL is shown as ***.
std::string http_error_text(const std::string& method, const std::string& url, const std::string& reason);

struct HttpFailure {
  int code = 0;  // a CURLcode
  std::string method, url;
  std::string detail;  // libcurl's own words
  bool headers_complete = false;  // it failed while the body was read
  int os_error = 0;
  std::string peer;  // "127.0.0.1:80", the address that was tried last; "" = none was
};

// `Get "http://a:1/": dial tcp 127.0.0.1:1: connect: connection refused`.
std::string http_failure_text(const HttpFailure& failure);

}  // namespace hearth
