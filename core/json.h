// JSON as Prometheus writes it, byte for byte: each function appends one value. The callers put the
// commas.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/labels.h"

namespace hearth {

// Strings inside label sets of results: only what JSON itself demands is escaped.
void append_json_raw_string(std::string& out, std::string_view text);
// All other strings: <, > and & too, U+2028 and U+2029, and invalid UTF-8 becomes \ufffd.
void append_json_string(std::string& out, std::string_view text);
void append_json_strings(std::string& out, std::span<const std::string> texts);

// {"__name__":"up"}: of results, /series and targets.
void append_json_labels(std::string& out, LabelsView labels);

void append_json_int(std::string& out, int64_t number);
// 1795362731.530: of samples in vectors and matrices.
void append_json_time(std::string& out, TimeMs time);
// 1795362731.53: of scalars and strings.
void append_json_seconds(std::string& out, TimeMs time);
// "1.5": a sample's value, in quotes.
void append_json_value(std::string& out, double value);
// {"count":"3","sum":"6","buckets":[[0,"1","2","3"]]}
void append_json_histogram(std::string& out, const FloatHistogram& histogram);

// Puts a comma from the second item on. One thread.
class Comma {
 public:
  explicit Comma(std::string& out) : out_(out) {}
  void next() {
    if (!first_) out_.push_back(',');
    first_ = false;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace hearth
