// Runs a template's tree over data, as Go does, with Go's error messages.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/go_text.h"
#include "rules/template.h"

namespace hearth::rules {
namespace {

using Node = TemplateNode;
using Kind = TemplateNodeKind;

constexpr int kMaxTemplates = 1000;             // inside each other
constexpr size_t kMaxBytes = 16 * 1024 * 1024;  // of output
constexpr size_t kMaxSteps = 10'000'000;

// A template that failed: its text says where.
struct Failure {
  std::string text;
};

enum class Flow { kGoOn, kBreak, kContinue };

const StringMap* string_map(const TemplateValue& value) {
  const auto* found = value.as<std::shared_ptr<const StringMap>>();
  return found == nullptr ? nullptr : found->get();
}
const ValueMap* value_map(const TemplateValue& value) {
  const auto* found = value.as<std::shared_ptr<const ValueMap>>();
  return found == nullptr ? nullptr : found->get();
}
TemplateValue shared(const StringMap& map) { return std::make_shared<const StringMap>(map); }

// One thread; used once.
class Runner {
 public:
  Runner(const TemplateTree& tree, const TemplateWorld& world)
      : tree_(tree), world_(world), at_(nullptr), name_(tree.name) {}

  std::string run(const TemplateData& data) {
    const TemplateValue dot(&data);
    variables_.push_back({"$", dot});
    walk(tree_.root, dot);
    return std::move(out_);
  }

 private:
  struct Variable {
    std::string name;
    TemplateValue value;
  };

  // ---- errors -----------------------------------------------------------------------------------

  [[noreturn]] void fail(const std::string& what) const {
    if (at_ == nullptr) throw Failure{"template: " + name_ + ": " + what};
    const std::string_view before = std::string_view(tree_.text).substr(0, at_->pos);
    const size_t newline = before.rfind('\n');
    const size_t column =
        newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    throw Failure{"template: " + tree_.name + ":" + std::to_string(line) + ":" +
                  std::to_string(column) + ": executing " + go_quote(name_) + " at <" +
                  node_text(*at_) + ">: " + what};
  }
  void at(const Node& node) {
    at_ = &node;
    if (++steps_ > kMaxSteps) fail("too many steps");
  }

  void write(const std::string& text) {
    out_ += text;
    if (out_.size() > kMaxBytes) fail("the output is too large");
  }

  // ---- control structures -----------------------------------------------------------------------

  Flow walk(const TemplateList& list, const TemplateValue& dot) {
    for (const TemplateNodePtr& node : list) {
      if (const Flow flow = walk(*node, dot); flow != Flow::kGoOn) return flow;
    }
    return Flow::kGoOn;
  }

  Flow walk(const Node& node, const TemplateValue& dot) {
    at(node);
    switch (node.kind) {
      case Kind::kText:
        write(node.text);
        return Flow::kGoOn;
      case Kind::kAction: {
        const TemplateValue value = pipeline(dot, *node.pipe);
        if (node.pipe->declarations.empty()) write(value_text(value));
        return Flow::kGoOn;
      }
      case Kind::kIf:
      case Kind::kWith:
        return branch(node, dot);
      case Kind::kRange:
        return range(node, dot);
      case Kind::kTemplate:
        call_template(node, dot);
        return Flow::kGoOn;
      case Kind::kBreak:
        return Flow::kBreak;
      default:
        return Flow::kContinue;
    }
  }

  Flow branch(const Node& node, const TemplateValue& dot) {
    const size_t mark = variables_.size();
    const TemplateValue value = pipeline(dot, *node.pipe);
    Flow flow = Flow::kGoOn;
    if (is_true(value)) {
      flow = walk(node.list, node.kind == Kind::kWith ? value : dot);
    } else if (node.has_else) {
      flow = walk(node.else_list, dot);
    }
    variables_.resize(mark);
    return flow;
  }

