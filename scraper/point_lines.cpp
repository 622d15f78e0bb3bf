#include "scraper/point_lines.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "core/go_text.h"
#include "core/hash.h"
#include "core/histogram_check.h"
#include "scraper/text_sample.h"

namespace hearth {
namespace {

constexpr std::string_view kCreatedSuffix = "_created";
constexpr std::string_view kBucket = "_bucket", kCount = "_count", kSum = "_sum";

// The series of a name like this, but without the bound that makes its series differ.
std::string_view bound_label(MetricType type) {
  if (type == MetricType::kHistogram) return "le";
  return type == MetricType::kSummary ? "quantile" : "";
}

TimeMs milliseconds(double seconds) {
  const double ms = seconds * 1000;
  return std::abs(ms) < 9.2e18 ? static_cast<TimeMs>(ms) : 0;
}

}  // namespace

// A histogram that lines have become, as SampleSink wants it. One thread.
struct ConvertedSample {
  PointLines& lines;
  FloatHistogram histogram;
  std::vector<Label> own_labels;

  // Those of the histogram's first line, without suffix and bound.
  const std::vector<Label>& labels() {
    PointLines::Histogram& from = lines.histogram_;
    lines.parser_.swap(from.series);
    own_labels = lines.parser_.labels();
    lines.parser_.swap(from.series);
    std::erase_if(own_labels, [](const Label& label) { return label.name == "le"; });
    std::string_view& name = own_labels.front().value;
    name.remove_suffix(name.size() - name.rfind('_'));
    return own_labels;
  }
  bool has_time() const { return lines.histogram_.has_time; }
  TimeMs time() const { return lines.histogram_.t; }
  bool fits(const ScrapeConfig& config) { return fit_histogram(histogram, config); }
  void store(SampleSink& sink, SeriesRef ref, TimeMs t) {
    std::vector<Exemplar>& exemplars = lines.histogram_.exemplars;
    std::stable_sort(exemplars.begin(), exemplars.end(), [](const Exemplar& a, const Exemplar& b) {
      return std::tie(a.t, a.value) < std::tie(b.t, b.value);
    });
    for (Exemplar& exemplar : exemplars) sink.push(ref, std::move(exemplar));
    sink.push(ref, t, histogram);
  }
};

bool PointLines::has_creation(MetricType type) {
  return type == MetricType::kCounter || type == MetricType::kSummary || type == MetricType::kHistogram;
}

// What the series of one point have in common.
uint64_t PointLines::print() const {
  return parser_.print_without(bound_label(parser_.type()), parser_.family().size(), ~process_seed());
}

void PointLines::take() {
  const bool creates = has_creation(parser_.type());
  if (creates && takes_created() && parser_.raw_name().ends_with(kCreatedSuffix)) {
    if (created_ == Created::kTime) take_created(print());
    return;
  }
  const uint64_t print = this->print();
  const bool converts = sink_.task.histograms.convert_classic && parser_.type() == MetricType::kHistogram;
  const bool is_part = converts && take_part(print);
  if (is_part && !sink_.task.histograms.keep_classic) return;
  TextSample sample{parser_, !is_part};  // the converted histogram has the exemplars
  const TakenSample taken = sink_.take(sink_.walk.find(parser_.text()), sample);
  if (!creates || created_ != Created::kTime) return;
  if (last_created_ != 0 && print == last_print_) {
    sink_.zero(taken, last_created_);
  } else {
    last_created_ = 0;
    waiting_.push_back({taken, print});
  }
}

// Puts the line into the histogram; false where it is none of one.
bool PointLines::take_part(uint64_t print) {
  const std::string_view name = parser_.raw_name(), family = parser_.family();
  const std::string_view suffix = name.starts_with(family) ? name.substr(family.size()) : "";
  std::optional<double> bound;
  const std::string_view* const le = suffix == kBucket ? parser_.raw_value("le") : nullptr;
  if (le != nullptr) bound = parse_go_float(*le);
  const bool is_bucket = bound && !std::isnan(*bound);
  const bool is_part = is_bucket || suffix == kCount || suffix == kSum;
  const bool same_name = suffix == kBucket || is_part;
  if (histogram_.open && (!same_name || print != histogram_.print)) end_histogram();
  if (!is_part) return false;

  if (!histogram_.open) {
    histogram_.open = true;
    histogram_.print = print;
    parser_.copy_to(histogram_.series);
    histogram_.buckets.clear();
    histogram_.exemplars.clear();
    histogram_.created = 0;
    skips_created_ = created_ == Created::kSeriesAtFirst;
  }
  histogram_.has_time = parser_.has_time();
  histogram_.t = parser_.has_time() ? parser_.time() : 0;
  if (parser_.has_exemplar()) {
    Exemplar exemplar = parser_.exemplar();
    if (exemplar.has_time) histogram_.exemplars.push_back(std::move(exemplar));
  }
  if (is_bucket) {
    histogram_.buckets.set_bucket(*bound, parser_.value());
  } else if (suffix == kCount) {
    histogram_.buckets.set_count(parser_.value());
  } else {
    histogram_.buckets.set_sum(parser_.value());
  }
  return true;
}

// What does not make a histogram is left out silently.
void PointLines::end_histogram() {
  if (!histogram_.open) return;
  histogram_.open = false;
  std::optional<FloatHistogram> converted = histogram_.buckets.convert();
  if (!converted || !histogram_fault(*converted).empty()) return;
  ConvertedSample sample{*this, std::move(*converted), {}};
  const TakenSample taken = sink_.take(sink_.walk.find(histogram_.print), sample);
  if (histogram_.created != 0) sink_.zero(taken, histogram_.created, sample.histogram);
}

// The time is that of the series that wait for it, and of none where it is another's.
void PointLines::take_created(uint64_t print) {
  // The part of the name before the suffix is what the series must have in common with it.
  const bool of_family = parser_.raw_name().size() == parser_.family().size() + kCreatedSuffix.size();
  const TimeMs created = of_family ? milliseconds(parser_.value()) : 0;
  for (const Waiting& series : waiting_) {
    if (series.print == print) sink_.zero(series.taken, created);
  }
  if (histogram_.open && histogram_.print == print) histogram_.created = created;
  if (!waiting_.empty()) {
    last_print_ = print;
    last_created_ = waiting_.back().print == print ? created : 0;
  }
  waiting_.clear();
}

void PointLines::end() {
  end_histogram();
  waiting_.clear();
  last_created_ = 0;
}

}  // namespace hearth
