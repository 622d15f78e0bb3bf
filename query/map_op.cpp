#include "query/map_op.h"

namespace hearth::promql {

MapOperator::MapOperator(OperatorPtr child, std::vector<OperatorPtr> scalars)
    : UnaryOperator(std::move(child)), scalars_(std::move(scalars)) {}

void MapOperator::open(Context& context) {
  child_->open(context);
  for (const OperatorPtr& scalar : scalars_) scalar->open(context);
  const SeriesList& in = child_->series();
  series_.labels.reserve(in.size());
  bool any_dropped = false;
  std::vector<uint8_t> drop_name(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    if (i % 1024 == 0) context.check();
    const Named named = rename(context, in.labels[i], in.drops_name(i));
    series_.labels.push_back(named.labels);
    drop_name[i] = named.drop_name;
    any_dropped = any_dropped || named.drop_name;
  }
  if (any_dropped) series_.drop_name = std::move(drop_name);
  merging_.set(context, series_);
}

void MapOperator::prepare(Context& context) {
  child_->prepare(context);
  for (const OperatorPtr& scalar : scalars_) {
    scalar->prepare(context);
    scalar_rows_.push_back(std::make_unique<Rows>(context, steps_.count));
    scalar_row(context, *scalar, *scalar_rows_.back());
  }
}

MapOperator::Named MapOperator::rename(Context& context, LabelsView labels, bool) {
  return drop_metric_name<Named>(context, labels);
}

void MapOperator::rows(Context& context, Range range, Rows& out) const {
  if (merging_.is_identity()) {
    child_->rows(context, range, out);
    for (size_t i = 0; i < range.size(); ++i) map(context, range.begin + i, out, i);
    return;
  }
  out.reset(range.size());
  ScratchRows one(context, steps_.count);
  for (size_t i = 0; i < range.size(); ++i) {
    for (const uint32_t member : merging_.members(range.begin + i)) {
      child_->rows(context, {member, size_t{member} + 1}, *one);
      map(context, member, *one, 0);
      merge_row(out, i, *one, 0);
    }
  }
}

}  // namespace hearth::promql
