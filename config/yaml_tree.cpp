#include "config/yaml_tree.h"

#include <algorithm>
#include <limits>
#include <map>

#include "config/yaml_scanner.h"
#include "core/error.h"

namespace hearth {
namespace {

using Type = YamlToken::Type;

constexpr int kMaxDepth = 500;
constexpr std::string_view kStandardTags = "tag:yaml.org,2002:";

[[noreturn]] void fail(const std::string& text) {
  throw Error(ErrorKind::kBadData, "yaml: " + text);
}

// go-yaml counts the lines of scanner errors from 1, of others from 0, and leaves out line 0.
[[noreturn]] void fail_as_go(const YamlProblem& problem, GoYaml version) {
  size_t line = problem.at.line, other = problem.context.line;
  if (version == GoYaml::kVersion3) std::swap(line, other);
  if (line == 0) line = other;
  if (line != 0 && problem.from_scanner) ++line;
  fail(line != 0 ? "line " + std::to_string(line) + ": " + problem.text : problem.text);
}

// "tag:yaml.org,2002:int" -> "!!int"
std::string short_tag(const std::string& tag) {
  return tag.starts_with(kStandardTags) ? "!!" + tag.substr(kStandardTags.size()) : tag;
}

uint64_t saturating_add(uint64_t a, uint64_t b) {
  return a > std::numeric_limits<uint64_t>::max() - b ? std::numeric_limits<uint64_t>::max()
                                                      : a + b;
}

bool is_any(Type type, std::initializer_list<Type> of) {
  for (const Type one : of) {
    if (type == one) return true;
  }
  return false;
}

// Builds nodes from tokens, recursively to kMaxDepth: go-yaml's grammar, with its quirks. One
// thread.
class Builder {
 public:
  Builder(std::string_view text, GoYaml version) : scanner_(text), version_(version) {}

  YamlRef document() {
    directives();
    if (type() == Type::kStreamEnd) return nullptr;
    YamlRef root;
    if (type() == Type::kDocumentStart) {
      scanner_.next();
      const bool nothing =
          is_any(type(), {Type::kVersionDirective, Type::kTagDirective, Type::kDocumentStart,
                          Type::kDocumentEnd, Type::kStreamEnd});
      root = nothing ? empty(scanner_.peek().start) : node(0, true, false);
    } else {
      root = node(0, true, false);
    }
    scanner_.peek();  // what cannot be read after the document refuses it
    check_aliasing(*root);
    return root;
  }

 private:
  // What stands before a node.
  struct Properties {
    YamlMark start;
    std::string anchor, tag;
    bool any = false;
  };

  Type type() { return scanner_.peek().type; }

  [[noreturn]] void wrong(const char* text, const YamlMark& context) {
    throw YamlProblem{text, scanner_.peek().start, context, false};
  }

  void directives() {
    bool version_known = false, any = false;
    for (; is_any(type(), {Type::kVersionDirective, Type::kTagDirective}); any = true) {
      const YamlToken directive = scanner_.next();
      const auto fail_here = [&](const char* text) {
        throw YamlProblem{text, directive.start, {}, false};
      };
      if (directive.type == Type::kVersionDirective) {
        if (version_known) fail_here("found duplicate %YAML directive");
        if (directive.value != "1.1") fail_here("found incompatible YAML document");
        version_known = true;
      } else if (!prefixes_.emplace(directive.value, directive.suffix).second) {
        fail_here("found duplicate %TAG directive");
      }
    }
    if (any && type() != Type::kDocumentStart) wrong("did not find expected <document start>", {});
    prefixes_.emplace("!", "!");
    prefixes_.emplace("!!", kStandardTags);
  }

