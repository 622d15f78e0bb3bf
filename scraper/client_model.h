// io.prometheus.client.MetricFamily, the protobuf exposition, taken apart in place. All views are into the
// body. What is malformed throws Error(kBadData).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/labels.h"
#include "core/sample.h"

namespace hearth {

struct ClientFamily {
  std::string_view name, help, unit;
  int32_t type_number = 0;
  std::vector<std::string_view> metrics;  // messages
};
// Takes the next length-delimited family off `rest`; false at its end.
bool next_family(std::string_view& rest, ClientFamily& family);

// The type of a family, or nullopt for a number that is none.
std::optional<MetricType> client_type(int32_t type_number);

struct ClientMetric {
  std::string_view message;
  uint64_t print = 0;      // of its labels, as they stand there
  std::string_view value;  // the message of its family's type; "" = it has none
  double untyped = 0;      // of the last metric that had one: Prometheus forgets to forget it
  TimeMs t = 0;            // 0: none
  std::string joined;      // the value, where it came in parts
};
// Reads the next metric of a body. What is not of its family's type is checked, too.
// Requires: the message is in a Body, whose padding `print` is computed over.
void read_client_metric(std::string_view message, int32_t type_number, uint64_t seed, ClientMetric& out);
void read_client_labels(std::string_view metric, std::vector<Label>& out);  // appends

// Also of what is untyped. `otherwise`: where it has no value.
double read_client_gauge(std::string_view message, double otherwise = 0);

struct ClientCounter {
  double value = 0;
  std::string_view exemplar;
  TimeMs created = 0;  // 0: unknown
};
ClientCounter read_client_counter(std::string_view message);

struct ClientSummary {
  struct Quantile {
    double quantile = 0, value = 0;
  };
  uint64_t count = 0;
  double sum = 0;
  std::vector<Quantile> quantiles;
  TimeMs created = 0;
};
void read_client_summary(std::string_view message, ClientSummary& out);

struct ClientHistogram {
  struct Bucket {
    double bound = 0;
    double count = 0;  // cumulative
    std::string_view exemplar;
  };
  double count = 0, sum = 0;
  std::vector<Bucket> buckets;
  TimeMs created = 0;
  bool is_native = false;
  FloatHistogram native;  // not checked, empty buckets included
  std::vector<std::string_view> exemplars;  // of the native histogram
};
void read_client_histogram(std::string_view message, ClientHistogram& out);

Exemplar read_client_exemplar(std::string_view message);

}  // namespace hearth
