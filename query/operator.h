// The nodes of a running query. A node's life has three parts, each over the whole tree before the
// next begins:
//   open()     fixes which series the node returns; labels are touched here and nowhere else, no
//              sample is read, and the memory of what will be kept whole is reserved.
//   prepare()  computes what must be whole before any row can be given: aggregations, the "one"
//   side
//              of joins. Nodes that can give each row by itself only pass it on.
//   rows()     gives any range of rows. May be called from many threads, for the same rows too.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/labels.h"
#include "query/context.h"
#include "query/rows.h"

namespace hearth::promql {

// The times at which an expression is evaluated: start, start + step, ...
struct Steps {
  TimeMs start = 0;
  DurationMs step = 0;
  size_t count = 1;
  TimeMs at(size_t i) const { return start + static_cast<DurationMs>(i) * step; }
  TimeMs last() const { return count == 0 ? start : at(count - 1); }
};

// The series a node returns. The labels live as long as the query.
struct SeriesList {
  std::vector<LabelsView> labels;
  // Delayed name removal: whether the name goes at the end. Empty where no series' does.
  std::vector<uint8_t> drop_name;

  size_t size() const { return labels.size(); }
  bool drops_name(size_t i) const { return !drop_name.empty() && drop_name[i] != 0; }
};

class Operator {
 public:
  explicit Operator(Steps steps) : steps_(steps) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // Said before open(): each row will be asked for once at most, so none need be kept.
  virtual void will_ask_once() {}

  virtual void open(Context& context) = 0;
  virtual void prepare(Context& context) = 0;
  // Makes `out` the rows of these series. out.steps() == steps().count.
  virtual void rows(Context& context, Range series, Rows& out) const = 0;

  // Whether computing rows tells nothing, neither a warning nor an error: then those that no result
  // needs are left out.
  virtual bool silent() const { return false; }

  // The order in which an instant query shows the series, where the node fixes one. After
  // prepare().
  virtual const std::vector<uint32_t>* order() const { return nullptr; }

  // The series that may have points, in their order, where the node knows it. After prepare().
  virtual const std::vector<uint32_t>* present() const { return nullptr; }

  const SeriesList& series() const { return *shown_; }
  const Steps& steps() const { return steps_; }

 protected:
  // For nodes that return the series of another, which is open and outlives this.
  void return_series_of(const Operator& other) { shown_ = other.shown_; }

  const Steps steps_;
  SeriesList series_;

 private:
  const SeriesList* shown_ = &series_;
};
using OperatorPtr = std::unique_ptr<Operator>;

// A node with one child, which is opened and prepared before it.
class UnaryOperator : public Operator {
 public:
  explicit UnaryOperator(OperatorPtr child) : Operator(child->steps()), child_(std::move(child)) {}
  UnaryOperator(Steps steps, OperatorPtr child) : Operator(steps), child_(std::move(child)) {}
  void prepare(Context& context) override { child_->prepare(context); }

 protected:
  OperatorPtr child_;
};

// The single row of a scalar: has a value at every step.
const double* scalar_row(Context& context, const Operator& scalar, Rows& keep);

// Rows of `child` in the order of `wanted`, fetched in runs of neighbours.
void gather_rows(Context& context, const Operator& child, std::span<const uint32_t> wanted,
                 Rows& out);

// Computes the rows of `child` that are not `needed`, for what they tell.
void hear_others(Context& context, const Operator& child, std::span<const uint32_t> needed);

// Computes all rows, for the errors that they may end in.
void compute_all(Context& context, const Operator& root);

// All rows of `child`, computed slice by slice on all threads.
void materialise(Context& context, const Operator& child, Rows& out);

// Calls fold(first, rows) for all rows of `child` in their order; they are computed on all threads.
void fold_in_order(Context& context, const Operator& child,
                   const std::function<void(size_t first, const Rows& rows)>& fold);

}  // namespace hearth::promql