  YamlRef node(int depth, bool block, bool indentless) {
    if (depth > kMaxDepth) fail("exceeded max depth of " + std::to_string(kMaxDepth));
    if (type() == Type::kAlias) return alias(scanner_.next().value);
    const Properties before = properties();
    switch (type()) {
      case Type::kBlockEntry:
        if (indentless) return indentless_sequence(before, depth);
        break;
      case Type::kScalar: {
        const YamlToken token = scanner_.next();
        return scalar(before, token.value, token.plain);
      }
      case Type::kFlowSequenceStart:
        return flow_sequence(before, depth);
      case Type::kFlowMappingStart:
        return flow_mapping(before, depth);
      case Type::kBlockSequenceStart:
        if (block) return block_sequence(before, depth);
        break;
      case Type::kBlockMappingStart:
        if (block) return block_mapping(before, depth);
        break;
      default:
        break;
    }
    if (!before.any) wrong("did not find expected node content", before.start);
    return scalar(before, "", true);
  }

  Properties properties() {
    Properties out;
    out.start = scanner_.peek().start;
    bool anchor = false;
    const auto take_anchor = [&] {
      if (anchor || type() != Type::kAnchor) return;
      out.anchor = scanner_.next().value;
      anchor = true;
    };
    take_anchor();
    if (type() == Type::kTag) {
      const YamlToken token = scanner_.next();
      take_anchor();
      type();
      out.tag = short_tag(full_tag(token, out.start));
    }
    out.any = anchor || !out.tag.empty();
    return out;
  }

  std::string full_tag(const YamlToken& token, const YamlMark& node) const {
    if (token.value.empty()) return token.suffix;
    const auto prefix = prefixes_.find(token.value);
    if (prefix == prefixes_.end()) {
      throw YamlProblem{"found undefined tag handle", token.start, node, false};
    }
    return prefix->second + token.suffix;
  }

  // ---- the collections -------------------------------------------------------------------------

  YamlRef block_sequence(const Properties& before, int depth) {
    const auto made = begin(YamlNode::Kind::kSequence, before);
    const YamlMark context = scanner_.next().start;
    while (type() == Type::kBlockEntry) {
      const YamlMark mark = scanner_.next().end;
      const bool nothing = is_any(type(), {Type::kBlockEntry, Type::kBlockEnd});
      add(*made, nothing ? empty(mark) : node(depth + 1, true, false));
    }
    if (type() != Type::kBlockEnd) wrong("did not find expected '-' indicator", context);
    scanner_.next();
    return finish(made, before);
  }

  YamlRef indentless_sequence(const Properties& before, int depth) {
    const auto made = begin(YamlNode::Kind::kSequence, before);
    while (type() == Type::kBlockEntry) {
      const YamlMark mark = scanner_.next().end;
      const bool nothing =
          is_any(type(), {Type::kBlockEntry, Type::kKey, Type::kValue, Type::kBlockEnd});
      add(*made, nothing ? empty(mark) : node(depth + 1, true, false));
    }
    return finish(made, before);
  }

  YamlRef block_mapping(const Properties& before, int depth) {
    const auto made = begin(YamlNode::Kind::kMapping, before);
    const YamlMark context = scanner_.next().start;
    std::vector<YamlRef> merged;
    const auto part = [&]() -> YamlRef {  // a key, or a value
      const YamlMark mark = scanner_.next().end;
      const bool nothing = is_any(type(), {Type::kKey, Type::kValue, Type::kBlockEnd});
      return nothing ? empty(mark) : node(depth + 1, true, true);
    };
    while (type() == Type::kKey) {
      const YamlRef key = part();
      add(*made, key, type() == Type::kValue ? part() : empty(scanner_.peek().start), merged);
    }
    if (type() != Type::kBlockEnd) wrong("did not find expected key", context);
    scanner_.next();
    return finish(made, before, merged);
  }

  YamlRef flow_sequence(const Properties& before, int depth) {
    const auto made = begin(YamlNode::Kind::kSequence, before);
    const YamlMark context = scanner_.next().start;
    while (type() != Type::kFlowSequenceEnd) {
      if (!made->items.empty()) {
        if (type() != Type::kFlowEntry) wrong("did not find expected ',' or ']'", context);
        scanner_.next();
        if (type() == Type::kFlowSequenceEnd) break;
      }
      add(*made, type() == Type::kKey ? pair(depth + 1) : node(depth + 1, false, false));
    }
    scanner_.next();
    return finish(made, before);
  }

