#include <algorithm>

#include "query/ast.h"
#include "query/words.h"

namespace hearth::promql {
namespace {

constexpr ValueType kS = ValueType::kScalar;
constexpr ValueType kV = ValueType::kVector;
constexpr ValueType kM = ValueType::kMatrix;
constexpr ValueType kT = ValueType::kString;
constexpr bool kExperimental = true;

// Sorted by name: name, arguments, variadic, result, experimental.
const std::vector<Function>& functions() {
  static const std::vector<Function> table = {
      {"abs", {kV}, 0, kV},
      {"absent", {kV}, 0, kV},
      {"absent_over_time", {kM}, 0, kV},
      {"acos", {kV}, 0, kV},
      {"acosh", {kV}, 0, kV},
      {"asin", {kV}, 0, kV},
      {"asinh", {kV}, 0, kV},
      {"atan", {kV}, 0, kV},
      {"atanh", {kV}, 0, kV},
      {"avg_over_time", {kM}, 0, kV},
      {"ceil", {kV}, 0, kV},
      {"changes", {kM}, 0, kV},
      {"clamp", {kV, kS, kS}, 0, kV},
      {"clamp_max", {kV, kS}, 0, kV},
      {"clamp_min", {kV, kS}, 0, kV},
      {"cos", {kV}, 0, kV},
      {"cosh", {kV}, 0, kV},
      {"count_over_time", {kM}, 0, kV},
      {"day_of_month", {kV}, 1, kV},
      {"day_of_week", {kV}, 1, kV},
      {"day_of_year", {kV}, 1, kV},
      {"days_in_month", {kV}, 1, kV},
      {"deg", {kV}, 0, kV},
      {"delta", {kM}, 0, kV},
      {"deriv", {kM}, 0, kV},
      {"double_exponential_smoothing", {kM, kS, kS}, 0, kV, kExperimental},
      {"end", {}, 0, kS, kExperimental},
      {"exp", {kV}, 0, kV},
      {"first_over_time", {kM}, 0, kV},
      {"floor", {kV}, 0, kV},
      {"histogram_avg", {kV}, 0, kV},
      {"histogram_count", {kV}, 0, kV},
      {"histogram_fraction", {kS, kS, kV}, 0, kV},
      {"histogram_quantile", {kS, kV}, 0, kV},
      {"histogram_quantiles", {kV, kT, kS, kS}, 9, kV, kExperimental},
      {"histogram_stddev", {kV}, 0, kV},
      {"histogram_stdvar", {kV}, 0, kV},
      {"histogram_sum", {kV}, 0, kV},
      {"hour", {kV}, 1, kV},
      {"idelta", {kM}, 0, kV},
      {"increase", {kM}, 0, kV},
      {"info", {kV, kV}, 1, kV, kExperimental},
      {"irate", {kM}, 0, kV},
      {"label_join", {kV, kT, kT, kT}, -1, kV},
      {"label_replace", {kV, kT, kT, kT, kT}, 0, kV},
      {"last_over_time", {kM}, 0, kV},
      {"ln", {kV}, 0, kV},
      {"log10", {kV}, 0, kV},
      {"log2", {kV}, 0, kV},
      {"mad_over_time", {kM}, 0, kV, kExperimental},
      {"max_of", {kS, kS}, 0, kS, kExperimental},
      {"max_over_time", {kM}, 0, kV},
      {"min_of", {kS, kS}, 0, kS, kExperimental},
      {"min_over_time", {kM}, 0, kV},
      {"minute", {kV}, 1, kV},
      {"month", {kV}, 1, kV},
      {"pi", {}, 0, kS},
      {"predict_linear", {kM, kS}, 0, kV},
      {"present_over_time", {kM}, 0, kV},
      {"quantile_over_time", {kS, kM}, 0, kV},
      {"rad", {kV}, 0, kV},
      {"range", {}, 0, kS, kExperimental},
      {"rate", {kM}, 0, kV},
      {"resets", {kM}, 0, kV},
      {"round", {kV, kS}, 1, kV},
      {"scalar", {kV}, 0, kS},
      {"sgn", {kV}, 0, kV},
      {"sin", {kV}, 0, kV},
      {"sinh", {kV}, 0, kV},
      {"sort", {kV}, 0, kV},
      {"sort_by_label", {kV, kT}, -1, kV, kExperimental},
      {"sort_by_label_desc", {kV, kT}, -1, kV, kExperimental},
      {"sort_desc", {kV}, 0, kV},
      {"sqrt", {kV}, 0, kV},
      {"start", {}, 0, kS, kExperimental},
      {"start_timestamp", {kV}, 0, kV, kExperimental},
      {"stddev_over_time", {kM}, 0, kV},
      {"stdvar_over_time", {kM}, 0, kV},
      {"step", {}, 0, kS, kExperimental},
      {"sum_over_time", {kM}, 0, kV},
      {"tan", {kV}, 0, kV},
      {"tanh", {kV}, 0, kV},
      {"time", {}, 0, kS},
      {"timestamp", {kV}, 0, kV},
      {"ts_of_first_over_time", {kM}, 0, kV, kExperimental},
      {"ts_of_last_over_time", {kM}, 0, kV, kExperimental},
      {"ts_of_max_over_time", {kM}, 0, kV, kExperimental},
      {"ts_of_min_over_time", {kM}, 0, kV, kExperimental},
      {"vector", {kS}, 0, kV},
      {"year", {kV}, 1, kV},
  };
  return table;
}

}  // namespace

const Function* find_function(std::string_view name) {
  const std::vector<Function>& table = functions();
  const auto found =
      std::lower_bound(table.begin(), table.end(), name,
                       [](const Function& f, std::string_view text) { return f.name < text; });
  return found != table.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> out;
  for (const Function& function : functions()) out.push_back(function.name);
  return out;
}

}  // namespace hearth::promql
