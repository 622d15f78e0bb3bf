#include "config/yaml_tree.h"

#include <doctest/doctest.h>

#include "core/error.h"

using hearth::GoYaml;
using hearth::parse_yaml;
using hearth::YamlNode;
using hearth::YamlRef;

namespace {

std::string error_of(const std::string& text, GoYaml version = GoYaml::kVersion2) {
  try {
    (void)parse_yaml(text, version);
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
std::string shown(const std::string& text, GoYaml version = GoYaml::kVersion2) {
  return shown(*parse_yaml(text, version));
}

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

TEST_CASE("aliases stand for their anchor, and merged entries stand where their version has them") {
  CHECK(shown("a: &x [1]\nb: *x\n") == "{a: [1], b: [1]}");
  const std::string merging = "- &x {a: 1, b: 2}\n- <<: *x\n  b: 3\n";
  CHECK(shown(merging) == "[{a: 1, b: 2}, {a: 1, b: 2, b: 3}]");
  CHECK(shown(merging, GoYaml::kVersion3) == "[{a: 1, b: 2}, {b: 3, a: 1}]");
  CHECK(shown("<<: [{a: 1}, {b: 2}]\n") == "{b: 2, a: 1}");
  CHECK(shown("<<: [{a: 1}, {b: 2}]\n", GoYaml::kVersion3) == "{a: 1, b: 2}");
  const YamlRef twice = parse_yaml("a: 1\n<<: {a: 2}\n<<: {<<: {a: 3}, a: 4}\n");
  std::vector<int> sources;
  for (const hearth::YamlEntry& entry : twice->entries) sources.push_back(entry.merged);
  CHECK(sources == std::vector<int>{0, 1, 3, 2});
  CHECK(error_of("a: *x") == "yaml: unknown anchor 'x' referenced");
  CHECK(error_of("a: &x [*x]") == "yaml: anchor 'x' value contains itself");
  CHECK(parse_yaml("<<: 1")->entries[0].merged == hearth::kNothingToMerge);
  CHECK(error_of("<<: 1", GoYaml::kVersion3) ==
        "yaml: map merge requires map or sequence of maps as the value");
}

TEST_CASE("syntax errors read as Prometheus' do") {
  CHECK(error_of("a: [1, 2\n") == "yaml: line 1: did not find expected ',' or ']'");
  CHECK(error_of("a: b: c") == "yaml: mapping values are not allowed in this context");
  CHECK(error_of("a:\n\t- 1") == "yaml: line 2: found character that cannot start any token");
  CHECK(error_of("a:\n  b: 5s\n c: x") == "yaml: line 2: did not find expected key");
  CHECK(error_of("a:\n- b\n- c: ['d\n") == "yaml: line 4: found unexpected end of stream");
  CHECK(error_of("a:\n- b: c\n  d: [x\n") == "yaml: line 3: did not find expected ',' or ']'");
  CHECK(error_of("}: a") == "yaml: did not find expected node content");
  CHECK(error_of("a: \xff\xfe") == "yaml: invalid leading UTF-8 octet");
  CHECK(error_of("a: \x01") == "yaml: control characters are not allowed");
}

TEST_CASE("indicators within plain scalars mean what they mean to Prometheus") {
  CHECK(shown("[a:b, -x, a#b, 'c':d, {f: }]") == "[a:b, -x, a#b, {\"c\": d}, {f: }]");
  CHECK(shown("{? a : b, c}") == "{a: b, c: }");
  CHECK(shown("[?a]") == "[{a: }]");
  CHECK(shown("a?: b?c\n") == "{a?: b?c}");
  // What go-yaml reads otherwise than libyaml: it refuses a? in [] and {}, and takes {e:}.
  CHECK(shown("{a: x?}") == "{a: x?}");
  CHECK(error_of("{e:}") == "yaml: found unexpected ':'");
  CHECK(error_of("[a, - b]") == "yaml: did not find expected node content");
  CHECK(error_of("a: - b") == "yaml: block sequence entries are not allowed in this context");
  CHECK(error_of("a: @b") == "yaml: found character that cannot start any token");
}

TEST_CASE("scalars of several lines are folded") {
  CHECK(shown("a: b\n  c\n\n  d\ne: f\n") == "{a: b c\nd, e: f}");
  CHECK(shown("'a\n\n b''c'") == "\"a\nb'c\"");
  CHECK(shown(R"("a\
   b\x41\u00e9\t\_")") == "\"abA\u00e9\t\u00a0\"");
  CHECK(shown("a: |\n  x\n   y\n\nb: >-\n  x\n  y\n\n   z\n") ==
        "{a: \"x\n y\n\", b: \"x y\n\n z\"}");
  CHECK(shown("a: |2+ # c\n   x\n\n") == "{a: \" x\n\n\"}");
  CHECK(error_of("a: |0\n x") == "yaml: found an indentation indicator equal to 0");
  CHECK(error_of("a: |\n\t x") ==
        "yaml: line 2: found a tab character where an indentation space is expected");
  CHECK(error_of("\"\\q\"") == "yaml: found unknown escape character");
  CHECK(error_of("\"\\ud800\"") == "yaml: found invalid Unicode character escape code");
  CHECK(error_of("'a\n---\n") == "yaml: line 2: found unexpected document indicator");
}

TEST_CASE("tags, directives, marks and encodings are read") {
  CHECK(parse_yaml("%TAG !e! tag:yaml.org,2002:\n--- !e!str 5\n")->tag == "!!str");
  CHECK(parse_yaml("!<tag:yaml.org,2002:%69nt> 5")->tag == "!!int");
  CHECK(parse_yaml("!!map {}")->tag.empty());
  CHECK(parse_yaml("!!map {}", GoYaml::kVersion3)->tag == "!!map");
  CHECK(error_of("!a!b c") == "yaml: found undefined tag handle");
  CHECK(error_of("%YAML 2.0\n---\n") == "yaml: found incompatible YAML document");
  CHECK(error_of("%YAML 1.1\na: b\n") == "yaml: line 1: did not find expected <document start>");
  CHECK(error_of("%FOO\n---\n") == "yaml: found unknown directive name");
  CHECK(shown("\xef\xbb\xbf"
              "a: b\r\nc: d\r\n") == "{a: b, c: d}");
  const std::string utf16(
      "\xff\xfe"
      "a\0:\0 \0\xe9\0=\xd8\x00\xde",
      14);
  CHECK(shown(utf16) == "{a: \u00e9\U0001f600}");
  CHECK(error_of(utf16.substr(0, 12)) == "yaml: incomplete UTF-16 surrogate pair");
  CHECK(shown("a: b\n...\n@") == "{a: b}");
  CHECK(error_of("a: b\n@") == "yaml: line 2: found character that cannot start any token");
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
