// sort and its kin: they fix the order in which an instant query shows its series.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "query/checked_sort.h"
#include "query/functions.h"

namespace hearth::promql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Runs of digits, and runs of others.
std::vector<std::string_view> chunks(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && is_digit(text[end]) == is_digit(text[begin])) ++end;
    out.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return out;
}

// The value of a chunk of digits that fits an int64, else -1.
int64_t chunk_number(std::string_view chunk) {
  int64_t value = 0;
  for (const char c : chunk) {
    if (!is_digit(c) || __builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, c - '0', &value)) {
      return -1;
    }
  }
  return chunk.empty() ? -1 : value;
}

// "node-9" before "node-10".
bool natural_less(std::string_view a, std::string_view b) {
  const auto a_chunks = chunks(a), b_chunks = chunks(b);
  for (size_t i = 0; i < a_chunks.size(); ++i) {
    if (i >= b_chunks.size()) return false;
    const int64_t a_number = chunk_number(a_chunks[i]), b_number = chunk_number(b_chunks[i]);
    const bool numbers = a_number >= 0 && b_number >= 0;
    if (numbers ? a_number == b_number : a_chunks[i] == b_chunks[i]) continue;
    return numbers ? a_number < b_number : a_chunks[i] < b_chunks[i];
  }
  return a_chunks.size() < b_chunks.size();
}

class SortOp final : public MapOperator {
 public:
  SortOp(bool by_value, bool descending, OperatorPtr child, std::vector<std::string> labels,
         PosRange pos)
      : MapOperator(std::move(child), {}),
        by_value_(by_value),
        descending_(descending),
        labels_(std::move(labels)),
        pos_(pos) {}

  void will_ask_once() override {}  // the order is found by the values

  void open(Context& context) override {
    MapOperator::open(context);
    if (steps_.count > 1) {
      context.annotations.warn(
          "sort is ineffective for range queries since results are always ordered by labels", pos_);
    }
  }

  void prepare(Context& context) override {
    MapOperator::prepare(context);
    if (steps_.count != 1) return;
    order_.resize(series_.size());
    std::iota(order_.begin(), order_.end(), 0);
    if (by_value_) {
      Rows values(context, 1);
      materialise(context, *this, values);
      checked_sort(context, order_, [&](uint32_t a, uint32_t b) {
        const double x = values[a][0], y = values[b][0];
        if (std::isnan(x) || std::isnan(y)) return !std::isnan(x);
        return descending_ ? y < x : x < y;
      });
    } else {
      checked_sort(context, order_, [&](uint32_t a, uint32_t b) {
        return descending_ ? less(b, a) : less(a, b);
      });
    }
  }

  const std::vector<uint32_t>* order() const override {
    return steps_.count == 1 ? &order_ : nullptr;
  }

 private:
  Named rename(Context&, LabelsView labels, bool drop_name) override { return {labels, drop_name}; }
  void map(Context&, size_t, Rows& rows, size_t row) const override {
    if (by_value_) rows.drop_histograms(row);
  }
  bool less(uint32_t a, uint32_t b) const {
    for (const std::string& label : labels_) {
      const std::string_view x = series_.labels[a].get(label), y = series_.labels[b].get(label);
      if (x != y) return natural_less(x, y);
    }
    return series_.labels[a] < series_.labels[b];
  }

  const bool by_value_, descending_;
  const std::vector<std::string> labels_;
  const PosRange pos_;
  std::vector<uint32_t> order_;
};

}  // namespace

OperatorPtr make_sort(std::string_view name, OperatorPtr child, std::vector<std::string> labels,
                      PosRange pos) {
  const bool by_value = name == "sort" || name == "sort_desc";
  return std::make_unique<SortOp>(by_value, name.ends_with("_desc"), std::move(child),
                                  std::move(labels), pos);
}

}  // namespace hearth::promql
