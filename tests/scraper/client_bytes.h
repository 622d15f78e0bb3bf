// io.prometheus.client messages for tests, written field by field.
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace hearth::client {

inline std::string varint(uint64_t number) {
  std::string out;
  for (; number > 0x7f; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
  return out;
}
inline std::string number(uint32_t field, uint64_t value) { return varint(field << 3) + varint(value); }
inline std::string zigzag(int64_t value) {
  return varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}
inline std::string real(uint32_t field, double value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return varint(field << 3 | 1) + bytes;
}
inline std::string bytes(uint32_t field, std::string_view value) {
  return varint(field << 3 | 2) + varint(value.size()) + std::string(value);
}

enum Type { kCounter, kGauge, kSummary, kUntyped, kHistogram, kGaugeHistogram };

inline std::string family(std::string_view name, uint64_t type, std::initializer_list<std::string> metrics,
                          std::string_view help = "", std::string_view unit = "") {
  std::string out = bytes(1, name) + bytes(2, help) + number(3, type);
  for (const std::string& metric : metrics) out += bytes(4, metric);
  if (!unit.empty()) out += bytes(5, unit);
  return varint(out.size()) + out;
}

using LabelList = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string labels(LabelList pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) out += bytes(1, bytes(1, name) + bytes(2, value));
  return out;
}
inline std::string timestamp(uint64_t seconds, uint64_t nanos = 0) { return number(1, seconds) + number(2, nanos); }

inline std::string counter(double value, LabelList pairs = {}, std::string_view more = "") {
  return labels(pairs) + bytes(3, real(1, value) + std::string(more));
}
inline std::string gauge(double value, LabelList pairs = {}) { return labels(pairs) + bytes(2, real(1, value)); }

inline std::string bucket(double bound, uint64_t count, std::string_view exemplar = "") {
  return bytes(3, number(1, count) + real(2, bound) + (exemplar.empty() ? "" : bytes(3, exemplar)));
}
inline std::string exemplar(double value, std::string_view id, uint64_t seconds = 0) {
  return bytes(1, bytes(1, "id") + bytes(2, id)) + real(2, value) +
         (seconds == 0 ? "" : bytes(3, timestamp(seconds)));
}
// Two buckets (1 and `second` observations) from index 2 on, at this schema.
inline std::string two_buckets(int32_t schema, int64_t second) {
  return varint(5 << 3) + zigzag(schema) + bytes(12, varint(1 << 3) + zigzag(2) + number(2, 2)) +
         bytes(13, zigzag(1) + zigzag(second - 1));
}

}  // namespace hearth::client
