#include "query/context.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "query/operator.h"

namespace hearth::promql {

Context::Context(const EngineOptions& engine_options, Budget& query_budget, Pool* pool)
    : options(engine_options), budget(query_budget), pool_(pool), arena_(&query_budget) {}

Context::~Context() {
  {
    MutexLock lock(mutex_);
    free_rows_.clear();
  }
  budget.release(reserved_.load());
}

void Context::check() const {
  if (canceled != nullptr && canceled->load(std::memory_order_relaxed)) {
    throw Error(ErrorKind::kCanceled, "query was canceled in expression evaluation");
  }
  if (deadline_nanos != 0 && clock->monotonic_nanos() > deadline_nanos) {
    throw Error(ErrorKind::kTimeout, "query timed out in expression evaluation");
  }
}

void Context::reserve(size_t series, size_t steps, size_t bytes_per_cell) {
  size_t bytes = 0;
  const bool overflow = __builtin_mul_overflow(series, steps, &bytes) ||
                        __builtin_mul_overflow(bytes, bytes_per_cell, &bytes);
  if (budget.limit() != 0 &&
      (overflow || bytes > budget.limit() - std::min(budget.used(), budget.limit()))) {
    throw Error(
        ErrorKind::kExecution,
        fmt::format("query needs more than {} bytes of memory: {} series at {} steps; select "
                    "fewer series, a shorter range or a longer step, or raise the limit",
                    budget.limit(), series, steps));
  }
  if (overflow) charge_cells(static_cast<size_t>(options.max_samples) + 1);
  budget.charge(bytes);
  reserved_.fetch_add(bytes, std::memory_order_relaxed);
}

void Context::charge_cells(size_t cells) {
  const int64_t held = cells_.fetch_add(static_cast<int64_t>(cells)) + static_cast<int64_t>(cells);
  if (options.max_samples > 0 && held > options.max_samples) {
    cells_.fetch_sub(static_cast<int64_t>(cells));
    throw Error(ErrorKind::kExecution,
                "query processing would load too many samples into memory in query execution");
  }
  try {
    budget.charge(cells * sizeof(double));
  } catch (...) {
    cells_.fetch_sub(static_cast<int64_t>(cells));
    throw;
  }
  int64_t peak = peak_cells_.load(std::memory_order_relaxed);
  while (held > peak && !peak_cells_.compare_exchange_weak(peak, held)) {
  }
}

void Context::release_cells(size_t cells) {
  if (cells == 0) return;
  cells_.fetch_sub(static_cast<int64_t>(cells));
  budget.release(cells * sizeof(double));
}

void Context::count_samples(Counted counted, int64_t samples) {
  if (counted == Counted::kNo) return;
  if (counted == Counted::kEveryStep) samples *= static_cast<int64_t>(steps);
  total_samples_.fetch_add(samples, std::memory_order_relaxed);
}

void Context::count_samples_at(Counted counted, size_t step, int64_t samples) {
  if (counted == Counted::kNo) return;
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

size_t Context::rows_at_once(size_t row_steps) const {
  constexpr size_t kCells = 32'768;
  return std::clamp<size_t>(kCells / std::max<size_t>(1, row_steps), 1, options.slice_series);
}

void Context::parallel(size_t count, const std::function<void(size_t)>& work) {
  if (pool_ == nullptr || count <= 1) {
    for (size_t i = 0; i < count; ++i) work(i);
  } else {
    pool_->parallel_slices(count, work);
  }
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
