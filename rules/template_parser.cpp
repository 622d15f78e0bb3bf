// Tokens -> tree. The order of what is looked at first is Go's, since error messages depend on it.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/go_text.h"
#include "core/utf8.h"
#include "rules/template_functions.h"
#include "rules/template_lexer.h"
#include "rules/template_tree.h"

namespace hearth::rules {
namespace {

using Token = TemplateToken;
using TokenKind = TemplateTokenKind;
using Kind = TemplateNodeKind;

constexpr int kMaxDepth = 200;  // of parentheses and control structures

TemplateNodePtr make(Kind kind, uint32_t pos, std::string text = "") {
  auto node = std::make_unique<TemplateNode>();
  node->kind = kind;
  node->pos = pos;
  node->text = std::move(text);
  return node;
}

std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const size_t dot = text.find('.');
    out.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    text.remove_prefix(dot + 1);
  }
}

// One thread.
class Parser {
 public:
  explicit Parser(TemplateTree& tree) : tree_(tree), lexer_(tree.text) {}

  void parse() {
    while (peek().kind != TokenKind::kEnd) {
      if (peek().kind == TokenKind::kLeftDelimiter) {
        const Token delimiter = next();
        if (next_visible().kind == TokenKind::kDefine) {
          define();
          continue;
        }
        back_up(delimiter);
      }
      TemplateNodePtr node = text_or_action();
      if (ends_list(*node)) fail("unexpected " + node_text(*node));
      add(tree_.root, std::move(node));
    }
  }

 private:
  // ---- tokens: up to three that were read and put back; [0] gives errors their line ------------