  // [a: b]: a mapping of one key within a sequence.
  YamlRef pair(int depth) {
    Properties before;
    before.start = scanner_.next().start;
    const auto made = begin(YamlNode::Kind::kMapping, before);
    std::vector<YamlRef> merged;
    YamlRef key;
    if (is_any(type(), {Type::kValue, Type::kFlowEntry, Type::kFlowSequenceEnd})) {
      key = empty(scanner_.next().end);  // go-yaml takes what comes instead of a key
    } else {
      key = node(depth + 1, false, false);
    }
    add(*made, key, flow_value(depth, Type::kFlowSequenceEnd), merged);
    type();
    return finish(made, before, merged);
  }

  YamlRef flow_mapping(const Properties& before, int depth) {
    const auto made = begin(YamlNode::Kind::kMapping, before);
    const YamlMark context = scanner_.next().start;
    std::vector<YamlRef> merged;
    for (bool first = true; type() != Type::kFlowMappingEnd; first = false) {
      if (!first) {
        if (type() != Type::kFlowEntry) wrong("did not find expected ',' or '}'", context);
        scanner_.next();
        if (type() == Type::kFlowMappingEnd) break;
      }
      if (type() != Type::kKey) {  // {a}
        const YamlRef key = node(depth + 1, false, false);
        add(*made, key, empty(scanner_.peek().start), merged);
        continue;
      }
      scanner_.next();
      const bool nothing = is_any(type(), {Type::kValue, Type::kFlowEntry, Type::kFlowMappingEnd});
      const YamlRef key = nothing ? empty(scanner_.peek().start) : node(depth + 1, false, false);
      add(*made, key, flow_value(depth, Type::kFlowMappingEnd), merged);
    }
    scanner_.next();
    return finish(made, before, merged);
  }

  YamlRef flow_value(int depth, Type end) {
    if (type() == Type::kValue) {
      scanner_.next();
      if (!is_any(type(), {Type::kFlowEntry, end})) return node(depth + 1, false, false);
    }
    return empty(scanner_.peek().start);
  }

  // ---- the nodes -------------------------------------------------------------------------------

  YamlRef alias(const std::string& name) {
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) fail("unknown anchor '" + name + "' referenced");
    if (found->second == nullptr) fail("anchor '" + name + "' value contains itself");
    return found->second;
  }

  std::shared_ptr<YamlNode> begin(YamlNode::Kind kind, const Properties& before) {
    auto made = std::make_shared<YamlNode>();
    made->kind = kind;
    made->line = static_cast<int>(before.start.line) + 1;
    made->column = static_cast<int>(before.start.column) + 1;
    // Version 2 forgets what a collection's tag says.
    const bool scalar = kind == YamlNode::Kind::kScalar;
    if (scalar || version_ == GoYaml::kVersion3) made->tag = before.tag;
    ++written_nodes_;
    if (!scalar) remember(before.anchor, nullptr);
    return made;
  }

  YamlRef finish(const std::shared_ptr<YamlNode>& made, const Properties& before) {
    remember(before.anchor, made);
    return made;
  }
  YamlRef finish(const std::shared_ptr<YamlNode>& made, const Properties& before,
                 const std::vector<YamlRef>& merged) {
    for (const YamlRef& source : merged) merge(*made, *source);
    return finish(made, before);
  }

  YamlRef scalar(const Properties& before, std::string text, bool plain) {
    const auto made = begin(YamlNode::Kind::kScalar, before);
    made->text = std::move(text);
    made->plain = plain;
    return finish(made, before);
  }

  YamlRef empty(const YamlMark& mark) {
    Properties nothing;
    nothing.start = mark;
    return scalar(nothing, "", true);
  }

  static void add(YamlNode& to, const YamlRef& item) {
    to.expanded_nodes = saturating_add(to.expanded_nodes, item->expanded_nodes);
    to.items.push_back(item);
  }

