#include "config/yaml_scanner.h"

#include <limits>

namespace hearth {
namespace {

constexpr size_t kMaxDepth = 10'000;  // of flow collections, and of indentation
constexpr size_t kMaxKeyLength = 1024;
constexpr size_t kAppend = std::numeric_limits<size_t>::max();

}  // namespace

const YamlToken& YamlScanner::peek() {
  for (;;) {
    if (!tokens_.empty()) {
      // The first token may yet turn out to follow the beginning of a mapping.
      const auto key = key_of_token_.find(parsed_);
      if (key == key_of_token_.end() || !key_is_valid(keys_[key->second])) break;
    }
    fetch();
  }
  return tokens_.front();
}

YamlToken YamlScanner::next() {
  peek();
  YamlToken token = std::move(tokens_.front());
  if (ended_ && tokens_.size() == 1) return token;  // the end of the stream stays
  tokens_.pop_front();
  ++parsed_;
  return token;
}

void YamlScanner::fetch() {
  skip_to_token();
  unroll_indent(static_cast<long>(source_.column()));
  if (source_.is_end()) return stream_end();
  const char c = source_.at();
  if (source_.column() == 0 && c == '%') return directive();
  if (source_.is_document_indicator()) {
    end_blocks();
    return push_indicator(c == '-' ? Type::kDocumentStart : Type::kDocumentEnd, 3);
  }
  const bool flow = flow_level_ > 0;
  switch (c) {
    case '[':
      return flow_start(Type::kFlowSequenceStart);
    case '{':
      return flow_start(Type::kFlowMappingStart);
    case ']':
      return flow_end(Type::kFlowSequenceEnd);
    case '}':
      return flow_end(Type::kFlowMappingEnd);
    case ',':
      remove_key();
      key_allowed_ = true;
      return push_indicator(Type::kFlowEntry);
    case '*':
      return anchor(Type::kAlias);
    case '&':
      return anchor(Type::kAnchor);
    case '!':
      return tag();
    case '\'':
    case '"':
      return quoted_scalar(c);
    default:
      break;
  }
  if (c == '-' && source_.is_space(1)) return block_entry();
  if (c == '?' && (flow || source_.is_space(1))) return key();
  if (c == ':' && (flow || source_.is_space(1))) return value();
  if ((c == '|' || c == '>') && !flow) return block_scalar(c == '|');
  if (starts_plain()) return plain_scalar();
  fail("found character that cannot start any token");
}

bool YamlScanner::starts_plain() const {
  const char c = source_.at();
  if (c == '-') return !source_.is_blank(1);
  if (c == '?' || c == ':') return flow_level_ == 0 && !source_.is_space(1);
  return !source_.is_space() &&
         std::string_view(",[]{}#&*!|>'\"%@`").find(c) == std::string_view::npos;
}

// Tabs may stand between tokens, but where a block's key may begin they would be indentation.
void YamlScanner::skip_to_token() {
  for (;;) {
    while (source_.at() == ' ' || (source_.at() == '\t' && (flow_level_ > 0 || !key_allowed_))) {
      source_.skip();
    }
    if (source_.at() == '#') source_.skip_line();
    if (!source_.is_break()) return;
    source_.skip_break();
    if (flow_level_ == 0) key_allowed_ = true;
  }
}

void YamlScanner::push(Type type, const YamlMark& start) {
  YamlToken token;
  token.type = type;
  token.start = start;
  token.end = source_.mark();
  tokens_.push_back(std::move(token));
}

void YamlScanner::push_indicator(Type type, size_t size) {
  const YamlMark start = source_.mark();
  for (size_t i = 0; i < size; ++i) source_.skip();
  push(type, start);
}

// Before the token of this number; at the end where that one is gone already.
void YamlScanner::insert(size_t number, YamlToken token) {
  if (number < parsed_ || number >= next_number()) {
    tokens_.push_back(std::move(token));
  } else {
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(number - parsed_),
                   std::move(token));
  }
}