  const Token& next() {
    if (peeked_ > 0) {
      --peeked_;
    } else {
      tokens_[0] = lexer_.next();
    }
    return tokens_[peeked_];
  }
  void back_up() { ++peeked_; }
  void back_up(const Token& before) {
    tokens_[1] = before;
    peeked_ = 2;
  }
  void back_up(const Token& before, const Token& between) {
    tokens_[1] = between;
    tokens_[2] = before;
    peeked_ = 3;
  }
  const Token& peek() {
    if (peeked_ > 0) return tokens_[peeked_ - 1];
    peeked_ = 1;
    tokens_[0] = lexer_.next();
    return tokens_[0];
  }
  Token next_visible() {
    Token token = next();
    while (token.kind == TokenKind::kSpace) token = next();
    return token;
  }
  Token peek_visible() {
    Token token = next_visible();
    back_up();
    return token;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::kBadData,
                "template: " + tree_.name + ":" + std::to_string(tokens_[0].line) + ": " + what);
  }
  [[noreturn]] void unexpected(const Token& token, const std::string& context) const {
    if (token.kind != TokenKind::kError) {
      fail("unexpected " + token_text(token) + " in " + context);
    }
    std::string extra;
    if (action_line_ != 0 && action_line_ != token.line) {
      extra = " started at " + tree_.name + ":" + std::to_string(action_line_);
      if (!token.text.ends_with(" action")) extra = " in action" + extra;
    }
    fail(token.text + extra);
  }
  Token expect(TokenKind kind, const std::string& context) {
    const Token token = next_visible();
    if (token.kind != kind) unexpected(token, context);
    return token;
  }

  // ---- lists and control structures -------------------------------------------------------------

  static bool ends_list(const TemplateNode& node) {
    return node.kind == Kind::kEnd || node.kind == Kind::kElse;
  }
  static void add(TemplateList& list, TemplateNodePtr node) {
    if (node->kind != Kind::kText || !node->text.empty()) list.push_back(std::move(node));
  }

  // Up to {{end}} or {{else}}, which is returned.
  TemplateNodePtr list(TemplateList& out) {
    if (++depth_ > kMaxDepth) fail("nested too deep");
    while (peek_visible().kind != TokenKind::kEnd) {
      TemplateNodePtr node = text_or_action();
      if (ends_list(*node)) {
        --depth_;
        return node;
      }
      add(out, std::move(node));
    }
    fail("unexpected EOF");
  }

  TemplateNodePtr text_or_action() {
    const Token token = next_visible();
    if (token.kind == TokenKind::kText) return make(Kind::kText, token.pos, token.text);
    if (token.kind == TokenKind::kComment) return make(Kind::kText, token.pos);
    if (token.kind != TokenKind::kLeftDelimiter) unexpected(token, "input");
    action_line_ = token.line;
    TemplateNodePtr node = action();
    action_line_ = 0;
    return node;
  }

  TemplateNodePtr action() {
    const Token token = next_visible();
    switch (token.kind) {
      case TokenKind::kBlock:
        return block();
      case TokenKind::kBreak:
        return jump(Kind::kBreak, token.pos, "{{break}}");
      case TokenKind::kContinue:
        return jump(Kind::kContinue, token.pos, "{{continue}}");
      case TokenKind::kElse:
        return else_clause();
      case TokenKind::kEndKeyword:
        return make(Kind::kEnd, expect(TokenKind::kRightDelimiter, "end").pos);
      case TokenKind::kIf:
        return control(Kind::kIf, "if");
      case TokenKind::kRange:
        return control(Kind::kRange, "range");
      case TokenKind::kWith:
        return control(Kind::kWith, "with");
      case TokenKind::kTemplate:
        return template_clause();
      default:
        break;
    }
    back_up();
    TemplateNodePtr node = make(Kind::kAction, peek().pos);
    node->pipe = pipeline("command", TokenKind::kRightDelimiter);
    return node;
  }

  TemplateNodePtr jump(Kind kind, uint32_t pos, const std::string& text) {
    const Token token = next_visible();
    if (token.kind != TokenKind::kRightDelimiter) unexpected(token, text);
    if (range_depth_ == 0) fail(text + " outside {{range}}");
    return make(kind, pos);
  }

  TemplateNodePtr else_clause() {
    const Token token = peek_visible();
    if (token.kind == TokenKind::kIf || token.kind == TokenKind::kWith) {
      return make(Kind::kElse, token.pos);
    }
    return make(Kind::kElse, expect(TokenKind::kRightDelimiter, "else").pos);
  }

  TemplateNodePtr control(Kind kind, const std::string& context) {
    const size_t variables = variables_.size();
    TemplateNodePtr node = make(kind, peek().pos);
    node->pipe = pipeline(context, TokenKind::kRightDelimiter);
    range_depth_ += kind == Kind::kRange ? 1 : 0;
    TemplateNodePtr end = list(node->list);
    range_depth_ -= kind == Kind::kRange ? 1 : 0;
    if (end->kind == Kind::kElse) {
      node->has_else = true;
      const TokenKind again = kind == Kind::kIf ? TokenKind::kIf : TokenKind::kWith;
      if (kind != Kind::kRange && peek().kind == again) {
        next();
        if (++depth_ > kMaxDepth) fail("nested too deep");
        node->else_list.push_back(control(kind, context));
        --depth_;
      } else {
        end = list(node->else_list);
        if (end->kind != Kind::kEnd) fail("expected end; found " + node_text(*end));
      }
    }
    variables_.resize(variables);
    return node;
  }

  std::string unquoted(const Token& token) {
    const std::string_view text = token.text;
    const auto out = go_unquote(text.substr(1, text.size() - 2), text.front());
    if (!out) fail("invalid syntax");
    return *out;
  }
  std::string template_name(const Token& token, const std::string& context) {
    if (token.kind != TokenKind::kString && token.kind != TokenKind::kRawString) {
      unexpected(token, context);
    }
    return unquoted(token);
  }

  void define() {
    const std::string context = "define clause";
    const std::string name = template_name(next_visible(), context);
    expect(TokenKind::kRightDelimiter, context);
    body(name, context);
  }
  void body(const std::string& name, const std::string& context) {
    std::vector<std::string> outer = {"$"};
    outer.swap(variables_);
    TemplateList out;
    const TemplateNodePtr end = list(out);
    if (end->kind != Kind::kEnd) fail("unexpected " + node_text(*end) + " in " + context);
    tree_.definitions[name] = std::move(out);
    outer.swap(variables_);
  }
  TemplateNodePtr block() {
    const std::string context = "block clause";
    const Token token = next_visible();
    TemplateNodePtr node = make(Kind::kTemplate, token.pos, template_name(token, context));
    node->pipe = pipeline(context, TokenKind::kRightDelimiter);
    body(node->text, context);
    return node;
  }
  TemplateNodePtr template_clause() {
    const std::string context = "template clause";
    const Token token = next_visible();
    TemplateNodePtr node = make(Kind::kTemplate, token.pos, template_name(token, context));
    if (next_visible().kind != TokenKind::kRightDelimiter) {
      back_up();
      node->pipe = pipeline(context, TokenKind::kRightDelimiter);
    }
    return node;
  }

  // ---- pipelines --------------------------------------------------------------------------------

  TemplateNodePtr pipeline(const std::string& context, TokenKind end) {
    if (++depth_ > kMaxDepth) fail("nested too deep");
    TemplateNodePtr pipe = make(Kind::kPipe, peek_visible().pos);
    while (declaration(*pipe, context)) {
    }
    while (true) {
      const Token token = next_visible();
      if (token.kind == end) break;
      if (!begins_operand(token.kind)) unexpected(token, context);
      back_up();
      pipe->children.push_back(command());
    }
    --depth_;
    if (pipe->children.empty()) fail("missing value for " + context);
    for (size_t i = 1; i < pipe->children.size(); ++i) {
      const Kind first = pipe->children[i]->children[0]->kind;
      if (first == Kind::kBool || first == Kind::kDot || first == Kind::kNil ||
          first == Kind::kNumber || first == Kind::kString) {
        fail("non executable command in pipeline stage " + std::to_string(i + 1));
      }
    }
    return pipe;
  }

  // Reads `$x :=`, `$x =` or, in a range, `$x,`; returns whether another may follow.
  bool declaration(TemplateNode& pipe, const std::string& context) {
    const Token variable = peek_visible();
    if (variable.kind != TokenKind::kVariable) return false;
    next();
    const Token after = peek();
    const Token visible = peek_visible();
    const bool comma = visible.kind == TokenKind::kCharacter && visible.text == ",";
    if (visible.kind == TokenKind::kAssign || visible.kind == TokenKind::kDeclare || comma) {
      if (!comma) pipe.assigns = visible.kind == TokenKind::kAssign;
      next_visible();
      pipe.declarations.push_back(variable.text);
      variables_.push_back(variable.text);
      if (!comma) return false;
      if (context != "range" || pipe.declarations.size() >= 2) {
        fail("too many declarations in " + context);
      }
      const TokenKind kind = peek_visible().kind;
      if (kind != TokenKind::kVariable && kind != TokenKind::kRightDelimiter &&
          kind != TokenKind::kRightParen) {
        fail("range can only initialize variables");
      }
      return true;
    }
    if (after.kind == TokenKind::kSpace) {
      back_up(variable, after);
    } else {
      back_up(variable);
    }
    return false;
  }

  static bool begins_operand(TokenKind kind) {
    constexpr TokenKind kBegins[] = {
        TokenKind::kBool,     TokenKind::kCharConstant, TokenKind::kDot,
        TokenKind::kField,    TokenKind::kIdentifier,   TokenKind::kNumber,
        TokenKind::kNil,      TokenKind::kRawString,    TokenKind::kString,
        TokenKind::kVariable, TokenKind::kLeftParen};
    return std::find(std::begin(kBegins), std::end(kBegins), kind) != std::end(kBegins);
  }

  TemplateNodePtr command() {
    TemplateNodePtr out = make(Kind::kCommand, peek_visible().pos);
    while (true) {
      peek_visible();
      if (TemplateNodePtr node = operand()) out->children.push_back(std::move(node));
      const Token token = next();
      if (token.kind == TokenKind::kSpace) continue;
      if (token.kind == TokenKind::kRightDelimiter || token.kind == TokenKind::kRightParen) {
        back_up();
      } else if (token.kind != TokenKind::kPipe) {
        unexpected(token, "operand");
      }
      break;
    }
    if (out->children.empty()) fail("empty command");
    return out;
  }

  TemplateNodePtr operand() {
    TemplateNodePtr node = term();
    if (node == nullptr || peek().kind != TokenKind::kField) return node;
    const uint32_t pos = peek().pos;
    std::vector<std::string> path;
    while (peek().kind == TokenKind::kField) path.push_back(next().text.substr(1));
    switch (node->kind) {
      case Kind::kField:
      case Kind::kVariable:
        node->pos = pos;
        node->path.insert(node->path.end(), path.begin(), path.end());
        return node;
      case Kind::kBool:
      case Kind::kString:
      case Kind::kNumber:
      case Kind::kNil:
      case Kind::kDot:
        fail("unexpected . after term " + go_quote(node_text(*node)));
      default:
        break;
    }
    TemplateNodePtr chain = make(Kind::kChain, pos);
    chain->children.push_back(std::move(node));
    chain->path = std::move(path);
    return chain;
  }

  TemplateNodePtr term() {
    const Token token = next_visible();
    switch (token.kind) {
      case TokenKind::kIdentifier:
        if (!is_template_function(token.text)) {
          fail("function " + go_quote(token.text) + " not defined");
        }
        return make(Kind::kIdentifier, token.pos, token.text);
      case TokenKind::kDot:
        return make(Kind::kDot, token.pos, ".");
      case TokenKind::kNil:
        return make(Kind::kNil, token.pos, "nil");
      case TokenKind::kVariable: {
        if (std::find(variables_.begin(), variables_.end(), token.text) == variables_.end()) {
          fail("undefined variable " + go_quote(token.text));
        }
        TemplateNodePtr node = make(Kind::kVariable, token.pos);
        node->path = {token.text};
        return node;
      }
      case TokenKind::kField: {
        TemplateNodePtr node = make(Kind::kField, token.pos);
        node->path = split_path(std::string_view(token.text).substr(1));
        return node;
      }
      case TokenKind::kBool: {
        TemplateNodePtr node = make(Kind::kBool, token.pos, token.text);
        node->truth = token.text == "true";
        return node;
      }
      case TokenKind::kCharConstant:
      case TokenKind::kNumber:
        return number(token);
      case TokenKind::kLeftParen:
        return pipeline("parenthesized pipeline", TokenKind::kRightParen);
      case TokenKind::kString:
      case TokenKind::kRawString: {
        TemplateNodePtr node = make(Kind::kString, token.pos, unquoted(token));
        node->quoted = token.text;
        return node;
      }
      default:
        back_up();
        return nullptr;
    }
  }

  TemplateNodePtr number(const Token& token) {
    TemplateNodePtr node = make(Kind::kNumber, token.pos, token.text);
    TemplateNumber& number = node->number;
    if (token.kind == TokenKind::kCharConstant) {
      const auto body =
          go_unquote(std::string_view(token.text).substr(1, token.text.size() - 2), '\'');
      if (!body || body->empty() || decode_rune(*body).size != body->size()) {
        fail("malformed character constant: " + token.text);
      }
      number.is_char = number.is_int = number.is_float = true;
      number.integer = static_cast<int64_t>(decode_rune(*body).rune);
      number.real = static_cast<double>(number.integer);
      return node;
    }
    read_integer(token.text, number);
    if (number.is_int) {
      number.is_float = true;
      number.real = static_cast<double>(number.integer);
      return node;
    }
    const auto real = parse_go_float(token.text);
    if (!real) fail("illegal number syntax: " + go_quote(token.text));
    if (token.text.find_first_of(".eEpP") == std::string::npos) {
      fail("integer overflow: " + go_quote(token.text));
    }
    number.is_float = true;
    number.real = *real;
    // A float that is a whole number may stand for an integer.
    if (std::fabs(*real) < 9e18 && *real == std::trunc(*real)) {
      number.is_int = true;
      number.integer = static_cast<int64_t>(*real);
    }
    return node;
  }

  static void read_integer(std::string_view text, TemplateNumber& number) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::string digits(text);
    digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
    int base = 10;
    size_t skip = 0;
    if (digits.size() > 1 && digits[0] == '0') {
      const char mark = static_cast<char>(digits[1] | 0x20);
      base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
      skip = mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
    }
    uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data() + skip, digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size()) return;
    if (value > (uint64_t{1} << 63) - (negative ? 0 : 1)) return;
    number.is_int = true;
    number.integer = static_cast<int64_t>(negative ? 0 - value : value);
  }

  TemplateTree& tree_;
  TemplateLexer lexer_;
  std::array<Token, 3> tokens_;
  size_t peeked_ = 0;
  std::vector<std::string> variables_ = {"$"};
  int action_line_ = 0;
  int range_depth_ = 0;
  int depth_ = 0;
};

}  // namespace

std::shared_ptr<const TemplateTree> parse_template(const std::string& name, std::string text) {
  auto tree = std::make_shared<TemplateTree>();
  tree->name = name;
  tree->text = std::move(text);
  Parser(*tree).parse();
  return tree;
}

}  // namespace hearth::rules
