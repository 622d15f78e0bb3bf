// Native histograms are passed on, counted and compared by presence; operations that calculate with
// them are refused by name.
#include "core/error.h"
#include "query/aggregate_histograms.h"
#include "query/histogram_functions.h"
#include "query/histogram_ops.h"
#include "query/histogram_text.h"
#include "query/native_quantile.h"
#include "query/range_histograms.h"

namespace hearth::promql {
namespace {

[[noreturn]] void refuse(const char* what) {
  throw Error(ErrorKind::kExecution, std::string(what) + " of native histograms is not supported");
}

}  // namespace

HistogramPtr scaled(const FloatHistogram&, double) { refuse("multiplication"); }
MixedResult combine_histograms(Context&, BinaryOp, double, const HistogramPtr&, double,
                               const HistogramPtr&, PosRange) {
  refuse("arithmetic");
}
std::string histogram_text(const FloatHistogram&) { refuse("text"); }
double native_quantile(Context&, double, const FloatHistogram&, std::string_view, PosRange) {
  refuse("quantile");
}
double native_fraction(Context&, double, double, const FloatHistogram&, std::string_view, PosRange) {
  refuse("fraction");
}
void histogram_rate(const Windows&, size_t, bool, bool, Rows&, size_t) { refuse("rate"); }
void histogram_last_two(const Windows&, size_t, bool, Rows&, size_t) { refuse("rate"); }
bool histograms_changed(const FloatHistogram&, const FloatHistogram&) { refuse("comparison"); }
bool histograms_reset(const FloatHistogram&, const FloatHistogram&) { refuse("comparison"); }
void histogram_sum_over_time(const Windows&, size_t, Rows&, size_t) { refuse("sum"); }
void histogram_avg_over_time(const Windows&, size_t, Rows&, size_t) { refuse("average"); }
void fold_histograms(Context&, bool, std::vector<GroupedHistogram>& parts, const SeriesList&, PosRange,
                     Rows&) {
  if (!parts.empty()) refuse("sum");
}

HistogramNumber find_histogram_number(std::string_view name) {
  if (name == "histogram_count") return [](const FloatHistogram& h) { return h.count; };
  if (name == "histogram_sum") return [](const FloatHistogram& h) { return h.sum; };
  if (name == "histogram_avg") return [](const FloatHistogram& h) { return h.sum / h.count; };
  return nullptr;
}

}  // namespace hearth::promql
