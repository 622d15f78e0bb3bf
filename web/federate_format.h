// How /federate writes: text, OpenMetrics, or protobuf, which is needed for native histograms. Who
// likes OpenMetrics best gets it; else Prometheus' choice, which does not know it here.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/labels.h"
#include "web/name_escaping.h"

namespace hearth::web {

enum class Exposition { kText, kOpenMetrics, kProtobuf };

struct FederateFormat {
  Exposition exposition = Exposition::kText;
  NameEscaping escaping = NameEscaping::kUnderscores;
};

FederateFormat choose_federate_format(std::string_view accept);
std::string content_type(const FederateFormat& format);

// A series with its newest sample.
struct FederatedSeries {
  Labels labels;
  TimeMs t = 0;
  double value = 0;
  std::unique_ptr<FloatHistogram> histogram;  // nullptr: the sample is `value`

  bool is_gauge_histogram() const {
    return histogram != nullptr && histogram->counter_reset_hint == CounterResetHint::kGauge;
  }
};

// What makes one family of neighbours in the answer.
bool same_family(const FederatedSeries& a, const FederatedSeries& b);

// Appends one family; of text, maybe only a part of one, of which `begins` tells whether it is the
// first. `external`: labels that every series gets that has none of that name; they may be empty.
// Requires: not empty; all of the same family.
void append_family(std::string& out, const FederateFormat& format,
                   std::span<const FederatedSeries> family, bool begins,
                   std::span<const Label> external);
// What follows the last family.
std::string_view end_of_families(const FederateFormat& format);

}  // namespace hearth::web