  void add(YamlNode& to, const YamlRef& key, const YamlRef& value, std::vector<YamlRef>& merged) {
    to.expanded_nodes = saturating_add(to.expanded_nodes,
                                       saturating_add(key->expanded_nodes, value->expanded_nodes));
    if (!is_merge_key(*key)) {
      to.entries.push_back(YamlEntry{key, value, 0});
    } else if (version_ == GoYaml::kVersion2 && !is_mergeable(*value)) {
      to.entries.push_back(YamlEntry{key, value, kNothingToMerge});
    } else if (version_ == GoYaml::kVersion2) {
      merge(to, *value);
    } else {
      merged.push_back(value);  // when all that is written here is known
    }
  }

  static bool is_merge_key(const YamlNode& key) {
    return key.kind == YamlNode::Kind::kScalar && key.text == "<<" &&
           (key.tag == "!!merge" || (key.plain && key.tag.empty()));
  }

  static bool is_mergeable(const YamlNode& source) {
    const auto is_mapping = [](const YamlRef& node) {
      return node->kind == YamlNode::Kind::kMapping;
    };
    return source.kind == YamlNode::Kind::kMapping ||
           (source.kind == YamlNode::Kind::kSequence &&
            std::all_of(source.items.begin(), source.items.end(), is_mapping));
  }

  // Of several sources the first wins: version 2 takes it last.
  void merge(YamlNode& into, const YamlNode& source) {
    if (!is_mergeable(source)) fail("map merge requires map or sequence of maps as the value");
    if (source.kind != YamlNode::Kind::kSequence) return merge_mapping(into, source);
    const size_t count = source.items.size();
    for (size_t i = 0; i < count; ++i) {
      merge_mapping(into, *source.items[version_ == GoYaml::kVersion2 ? count - 1 - i : i]);
    }
  }

  void merge_mapping(YamlNode& into, const YamlNode& source) {
    merged_entries_ += source.entries.size();
    if (merged_entries_ > kMaxMergedEntries) fail("document contains excessive aliasing");
    const int id = ++into.merged_mappings;
    into.merged_mappings += source.merged_mappings;
    const size_t before = into.entries.size();
    for (const YamlEntry& entry : source.entries) {
      const auto known = [&] {
        return std::any_of(
            into.entries.begin(), into.entries.begin() + static_cast<std::ptrdiff_t>(before),
            [&](const YamlEntry& other) { return other.key->text == entry.key->text; });
      };
      if (version_ == GoYaml::kVersion3 && known()) continue;
      into.entries.push_back(YamlEntry{entry.key, entry.value, id + entry.merged});
    }
  }

  void remember(const std::string& anchor, YamlRef made) {
    if (!anchor.empty()) anchors_[anchor] = std::move(made);
  }

  // go-yaml's bound on the share of nodes that only aliases bring.
  void check_aliasing(const YamlNode& root) const {
    constexpr double kFew = 400'000, kMany = 4'000'000;
    const double total = static_cast<double>(root.expanded_nodes);
    const double aliased = total - static_cast<double>(written_nodes_);
    const double allowed = total <= kFew    ? 0.99
                           : total >= kMany ? 0.10
                                            : 0.99 - 0.89 * (total - kFew) / (kMany - kFew);
    if (aliased > 100 && total > 1000 && aliased / total > allowed) {
      fail("document contains excessive aliasing");
    }
  }

  static constexpr size_t kMaxMergedEntries = 100'000;
  YamlScanner scanner_;
  const GoYaml version_;
  std::map<std::string, std::string> prefixes_;  // of the handles of tags
  std::map<std::string, YamlRef> anchors_;       // nullptr: still being read
  uint64_t written_nodes_ = 0;
  size_t merged_entries_ = 0;
};

}  // namespace

YamlRef parse_yaml(std::string_view text, GoYaml version) {
  try {
    return Builder(text, version).document();
  } catch (const YamlProblem& problem) {
    fail_as_go(problem, version);
  }
}

}  // namespace hearth
