// What all nodes of one running query share: its limits, its memory, what it tells besides the
// result.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/budget.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/mutex.h"
#include "core/storage.h"
#include "core/threads.h"
#include "query/annotations.h"
#include "query/engine.h"
#include "query/rows.h"
#include "query/running_query.h"

namespace hearth::promql {

// Whose samples count: those under a subquery do not, for its windows are counted; those of an
// expression that is the same at every step count at every step.
enum class Counted { kNo, kOnce, kEveryStep };

// Memory that is set aside as long as this lives. One thread.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Budget& budget, size_t bytes) : budget_(&budget), bytes_(bytes) {
    budget.charge(bytes);
  }
  ~Reservation() { release(); }
  Reservation(Reservation&& other) noexcept
      : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  // Before it is charged by what is made of it; or when that has gone.
  void release() {
    if (bytes_ > 0) budget_->release(std::exchange(bytes_, 0));
  }

 private:
  Budget* budget_ = nullptr;
  size_t bytes_ = 0;
};

// Thread-safe, except where it says otherwise.
class Context {
 public:
  Context(const EngineOptions& options, RunningQuery& query, Pool* pool);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const EngineOptions& options;
  Budget& budget;
  Annotations annotations;

  // Set before the query runs.
  DurationMs lookback = 0;
  size_t steps = 1;       // of the query
  bool explains = false;  // whether its plan is watched, see explain.h
  std::unique_ptr<Querier> querier;

  // Throws Error(kCanceled) or Error(kTimeout) when the query shall end. Called per slice, and at
  // least every few milliseconds; charges to the budget do it, too.
  void check() const { query_.check(); }

  // Memory that lives as long as the query. Only while opening, which is one thread.
  Arena& arena() { return arena_; }
  LabelsView keep_labels(std::string_view flat) { return LabelsView(arena_.copy(flat)); }

  // Takes memory for `series` rows of `steps`, `bytes_per_cell` each, or throws Error(kExecution)
  // that says what to do about it.
  [[nodiscard]] Reservation reserve(size_t series, size_t steps, size_t bytes_per_cell);

  // Samples that the query holds at this moment, as Prometheus counts them: points that are there,
  // not cells. Throws Error(kExecution) above options.max_samples.
  void hold(size_t samples);
  void release(size_t samples);
  // The samples of one window, held on top for a moment. Those of other threads do not count:
  // Prometheus holds one at a time.
  void pass(size_t samples);
  int64_t held() const { return held_.load(std::memory_order_relaxed); }
  int64_t peak_samples() const { return peak_held_.load(std::memory_order_relaxed); }

  // A histogram whose memory is the query's.
  HistogramPtr keep(FloatHistogram histogram);

  // Samples that selectors returned: in total, and by step of the query where that was asked for.
  void track_steps() { samples_at_ = std::vector<std::atomic<int64_t>>(steps); }  // before it runs
  void count_samples(Counted counted, int64_t samples);
  void count_samples_at(Counted counted, size_t step, int64_t samples);  // only where tracked
  bool tracks_steps() const { return !samples_at_.empty(); }
  int64_t samples_at(size_t step) const {
    return samples_at_[step].load(std::memory_order_relaxed);
  }
  int64_t total_samples() const { return query_.samples.load(std::memory_order_relaxed); }

  // How many rows are computed at once: at most a slice, and few enough to stay in the cache.
  size_t rows_at_once(size_t row_steps) const;

  // Runs work(0..count-1) on the caller and the pool.
  void parallel(size_t count, const std::function<void(size_t)>& work);
  size_t threads() const {
    return pool_ == nullptr ? 1 : std::min(options.helpers, pool_->threads()) + 1;
  }

 private:
  friend class ScratchRows;
  void check_held(int64_t held);

  RunningQuery& query_;
  Pool* const pool_;
  Arena arena_;
  std::atomic<int64_t> held_{0};
  std::atomic<int64_t> peak_held_{0};
  std::vector<std::atomic<int64_t>> samples_at_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Rows>> free_rows_ GUARDED_BY(mutex_);
};

// Ends a query that is too large, which is no mistake in its expression.
class TooLarge : public Error {
 public:
  explicit TooLarge(const std::string& text) : Error(ErrorKind::kExecution, text) {}
};

// What a histogram weighs, counted in floats, as Prometheus does.
int64_t histogram_samples(const FloatHistogram& histogram);
size_t histogram_bytes(const FloatHistogram& histogram);
size_t columns_bytes(const Columns& columns);

// Rows that a node needs for a moment; their memory is used again. One thread.
class ScratchRows {
 public:
  ScratchRows(Context& context, size_t steps);
  ~ScratchRows();
  ScratchRows(const ScratchRows&) = delete;
  ScratchRows& operator=(const ScratchRows&) = delete;
  Rows& operator*() { return *rows_; }
  Rows* operator->() { return rows_.get(); }

 private:
  Context& context_;
  std::unique_ptr<Rows> rows_;
};

}  // namespace hearth::promql
