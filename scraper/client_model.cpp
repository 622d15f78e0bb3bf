#include "scraper/client_model.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <initializer_list>
#include <protozero/pbf_reader.hpp>
#include <utility>

#include "core/error.h"
#include "core/go_text.h"
#include "scraper/line_cache.h"

namespace hearth {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kFixed64 = pbf_wire_type::fixed64;
constexpr auto kBytes = pbf_wire_type::length_delimited;

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

// For what no case takes: one of the `known` fields, by number from 1 on, has the wrong type then.
void skip_other(pbf_reader& message, std::initializer_list<const char*> known) {
  if (message.tag() <= known.size()) {
    fail(fmt::format("proto: wrong wireType = {} for field {}", static_cast<int>(message.wire_type()),
                     known.begin()[message.tag() - 1]));
  }
  message.skip();
}

std::string_view text_of(data_view view) { return {view.data(), view.size()}; }
data_view view_of(std::string_view text) { return {text.data(), text.size()}; }

// Calls read() and puts what protozero finds into Prometheus' words.
template <class Read>
auto guarded(Read read) {
  try {
    return read();
  } catch (const protozero::end_of_buffer_exception&) {
    fail("unexpected EOF");
  } catch (const protozero::varint_too_long_exception&) {
    fail("proto: integer overflow");
  } catch (const protozero::exception& error) {
    fail(fmt::format("proto: malformed message: {}", error.what()));
  }
}

TimeMs read_time(pbf_reader message) {
  uint64_t seconds = 0;
  int32_t nanos = 0;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint): seconds = static_cast<uint64_t>(message.get_int64()); break;
      case tag_and_type(2, kVarint): nanos = message.get_int32(); break;
      default: skip_other(message, {"Seconds", "Nanos"});
    }
  }
  return static_cast<TimeMs>(seconds * 1000 + static_cast<uint64_t>(int64_t{nanos / 1'000'000}));
}

// Those of an exemplar may be anything.
enum class Validity { kRequired, kAny };

Label read_label(pbf_reader message, Validity validity) {
  const auto valid = [&](std::string_view text) { return validity == Validity::kAny || valid_utf8(text); };
  Label label;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        label.name = text_of(message.get_view());
        if (!valid(label.name) || (label.name.empty() && validity == Validity::kRequired)) {
          fail(fmt::format("invalid label name: {}", label.name));
        }
        break;
      case tag_and_type(2, kBytes):
        label.value = text_of(message.get_view());
        if (!valid(label.value)) fail(fmt::format("invalid label value: {}", label.value));
        break;
      default: skip_other(message, {"Name", "Value"});
    }
  }
  return label;
}

// An exemplar is read when it is stored; here it is only seen to be one.
std::string_view read_exemplar(pbf_reader message) {
  const std::string_view text = text_of(message.data());
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes): read_label(message.get_message(), Validity::kAny); break;
      case tag_and_type(2, kFixed64): message.skip(); break;
      case tag_and_type(3, kBytes): read_time(message.get_message()); break;
      default: skip_other(message, {"Label", "Value", "Timestamp"});
    }
  }
  return text;
}

// Whether a message is a tag and a double, and nothing else.
bool is_plain_double(std::string_view bytes, double& value) {
  if (bytes.size() != 1 + sizeof value || bytes[0] != 0x09) return false;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes.data() + 1, sizeof value);
    return true;
  }
  return false;
}

// ---- histograms --------------------------------------------------------------------------------

HistogramSpan read_span(pbf_reader message) {
  HistogramSpan span;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint): span.offset = message.get_sint32(); break;
      case tag_and_type(2, kVarint): span.length = message.get_uint32(); break;
      default: skip_other(message, {"Offset", "Length"});
    }
  }
  return span;
}

ClientHistogram::Bucket read_bucket(pbf_reader message) {
  ClientHistogram::Bucket bucket;
  double count_float = 0;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint): bucket.count = static_cast<double>(message.get_uint64()); break;
      case tag_and_type(2, kFixed64): bucket.bound = message.get_double(); break;
      case tag_and_type(3, kBytes): bucket.exemplar = read_exemplar(message.get_message()); break;
      case tag_and_type(4, kFixed64): count_float = message.get_double(); break;
      default: skip_other(message, {"CumulativeCount", "UpperBound", "Exemplar", "CumulativeCountFloat"});
    }
  }
  if (count_float != 0) bucket.count = count_float;
  return bucket;
}

