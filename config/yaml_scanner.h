// The tokens of a YAML document, as go-yaml sees them, which is YAML 1.1 with some leniency of its
// own: a `?` ends a plain scalar in [] and {}, a `:` does not, and only one line may be a key.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_source.h"

namespace hearth {

struct YamlToken {
  enum class Type {
    kStreamEnd,
    kVersionDirective,
    kTagDirective,
    kDocumentStart,
    kDocumentEnd,
    kBlockSequenceStart,
    kBlockMappingStart,
    kBlockEnd,
    kFlowSequenceStart,
    kFlowSequenceEnd,
    kFlowMappingStart,
    kFlowMappingEnd,
    kBlockEntry,
    kFlowEntry,
    kKey,
    kValue,
    kAlias,
    kAnchor,
    kTag,
    kScalar
  };
  Type type;
  YamlMark start, end;
  std::string value;   // of a scalar, an alias, an anchor; a tag's handle; a version
  std::string suffix;  // of a tag; the prefix that a %TAG directive gives
  bool plain = false;  // a scalar without quotes and | or >
};

// One thread. All of it throws YamlProblem.
class YamlScanner {
 public:
  explicit YamlScanner(std::string_view text) : source_(text) {}

  const YamlToken& peek();
  YamlToken next();

 private:
  using Type = YamlToken::Type;

  // A place where a key may begin that only the ':' after it shows to be one.
  struct SimpleKey {
    bool possible = false;
    bool required = false;  // it stands where nothing else may
    size_t token = 0;       // its number
    YamlMark mark;
  };

  // yaml_scanner.cpp: what comes next, and whether it may
  void fetch();
  void skip_to_token();
  void push(Type type, const YamlMark& start);
  void push_indicator(Type type, size_t size = 1);
  void insert(size_t number, YamlToken token);
  bool starts_plain() const;
  void flow_start(Type type);
  void flow_end(Type type);
  void block_entry();
  void key();
  void value();
  void stream_end();
  void end_blocks();  // and no key is possible

  // where keys may be, and how far lines are indented
  size_t next_number() const { return parsed_ + tokens_.size(); }
  bool key_is_valid(SimpleKey& key);
  void save_key();
  void remove_key();
  void roll_indent(size_t column, size_t number, Type type, const YamlMark& mark);
  void unroll_indent(long column);

  // yaml_properties.cpp: directives, anchors, tags
  void directive();
  std::string version(const YamlMark& start);
  std::string version_number(const YamlMark& start);
  void anchor(Type type);
  void tag();
  std::string tag_handle(bool in_directive, const YamlMark& start);
  std::string tag_uri(const std::string& head, const YamlMark& start);
  void uri_escapes(std::string& into, const YamlMark& start);

  // yaml_scalars.cpp
  struct Breaks;
  void block_scalar(bool literal);
  void block_indicators(int& chomping, size_t& increment, const YamlMark& start);
  void block_breaks(size_t& indent, std::string& breaks, const YamlMark& start);
  void quoted_scalar(char quote);
  bool quoted_word(char quote, std::string& text, const YamlMark& start);
  void escape(std::string& text, const YamlMark& start);
  void plain_scalar();
  bool plain_ends() const;
  void push_scalar(std::string text, const YamlMark& start, bool plain);

  [[noreturn]] void fail(const char* text, const YamlMark& context) const {
    throw YamlProblem{text, source_.mark(), context, true};
  }
  [[noreturn]] void fail(const char* text) const { fail(text, source_.mark()); }

  YamlSource source_;
  std::deque<YamlToken> tokens_;
  size_t parsed_ = 0;  // tokens that were taken
  bool ended_ = false;
  size_t flow_level_ = 0;
  bool key_allowed_ = true;
  long indent_ = -1;
  std::vector<long> indents_;
  std::vector<SimpleKey> keys_ = std::vector<SimpleKey>(1);  // one a flow level
  std::map<size_t, size_t> key_of_token_;                    // number of a token -> index in keys_
};

}  // namespace hearth
