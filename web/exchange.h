// One request and its answer, as the handlers see them. The library behind it, cpp-httplib, stays
// in exchange.cpp and answer.cpp.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "web/body_source.h"
#include "web/server.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace hearth::web {

// One thread.
struct Exchange {
  const httplib::Request& request;
  httplib::Response& response;
  const Services& services;
  const Options& options;
  const std::atomic<bool>* canceled = nullptr;  // set when the client has gone
  std::string name;                             // what the route's :name stands for
  std::string form_error;                       // of the first malformed parameter; "" = none
  bool ready = true;                            // else the server is still starting
  bool accepts_gzip = false;                    // the answer may be gzipped
  std::string_view peer = {};                   // the client's address and port
  std::unique_ptr<BodySource>* rest = nullptr;  // see stream()

  std::string_view method() const;
  std::string_view path() const;
  std::string_view raw_path() const;  // as sent
  std::string_view query() const;     // as sent
  std::string_view header(const std::string& name) const;
  std::string_view body() const;  // as sent

  // Parameters of the form first, then those of the URL, as Go has them.
  std::string param(const std::string& name) const;  // the first; "" when there is none
  bool has_param(const std::string& name) const;
  std::vector<std::string> params(const std::string& name) const;

  void set_header(const std::string& name, const std::string& value) const;
  void answer(int status, std::string body, const std::string& content_type) const;
  // An answer that is made as the client takes it, but for its first piece: what that throws can
  // still be answered otherwise.
  void stream(int status, const std::string& content_type,
              std::unique_ptr<BodySource> source) const;
  void answer_empty(int status) const;
  void answer_text(int status, std::string body) const;
  void answer_error_text(int status, const std::string& text) const;  // as Go's http.Error
  void redirect(int status, const std::string& location) const;
};

}  // namespace hearth::web