// One side of a native histogram: integers come as differences, each to the one before.
struct Side {
  std::vector<HistogramSpan> spans;
  std::vector<double> integers, floats;
  int64_t last = 0;

  void add_deltas(pbf_reader& message) {
    const auto add = [&](int64_t delta) {
      last = static_cast<int64_t>(static_cast<uint64_t>(last) + static_cast<uint64_t>(delta));
      integers.push_back(static_cast<double>(last));
    };
    if (message.wire_type() == kVarint) return add(message.get_sint64());
    for (const int64_t delta : message.get_packed_sint64()) add(delta);
  }
  void add_counts(pbf_reader& message) {
    if (message.wire_type() == kFixed64) return floats.push_back(message.get_double());
    for (const double count : message.get_packed_double()) floats.push_back(count);
  }
};

struct HistogramFields {
  uint64_t count = 0, zero_count = 0;
  double count_float = 0, zero_count_float = 0;
  Side positive, negative;
};

void read_histogram_fields(pbf_reader message, HistogramFields& fields, ClientHistogram& out) {
  FloatHistogram& h = out.native;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kVarint): fields.count = message.get_uint64(); break;
      case tag_and_type(2, kFixed64): out.sum = message.get_double(); break;
      case tag_and_type(3, kBytes): out.buckets.push_back(read_bucket(message.get_message())); break;
      case tag_and_type(4, kFixed64): fields.count_float = message.get_double(); break;
      case tag_and_type(5, kVarint): h.schema = message.get_sint32(); break;
      case tag_and_type(6, kFixed64): h.zero_threshold = message.get_double(); break;
      case tag_and_type(7, kVarint): fields.zero_count = message.get_uint64(); break;
      case tag_and_type(8, kFixed64): fields.zero_count_float = message.get_double(); break;
      case tag_and_type(9, kBytes): fields.negative.spans.push_back(read_span(message.get_message())); break;
      case tag_and_type(10, kVarint):
      case tag_and_type(10, kBytes): fields.negative.add_deltas(message); break;
      case tag_and_type(11, kFixed64):
      case tag_and_type(11, kBytes): fields.negative.add_counts(message); break;
      case tag_and_type(12, kBytes): fields.positive.spans.push_back(read_span(message.get_message())); break;
      case tag_and_type(13, kVarint):
      case tag_and_type(13, kBytes): fields.positive.add_deltas(message); break;
      case tag_and_type(14, kFixed64):
      case tag_and_type(14, kBytes): fields.positive.add_counts(message); break;
      case tag_and_type(15, kBytes): out.created = read_time(message.get_message()); break;
      case tag_and_type(16, kBytes): out.exemplars.push_back(read_exemplar(message.get_message())); break;
      default:
        skip_other(message, {"SampleCount", "SampleSum", "Bucket", "SampleCountFloat", "Schema", "ZeroThreshold",
                             "ZeroCount", "ZeroCountFloat", "NegativeSpan", "NegativeDelta", "NegativeCount",
                             "PositiveSpan", "PositiveDelta", "PositiveCount", "CreatedTimestamp", "Exemplars"});
    }
  }
}

}  // namespace

// ---- families and metrics ----------------------------------------------------------------------

