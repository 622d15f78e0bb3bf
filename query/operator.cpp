#include "query/operator.h"

#include <algorithm>

namespace hearth::promql {

const double* scalar_row(Context& context, const Operator& scalar, Rows& keep) {
  scalar.rows(context, {0, 1}, keep);
  keep.let_go();  // Prometheus has freed those of a scalar by then
  return keep[0];
}

void gather_rows(Context& context, const Operator& child, std::span<const uint32_t> wanted,
                 Rows& out) {
  const auto run_end = [&](size_t begin) {
    size_t end = begin + 1;
    while (end < wanted.size() && wanted[end] == wanted[end - 1] + 1) ++end;
    return end;
  };
  if (!wanted.empty() && run_end(0) == wanted.size()) {
    child.rows(context, {wanted[0], size_t{wanted[0]} + wanted.size()}, out);
    return;
  }
  out.reset(wanted.size());
  ScratchRows run(context, out.steps());
  for (size_t begin = 0; begin < wanted.size();) {
    const size_t end = run_end(begin);
    child.rows(context, {wanted[begin], size_t{wanted[begin]} + (end - begin)}, *run);
    for (size_t i = begin; i < end; ++i) out.copy_row(i, *run, i - begin);
    begin = end;
  }
}

void hear_others(Context& context, const Operator& child, std::span<const uint32_t> needed) {
  if (child.silent()) return;
  std::vector<uint8_t> is_needed(child.series().size());
  for (const uint32_t row : needed) is_needed[row] = 1;
  std::vector<uint32_t> others;
  for (uint32_t row = 0; row < is_needed.size(); ++row) {
    if (is_needed[row] == 0) others.push_back(row);
  }
  const size_t slice = context.rows_at_once(child.steps().count);
  context.parallel((others.size() + slice - 1) / slice, [&](size_t s) {
    context.check();
    const size_t begin = s * slice, count = std::min(slice, others.size() - begin);
    ScratchRows rows(context, child.steps().count);
    gather_rows(context, child, std::span(others).subspan(begin, count), *rows);
  });
}

void compute_all(Context& context, const Operator& root) {
  const size_t count = root.series().size(), slice = context.rows_at_once(root.steps().count);
  context.parallel((count + slice - 1) / slice, [&](size_t s) {
    context.check();
    ScratchRows rows(context, root.steps().count);
    root.rows(context, {s * slice, std::min(count, (s + 1) * slice)}, *rows);
  });
}

void materialise(Context& context, const Operator& child, Rows& out) {
  const size_t count = child.series().size();
  const size_t slice = context.rows_at_once(out.steps());
  out.reset(count);
  std::vector<std::unique_ptr<ScratchRows>> with_histograms((count + slice - 1) / slice);
  context.parallel(with_histograms.size(), [&](size_t s) {
    context.check();
    const Range range{s * slice, std::min(count, (s + 1) * slice)};
    auto rows = std::make_unique<ScratchRows>(context, out.steps());
    child.rows(context, range, **rows);
    bool histograms = false;
    for (size_t i = 0; i < range.size(); ++i) {
      std::copy_n((**rows)[i], out.steps(), out[range.begin + i]);
      histograms = histograms || (*rows)->histograms(i) != nullptr;
    }
    if (histograms) with_histograms[s] = std::move(rows);
  });
  for (size_t s = 0; s < with_histograms.size(); ++s) {
    if (with_histograms[s] == nullptr) continue;
    Rows& rows = **with_histograms[s];
    for (size_t i = 0; i < rows.count(); ++i) {
      if (const HistogramPtr* h = rows.histograms(i)) {
        std::copy_n(h, out.steps(), out.make_histograms(s * slice + i));
      }
    }
  }
  out.hold_points();
}

void fold_in_order(Context& context, const Operator& child,
                   const std::function<void(size_t first, const Rows& rows)>& fold) {
  const size_t count = child.series().size();
  const size_t slice = context.rows_at_once(child.steps().count);
  const size_t at_once = slice * context.threads();
  std::vector<std::unique_ptr<ScratchRows>> wave;
  for (size_t first = 0; first < count; first += at_once) {
    const size_t slices = (std::min(count - first, at_once) + slice - 1) / slice;
    while (wave.size() < slices) {
      wave.push_back(std::make_unique<ScratchRows>(context, child.steps().count));
    }
    context.parallel(slices, [&](size_t s) {
      context.check();
      const size_t begin = first + s * slice;
      child.rows(context, {begin, std::min(count, begin + slice)}, **wave[s]);
    });
    for (size_t s = 0; s < slices; ++s) fold(first + s * slice, **wave[s]);
  }
}

}  // namespace hearth::promql
