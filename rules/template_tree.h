// The tree of a template, as the parser makes it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hearth::rules {

enum class TemplateNodeKind {
  kText,
  kAction,  // pipe
  kIf,      // pipe, list, else_list
  kRange,
  kWith,
  kTemplate,  // text is its name; pipe may be null
  kBreak,
  kContinue,
  kElse,  // these two end a list, and are not in one
  kEnd,
  // what stands in a pipeline
  kPipe,     // declarations, children are commands
  kCommand,  // children are operands
  kIdentifier,
  kDot,
  kNil,
  kField,     // .a.b: path
  kVariable,  // $a.b: path begins with $a
  kChain,     // (pipe).a.b: children[0], path
  kBool,
  kNumber,
  kString
};

// Number constants are all that they can be: 1 is an integer and a float.
struct TemplateNumber {
  bool is_int = false, is_float = false, is_char = false;
  int64_t integer = 0;
  double real = 0;
};

struct TemplateNode;
using TemplateNodePtr = std::unique_ptr<TemplateNode>;
using TemplateList = std::vector<TemplateNodePtr>;

struct TemplateNode {
  TemplateNodeKind kind;
  uint32_t pos = 0;
  std::string text;  // as written; of a text node, a string, an identifier: what it stands for
  std::vector<std::string> path;
  bool truth = false;
  TemplateNumber number;
  std::string quoted;  // a string as it was written
  std::vector<std::string> declarations;
  bool assigns = false;  // = and not :=
  TemplateNodePtr pipe;
  TemplateList children, list, else_list;
  bool has_else = false;
};

// As Go prints it, for error messages.
std::string node_text(const TemplateNode& node);

// Immutable once parsed.
struct TemplateTree {
  std::string name;
  std::string text;  // positions are in it
  TemplateList root;
  std::map<std::string, TemplateList> definitions;  // {{define "name"}}
};

// Throws Error(kBadData) in Go's words: `template: name:1: function "foo" not defined`.
std::shared_ptr<const TemplateTree> parse_template(const std::string& name, std::string text);

}  // namespace hearth::rules
