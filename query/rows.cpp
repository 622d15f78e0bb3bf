#include "query/rows.h"

#include <algorithm>

#include "query/context.h"
#include "query/scan.h"

namespace hearth::promql {
namespace {

// Filling so many takes long enough to ask whether anybody wants them.
constexpr size_t kManyCells = 65'536;

}  // namespace

Rows::Rows(Context& context, size_t steps)
    : context_(context), steps_(steps), charge_(context.budget) {}

Rows::~Rows() { context_.release(held_); }

void Rows::let_go() {
  context_.release(held_);
  held_ = 0;
}

void Rows::reset(size_t count) {
  let_go();
  count_ = count;
  histograms_.clear();
  histogram_rows_ = 0;
  const size_t cells = count * steps_;
  charge_.grow_to(cells * sizeof(double));
  if (cells >= kManyCells) context_.check();
  cells_.assign(cells, absent());
}

void Rows::hold_points() {
  auto samples = static_cast<int64_t>(cells_.size() - count_absent(cells_.data(), cells_.size()));
  for (const auto& row : histograms_) {
    for (const HistogramPtr& h : row) {
      if (h != nullptr) samples += histogram_samples(*h);
    }
  }
  let_go();
  context_.hold(static_cast<size_t>(samples));
  held_ = static_cast<size_t>(samples);
}

HistogramPtr* Rows::make_histograms(size_t row) {
  if (histograms_.size() < count_) histograms_.resize(count_);
  if (histograms_[row].empty()) {
    ++histogram_rows_;
    charge_.grow_to(cells_.size() * sizeof(double) +
                    histogram_rows_ * steps_ * sizeof(HistogramPtr));
    histograms_[row].resize(steps_);
  }
  return histograms_[row].data();
}

void Rows::put(size_t row, size_t step, FloatHistogram histogram) {
  make_histograms(row)[step] = context_.keep(std::move(histogram));
}

void Rows::copy_row(size_t to, const Rows& from, size_t row) {
  std::copy_n(from[row], steps_, (*this)[to]);
  drop_histograms(to);
  if (const HistogramPtr* h = from.histograms(row)) std::copy_n(h, steps_, make_histograms(to));
}

}  // namespace hearth::promql
