// Expressions of PromQL from the bytes of a fuzzer: each byte is a choice, so that a small change of
// the bytes is a small change of the expression. Well formed, mostly well typed, small.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::promql {

// A printed expression, for comparison with one printed from its own text. Prometheus prints Inf with
// a sign, which in front of ^ is read as one of the power: ++Inf ^ 2.
inline std::string comparable(std::string printed) {
  for (size_t at; (at = printed.find("++Inf")) != printed.npos;) printed.erase(at, 1);
  return printed;
}

// One thread.
class ExpressionBytes {
 public:
  ExpressionBytes(const uint8_t* data, size_t size) : data_(data), end_(data + size) {}

  // 0 when the bytes have come to their end: then everything is as short as can be.
  uint8_t next() { return data_ == end_ ? uint8_t{0} : *data_++; }

  std::string expression() {
    const uint8_t kind = next();
    is_window_ = kind % 16 == 14;
    if (kind % 16 == 15) return scalar(3);
    return is_window_ ? window(1) : vector(4);
  }
  // Whether the expression is a range vector, which only instant queries may be.
  bool is_window() const { return is_window_; }

 private:
  template <size_t N>
  std::string pick(const std::string_view (&options)[N]) {
    return std::string(options[next() % N]);
  }

  std::string number() {
    static constexpr std::string_view kNumbers[] = {
        "1",   "0",    "2",  "-1", "0.5",  "0.9", "NaN",    "Inf", "-Inf", "1e300",
        "1e-9", "5e-324", "3", "60", "0x1F", "1.5", "-0.25", "5m", "9e18", "100"};
    return pick(kNumbers);
  }
  std::string duration() {
    static constexpr std::string_view kDurations[] = {"1m",  "5m",  "30s",  "90s", "2m",
                                                      "10m", "15s", "61s",  "1ms", "7m13s",
                                                      "1d",  "1m*2", "step()+1s"};
    return pick(kDurations);
  }
  std::string label() {
    static constexpr std::string_view kLabels[] = {"a", "b", "le", "__name__", "none", "job"};
    return pick(kLabels);
  }
  std::string labels() {
    std::string list;
    for (size_t i = next() % 3; i > 0; --i) list += (list.empty() ? "" : ",") + label();
    return "(" + list + ")";
  }

  std::string selector() {
    static constexpr std::string_view kSelectors[] = {
        "floats",  "resets",  "strange", "stale",     "native",  "custom",    "mixed",
        "gauges",  "buckets", "sparse",  "constants", "nothing", "{a=\"1\"}", "{__name__=~\"[fr].*\"}",
        "floats{a!=\"1\"}",   "native{b=~\"x|\"}",    "strange{a=~\".+\"}",   "{__name__=~\".+\"}"};
    return pick(kSelectors);
  }
  std::string modifiers() {
    static constexpr std::string_view kModifiers[] = {
        "", "", "", "", "", "", " offset 1m", " offset -30s", " @ 300", " @ start()", " @ end()",
        " offset 5m @ 900.5", " @ -1", " offset 1y", " offset (step())"};
    return pick(kModifiers);
  }

  std::string scalar(int depth) {
    const uint8_t kind = depth <= 0 ? 0 : next();
    switch (kind % 8) {
      case 0:
      case 1:
        return number();
      case 2:
        return "time()";
      case 3:
        return "scalar(" + vector(depth - 1) + ")";
      case 4: {
        const std::string left = scalar(depth - 1), op = arithmetic();
        return left + op + scalar(depth - 1);
      }
      case 5: {
        const std::string left = scalar(depth - 1), op = comparison();
        return left + op + "bool " + scalar(depth - 1);
      }
      case 6:
        return "-(" + scalar(depth - 1) + ")";
      default: {
        static constexpr std::string_view kOfTwo[] = {"min_of", "max_of"};
        const std::string name = pick(kOfTwo), left = scalar(depth - 1);
        return name + "(" + left + "," + scalar(depth - 1) + ")";
      }
    }
  }

  std::string window(int depth) {
    const uint8_t kind = next();
    if (depth > 0 && kind % 4 == 0) {
      static constexpr std::string_view kSteps[] = {"", "1m", "30s", "17s", "2m", "step()"};
      static constexpr std::string_view kRanges[] = {"5m", "2m", "90s", "10m"};
      const std::string inner = vector(depth - 1), range = pick(kRanges), step = pick(kSteps);
      return "(" + inner + ")[" + range + ":" + step + "]" + modifiers();
    }
    static constexpr std::string_view kKinds[] = {"", "", "", "", " anchored", " smoothed"};
    const std::string name = selector(), range = duration();
    return name + "[" + range + "]" + pick(kKinds) + modifiers();
  }

  std::string arithmetic() {
    static constexpr std::string_view kOps[] = {" + ", " - ", " * ", " / ", " % ", " ^ ", " atan2 "};
    return pick(kOps);
  }
  std::string comparison() {
    static constexpr std::string_view kOps[] = {" == ", " != ", " < ", " > ", " <= ", " >= "};
    return pick(kOps);
  }
  std::string matching(bool set) {
    const uint8_t kind = next();
    if (kind % 2 == 0) return "";
    std::string text = (kind % 4 == 1 ? "on " : "ignoring ") + labels();
    if (set) return text + " ";
    static constexpr std::string_view kGroups[] = {" ", " ", " group_left ", " group_right ",
                                                   " group_left(b) ", " group_right(none) ",
                                                   " fill(0) ", " fill_left(1) fill_right(NaN) "};
    return text + pick(kGroups);
  }

