#include "web/exchange.h"

#include <httplib.h>

#include "core/go_text.h"
#include "web/status_text.h"

namespace hearth::web {
namespace {

constexpr size_t kFirstPieceBytes = 64 * 1024;

}  // namespace

std::string_view Exchange::method() const { return request.method; }

std::string_view Exchange::path() const { return request.path; }

std::string_view Exchange::raw_path() const {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

std::string_view Exchange::query() const {
  const size_t question = request.target.find('?');
  if (question == std::string::npos) return {};
  return std::string_view(request.target).substr(question + 1);
}

std::string_view Exchange::header(const std::string& name) const {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view Exchange::body() const { return request.body; }

std::string Exchange::param(const std::string& name) const {
  const auto found = request.params.lower_bound(name);
  return found == request.params.end() || found->first != name ? std::string() : found->second;
}

bool Exchange::has_param(const std::string& name) const { return request.has_param(name); }

std::vector<std::string> Exchange::params(const std::string& name) const {
  std::vector<std::string> out;
  const auto range = request.params.equal_range(name);
  for (auto it = range.first; it != range.second; ++it) out.push_back(it->second);
  return out;
}

void Exchange::set_header(const std::string& name, const std::string& value) const {
  response.headers.erase(name);
  response.set_header(name, value);
}

void Exchange::answer(int status, std::string body, const std::string& content_type) const {
  response.status = status;
  response.body = std::move(body);
  set_header("Content-Type", content_type);
}

void Exchange::stream(int status, const std::string& content_type,
                      std::unique_ptr<BodySource> source) const {
  std::string piece;
  bool more = true;
  while (more && piece.size() < kFirstPieceBytes) more = source->next(piece);
  answer(status, std::move(piece), content_type);
  if (more) *rest = std::move(source);
}

void Exchange::answer_empty(int status) const {
  response.status = status;
  response.body.clear();
}

void Exchange::answer_text(int status, std::string body) const {
  answer(status, std::move(body), "text/plain; charset=utf-8");
}

void Exchange::answer_error_text(int status, const std::string& text) const {
  set_header("X-Content-Type-Options", "nosniff");
  answer_text(status, text + "\n");
}

void Exchange::redirect(int status, const std::string& location) const {
  set_header("Location", location);
  if (method() != "GET" && method() != "HEAD") return answer_empty(status);
  answer(
      status,
      "<a href=\"" + html_escape(location) + "\">" + std::string(status_text(status)) + "</a>.\n\n",
      "text/html; charset=utf-8");
}

}  // namespace hearth::web
