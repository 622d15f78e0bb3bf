// A YAML document as a tree of nodes with line numbers. Aliases are resolved (the same node hangs
// in several places), merge keys are expanded. Limits refuse what only an attacker would write.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

struct YamlNode;
using YamlRef = std::shared_ptr<const YamlNode>;

// What version 2 of go-yaml refuses only where somebody looks: `<<` with no mapping.
inline constexpr int kNothingToMerge = -1;

// One key with its value. Version 2 of go-yaml lets the later of two entries win, be it merged or
// not, as long as they come from different mappings; with version 3 merged ones are here only where
// there is no other.
struct YamlEntry {
  YamlRef key;
  YamlRef value;
  int merged = 0;  // 0: written here; else by which mapping a merge key (<<) brought it
};

// Immutable once parsed; thread-safe.
struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping };
  Kind kind = Kind::kScalar;
  int line = 0;       // 1-based
  int column = 0;     // 1-based
  std::string text;   // of a scalar
  std::string tag;    // what the document says about the type; "!!str" form, "" for nothing
  bool plain = true;  // not quoted: may stand for a number, a bool, null
  std::vector<YamlRef> items;
  std::vector<YamlEntry> entries;
  int merged_mappings = 0;
  uint64_t expanded_nodes = 1;  // of this node with all aliases written out
};

// Whose words and lines errors have: Prometheus reads its configuration by version 2 of go-yaml, and
// rule files by version 3.
enum class GoYaml { kVersion2, kVersion3 };

// The root of the first document; nullptr for an empty one. Throws Error(kBadData) in go-yaml's
// words: "yaml: line 3: did not find expected key".
YamlRef parse_yaml(std::string_view text, GoYaml version = GoYaml::kVersion2);

// What a scalar stands for by YAML 1.1: "!!null", "!!bool", "!!int", "!!float", "!!str".
std::string_view yaml_scalar_tag(const YamlNode& scalar);
std::string_view yaml_plain_tag(std::string_view text);  // of a text that is written plain

// The text of a scalar; of a !!binary one, what its base64 stands for. Throws Error(kBadData) for
// an explicit tag that the text does not fit.
std::string yaml_text(const YamlNode& scalar);

// Requires: yaml_scalar_tag() says so.
bool yaml_bool(std::string_view text);
double yaml_float(std::string_view text);
// false when it does not fit; a negative number comes as its absolute value with `negative` set.
bool yaml_int(std::string_view text, uint64_t& absolute, bool& negative);

}  // namespace hearth
