// What aggregations fold. Where several of a query have the same operand, as in sum(x) / count(x),
// its rows are computed once for all of them.
#pragma once

#include <memory>
#include <vector>

#include "query/operator.h"

namespace hearth::promql {

// An aggregation that takes rows. Each lane is one thread.
class FoldSink {
 public:
  virtual ~FoldSink() = default;
  virtual void begin(size_t lane) = 0;
  virtual void fold(Context& context, size_t lane, size_t first, const Rows& rows) = 0;
  virtual void end(Context& context, size_t lane) = 0;
};

// One thread.
class FoldSource {
 public:
  // `at`: where the operand stands in the text.
  FoldSource(OperatorPtr child, uint32_t at) : child_(std::move(child)), at_(at) {
    child_->will_ask_once();
  }

  // Each aggregation that folds it says so, before it is opened.
  void add_user() { ++users_; }
  bool is_shared() const { return users_ > 1; }

  // Opens the operand, the first time.
  void open(Context& context);
  const Operator& child() const { return *child_; }
  // Series are folded in lanes, whose number depends on the series only: so the result is the same
  // on any number of threads. One slice is one lane: the order of Prometheus.
  const std::vector<Range>& lanes() const { return lanes_; }

  // Prepares the operand, the first time.
  void prepare(Context& context);

  // `sink` is open; its operand stands at `at`.
  void add(FoldSink& sink, uint32_t at) { waiting_.push_back({&sink, at}); }
  // Gives `sink` all rows, if it has not got them; and all others that are open by now.
  void run(Context& context, const FoldSink& sink);

 private:
  struct Waiting {
    FoldSink* sink;
    uint32_t at;
  };
  void fold(Context& context, size_t lane) const;

  const OperatorPtr child_;
  const uint32_t at_;
  size_t users_ = 0;
  bool open_ = false, prepared_ = false;
  std::vector<Range> lanes_;
  std::vector<Waiting> waiting_;
  std::vector<int64_t> shifts_;
};
using FoldSourcePtr = std::shared_ptr<FoldSource>;

}  // namespace hearth::promql
