#include "query/rows.h"

#include <algorithm>

#include "query/context.h"

namespace hearth::promql {

Rows::~Rows() { context_.release_cells(charged_); }

void Rows::reset(size_t count) {
  count_ = count;
  histograms_.clear();
  const size_t cells = count * steps_;
  if (cells > charged_) {
    context_.charge_cells(cells - charged_);
    charged_ = cells;
  }
  cells_.assign(cells, absent());
}

HistogramPtr* Rows::make_histograms(size_t row) {
  if (histograms_.size() < count_) histograms_.resize(count_);
  if (histograms_[row].empty()) histograms_[row].resize(steps_);
  return histograms_[row].data();
}

void Rows::copy_row(size_t to, const Rows& from, size_t row) {
  std::copy_n(from[row], steps_, (*this)[to]);
  drop_histograms(to);
  if (const HistogramPtr* h = from.histograms(row)) std::copy_n(h, steps_, make_histograms(to));
}

}  // namespace hearth::promql
