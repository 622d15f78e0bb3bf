#include "config/yaml_tree.h"

#include <yaml.h>

#include <algorithm>
#include <limits>
#include <map>

#include "core/error.h"

namespace hearth {
namespace {

constexpr int kMaxDepth = 500;

[[noreturn]] void fail(const std::string& text) {
  throw Error(ErrorKind::kBadData, "yaml: " + text);
}
[[noreturn]] void fail_at(size_t line, const std::string& text) {
  fail("line " + std::to_string(line) + ": " + text);
}

std::string view(const yaml_char_t* text) {
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

// "tag:yaml.org,2002:int" -> "!!int"
std::string short_tag(const yaml_char_t* tag) {
  constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
  const std::string text = view(tag);
  return text.starts_with(kPrefix) ? "!!" + text.substr(kPrefix.size()) : text;
}

uint64_t saturating_add(uint64_t a, uint64_t b) {
  return a > std::numeric_limits<uint64_t>::max() - b ? std::numeric_limits<uint64_t>::max()
                                                      : a + b;
}

// libyaml's parser and event freed in time. One thread.
class Parser {
 public:
  Parser(std::string_view text, GoYaml version) : version_(version) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Parser() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  const yaml_event_t& next() {
    yaml_event_delete(&event_);
    if (yaml_parser_parse(&parser_, &event_) == 0) fail_as_go();
    return event_;
  }
  const yaml_event_t& event() const { return event_; }
  int line() const { return static_cast<int>(event_.start_mark.line) + 1; }
  int column() const { return static_cast<int>(event_.start_mark.column) + 1; }

 private:
  // go-yaml counts the lines of scanner errors from 1, of others from 0, and leaves out line 0.
  [[noreturn]] void fail_as_go() const {
    size_t line = parser_.problem_mark.line, other = parser_.context_mark.line;
    if (version_ == GoYaml::kVersion3) std::swap(line, other);
    if (line == 0) line = other;
    if (line != 0 && parser_.error == YAML_SCANNER_ERROR) ++line;
    const std::string problem = parser_.problem != nullptr ? parser_.problem : "cannot be read";
    if (line != 0) fail_at(line, problem);
    fail(problem);
  }
  GoYaml version_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

// Builds nodes from events, recursively to kMaxDepth. One thread.
class Builder {
 public:
  Builder(std::string_view text, GoYaml version) : parser_(text, version), version_(version) {}

  YamlRef document() {
    parser_.next();  // stream start
    if (parser_.next().type == YAML_STREAM_END_EVENT) return nullptr;
    parser_.next();
    YamlRef root = node(0);
    parser_.next();  // the document's end: what cannot be read behind it refuses it
    check_aliasing(*root);
    return root;
  }

 private:
  // Makes the node whose first event is the current one.
  YamlRef node(int depth) {
    if (depth > kMaxDepth) fail("exceeded max depth of " + std::to_string(kMaxDepth));
    const yaml_event_t& event = parser_.event();
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return alias(view(event.data.alias.anchor));
      case YAML_SCALAR_EVENT:
        return scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        return sequence(event, depth);
      case YAML_MAPPING_START_EVENT:
        return mapping(event, depth);
      default:
        fail_at(static_cast<size_t>(parser_.line()), "did not find expected node content");
    }
  }

  YamlRef alias(const std::string& name) {
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) fail("unknown anchor '" + name + "' referenced");
    if (found->second == nullptr) fail("anchor '" + name + "' value contains itself");
    return found->second;
  }

  std::shared_ptr<YamlNode> begin(YamlNode::Kind kind, const yaml_char_t* tag) {
    auto made = std::make_shared<YamlNode>();
    made->kind = kind;
    made->line = parser_.line();
    made->column = parser_.column();
    // Version 2 forgets what a collection's tag says.
    if (kind == YamlNode::Kind::kScalar || version_ == GoYaml::kVersion3) made->tag = short_tag(tag);
    ++written_nodes_;
    return made;
  }

  YamlRef scalar(const yaml_event_t& event) {
    const auto& data = event.data.scalar;
    const auto made = begin(YamlNode::Kind::kScalar, data.tag);
    made->text.assign(reinterpret_cast<const char*>(data.value), data.length);
    made->plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    remember(view(data.anchor), made);
    return made;
  }

  YamlRef sequence(const yaml_event_t& event, int depth) {
    const auto made = begin(YamlNode::Kind::kSequence, event.data.sequence_start.tag);
    const std::string anchor = view(event.data.sequence_start.anchor);
    remember(anchor, nullptr);
    while (parser_.next().type != YAML_SEQUENCE_END_EVENT) {
      made->items.push_back(node(depth + 1));
      made->expanded_nodes =
          saturating_add(made->expanded_nodes, made->items.back()->expanded_nodes);
    }
    remember(anchor, made);
    return made;
  }

  YamlRef mapping(const yaml_event_t& event, int depth) {
    const auto made = begin(YamlNode::Kind::kMapping, event.data.mapping_start.tag);
    const std::string anchor = view(event.data.mapping_start.anchor);
    remember(anchor, nullptr);
    std::vector<YamlRef> merged;
    while (parser_.next().type != YAML_MAPPING_END_EVENT) {
      const YamlRef key = node(depth + 1);
      parser_.next();
      add(*made, key, node(depth + 1), merged);
    }
    for (const YamlRef& source : merged) merge(*made, *source);
    remember(anchor, made);
    return made;
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
  Parser parser_;
  const GoYaml version_;
  std::map<std::string, YamlRef> anchors_;  // nullptr: still being read
  uint64_t written_nodes_ = 0;
  size_t merged_entries_ = 0;
};

}  // namespace

YamlRef parse_yaml(std::string_view text, GoYaml version) {
  return Builder(text, version).document();
}

}  // namespace hearth