  Flow range(const Node& node, const TemplateValue& dot) {
    const size_t mark = variables_.size();
    const TemplateValue over = pipeline(dot, *node.pipe);
    const size_t inside = variables_.size();
    bool any = false;
    // Returns whether to go on.
    const auto one = [&](const TemplateValue& key, const TemplateValue& element) {
      any = true;
      declare(*node.pipe, key, element);
      const Flow flow = walk(node.list, element);
      variables_.resize(inside);
      return flow != Flow::kBreak;
    };
    if (const auto* list = over.as<std::shared_ptr<const Samples>>()) {
      for (size_t i = 0; i < (*list)->size(); ++i) {
        if (!one(static_cast<int64_t>(i), (**list)[i])) break;
      }
    } else if (const StringMap* map = string_map(over)) {
      for (const auto& [key, value] : *map) {
        if (!one(key, value)) break;
      }
    } else if (const ValueMap* values = value_map(over)) {
      for (const auto& [key, value] : *values) {
        if (!one(key, value)) break;
      }
    } else if (const auto* count = over.as<int64_t>()) {
      for (int64_t i = 0; i < *count; ++i) {
        if (!one(i, i)) break;
      }
    } else if (!over.is_nothing()) {
      at(*node.pipe);
      fail("range can't iterate over " + value_text(over));
    }
    Flow flow = Flow::kGoOn;
    if (!any && node.has_else) flow = walk(node.else_list, dot);
    variables_.resize(mark);
    return flow;
  }

  void declare(const Node& pipe, const TemplateValue& key, const TemplateValue& element) {
    const size_t count = pipe.declarations.size();
    for (size_t i = 0; i < count; ++i) {
      const TemplateValue& value = count == 2 && i == 0 ? key : element;
      set(pipe.declarations[i], value, pipe.assigns);
    }
  }

  void call_template(const Node& node, const TemplateValue& dot) {
    const auto found = tree_.definitions.find(node.text);
    if (found == tree_.definitions.end()) fail("template " + go_quote(node.text) + " not defined");
    if (++depth_ > kMaxTemplates) {
      fail("exceeded maximum template depth (" + std::to_string(kMaxTemplates) + ")");
    }
    const TemplateValue inner = node.pipe ? pipeline(dot, *node.pipe) : TemplateValue();
    std::vector<Variable> outer = {{"$", inner}};
    outer.swap(variables_);
    std::string name = found->first;
    name.swap(name_);
    walk(found->second, inner);
    name.swap(name_);
    outer.swap(variables_);
    --depth_;
  }

  // ---- pipelines --------------------------------------------------------------------------------

  TemplateValue pipeline(const TemplateValue& dot, const Node& pipe) {
    at(pipe);
    TemplateValue value;
    bool first = true;
    for (const TemplateNodePtr& command : pipe.children) {
      const TemplateValue before = value;
      value = run_command(dot, *command, first ? nullptr : &before);
      first = false;
    }
    // A range sets its variables itself.
    for (const std::string& name : pipe.declarations) set(name, value, pipe.assigns);
    return value;
  }

