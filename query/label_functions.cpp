// label_replace and label_join.
#include "core/error.h"
#include "core/go_text.h"
#include "core/regex.h"
#include "query/functions.h"

namespace hearth::promql {
namespace {

class LabelOp : public MapOperator {
 public:
  LabelOp(OperatorPtr child, std::string to)
      : MapOperator(std::move(child), {}), to_(std::move(to)) {}

 protected:
  void map(Context&, size_t, Rows&, size_t) const override {}

  Named replaced(Context& context, LabelsView labels, bool drop_name, std::string_view value) {
    builder_.reset(labels);
    builder_.set(to_, value);
    return {context.keep_labels(builder_.build().flat()), drop_name && to_ != kMetricName};
  }

 private:
  const std::string to_;
  LabelsBuilder builder_;
};

class LabelReplaceOp final : public LabelOp {
 public:
  LabelReplaceOp(OperatorPtr child, std::string to, std::string replacement, std::string from,
                 Regex regex)
      : LabelOp(std::move(child), std::move(to)),
        replacement_(std::move(replacement)),
        from_(std::move(from)),
        regex_(std::move(regex)) {}

 private:
  Named rename(Context& context, LabelsView labels, bool drop_name) override {
    const auto value = regex_.expand(labels.get(from_), replacement_);
    return value ? replaced(context, labels, drop_name, *value) : Named{labels, drop_name};
  }
  const std::string replacement_, from_;
  const Regex regex_;
};

class LabelJoinOp final : public LabelOp {
 public:
  LabelJoinOp(OperatorPtr child, std::string to, std::string separator,
              std::vector<std::string> from)
      : LabelOp(std::move(child), std::move(to)),
        separator_(std::move(separator)),
        from_(std::move(from)) {}

 private:
  Named rename(Context& context, LabelsView labels, bool drop_name) override {
    std::string value;
    for (size_t i = 0; i < from_.size(); ++i) {
      if (i > 0) value += separator_;
      value += labels.get(from_[i]);
    }
    return replaced(context, labels, drop_name, value);
  }
  const std::string separator_;
  const std::vector<std::string> from_;
};

void check_label_name(const std::string& name, std::string_view what, std::string_view function) {
  if (!name.empty() && valid_utf8(name)) return;
  std::string text = "invalid ";
  text.append(what).append(" label name in ").append(function).append("(): ").append(name);
  throw Error(ErrorKind::kExecution, text);
}

Regex compile(const std::string& pattern) {
  try {
    return Regex(pattern);
  } catch (const Error&) {
    throw Error(ErrorKind::kExecution, "invalid regular expression in label_replace(): " + pattern);
  }
}

}  // namespace

OperatorPtr make_label_replace(const MakeChild& child, const std::string& to,
                               const std::string& replacement, const std::string& from,
                               const std::string& regex) {
  Regex compiled = compile(regex);
  check_label_name(to, "destination", "label_replace");
  return std::make_unique<LabelReplaceOp>(child(), to, replacement, from, std::move(compiled));
}

OperatorPtr make_label_join(const MakeChild& child, const std::string& to,
                            const std::string& separator, std::vector<std::string> from) {
  for (const std::string& name : from) check_label_name(name, "source", "label_join");
  check_label_name(to, "destination", "label_join");
  return std::make_unique<LabelJoinOp>(child(), to, separator, std::move(from));
}

}  // namespace hearth::promql
