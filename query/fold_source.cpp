#include "query/fold_source.h"

#include <algorithm>

#include "query/repeats.h"

namespace hearth::promql {
namespace {

constexpr size_t kMaxLanes = 32;

}  // namespace

void FoldSource::open(Context& context) {
  if (open_) return;
  open_ = true;
  child_->open(context);
  const size_t count = child_->series().size(), slice = context.options.slice_series;
  const size_t slices = (count + slice - 1) / slice;
  lanes_.resize(std::min(slices, kMaxLanes));
  for (size_t l = 0; l < lanes_.size(); ++l) {
    lanes_[l] = {l * slices / lanes_.size() * slice,
                 std::min(count, (l + 1) * slices / lanes_.size() * slice)};
  }
}

void FoldSource::prepare(Context& context) {
  if (!prepared_) child_->prepare(context);
  prepared_ = true;
}

void FoldSource::run(Context& context, const FoldSink& sink) {
  const auto waits = [&](const Waiting& waiting) { return waiting.sink == &sink; };
  if (std::none_of(waiting_.begin(), waiting_.end(), waits)) return;
  shifts_.clear();
  for (size_t i = 1; i < waiting_.size(); ++i) shifts_.push_back(int64_t{waiting_[i].at} - at_);
  const Repeats repeats(shifts_);
  prepare(context);
  context.parallel(lanes_.size(), [&](size_t lane) { fold(context, lane); });
  waiting_.clear();
}

void FoldSource::fold(Context& context, size_t lane) const {
  for (const Waiting& waiting : waiting_) waiting.sink->begin(lane);
  const size_t portion = context.rows_at_once(child_->steps().count);
  ScratchRows rows(context, child_->steps().count);
  const Range range = lanes_[lane];
  for (size_t first = range.begin; first < range.end; first += portion) {
    context.check();
    child_->rows(context, {first, std::min(range.end, first + portion)}, *rows);
    for (const Waiting& waiting : waiting_) waiting.sink->fold(context, lane, first, *rows);
  }
  for (const Waiting& waiting : waiting_) waiting.sink->end(context, lane);
}

}  // namespace hearth::promql