bool next_family(std::string_view& rest, ClientFamily& family) {
  if (rest.empty()) return false;
  family.name = family.help = family.unit = {};
  family.type_number = 0;
  family.metrics.clear();
  constexpr std::ptrdiff_t kMaxVarint = 5;
  const char* p = rest.data();
  const char* const end = p + rest.size();
  uint64_t length = 0;
  try {
    length = protozero::decode_varint(&p, end);
  } catch (const protozero::exception&) {
    fail("clientpb: invalid varint encountered");
  }
  if (p - rest.data() > kMaxVarint) fail("clientpb: invalid varint encountered");
  if (length > static_cast<uint64_t>(end - p)) {
    fail(fmt::format("clientpb: insufficient length of buffer, expected at least {} bytes, got {} bytes",
                     static_cast<uint64_t>(p - rest.data()) + length, rest.size()));
  }
  rest.remove_prefix(static_cast<size_t>(p - rest.data()) + length);
  guarded([&] {
    pbf_reader message(p, length);
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kBytes): family.name = text_of(message.get_view()); break;
        case tag_and_type(2, kBytes): family.help = text_of(message.get_view()); break;
        case tag_and_type(3, kVarint): family.type_number = message.get_enum(); break;
        case tag_and_type(4, kBytes): family.metrics.push_back(text_of(message.get_view())); break;
        case tag_and_type(5, kBytes): family.unit = text_of(message.get_view()); break;
        default: skip_other(message, {"Name", "Help", "Type", "Metric", "Unit"});
      }
    }
  });
  return true;
}

std::optional<MetricType> client_type(int32_t type_number) {
  switch (type_number) {
    case 0: return MetricType::kCounter;
    case 1: return MetricType::kGauge;
    case 2: return MetricType::kSummary;
    case 3: return MetricType::kUnknown;
    case 4: return MetricType::kHistogram;
    case 5: return MetricType::kGaugeHistogram;
    default: return std::nullopt;
  }
}

namespace {

void check_value(uint32_t field, std::string_view value) {
  switch (field) {
    case 2: read_client_gauge(value); break;
    case 3: read_client_counter(value); break;
    case 4: {
      ClientSummary summary;
      read_client_summary(value, summary);
      break;
    }
    default: {
      ClientHistogram histogram;
      read_client_histogram(value, histogram);
    }
  }
}

// Several messages of a field are one.
void add_value(ClientMetric& metric, uint32_t field, std::string_view value, bool wanted) {
  if (field == 5) {
    metric.untyped = read_client_gauge(value, metric.untyped);
    return;
  }
  if (wanted && metric.value.empty()) {
    metric.value = value;
    return;
  }
  if (wanted && metric.value.data() != metric.joined.data()) {
    check_value(field, metric.value);
    metric.joined = metric.value;
  }
  check_value(field, value);
  if (!wanted) return;
  metric.joined += value;
  metric.value = metric.joined;
}

}  // namespace

void read_client_metric(std::string_view bytes, int32_t type_number, uint64_t seed, ClientMetric& metric) {
  static constexpr uint32_t kValueFields[] = {3, 2, 4, 5, 7, 7};  // by type number
  const uint32_t value_field = kValueFields[type_number];
  metric.message = bytes;
  metric.print = seed;
  metric.value = {};
  metric.t = 0;
  std::string_view run;  // of labels one after another, as almost everybody writes them
  const auto end_run = [&] {
    if (!run.empty()) metric.print = fingerprint(run.data(), run.size(), metric.print);
  };
  guarded([&] {
    pbf_reader message(view_of(bytes));
    for (const char* from = bytes.data(); message.next(); from = message.data().data()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kBytes): {
          message.skip();
          const size_t size = static_cast<size_t>(message.data().data() - from);
          if (!run.empty() && run.data() + run.size() == from) {
            run = {run.data(), run.size() + size};
          } else {
            end_run();
            run = {from, size};
          }
          break;
        }
        case tag_and_type(2, kBytes):
        case tag_and_type(3, kBytes):
        case tag_and_type(4, kBytes):
        case tag_and_type(5, kBytes):
        case tag_and_type(7, kBytes): {
          const uint32_t field = message.tag();
          add_value(metric, field, text_of(message.get_view()), field == value_field);
          break;
        }
        case tag_and_type(6, kVarint): metric.t = message.get_int64(); break;
        default:
          skip_other(message,
                     {"Label", "Gauge", "Counter", "Summary", "Untyped", "TimestampMs", "Histogram"});
      }
    }
  });
  end_run();
}

void read_client_labels(std::string_view metric, std::vector<Label>& out) {
  guarded([&] {
    pbf_reader message(view_of(metric));
    while (message.next(1, kBytes)) out.push_back(read_label(message.get_message(), Validity::kRequired));
  });
}

