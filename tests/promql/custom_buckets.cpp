#include "tests/promql/custom_buckets.h"

#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/go_text.h"
#include "core/histogram_math.h"

namespace hearth::promql::script {
namespace {

// What the series of one classic histogram say at one time.
struct Classic {
  std::map<double, double> buckets;  // upper bound -> cumulative count
  std::optional<double> count;
  double sum = 0;
};

bool take_suffix(std::string& name, std::string_view suffix) {
  if (name.size() < suffix.size() || name.substr(name.size() - suffix.size()) != suffix)
    return false;
  name.resize(name.size() - suffix.size());
  return true;
}

FloatHistogram to_native(Classic classic) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (classic.buckets.count(kInf) == 0) {
    if (!classic.count && !classic.buckets.empty()) {
      classic.count = classic.buckets.rbegin()->second;
    }
    classic.buckets[kInf] = classic.count.value_or(0);
  }
  FloatHistogram h;
  h.schema = kCustomBucketsSchema;
  h.count = classic.count.value_or(classic.buckets[kInf]);
  h.sum = classic.sum;
  double before = 0;
  for (const auto& [bound, cumulative] : classic.buckets) {
    if (cumulative < before) throw Error(ErrorKind::kBadData, "counts are not cumulative");
    if (bound < kInf) h.custom_values.push_back(bound);
    h.positive_buckets.push_back(cumulative - before);
    before = cumulative;
  }
  if (before != h.count) throw Error(ErrorKind::kBadData, "count and the last bucket differ");
  h.positive_spans = {{0, static_cast<uint32_t>(h.positive_buckets.size())}};
  compact(h);
  return h;
}

}  // namespace

std::vector<HistogramSeries> custom_bucket_histograms(const Load& load) {
  std::map<Labels, std::map<TimeMs, Classic>> found;
  for (const SeriesLine& series : load.series) {
    std::string name(series.labels.metric_name());
    LabelsBuilder builder(series.labels);
    const bool bucket = take_suffix(name, "_bucket");
    const bool count = !bucket && take_suffix(name, "_count");
    if (!bucket && !count && !take_suffix(name, "_sum")) continue;
    double bound = 0;
    if (bucket) {
      const auto le = parse_go_float(series.labels.get("le"));
      if (!le || std::isnan(*le)) continue;
      bound = *le;
    }
    builder.erase("le");
    builder.set(kMetricName, name);
    auto& points = found[builder.build()];
    for (size_t i = 0; i < series.values.size(); ++i) {
      const Value& value = series.values[i];
      if (value.omitted || value.histogram) continue;
      Classic& classic = points[static_cast<TimeMs>(i) * load.gap];
      if (bucket)
        classic.buckets.emplace(bound, value.number);
      else if (count)
        classic.count = value.number;
      else
        classic.sum = value.number;
    }
  }
  std::vector<HistogramSeries> out;
  for (auto& [labels, points] : found) {
    out.push_back({labels, {}});
    for (auto& [t, classic] : points)
      out.back().points.emplace_back(t, to_native(std::move(classic)));
  }
  return out;
}

}  // namespace hearth::promql::script
