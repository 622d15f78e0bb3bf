#include "config/yaml_tree.h"

#include <doctest/doctest.h>

#include "core/error.h"

using hearth::parse_yaml;
using hearth::YamlNode;
using hearth::YamlRef;

namespace {

std::string error_of(const std::string& text) {
  try {
    parse_yaml(text);
  } catch (const hearth::Error& error) {
    return error.what();
  }
  return "no error";
}

// {a: 1, b: [x, "y"]}
std::string shown(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return node.plain ? node.text : '"' + node.text + '"';
  std::string out = node.kind == YamlNode::Kind::kSequence ? "[" : "{";
  for (const YamlRef& item : node.items) out += (out.size() > 1 ? ", " : "") + shown(*item);
  for (const hearth::YamlEntry& entry : node.entries) {
    out += (out.size() > 1 ? ", " : "") + shown(*entry.key) + ": " + shown(*entry.value);
  }
  return out + (node.kind == YamlNode::Kind::kSequence ? "]" : "}");
}
std::string shown(const std::string& text) { return shown(*parse_yaml(text)); }

}  // namespace

TEST_CASE("a document becomes a tree that knows its lines") {
  CHECK(shown("a: 1\nb:\n- x\n- 'y'\n") == R"({a: 1, b: [x, "y"]})");
  const YamlRef root = parse_yaml("a: 1\nb:\n- x\n- 'y'\n");
  CHECK(root->line == 1);
  CHECK(root->entries[1].key->line == 2);
  CHECK(root->entries[1].value->items[1]->line == 4);
  CHECK(parse_yaml("") == nullptr);
  CHECK(parse_yaml("# only a comment\n") == nullptr);
  CHECK(shown("a: 1\n---\nb: 2\n") == "{a: 1}");  // the first document counts
}

TEST_CASE("aliases stand for their anchor, and explicit keys win over merged ones") {
  CHECK(shown("a: &x [1]\nb: *x\n") == "{a: [1], b: [1]}");
  CHECK(shown("- &x {a: 1, b: 2}\n- <<: *x\n  b: 3\n") == "[{a: 1, b: 2}, {b: 3, a: 1}]");
  CHECK(shown("<<: [{a: 1}, {b: 2}]\n") == "{a: 1, b: 2}");
  CHECK(error_of("a: *x") == "yaml: unknown anchor 'x' referenced");
  CHECK(error_of("a: &x [*x]") == "yaml: anchor 'x' value contains itself");
  CHECK(error_of("<<: 1") == "yaml: map merge requires map or sequence of maps as the value");
}

TEST_CASE("syntax errors read as Prometheus' do") {
  CHECK(error_of("a: [1, 2\n") == "yaml: line 1: did not find expected ',' or ']'");
  CHECK(error_of("a: b: c") == "yaml: mapping values are not allowed in this context");
  CHECK(error_of("a:\n\t- 1") == "yaml: line 2: found character that cannot start any token");
  CHECK(error_of("a:\n  b: 5s\n c: x") == "yaml: line 2: did not find expected key");
  CHECK(error_of("a:\n- b\n- c: ['d\n") == "yaml: line 4: found unexpected end of stream");
  CHECK(error_of("a:\n- b: c\n  d: [x\n") == "yaml: line 3: did not find expected ',' or ']'");
  CHECK(error_of("a: \xff\xfe") == "yaml: invalid leading UTF-8 octet");
  CHECK(error_of("a: \x01") == "yaml: control characters are not allowed");
}

TEST_CASE("documents that would grow without bound are refused") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char name = 'b'; name < 'j'; ++name) {
    const std::string before(1, static_cast<char>(name - 1)), now(1, name);
    bomb += now + ": &" + now + " [";
    for (int i = 0; i < 9; ++i) bomb += (i > 0 ? ",*" : "*") + before;
    bomb += "]\n";
  }
  CHECK(error_of(bomb) == "yaml: document contains excessive aliasing");
  CHECK(error_of(std::string(100'000, '[')).starts_with("yaml: "));
  std::string deep;
  for (int i = 0; i < 600; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  CHECK(error_of(deep) == "yaml: exceeded max depth of 500");
}

TEST_CASE("plain scalars have the kinds of YAML 1.1") {
  using hearth::yaml_plain_tag;
  for (const char* text : {"", "~", "null", "NULL"}) CHECK(yaml_plain_tag(text) == "!!null");
  for (const char* text : {"y", "Yes", "true", "OFF", "n"}) CHECK(yaml_plain_tag(text) == "!!bool");
  for (const char* text : {"0", "-1", "0x1F", "0b11", "010", "1_000", "+5"}) {
    CHECK_MESSAGE(yaml_plain_tag(text) == "!!int", text);
  }
  for (const char* text :
       {"1.5", ".5", "1e3", "-.inf", ".NaN", "99999999999999999999", "6.022e+23"}) {
    CHECK_MESSAGE(yaml_plain_tag(text) == "!!float", text);
  }
  for (const char* text : {"5m", "a", "1.2.3", "0x", "-", ".", "1e", "yesterday", "08s", "nul"}) {
    CHECK_MESSAGE(yaml_plain_tag(text) == "!!str", text);
  }
  uint64_t absolute = 0;
  bool negative = false;
  CHECK(hearth::yaml_int("-0x1_0", absolute, negative));
  CHECK(absolute == 16);
  CHECK(negative);
  CHECK(!hearth::yaml_int("18446744073709551616", absolute, negative));
}

TEST_CASE("a tag that the text does not fit is refused, and binary text is decoded") {
  CHECK(hearth::yaml_text(*parse_yaml("!!binary aGk=")) == "hi");
  CHECK_THROWS_WITH_AS(hearth::yaml_text(*parse_yaml("!!binary x")),
                       "yaml: !!binary value contains invalid base64 data", hearth::Error);
  CHECK_THROWS_WITH_AS(hearth::yaml_text(*parse_yaml("!!int a")),
                       "yaml: cannot decode !!str `a` as a !!int", hearth::Error);
  CHECK(hearth::yaml_scalar_tag(*parse_yaml("!!str 5")) == "!!str");
}
