#include "scraper/discovery/discovery.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

std::string text_of(const std::vector<TargetGroup>& groups) {
  std::string text;
  for (const TargetGroup& group : groups) {
    text += group.source + labels_text(group.labels);
    for (const Labels& target : group.targets) text += " " + std::string(target.get("__address__"));
    text += "\n";
  }
  return text;
}

TEST_CASE("target groups read the same from JSON and YAML") {
  const std::string expected = "{env=\"x\", port=\"9\"} a:1 b:2\n{}\n";
  CHECK(text_of(parse_target_groups_json(
            R"([{"targets": ["a:1", "b:2"], "labels": {"env": "x", "port": "9"}}, {"targets": null}])")) == expected);
  CHECK(text_of(parse_target_groups_yaml("- targets: [a:1, 'b:2']\n  labels:\n    env: x\n    port: 9\n- targets:\n")) ==
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
      {"a: b", "line 1: a list of target groups is expected"},
      {"- \n", "nil target group item found"},
      {"- a\n", "line 1: a target group must be a mapping"},
      {"- targets: a\n", "line 1: targets must be a list"},
      {"- labels: [a]\n", "line 1: labels must be a mapping"},
      {"- targets: []\n  x: 1\n", "line 2: field x not found in a target group; it has targets and labels"}};
  for (const auto& [text, error] : yaml) CHECK(refusal(parse_target_groups_yaml, text) == error);
}

TEST_CASE("file_sd reads all files of its patterns and keeps what was good") {
  TempDir dir;
  write_file(dir.path() + "/b.yml", "- targets: [b:1]\n- targets: [b:2]\n");
  write_file(dir.path() + "/a.json", R"([{"targets": ["a:1"]}])");
  write_file(dir.path() + "/c.txt", "- targets: [c:1]\n");
  Registry registry;
  const auto discovery =
      make_file_discovery(FileSdConfig{{"*.yml", dir.path() + "/*.json"}, 1000}, dir.path(), registry);
  const std::string path = dir.path();
  const auto line = [&](const std::string& file, const std::string& rest) {
    return path + "/" + file.substr(0, file.find(':')) + file.substr(file.find(':')) + "{__meta_filepath=\"" + path +
           "/" + file.substr(0, file.find(':')) + "\"}" + rest + "\n";
  };
  const std::string both = line("b.yml:0", " b:1") + line("b.yml:1", " b:2");
  CHECK(text_of(discovery->groups()) == line("a.json:0", " a:1") + both);
  CHECK(registry.text().find("prometheus_sd_file_mtime_seconds{filename=\"" + path + "/a.json\"}") != std::string::npos);

  write_file(path + "/a.json", "[{");
  CHECK(text_of(discovery->groups()) == line("a.json:0", " a:1") + both);
  CHECK(registry.text().find("prometheus_sd_file_read_errors_total 1\n") != std::string::npos);
  remove_file(path + "/a.json");
  CHECK(text_of(discovery->groups()) == both);
  CHECK(registry.text().find("a.json") == std::string::npos);
}

TEST_CASE("a change in a watched directory is an event") {
  TempDir dir;
  Registry registry;
  const auto discovery = make_file_discovery(FileSdConfig{{"*.json"}, 1000}, dir.path(), registry);
  CHECK(discovery->groups().empty());
  discovery->drain_events();
  write_file(dir.path() + "/a.json", "[]");
  CHECK(discovery->event_fd() >= 0);
  char buffer[4096];
  CHECK(::read(discovery->event_fd(), buffer, sizeof buffer) > 0);
}

}  // namespace
}  // namespace hearth
