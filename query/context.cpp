#include "query/context.h"

#include <algorithm>

#include "query/explain.h"
#include "query/operator.h"
#include "query/repeats.h"

namespace hearth::promql {
namespace {

[[noreturn]] void throw_too_many_samples() {
  throw TooLarge("query processing would load too many samples into memory in query execution");
}

}  // namespace

Context::Context(const EngineOptions& engine_options, RunningQuery& query, Pool* pool)
    : options(engine_options),
      budget(query.budget()),
      query_(query),
      pool_(pool),
      arena_(&query.budget()) {}

Context::~Context() {
  MutexLock lock(mutex_);
  free_rows_.clear();
}

Reservation Context::reserve(size_t series, size_t steps, size_t bytes_per_cell) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(series, steps, &bytes) ||
      __builtin_mul_overflow(bytes, bytes_per_cell, &bytes)) {
    throw_too_many_samples();
  }
  return Reservation(budget, bytes);
}

void Context::check_held(int64_t held) {
  if (options.max_samples > 0 && held > options.max_samples) {
    throw_too_many_samples();
  }
  int64_t peak = peak_held_.load(std::memory_order_relaxed);
  while (held > peak && !peak_held_.compare_exchange_weak(peak, held, std::memory_order_relaxed)) {
  }
}

void Context::hold(size_t samples) {
  const auto more = static_cast<int64_t>(samples);
  const int64_t held = held_.fetch_add(more, std::memory_order_relaxed) + more;
  try {
    check_held(held);
  } catch (...) {
    release(samples);
    throw;
  }
}

void Context::release(size_t samples) {
  held_.fetch_sub(static_cast<int64_t>(samples), std::memory_order_relaxed);
}

void Context::pass(size_t samples) {
  check_held(held_.load(std::memory_order_relaxed) + static_cast<int64_t>(samples));
}

HistogramPtr Context::keep(FloatHistogram histogram) {
  struct Kept {
    Kept(Budget& budget, FloatHistogram&& h) : charge(budget), histogram(std::move(h)) {
      charge.grow_to(histogram_bytes(histogram));
    }
    Charge charge;
    const FloatHistogram histogram;
  };
  const auto kept = std::make_shared<Kept>(budget, std::move(histogram));
  return {kept, &kept->histogram};
}

void Context::count_samples(Counted counted, int64_t samples) {
  if (counted == Counted::kNo) return;
  samples *= static_cast<int64_t>(1 + Repeats::current().size());
  if (counted == Counted::kEveryStep) samples *= static_cast<int64_t>(steps);
  query_.samples.fetch_add(samples, std::memory_order_relaxed);
  if (!explains) return;
  if (PlanNode* node = NodeTimer::current()) node->samples += samples;
}

void Context::count_samples_at(Counted counted, size_t step, int64_t samples) {
  if (counted == Counted::kNo) return;
  samples *= static_cast<int64_t>(1 + Repeats::current().size());
  if (counted == Counted::kOnce) {
    samples_at_[step].fetch_add(samples, std::memory_order_relaxed);
  } else {
    for (auto& at : samples_at_) at.fetch_add(samples, std::memory_order_relaxed);
  }
}

int64_t histogram_samples(const FloatHistogram& h) {
  constexpr size_t kFixedBytes = 168, kBytesOfFloat = 16;
  const size_t pieces = h.positive_spans.size() + h.negative_spans.size() +
                        h.positive_buckets.size() + h.negative_buckets.size() +
                        h.custom_values.size();
  return static_cast<int64_t>((kFixedBytes + 8 * pieces + 8) / kBytesOfFloat);
}

size_t histogram_bytes(const FloatHistogram& h) {
  const size_t spans = h.positive_spans.size() + h.negative_spans.size();
  const size_t numbers =
      h.positive_buckets.size() + h.negative_buckets.size() + h.custom_values.size();
  return sizeof h + spans * sizeof h.positive_spans[0] + numbers * sizeof(double);
}

size_t columns_bytes(const Columns& columns) {
  size_t bytes = (columns.t.capacity() + columns.v.capacity() + columns.histogram_t.capacity() +
                  columns.start_t.capacity() + columns.histogram_start_t.capacity()) *
                 sizeof(TimeMs);
  for (const FloatHistogram& histogram : columns.histograms) bytes += histogram_bytes(histogram);
  return bytes;
}

size_t Context::rows_at_once(size_t row_steps) const {
  constexpr size_t kTogether = 16;  // series are read by so many, or by half of it
  // As many as are read together a few times over; more only where they are short.
  constexpr size_t kCells = 12'288, kFewCells = kCells / 4, kMany = 3 * kTogether;
  const size_t steps = std::max<size_t>(1, row_steps);
  const size_t rows = std::max(std::min(kCells / steps, kMany), kFewCells / steps);
  const size_t whole = rows < kTogether ? rows : rows / kTogether * kTogether;
  return std::clamp<size_t>(whole, 1, options.slice_series);
}

void Context::parallel(size_t count, const std::function<void(size_t)>& work) {
  if (pool_ == nullptr || count <= 1) {
    for (size_t i = 0; i < count; ++i) work(i);
    return;
  }
  const Repeats* const repeats = Repeats::innermost();
  if (!explains) {
    pool_->parallel_slices(
        count,
        [&](size_t i) {
          const Repeats::Scope scope(repeats);
          work(i);
        },
        options.helpers);
    return;
  }
  PlanNode* const node = NodeTimer::current();
  const NodeTimer waiting(nullptr);
  pool_->parallel_slices(
      count,
      [&](size_t i) {
        const Repeats::Scope scope(repeats);
        const NodeTimer timer(node);
        work(i);
      },
      options.helpers);
}

ScratchRows::ScratchRows(Context& context, size_t steps) : context_(context) {
  {
    MutexLock lock(context.mutex_);
    auto& free = context.free_rows_;
    const auto found = std::find_if(free.rbegin(), free.rend(),
                                    [&](const auto& rows) { return rows->steps() == steps; });
    if (found != free.rend()) {
      rows_ = std::move(*found);
      free.erase(std::next(found).base());
    }
  }
  if (rows_ == nullptr) rows_ = std::make_unique<Rows>(context, steps);
}

ScratchRows::~ScratchRows() {
  rows_->reset(0);
  MutexLock lock(context_.mutex_);
  context_.free_rows_.push_back(std::move(rows_));
}

}  // namespace hearth::promql