  std::string vector(int depth) {
    const uint8_t kind = depth <= 0 ? 0 : next();
    switch (kind % 16) {
      case 0:
      case 1: {
        const std::string name = selector();
        return name + modifiers();
      }
      case 2:
      case 3:
      case 4:
        return window_call(depth - 1);
      case 5:
      case 6:
        return aggregation(depth - 1);
      case 7:
      case 8:
        return binary(depth - 1);
      case 9: {
        static constexpr std::string_view kOps[] = {" and ", " or ", " unless "};
        const std::string left = vector(depth - 1), op = pick(kOps), match = matching(true);
        return "(" + left + ")" + op + match + "(" + vector(depth - 1) + ")";
      }
      case 10:
      case 11:
        return map_call(depth - 1);
      case 12:
        return histogram_call(depth - 1);
      case 13:
        return label_call(depth - 1);
      case 14:
        return "-(" + vector(depth - 1) + ")";
      default:
        return "vector(" + scalar(depth - 1) + ")";
    }
  }

  std::string window_call(int depth) {
    static constexpr std::string_view kNames[] = {
        "rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets",
        "avg_over_time", "sum_over_time", "min_over_time", "max_over_time", "count_over_time",
        "last_over_time", "first_over_time", "present_over_time", "stddev_over_time",
        "stdvar_over_time", "absent_over_time", "mad_over_time", "ts_of_min_over_time",
        "ts_of_max_over_time", "ts_of_last_over_time", "ts_of_first_over_time", "quantile_over_time",
        "predict_linear", "double_exponential_smoothing"};
    const std::string name = pick(kNames);
    if (name == "quantile_over_time") {
      const std::string q = scalar(1);
      return name + "(" + q + "," + window(depth) + ")";
    }
    if (name == "predict_linear") {
      const std::string range = window(depth);
      return name + "(" + range + "," + scalar(1) + ")";
    }
    if (name == "double_exponential_smoothing") return name + "(" + window(depth) + ",0.5,0.3)";
    return name + "(" + window(depth) + ")";
  }

  std::string aggregation(int depth) {
    static constexpr std::string_view kNames[] = {
        "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk",
        "quantile", "count_values", "limitk", "limit_ratio"};
    static constexpr std::string_view kGrouping[] = {"", " by ", " without "};
    const std::string name = pick(kNames), word = pick(kGrouping);
    const std::string grouping = word.empty() ? "" : word + labels() + " ";
    std::string param;
    if (name == "count_values") param = "\"b\",";
    if (name == "topk" || name == "bottomk" || name == "quantile" || name.starts_with("limit")) {
      param = scalar(1) + ",";
    }
    return name + grouping + "(" + param + vector(depth) + ")";
  }

  std::string binary(int depth) {
    const uint8_t kind = next();
    const bool compares = kind % 3 == 0;
    std::string op = compares ? comparison() : kind % 17 == 1 ? " </ " : arithmetic();
    if (compares && kind % 2 == 0) op += "bool ";
    if (kind % 5 == 0) return "(" + vector(depth) + ")" + op + scalar(1);
    if (kind % 5 == 1) {
      const std::string left = scalar(1);
      return left + op + "(" + vector(depth) + ")";
    }
    const std::string left = vector(depth), match = matching(false);
    return "(" + left + ")" + op + match + "(" + vector(depth) + ")";
  }

  std::string map_call(int depth) {
    static constexpr std::string_view kNames[] = {
        "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sgn", "sin", "acosh", "atanh",
        "deg", "timestamp", "hour", "year", "day_of_week", "days_in_month", "sort", "sort_desc",
        "absent", "round", "clamp", "clamp_min", "info", "start_timestamp"};
    const std::string name = pick(kNames), inner = vector(depth);
    if (name == "clamp_min") return name + "(" + inner + "," + scalar(1) + ")";
    if (name == "clamp") return name + "(" + inner + ",-1," + scalar(1) + ")";
    return name + "(" + inner + ")";
  }

  std::string histogram_call(int depth) {
    static constexpr std::string_view kNames[] = {"histogram_avg", "histogram_count", "histogram_sum",
                                                  "histogram_stddev", "histogram_stdvar",
                                                  "histogram_quantile", "histogram_fraction",
                                                  "histogram_quantiles"};
    const std::string name = pick(kNames);
    if (name == "histogram_quantile") {
      const std::string q = scalar(1);
      return name + "(" + q + "," + vector(depth) + ")";
    }
    if (name == "histogram_fraction") return name + "(0," + scalar(1) + "," + vector(depth) + ")";
    if (name == "histogram_quantiles") return name + "(" + vector(depth) + ",\"q\",0.5,2)";
    return name + "(" + vector(depth) + ")";
  }

  std::string label_call(int depth) {
    const uint8_t kind = next();
    const std::string to = label(), from = label(), inner = vector(depth);
    if (kind % 3 == 0) return "label_join(" + inner + ",\"" + to + "\",\"-\",\"" + from + "\",\"a\")";
    if (kind % 3 == 1) return "sort_by_label(" + inner + ",\"" + from + "\")";
    static constexpr std::string_view kRegexes[] = {"(.*)", "(.)(.*)", "", "1|(x)", "(?P<n>.+)"};
    static constexpr std::string_view kReplacements[] = {"$1", "", "x$2", "${n}", "$0$0"};
    const std::string regex = pick(kRegexes);
    return "label_replace(" + inner + ",\"" + to + "\",\"" + pick(kReplacements) + "\",\"" + from +
           "\",\"" + regex + "\")";
  }

  const uint8_t* data_;
  const uint8_t* const end_;
  bool is_window_ = false;
};

}  // namespace hearth::promql
