#include "scraper/discovery/discovery.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "scraper/discovery/watcher.h"
#include "tests/scraper/found_groups.h"

namespace hearth {
namespace {

std::string text_of(const std::vector<TargetGroup>& groups) {
  std::string text;
  for (const TargetGroup& group : groups) text += group_text(group);
  return text;
}

TEST_CASE("target groups read the same from JSON and YAML") {
  const std::string expected = "{env=\"x\", port=\"9\"} a:1 b:2\n{}\n";
  CHECK(
      text_of(parse_target_groups_json(
          R"([{"targets": ["a:1", "b:2"], "labels": {"env": "x", "port": "9"}}, {"targets": null}])")) ==
      expected);
  CHECK(text_of(parse_target_groups_yaml(
            "- targets: [a:1, 'b:2']\n  labels:\n    env: x\n    port: 9\n- targets:\n")) ==
        expected);
  CHECK(parse_target_groups_json("[]").empty());
  CHECK(parse_target_groups_yaml("").empty());
}

template <class Parse>
std::string refusal(Parse parse, const std::string& text) {
  try {
    parse(text);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("what is no list of target groups is refused with a reason") {
  const std::pair<const char*, const char*> json[] = {
      {"{}", "a list of target groups is expected, not object"},
      {"[null]", "nil target group item found"},
      {"[1]", "a target group must be an object, not 1"},
      {R"([{"targets": "a"}])", "targets must be a list, not \"a\""},
      {R"([{"targets": [1]}])", "a target must be a string, not 1"},
      {R"([{"labels": {"a": 1}}])", "a label value must be a string, not 1"},
      {R"([{"labels": {"": "x"}}])", "\"\" is not a valid label name"},
      {R"([{"x": 1}])", "json: unknown field \"x\""}};
  for (const auto& [text, error] : json) CHECK(refusal(parse_target_groups_json, text) == error);
  CHECK(refusal(parse_target_groups_json, "[{").find("parse error") != std::string::npos);
  const std::pair<const char*, const char*> yaml[] = {
      {"a: b",
       "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into []*targetgroup.Group"},
      {"- \n", "nil target group item found"},
      {"- targets: a\n",
       "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `a` into []string"},
      {"- labels: [a]\n",
       "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into model.LabelSet"},
      {"- labels: {a: b, a: c}\n", "yaml: unmarshal errors:\n  line 1: key \"a\" already set in map"},
      {"- labels: {'': c}\n", "\"\" is not a valid label name"},
      {"- targets: []\n  x: 1\n",
       "yaml: unmarshal errors:\n  line 2: field x not found in type struct { Targets []string "
       "\"yaml:\\\"targets\\\"\"; Labels model.LabelSet \"yaml:\\\"labels\\\"\" }"}};
  for (const auto& [text, error] : yaml) CHECK(refusal(parse_target_groups_yaml, text) == error);
}

TEST_CASE("static groups are told at once, each with its number") {
  FoundGroups found;
  TargetGroup group;
  group.targets = {Labels{{"__address__", "a:1"}}};
  make_static_discovery({group, group})->start(found.update());
  CHECK(found.wait_for_update(1) == "0{} a:1\n1{} a:1\n");
}

TEST_CASE("file_sd reads all files of its patterns, keeps what was good and tells only changes") {
  TempDir dir;
  const std::string path = dir.path();
  write_file(path + "/b.yml", "- targets: [b:1]\n- targets: [b:2]\n");
  write_file(path + "/a.json", R"([{"targets": ["a:1"]}])");
  write_file(path + "/c.txt", "- targets: [c:1]\n");
  Registry registry;
  DiscoveryWatcher watcher;
  const auto discovery = make_file_discovery(FileSdConfig{{"*.yml", path + "/*.json"}, 200},
                                             {"j", path, registry, watcher});
  const auto line = [&](const std::string& file, const std::string& number,
                        const std::string& rest) {
    return path + "/" + file + ":" + number + "{__meta_filepath=\"" + path + "/" + file + "\"} " +
           rest + "\n";
  };
  const std::string a = line("a.json", "0", "a:1"),
                    b = line("b.yml", "0", "b:1") + line("b.yml", "1", "b:2");
  FoundGroups found;
  discovery->start(found.update());
  CHECK(found.wait_for_update(1) == a + b);
  CHECK(registry.text().find("prometheus_sd_file_mtime_seconds{filename=\"" + path +
                             "/a.json\"}") != std::string::npos);

  write_file(path + "/d.json", "[{");  // is refused: nothing is told
  rename_path(path + "/a.json", path + "/e.json");
  CHECK(found.wait_for_update(2) == b + line("e.json", "0", "a:1"));
  CHECK(registry.text().find("prometheus_sd_file_read_errors_total 0\n") == std::string::npos);
  CHECK(registry.text().find("a.json") == std::string::npos);
  write_file(path + "/e.json", "[{");  // what it had stays
  write_file(path + "/b.yml", "- targets: [b:3]\n");
  CHECK(found.wait_for_update(3) == line("b.yml", "0", "b:3") + line("e.json", "0", "a:1"));
  write_file(path + "/e.json", "[]");
  CHECK(found.wait_for_update(4) == line("b.yml", "0", "b:3"));
}

}  // namespace
}  // namespace hearth