// ---- values ------------------------------------------------------------------------------------

double read_client_gauge(std::string_view bytes, double otherwise) {
  double value = otherwise;
  if (is_plain_double(bytes, value)) return value;
  guarded([&] {
    pbf_reader message(view_of(bytes));
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kFixed64): value = message.get_double(); break;
        default: skip_other(message, {"Value"});
      }
    }
  });
  return value;
}

ClientCounter read_client_counter(std::string_view bytes) {
  ClientCounter counter;
  if (is_plain_double(bytes, counter.value)) return counter;
  guarded([&] {
    pbf_reader message(view_of(bytes));
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kFixed64): counter.value = message.get_double(); break;
        case tag_and_type(2, kBytes): counter.exemplar = read_exemplar(message.get_message()); break;
        case tag_and_type(3, kBytes): counter.created = read_time(message.get_message()); break;
        default: skip_other(message, {"Value", "Exemplar", "CreatedTimestamp"});
      }
    }
  });
  return counter;
}

void read_client_summary(std::string_view bytes, ClientSummary& out) {
  out.count = 0;
  out.sum = 0;
  out.quantiles.clear();
  out.created = 0;
  guarded([&] {
    pbf_reader message(view_of(bytes));
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kVarint): out.count = message.get_uint64(); break;
        case tag_and_type(2, kFixed64): out.sum = message.get_double(); break;
        case tag_and_type(3, kBytes): {
          ClientSummary::Quantile& quantile = out.quantiles.emplace_back();
          pbf_reader part = message.get_message();
          while (part.next()) {
            switch (part.tag_and_type()) {
              case tag_and_type(1, kFixed64): quantile.quantile = part.get_double(); break;
              case tag_and_type(2, kFixed64): quantile.value = part.get_double(); break;
              default: skip_other(part, {"Quantile", "Value"});
            }
          }
          break;
        }
        case tag_and_type(4, kBytes): out.created = read_time(message.get_message()); break;
        default: skip_other(message, {"SampleCount", "SampleSum", "Quantile", "CreatedTimestamp"});
      }
    }
  });
}

void read_client_histogram(std::string_view bytes, ClientHistogram& out) {
  out.buckets.clear();
  out.exemplars.clear();
  out.sum = 0;
  out.created = 0;
  out.native = {};
  HistogramFields fields;
  guarded([&] { read_histogram_fields(pbf_reader(view_of(bytes)), fields, out); });

  out.count = fields.count_float != 0 ? fields.count_float : static_cast<double>(fields.count);
  FloatHistogram& h = out.native;
  out.is_native = !fields.positive.spans.empty() || !fields.negative.spans.empty() ||
                  h.zero_threshold > 0 || fields.zero_count > 0;
  h.integer = !(fields.count_float > 0 || fields.zero_count_float > 0);
  h.count = h.integer ? static_cast<double>(fields.count) : fields.count_float;
  h.zero_count = h.integer ? static_cast<double>(fields.zero_count) : fields.zero_count_float;
  h.sum = out.sum;
  h.positive_spans = std::move(fields.positive.spans);
  h.negative_spans = std::move(fields.negative.spans);
  h.positive_buckets = std::move(h.integer ? fields.positive.integers : fields.positive.floats);
  h.negative_buckets = std::move(h.integer ? fields.negative.integers : fields.negative.floats);
}

Exemplar read_client_exemplar(std::string_view bytes) {
  Exemplar exemplar;
  std::vector<std::pair<std::string, std::string>> labels;
  guarded([&] {
    pbf_reader message(view_of(bytes));
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tag_and_type(1, kBytes): {
          const Label label = read_label(message.get_message(), Validity::kAny);
          labels.emplace_back(label.name, label.value);
          break;
        }
        case tag_and_type(2, kFixed64): exemplar.value = message.get_double(); break;
        case tag_and_type(3, kBytes):
          exemplar.t = read_time(message.get_message());
          exemplar.has_time = true;
          break;
        default: skip_other(message, {"Label", "Value", "Timestamp"});
      }
    }
  });
  exemplar.labels = Labels::from_pairs(std::move(labels));
  return exemplar;
}

}  // namespace hearth