  void set(const std::string& name, const TemplateValue& value, bool assigns) {
    if (!assigns) return variables_.push_back({name, value});
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const Variable& v) { return v.name == name; });
    if (found == variables_.rend()) fail("undefined variable: " + name);
    found->value = value;
  }
  const TemplateValue& variable(const std::string& name) const {
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const Variable& v) { return v.name == name; });
    if (found == variables_.rend()) fail("undefined variable: " + name);
    return found->value;
  }

  TemplateValue run_command(const TemplateValue& dot, const Node& command,
                            const TemplateValue* final) {
    const Node& first = *command.children[0];
    switch (first.kind) {
      case Kind::kField:
        at(first);
        return fields(dot, dot, first, first.path, command, final);
      case Kind::kVariable: {
        at(first);
        const TemplateValue value = variable(first.path[0]);
        if (first.path.size() == 1) {
          refuse_arguments(command, final);
          return value;
        }
        return fields(dot, value, first, {first.path.begin() + 1, first.path.end()}, command,
                      final);
      }
      case Kind::kChain: {
        at(first);
        if (first.children[0]->kind == Kind::kNil) {
          fail("indirection through explicit nil in " + node_text(first));
        }
        const TemplateValue value = operand(dot, *first.children[0]);
        return fields(dot, value, first, first.path, command, final);
      }
      case Kind::kIdentifier:
        at(first);
        return call(dot, first.text, command, final);
      case Kind::kPipe:
        refuse_arguments(command, final);
        return pipeline(dot, first);
      default:
        break;
    }
    at(first);
    refuse_arguments(command, final);
    if (first.kind == Kind::kNil) fail("nil is not a command");
    return constant(dot, first);
  }

  void refuse_arguments(const Node& command, const TemplateValue* final) const {
    if (command.children.size() > 1 || final != nullptr) {
      fail("can't give argument to non-function " + node_text(*command.children[0]));
    }
  }

  TemplateValue constant(const TemplateValue& dot, const Node& node) {
    switch (node.kind) {
      case Kind::kBool:
        return node.truth;
      case Kind::kString:
        return node.text;
      case Kind::kNumber:
        if (node.number.is_int &&
            (node.number.is_char || node.text.find_first_of(".eEpP") == std::string::npos ||
             node.text.find_first_of("xX") != std::string::npos)) {
          return node.number.integer;
        }
        return node.number.real;
      case Kind::kDot:
        return dot;
      default:
        return TemplateValue();
    }
  }

  // An argument, of whatever type.
  TemplateValue operand(const TemplateValue& dot, const Node& node) {
    at(node);
    switch (node.kind) {
      case Kind::kPipe:
        return pipeline(dot, node);
      case Kind::kIdentifier:
      case Kind::kField:
      case Kind::kVariable:
      case Kind::kChain:
        return run_alone(dot, node);
      case Kind::kNil:
        fail("evaluating untyped nil");
      default:
        return constant(dot, node);
    }
  }

  TemplateValue run_alone(const TemplateValue& dot, const Node& node) {
    if (node.kind == Kind::kIdentifier) return call(dot, node.text, node, nullptr);
    if (node.kind == Kind::kField) return path(dot, node.path);
    if (node.kind == Kind::kVariable) {
      return path(variable(node.path[0]), std::span(node.path).subspan(1));
    }
    return path(operand(dot, *node.children[0]), node.path);
  }

  // ---- fields and methods -----------------------------------------------------------------------

  TemplateValue path(TemplateValue value, std::span<const std::string> names) {
    for (const std::string& name : names) value = field(value, name, {}, false);
    return value;
  }

  // The last name of a path may be a method that takes arguments.
  TemplateValue fields(const TemplateValue& dot, TemplateValue value, const Node& node,
                       const std::vector<std::string>& names, const Node& command,
                       const TemplateValue* final) {
    for (size_t i = 0; i + 1 < names.size(); ++i) value = field(value, names[i], {}, false);
    std::vector<TemplateValue> arguments;
    for (size_t i = 1; i < command.children.size(); ++i) {
      arguments.push_back(operand(dot, *command.children[i]));
    }
    if (final != nullptr) arguments.push_back(*final);
    at(node);
    return field(value, names.back(), arguments, !arguments.empty());
  }

  TemplateValue field(const TemplateValue& of, const std::string& name,
                      std::span<const TemplateValue> arguments, bool has_arguments) {
    if (of.is_nothing()) {
      return TemplateValue();
    }
    if (const auto* time = of.as<GoTime>()) return time_method(*time, name, arguments);
    if (const auto* duration = of.as<GoDuration>()) return duration_method(*duration, name);
    if (const auto* data = of.as<const TemplateData*>()) {
      if (has_arguments && is_data_field(name)) {
        fail(name + " has arguments but cannot be invoked as function");
      }
      if (name == "Labels") return shared((*data)->labels);
      if (name == "ExternalLabels") return shared((*data)->external_labels);
      if (name == "ExternalURL") return (*data)->external_url;
      if (name == "Value") return (*data)->value;
    }
    if (const auto* sample = of.as<std::shared_ptr<const TemplateSample>>()) {
      if (name == "Labels") return shared((*sample)->labels);
      if (name == "Value" && (*sample)->histogram.empty()) return (*sample)->value;
      if (name == "Value") return HistogramText{(*sample)->histogram};
    }
    const StringMap* map = string_map(of);
    const ValueMap* values = value_map(of);
    if (map != nullptr || values != nullptr) {
      if (has_arguments) fail(name + " is not a method but has arguments");
      if (map != nullptr) {
        const auto found = map->find(name);
        return found == map->end() ? std::string() : found->second;
      }
      const auto found = values->find(name);
      return found == values->end() ? TemplateValue() : found->second;
    }
    fail("can't evaluate field " + name + " in type " + go_type(of));
  }

  static bool is_data_field(const std::string& name) {
    return name == "Labels" || name == "ExternalLabels" || name == "ExternalURL" || name == "Value";
  }

  TemplateValue time_method(GoTime time, const std::string& name,
                            std::span<const TemplateValue> arguments) {
    if (name == "Format") {
      const auto* layout = arguments.empty() ? nullptr : arguments[0].as<std::string>();
      if (layout == nullptr) {
        fail("wrong number of args for Format: want 1 got " + std::to_string(arguments.size()));
      }
      return go_time_text(time, *layout);
    }
    if (name == "UTC" || name == "Local") return time;
    if (name == "String") return go_time_text(time);
    if (name == "Unix") return static_cast<int64_t>(std::floor(static_cast<double>(time.ns) / 1e9));
    if (name == "UnixMilli") return time.ns / 1'000'000;
    if (name == "UnixNano") return time.ns;
    constexpr std::pair<std::string_view, std::string_view> kParts[] = {
        {"Year", "2006"}, {"Day", "2"},    {"Hour", "15"},
        {"Minute", "4"},  {"Second", "5"}, {"YearDay", "002"}};
    for (const auto& part : kParts) {
      if (part.first == name) {
        return static_cast<int64_t>(std::stoll(go_time_text(time, part.second)));
      }
    }
    if (name == "Month") return go_time_text(time, "January");
    if (name == "Weekday") return go_time_text(time, "Monday");
    fail("can't evaluate field " + name + " in type *time.Time");
  }

  TemplateValue duration_method(GoDuration duration, const std::string& name) {
    const double ns = static_cast<double>(duration.ns);
    if (name == "Hours") return ns / 3.6e12;
    if (name == "Minutes") return ns / 6e10;
    if (name == "Seconds") return ns / 1e9;
    if (name == "Milliseconds") return duration.ns / 1'000'000;
    if (name == "Microseconds") return duration.ns / 1'000;
    if (name == "Nanoseconds") return duration.ns;
    if (name == "String") return go_duration_text(duration);
    fail("can't evaluate field " + name + " in type *time.Duration");
  }

  // ---- functions --------------------------------------------------------------------------------

  // `node` is the command whose operands are the arguments, or the identifier alone.
  TemplateValue call(const TemplateValue& dot, const std::string& name, const Node& node,
                     const TemplateValue* final) {
    const size_t given = node.kind == Kind::kCommand ? node.children.size() - 1 : 0;
    const size_t count = given + (final != nullptr ? 1 : 0);
    if (name == "and" || name == "or") return choose(dot, name == "and", node, final);
    const TemplateFunction& function = *find_template_function(name);
    check_count(function, given, count);

    const Node* where = at_;
    std::vector<TemplateValue> arguments;
    for (size_t i = 0; i < given; ++i) {
      arguments.push_back(argument(dot, *node.children[i + 1], parameter(function, i)));
    }
    if (final != nullptr) {
      check_type(*final, parameter(function, given));
      arguments.push_back(*final);
    }
    at_ = where;
    try {
      return function.call(arguments, world_);
    } catch (const Error& error) {
      at_ = &node;
      fail("error calling " + name + ": " + error.what());
    }
  }

  void check_count(const TemplateFunction& function, size_t given, size_t count) const {
    const size_t wanted = function.parameters.size();
    const std::string name(function.name);
    if (function.variadic && count < wanted - 1) {
      fail("wrong number of args for " + name + ": want at least " + std::to_string(wanted - 1) +
           " got " + std::to_string(given));
    }
    if (!function.variadic && count != wanted) {
      fail("wrong number of args for " + name + ": want " + std::to_string(wanted) + " got " +
           std::to_string(count));
    }
  }

  static ParameterType parameter(const TemplateFunction& function, size_t index) {
    return function.parameters[std::min(index, function.parameters.size() - 1)];
  }

  static std::string_view type_name(ParameterType type) {
    return type == ParameterType::kString    ? "string"
           : type == ParameterType::kSample  ? "*template.sample"
           : type == ParameterType::kSamples ? "template.queryResult"
                                             : "interface {}";
  }
  static bool fits(const TemplateValue& value, ParameterType type) {
    return type == ParameterType::kString ? value.as<std::string>() != nullptr
           : type == ParameterType::kSample
               ? value.as<std::shared_ptr<const TemplateSample>>() != nullptr
           : type == ParameterType::kSamples ? value.as<std::shared_ptr<const Samples>>() != nullptr
                                             : true;
  }
  void check_type(const TemplateValue& value, ParameterType type) const {
    if (fits(value, type)) return;
    if (value.is_nothing()) fail("invalid value; expected " + std::string(type_name(type)));
    fail("wrong type for value; expected " + std::string(type_name(type)) + "; got " +
         go_type(value));
  }

  TemplateValue argument(const TemplateValue& dot, const Node& node, ParameterType type) {
    at(node);
    if (node.kind == Kind::kNil) {
      if (type == ParameterType::kString) fail("cannot assign nil to string");
      if (type == ParameterType::kAny) return TemplateValue();
    }
    if (type == ParameterType::kString &&
        (node.kind == Kind::kBool || node.kind == Kind::kNumber)) {
      fail("expected string; found " + node_text(node));
    }
    if ((type == ParameterType::kSample || type == ParameterType::kSamples) &&
        (node.kind == Kind::kBool || node.kind == Kind::kNumber || node.kind == Kind::kString)) {
      fail("can't handle " + node_text(node) + " for arg of type " + std::string(type_name(type)));
    }
    const TemplateValue value = operand(dot, node);
    check_type(value, type);
    return value;
  }

  // Looks at no more arguments than it needs.
  TemplateValue choose(const TemplateValue& dot, bool all, const Node& node,
                       const TemplateValue* final) {
    const size_t given = node.kind == Kind::kCommand ? node.children.size() - 1 : 0;
    const std::string name = all ? "and" : "or";
    if (given == 0 && final == nullptr) {
      fail("wrong number of args for " + name + ": want at least 1 got 0");
    }
    TemplateValue value;
    for (size_t i = 0; i < given; ++i) {
      value = argument(dot, *node.children[i + 1], ParameterType::kAny);
      if (is_true(value) != all) return value;
    }
    return final != nullptr ? *final : value;
  }

  const TemplateTree& tree_;
  const TemplateWorld& world_;
  const Node* at_;
  std::string name_;  // of the template that runs
  std::vector<Variable> variables_;
  std::string out_;
  int depth_ = 0;
  size_t steps_ = 0;
};

}  // namespace

std::string Template::expand(const TemplateData& data, const TemplateWorld& world) const {
  try {
    return Runner(*tree_, world).run(data);
  } catch (const Failure& failure) {
    throw Error(ErrorKind::kExecution,
                "error executing template " + tree_->name + ": " + failure.text);
  }
}

Template alert_template(const std::string& alert, const std::string& text) {
  return Template("__alert_" + alert,
                  "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
                  "{{$externalURL := .ExternalURL}}{{$value := .Value}}" +
                      text);
}

}  // namespace hearth::rules
