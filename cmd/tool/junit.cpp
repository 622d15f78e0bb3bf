#include "cmd/tool/junit.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

#include "core/go_text.h"

namespace hearth {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : html_escape(text)) {
    switch (c) {
      case '\t':
        out += "&#x9;";
        break;
      case '\n':
        out += "&#xA;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? "\xEF\xBF\xBD" : std::string(1, c);
    }
  }
  return out;
}

}  // namespace

void JunitSuite::add(const std::string& name, const std::vector<std::string>& failures) {
  cases_.push_back({name, failures, ""});
}
void JunitSuite::abort(const std::string& error) { cases_.push_back({"unknown", {}, error}); }

std::string JunitSuite::xml() const {
  size_t failures = 0, errors = 0;
  std::string body;
  for (const Case& one : cases_) {
    body += "<testcase name=\"" + escaped(one.name) + "\">";
    for (const std::string& failure : one.failures) {
      body += "<failure>" + escaped(failure) + "</failure>";
      ++failures;
    }
    if (!one.error.empty()) {
      body += "<error>" + escaped(one.error) + "</error>";
      ++errors;
    }
    body += "</testcase>";
  }
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format(
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" "
      "timestamp=\"{}\">{}</testsuite>",
      escaped(name_), cases_.size(), failures, errors,
      errors > 0 ? "" : fmt::format("{:%Y-%m-%dT%H:%M:%S}", now), body);
}

std::string JunitReport::xml() const {
  std::string out = "<testsuites>";
  for (const JunitSuite& suite : suites_) out += suite.xml();
  return out + "</testsuites>";
}

}  // namespace hearth
