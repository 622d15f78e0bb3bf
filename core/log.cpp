#include "core/log.h"

#include <unistd.h>

#include <atomic>

#include "core/clock.h"
#include "core/duration.h"
#include "core/go_text.h"

namespace hearth {

namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kLogfmt};
std::atomic<LogSink> g_sink{nullptr};

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO";
    case LogLevel::kWarn: return "WARN";
    case LogLevel::kError: break;
  }
  return "ERROR";
}

// Go's slog quotes a value that is empty or has a space, a quote, '=' or something unprintable.
bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || c == '"' || c == '=') return true;
  }
  return false;
}

void append_logfmt(std::string& line, std::string_view key, std::string_view value) {
  if (!line.empty()) line += ' ';
  line.append(key).push_back('=');
  if (needs_quotes(value)) {
    line += go_quote(value);
  } else {
    line += value;
  }
}

void append_json_string(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20) {
      line += fmt::format("\\u{:04x}", byte);
    } else {
      line += c;
    }
  }
  line += '"';
}

void append_json(std::string& line, std::string_view key, std::string_view value) {
  if (line.size() > 1) line += ',';
  append_json_string(line, key);
  line += ':';
  append_json_string(line, value);
}

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }
void set_log_format(LogFormat format) { g_format = format; }
bool log_enabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }
void set_log_sink(LogSink sink) { g_sink = sink; }

void write_log(LogLevel level, std::string_view message, const LogField* fields, size_t count) {
  const bool json = g_format == LogFormat::kJson;
  const auto append = json ? append_json : append_logfmt;
  std::string line = json ? "{" : "";
  append(line, "time", rfc3339_millis_text(system_clock().now()));
  append(line, "level", level_name(level));
  append(line, "msg", message);
  for (size_t i = 0; i < count; ++i) append(line, fields[i].key, fields[i].value);
  if (json) line += '}';
  if (const LogSink sink = g_sink) return sink(line);
  line += '\n';
  // One write, so that lines of several threads never mix. Nobody is left to tell when it fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace hearth
