#include <cmath>
#include <limits>

#include "web/json.h"

namespace hearth::web {
namespace {

// The upper bound of an exponential bucket: 2^(index / 2^schema), the largest finite number at the
// end of the range.
double exponential_bound(int32_t index, int32_t schema) {
  if (schema <= 0) {
    const int64_t exponent = int64_t{index} << -schema;
    return exponent == 1024 ? std::numeric_limits<double>::max()
                            : std::ldexp(1.0, static_cast<int>(std::min<int64_t>(exponent, 2000)));
  }
  const int32_t steps = 1 << schema;
  const int32_t fraction = index & (steps - 1);
  const int32_t exponent = (index >> schema) + 1;
  if (fraction == 0 && exponent == 1025) return std::numeric_limits<double>::max();
  return std::ldexp(std::exp2(static_cast<double>(fraction) / steps - 1), exponent);
}

// Appends ",[0,"1","2","3"]": how the ends belong to it, from, to, count.
class BucketWriter {
 public:
  BucketWriter(std::string& out, const FloatHistogram& h) : out_(out), h_(h) {}

  void all() {
    const bool custom = h_.schema == kCustomBucketsSchema;
    if (!custom) {
      // From -infinity to +infinity.
      std::vector<std::pair<int32_t, double>> negative;
      each(h_.negative_spans, h_.negative_buckets,
           [&](int32_t index, double count) { negative.emplace_back(index, count); });
      for (auto it = negative.rbegin(); it != negative.rend(); ++it) {
        put(1, -exponential_bound(it->first, h_.schema),
            -exponential_bound(it->first - 1, h_.schema), it->second);
      }
      if (h_.zero_count > 0) put(3, -h_.zero_threshold, h_.zero_threshold, h_.zero_count);
    }
    each(h_.positive_spans, h_.positive_buckets, [&](int32_t index, double count) {
      if (custom) {
        put(0, custom_bound(index - 1), custom_bound(index), count);
      } else {
        put(0, exponential_bound(index - 1, h_.schema), exponential_bound(index, h_.schema), count);
      }
    });
    if (any_) out_.push_back(']');
  }

 private:
  template <class Use>
  void each(const std::vector<HistogramSpan>& spans, const std::vector<double>& buckets, Use use) {
    int32_t index = 0;
    size_t next = 0;
    for (const HistogramSpan& span : spans) {
      index += span.offset;
      for (uint32_t i = 0; i < span.length && next < buckets.size(); ++i) {
        use(index++, buckets[next++]);
      }
    }
  }
  double custom_bound(int32_t index) const {
    if (index < 0) return -std::numeric_limits<double>::infinity();
    return static_cast<size_t>(index) < h_.custom_values.size()
               ? h_.custom_values[static_cast<size_t>(index)]
               : std::numeric_limits<double>::infinity();
  }
  void put(int edges, double lower, double upper, double count) {
    if (count == 0) return;
    out_.append(any_ ? "," : ",\"buckets\":[");
    any_ = true;
    out_.push_back('[');
    append_json_int(out_, edges);
    for (const double number : {lower, upper, count}) {
      out_.push_back(',');
      append_json_value(out_, number);
    }
    out_.push_back(']');
  }

  std::string& out_;
  const FloatHistogram& h_;
  bool any_ = false;
};

}  // namespace

void append_json_histogram(std::string& out, const FloatHistogram& histogram) {
  out.append("{\"count\":");
  append_json_value(out, histogram.count);
  out.append(",\"sum\":");
  append_json_value(out, histogram.sum);
  BucketWriter(out, histogram).all();
  out.push_back('}');
}

}  // namespace hearth::web
