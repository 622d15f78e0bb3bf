#include "scraper/protobuf_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "core/error.h"
#include "core/go_text.h"
#include "core/hash.h"

namespace hearth {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

uint64_t print_of(std::string_view text, uint64_t seed) {
  static constexpr char kNothing[16] = {};  // what is not in the body has no padding
  return text.empty() ? fingerprint(kNothing, 0, seed) : fingerprint(text.data(), text.size(), seed);
}

// Whether `unit` is what `name` ends with, after an underscore.
bool ends_with_unit(std::string_view name, std::string_view unit) {
  return name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_';
}

}  // namespace

// As SampleSink wants it. One thread.
struct ProtobufSample {
  ProtobufReader& reader;
  ProtobufReader::Part part;
  double bound;
  double value;
  std::string_view exemplar;
  FloatHistogram* histogram = nullptr;  // instead of the value

  const std::vector<Label>& labels() { return reader.labels(part, bound); }
  bool has_time() const { return reader.metric_.t != 0; }
  TimeMs time() const { return reader.metric_.t; }
  bool fits(const ScrapeConfig& config) { return histogram == nullptr || fit_histogram(*histogram, config); }
  void store(SampleSink& sink, SeriesRef ref, TimeMs t) {
    if (histogram != nullptr) {
      for (Exemplar& found : reader.native_exemplars()) sink.push(ref, std::move(found));
      sink.push(ref, t, *histogram);
      return;
    }
    sink.push(ref, t, value);
    if (exemplar.data() == nullptr) return;
    Exemplar found = read_client_exemplar(exemplar);
    if (!found.has_time) found.t = t;
    sink.push(ref, std::move(found));
  }
};

// ---- families ----------------------------------------------------------------------------------

void ProtobufReader::run() {
  while (next_family(rest_, family_)) {
    if (!family_.metrics.empty()) family();
  }
}

void ProtobufReader::family() {
  const std::optional<MetricType> type = client_type(family_.type_number);
  type_ = type.value_or(MetricType::kUnknown);
  seed_ = print_of(family_.unit, print_of(family_.name, process_seed() + static_cast<uint64_t>(family_.type_number)));
  const auto outcome = sink_.walk.find(print_of(family_.help, ~seed_));
  const bool is_new = outcome == LineWalk::Outcome::kNew;
  if (is_new || sink_.task.features.tell_metadata) {
    check_family();
    sink_.comment(is_new, EntryKind::kHelp, family_.name, type_, family_.help);
    if (!family_.unit.empty()) sink_.comment(is_new, EntryKind::kUnit, family_.name, type_, family_.unit);
    sink_.comment(is_new, EntryKind::kType, family_.name, type_, {});
  }
  switch (outcome) {
    case LineWalk::Outcome::kKnown: sink_.walk.take(false); break;
    case LineWalk::Outcome::kRepeated: sink_.walk.repeat(); break;
    case LineWalk::Outcome::kNew:
      sink_.walk.add(LineEntry::comment(EntryKind::kHelp, type_), true, false);
      break;
  }
  for (const std::string_view message : family_.metrics) metric(message);
}

void ProtobufReader::check_family() const {
  const auto fail = [](const std::string& text) { throw Error(ErrorKind::kBadData, text); };
  const std::string_view name = family_.name, unit = family_.unit;
  if (name.empty() || !valid_utf8(name)) fail(fmt::format("invalid metric name: {}", name));
  if (!valid_utf8(family_.help)) {
    fail(fmt::format("invalid help for metric {}: {}", go_quote(name), family_.help));
  }
  if (!client_type(family_.type_number)) {
    fail(fmt::format("unknown metric type for metric {}: {}", go_quote(name), family_.type_number));
  }
  if (unit.empty()) return;
  constexpr std::string_view kTotal = "_total";
  if (type_ == MetricType::kCounter && name.ends_with(kTotal)) {
    if (!ends_with_unit(name.substr(0, name.size() - kTotal.size()), unit)) {
      fail(fmt::format("unit {} not a suffix of counter {}", go_quote(unit), go_quote(name)));
    }
  } else if (!ends_with_unit(name, unit)) {
    fail(fmt::format("unit {} not a suffix of metric {}", go_quote(unit), go_quote(name)));
  }
}

// ---- metrics -----------------------------------------------------------------------------------

void ProtobufReader::metric(std::string_view message) {
  read_client_metric(message, family_.type_number, seed_, metric_);
  switch (type_) {
    case MetricType::kSummary: return summary();
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: return histogram();
    default: break;
  }
  if (type_ == MetricType::kUnknown) {
    sample(Part::kWhole, 0, metric_.untyped);
  } else if (type_ == MetricType::kGauge) {
    sample(Part::kWhole, 0, read_client_gauge(metric_.value));
  } else {
    const ClientCounter counter = read_client_counter(metric_.value);
    sink_.zero(sample(Part::kWhole, 0, counter.value, counter.exemplar), counter.created);
  }
}

void ProtobufReader::summary() {
  read_client_summary(metric_.value, summary_);
  const auto add = [&](Part part, double quantile, double value) {
    sink_.zero(sample(part, quantile, value), summary_.created);
  };
  add(Part::kCount, 0, static_cast<double>(summary_.count));
  add(Part::kSum, 0, summary_.sum);
  for (const ClientSummary::Quantile& q : summary_.quantiles) add(Part::kQuantile, q.quantile, q.value);
}

