// Log lines as Prometheus writes them: one event a line to stderr, logfmt or JSON.
//   log_info("Loading configuration file", "filename", path, "took_seconds", 0.2);
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace hearth {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

// Set once at start; thread-safe all the same.
void set_log_level(LogLevel level);
void set_log_format(LogFormat format);
bool log_enabled(LogLevel level);

// Tests catch lines here instead of stderr; nullptr restores stderr. The line has no newline.
using LogSink = void (*)(std::string_view line);
void set_log_sink(LogSink sink);

struct LogField {
  std::string_view key;
  std::string value;
};
void write_log(LogLevel level, std::string_view message, const LogField* fields, size_t count);

// The keys and values alternate; a value is anything fmt can format.
template <class... KeyValues>
void log_event(LogLevel level, std::string_view message, const KeyValues&... key_values) {
  static_assert(sizeof...(KeyValues) % 2 == 0, "keys and values alternate");
  if (!log_enabled(level)) return;
  constexpr size_t kCount = sizeof...(KeyValues);
  std::array<std::string, kCount + 1> texts{fmt::format("{}", key_values)...};
  std::array<LogField, kCount / 2 + 1> fields;
  for (size_t i = 0; i < kCount / 2; ++i) fields[i] = {texts[2 * i], std::move(texts[2 * i + 1])};
  write_log(level, message, fields.data(), kCount / 2);
}
template <class... KeyValues>
void log_debug(std::string_view message, const KeyValues&... key_values) {
  log_event(LogLevel::kDebug, message, key_values...);
}
template <class... KeyValues>
void log_info(std::string_view message, const KeyValues&... key_values) {
  log_event(LogLevel::kInfo, message, key_values...);
}
template <class... KeyValues>
void log_warn(std::string_view message, const KeyValues&... key_values) {
  log_event(LogLevel::kWarn, message, key_values...);
}
template <class... KeyValues>
void log_error(std::string_view message, const KeyValues&... key_values) {
  log_event(LogLevel::kError, message, key_values...);
}

}  // namespace hearth