void YamlScanner::flow_start(Type type) {
  save_key();
  keys_.push_back({false, false, next_number(), source_.mark()});
  if (++flow_level_ > kMaxDepth) fail("exceeded max depth of 10000");
  key_allowed_ = true;
  push_indicator(type);
}

void YamlScanner::flow_end(Type type) {
  remove_key();
  if (flow_level_ > 0) {
    --flow_level_;
    key_of_token_.erase(keys_.back().token);
    keys_.pop_back();
  }
  key_allowed_ = false;
  push_indicator(type);
}

void YamlScanner::block_entry() {
  if (flow_level_ == 0) {
    if (!key_allowed_) fail("block sequence entries are not allowed in this context");
    roll_indent(source_.column(), kAppend, Type::kBlockSequenceStart, source_.mark());
  }
  remove_key();
  key_allowed_ = true;
  push_indicator(Type::kBlockEntry);
}

void YamlScanner::key() {
  if (flow_level_ == 0) {
    if (!key_allowed_) fail("mapping keys are not allowed in this context");
    roll_indent(source_.column(), kAppend, Type::kBlockMappingStart, source_.mark());
  }
  remove_key();
  key_allowed_ = flow_level_ == 0;
  push_indicator(Type::kKey);
}

void YamlScanner::value() {
  SimpleKey& key = keys_.back();
  if (key_is_valid(key)) {
    insert(key.token, YamlToken{Type::kKey, key.mark, key.mark, "", "", false});
    roll_indent(key.mark.column, key.token, Type::kBlockMappingStart, key.mark);
    key.possible = false;
    key_of_token_.erase(key.token);
    key_allowed_ = false;
  } else {
    if (flow_level_ == 0) {
      if (!key_allowed_) fail("mapping values are not allowed in this context");
      roll_indent(source_.column(), kAppend, Type::kBlockMappingStart, source_.mark());
    }
    key_allowed_ = flow_level_ == 0;
  }
  push_indicator(Type::kValue);
}

void YamlScanner::stream_end() {
  source_.end_line();
  end_blocks();
  ended_ = true;
  push(Type::kStreamEnd, source_.mark());
}

void YamlScanner::end_blocks() {
  unroll_indent(-1);
  remove_key();
  key_allowed_ = false;
}

bool YamlScanner::key_is_valid(SimpleKey& key) {
  if (!key.possible) return false;
  const YamlMark& here = source_.mark();
  if (key.mark.line == here.line && key.mark.index + kMaxKeyLength >= here.index) return true;
  if (key.required) fail("could not find expected ':'", key.mark);
  key.possible = false;
  return false;
}

void YamlScanner::save_key() {
  if (!key_allowed_) return;
  const bool required = flow_level_ == 0 && indent_ == static_cast<long>(source_.column());
  const SimpleKey key{true, required, next_number(), source_.mark()};
  remove_key();
  keys_.back() = key;
  key_of_token_[key.token] = keys_.size() - 1;
}

void YamlScanner::remove_key() {
  SimpleKey& key = keys_.back();
  if (!key.possible) return;
  if (key.required) fail("could not find expected ':'", key.mark);
  key.possible = false;
  key_of_token_.erase(key.token);
}

void YamlScanner::roll_indent(size_t column, size_t number, Type type, const YamlMark& mark) {
  if (flow_level_ > 0 || indent_ >= static_cast<long>(column)) return;
  indents_.push_back(indent_);
  indent_ = static_cast<long>(column);
  if (indents_.size() > kMaxDepth) fail("exceeded max depth of 10000", keys_.back().mark);
  insert(number, YamlToken{type, mark, mark, "", "", false});
}

void YamlScanner::unroll_indent(long column) {
  while (flow_level_ == 0 && indent_ > column) {
    push(Type::kBlockEnd, source_.mark());
    indent_ = indents_.back();
    indents_.pop_back();
  }
}

}  // namespace hearth
