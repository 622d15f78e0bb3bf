#include "rules/template_tree.h"

#include "core/go_text.h"

namespace hearth::rules {
namespace {

using Kind = TemplateNodeKind;

std::string list_text(const TemplateList& list) {
  std::string out;
  for (const TemplateNodePtr& node : list) out += node_text(*node);
  return out;
}

std::string branch_text(const std::string& keyword, const TemplateNode& node) {
  return "{{" + keyword + " " + node_text(*node.pipe) + "}}" + list_text(node.list) +
         (node.has_else ? "{{else}}" + list_text(node.else_list) : "") + "{{end}}";
}

std::string pipe_text(const TemplateNode& node) {
  std::string out;
  for (size_t i = 0; i < node.declarations.size(); ++i) {
    out += (i > 0 ? ", " : "") + node.declarations[i];
  }
  if (!node.declarations.empty()) out += node.assigns ? " = " : " := ";
  for (size_t i = 0; i < node.children.size(); ++i) {
    out += (i > 0 ? " | " : "") + node_text(*node.children[i]);
  }
  return out;
}

std::string in_parens(const TemplateNode& node) {
  return node.kind == Kind::kPipe ? "(" + node_text(node) + ")" : node_text(node);
}

std::string path_text(const TemplateNode& node) {
  std::string out;
  for (const std::string& part : node.path) {
    out += (node.kind == Kind::kVariable && out.empty() ? "" : ".") + part;
  }
  return out;
}

}  // namespace

std::string node_text(const TemplateNode& node) {
  switch (node.kind) {
    case Kind::kAction:
      return "{{" + node_text(*node.pipe) + "}}";
    case Kind::kIf:
      return branch_text("if", node);
    case Kind::kRange:
      return branch_text("range", node);
    case Kind::kWith:
      return branch_text("with", node);
    case Kind::kTemplate:
      return "{{template " + go_quote(node.text) + (node.pipe ? " " + node_text(*node.pipe) : "") +
             "}}";
    case Kind::kBreak:
      return "{{break}}";
    case Kind::kContinue:
      return "{{continue}}";
    case Kind::kElse:
      return "{{else}}";
    case Kind::kEnd:
      return "{{end}}";
    case Kind::kPipe:
      return pipe_text(node);
    case Kind::kCommand: {
      std::string out;
      for (const TemplateNodePtr& operand : node.children) {
        out += (out.empty() ? "" : " ") + in_parens(*operand);
      }
      return out;
    }
    case Kind::kChain:
      return in_parens(*node.children[0]) + path_text(node);
    case Kind::kField:
    case Kind::kVariable:
      return path_text(node);
    case Kind::kString:
      return node.quoted;
    default:
      return node.text;
  }
}

}  // namespace hearth::rules
