#include "query/explain.h"

#include <algorithm>

#include "core/clock.h"
#include "core/go_text.h"
#include "core/json.h"
#include "query/print.h"

namespace hearth::promql {
namespace {

struct ThreadTime {
  PlanNode* node = nullptr;
  int64_t since = 0;
};
thread_local ThreadTime thread_time;

void turn_to(PlanNode* node) {
  const int64_t now = system_clock().monotonic_nanos();
  if (thread_time.node != nullptr) {
    thread_time.node->nanos.fetch_add(now - thread_time.since, std::memory_order_relaxed);
  }
  thread_time = {node, now};
}

std::string operator_name(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNumber:
      return "number";
    case ExprKind::kVectorSelector:
    case ExprKind::kMatrixSelector:
      return "selector";
    case ExprKind::kSubquery:
      return "subquery";
    case ExprKind::kUnary:
      return "negation";
    case ExprKind::kCall:
      return std::string(as<Call>(&expr)->function->name);
    case ExprKind::kAggregate:
      return std::string(aggregate_name(as<AggregateExpr>(&expr)->op));
    case ExprKind::kBinary:
      return std::string(binary_op_text(as<BinaryExpr>(&expr)->op));
    default:
      return "expression";
  }
}

// The beginning of a text that is long.
std::string clipped(std::string text) {
  constexpr size_t kLongest = 500;
  if (text.size() <= kLongest) return text;
  size_t end = kLongest;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

class ExplainedOp final : public Operator {
 public:
  ExplainedOp(OperatorPtr child, PlanNode& node)
      : Operator(child->steps()), child_(std::move(child)), node_(node) {}

  void will_ask_once() override { child_->will_ask_once(); }
  void open(Context& context) override {
    const NodeTimer timer(&node_);
    const size_t before = context.budget.used();
    child_->open(context);
    note_bytes(context, before);
    return_series_of(*child_);
    node_.series.store(series().size(), std::memory_order_relaxed);
  }
  void prepare(Context& context) override {
    const NodeTimer timer(&node_);
    const size_t before = context.budget.used();
    child_->prepare(context);
    note_bytes(context, before);
  }
  void rows(Context& context, Range range, Rows& out) const override {
    const NodeTimer timer(&node_);
    child_->rows(context, range, out);
    node_.rows.fetch_add(static_cast<int64_t>(range.size()), std::memory_order_relaxed);
  }
  const std::vector<uint32_t>* order() const override { return child_->order(); }
  const std::vector<uint32_t>* present() const override { return child_->present(); }
  bool silent() const override { return child_->silent(); }

 private:
  void note_bytes(const Context& context, size_t before) {
    const auto more = static_cast<int64_t>(context.budget.used()) - static_cast<int64_t>(before);
    node_.bytes.fetch_add(more, std::memory_order_relaxed);
  }

  const OperatorPtr child_;
  PlanNode& node_;
};

void append_node(std::string& out, const PlanNode& node) {
  out += "{\"operator\":";
  append_json_string(out, operator_name(*node.expr));
  out += ",\"expr\":";
  append_json_string(out, clipped(print(*node.expr)));
  const size_t series = node.selection != nullptr ? node.selection->found() : node.series.load();
  const std::pair<std::string_view, int64_t> numbers[] = {
      {"series", static_cast<int64_t>(series)},
      {"steps", static_cast<int64_t>(node.steps)},
      {"samples", node.samples.load()},
      {"rows", node.rows.load()},
      {"memoryBytes", std::max<int64_t>(node.bytes.load(), 0)}};
  for (const auto& [name, number] : numbers) {
    out.append(",\"").append(name).append("\":");
    append_json_int(out, number);
  }
  out += ",\"seconds\":";
  append_float_json(out, static_cast<double>(node.nanos.load()) / 1e9);
  if (!node.notes.empty()) {
    out += ",\"notes\":";
    out += '[';
    Comma comma(out);
    for (const std::string_view note : node.notes) {
      comma.next();
      append_json_string(out, note);
    }
    out += ']';
  }
  if (!node.children.empty()) {
    out += ",\"children\":[";
    Comma comma(out);
    for (const auto& child : node.children) {
      comma.next();
      append_node(out, *child);
    }
    out += ']';
  }
  out += '}';
}

}  // namespace

PlanNode& PlanNode::add(const Expr& of, size_t step_count) {
  children.push_back(std::make_unique<PlanNode>());
  PlanNode& node = *children.back();
  node.expr = &of;
  node.steps = step_count;
  return node;
}

NodeTimer::NodeTimer(PlanNode* node) : before_(thread_time.node) { turn_to(node); }

NodeTimer::~NodeTimer() { turn_to(before_); }

PlanNode* NodeTimer::current() { return thread_time.node; }

void NodeTimer::count_now() {
  if (thread_time.node != nullptr) turn_to(thread_time.node);
}

OperatorPtr make_explained(OperatorPtr child, PlanNode& node) {
  return std::make_unique<ExplainedOp>(std::move(child), node);
}

std::string explain_json(const PlanNode& node) {
  std::string out;
  append_node(out, node);
  return out;
}

}  // namespace hearth::promql