void ProtobufReader::histogram() {
  read_client_histogram(metric_.value, histogram_);
  const HistogramOptions& options = sink_.task.histograms;
  if (options.native && histogram_.is_native) {
    sample(histogram_.native);
    if (options.keep_classic && !histogram_.buckets.empty()) classic_histogram();
    return;
  }
  if (!options.convert_classic || options.keep_classic) classic_histogram();
  if (options.convert_classic) converted_histogram();
}

void ProtobufReader::classic_histogram() {
  const auto add = [&](Part part, double bound, double value, std::string_view exemplar = {}) {
    sink_.zero(sample(part, bound, value, exemplar), histogram_.created);
  };
  add(Part::kCount, 0, histogram_.count);
  add(Part::kSum, 0, histogram_.sum);
  for (const ClientHistogram::Bucket& bucket : histogram_.buckets) {
    add(Part::kBucket, bucket.bound, bucket.count, bucket.exemplar);
    if (bucket.bound == kInfinity) return;
  }
  add(Part::kBucket, kInfinity, histogram_.count);
}

void ProtobufReader::converted_histogram() {
  classic_.clear();
  classic_.set_count(histogram_.count);
  classic_.set_sum(histogram_.sum);
  for (const ClientHistogram::Bucket& bucket : histogram_.buckets) {
    classic_.set_bucket(bucket.bound, bucket.count);
  }
  std::optional<FloatHistogram> converted = classic_.convert();
  if (!converted) throw Error(ErrorKind::kBadData, classic_.fault());
  sample(*converted);
}

// ---- samples -----------------------------------------------------------------------------------

TakenSample ProtobufReader::sample(Part part, double bound, double value, std::string_view exemplar) {
  uint64_t print = metric_.print;
  if (part != Part::kWhole) {
    const uint64_t key[4] = {std::bit_cast<uint64_t>(bound), static_cast<uint64_t>(part), 0, 0};
    print = fingerprint(reinterpret_cast<const char*>(key), 16, print);
  }
  ProtobufSample sample{*this, part, bound, value, exemplar};
  return sink_.take(sink_.walk.find(print), sample);
}

void ProtobufReader::sample(FloatHistogram& histogram) {
  if (type_ == MetricType::kGaugeHistogram) histogram.counter_reset_hint = CounterResetHint::kGauge;
  ProtobufSample sample{*this, Part::kWhole, 0, 0, {}, &histogram};
  const TakenSample taken = sink_.take(sink_.walk.find(metric_.print), sample);
  sink_.zero(taken, histogram_.created, histogram);
}

// Those without a time are left out: nobody could tell whether they are new.
std::vector<Exemplar> ProtobufReader::native_exemplars() const {
  std::vector<Exemplar> found;
  const auto add = [&](std::string_view message) {
    if (message.data() == nullptr) return;
    Exemplar exemplar = read_client_exemplar(message);
    if (exemplar.has_time) found.push_back(std::move(exemplar));
  };
  for (const std::string_view message : histogram_.exemplars) add(message);
  if (histogram_.exemplars.empty()) {
    for (const ClientHistogram::Bucket& bucket : histogram_.buckets) add(bucket.exemplar);
  }
  std::stable_sort(found.begin(), found.end(), [](const Exemplar& a, const Exemplar& b) {
    return std::tie(a.t, a.value) < std::tie(b.t, b.value);
  });
  return found;
}

const std::vector<Label>& ProtobufReader::labels(Part part, double bound) {
  static constexpr std::string_view kSuffixes[] = {"", "_count", "_sum", "_bucket", ""};
  name_.assign(family_.name);
  name_ += kSuffixes[static_cast<size_t>(part)];
  const bool tell_type = sink_.task.features.type_and_unit_labels && type_ != MetricType::kUnknown;
  const bool tell_unit = sink_.task.features.type_and_unit_labels && !family_.unit.empty();
  labels_.clear();
  read_client_labels(metric_.message, labels_);
  if (sink_.task.features.type_and_unit_labels) {
    std::erase_if(labels_, [&](const Label& label) {
      return label.name == kMetricName || (tell_type && label.name == kTypeLabel) ||
             (tell_unit && label.name == kUnitLabel);
    });
  }
  labels_.insert(labels_.begin(), {kMetricName, name_});
  if (tell_type) labels_.push_back({kTypeLabel, metric_type_name(type_)});
  if (tell_unit) labels_.push_back({kUnitLabel, family_.unit});
  if (part == Part::kBucket || part == Part::kQuantile) {
    bound_ = openmetrics_float(bound);
    labels_.push_back({part == Part::kBucket ? "le" : "quantile", bound_});
  }
  return labels_;
}

std::vector<std::string> protobuf_families(const Body& body) {
  std::vector<std::string> names;
  std::string_view rest = body.text();
  ClientFamily family;
  while (next_family(rest, family)) {
    if (!family.metrics.empty()) names.emplace_back(family.name);
  }
  return names;
}

}  // namespace hearth
