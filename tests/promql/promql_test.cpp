#include <doctest/doctest.h>

#include <cstdio>
#include <map>
#include <memory>
#include <sstream>

#include "core/file.h"
#include "tests/promql/db_storage.h"
#include "tests/promql/runner.h"

using namespace hearth;
using namespace hearth::promql::script;

namespace {

const std::string kScripts = std::string(HEARTH_SHARED_DIR) + "/promqltest";
const std::string kLists = std::string(HEARTH_SOURCE_DIR) + "/tests/promql/";

std::vector<Script> scripts_of(const std::string& folder) {
  std::vector<Script> scripts;
  if (!is_directory(folder)) {
    MESSAGE("skipped: there are no scripts in " << folder);
    return scripts;
  }
  constexpr std::string_view kSuffix = ".test";
  for (const std::string& file : list_dir(folder)) {
    if (file.size() <= kSuffix.size() || file.substr(file.size() - kSuffix.size()) != kSuffix) {
      continue;
    }
    const std::string name = file.substr(0, file.size() - kSuffix.size());
    scripts.push_back(parse_script(name, read_file(folder + "/" + file)));
  }
  return scripts;
}

// Lines "name" or "name count"; # begins a comment.
std::map<std::string, size_t> read_list(const std::string& file) {
  std::map<std::string, size_t> list;
  std::istringstream lines(read_file(kLists + file));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    size_t count = 0;
    if (words >> name) {
      words >> count;
      list[name] = count;
    }
  }
  return list;
}

void print_report(const std::vector<Report>& reports, const std::string& how) {
  size_t total = 0, passed = 0;
  std::string incomplete;
  std::printf("PromQL scripts, %s:\n", how.c_str());
  for (const Report& report : reports) {
    std::printf("  %-24s %4zu of %4zu\n", report.name.c_str(), report.passed, report.total);
    for (const Failure& failure : report.failures) {
      std::printf("    %s.test:%d: %s\n", report.name.c_str(), failure.line, failure.text.c_str());
    }
    total += report.total;
    passed += report.passed;
    if (report.passed < report.total) incomplete += " " + report.name;
  }
  std::printf("  %-24s %4zu of %4zu; not complete:%s\n", "all", passed, total,
              incomplete.empty() ? " none" : incomplete.c_str());
}

// What must pass: the scripts on the required list whole, each script as much as it once did.
void check_floors(const std::vector<Report>& reports) {
  const auto required = read_list("required_scripts.txt");
  const auto floor = read_list("floor.txt");
  for (const Report& report : reports) {
    CAPTURE(report.name);
    if (required.count(report.name) > 0) CHECK(report.passed == report.total);
    const auto least = floor.find(report.name);
    if (least != floor.end()) CHECK(report.passed >= least->second);
  }
}

void run_all(std::unique_ptr<ScriptStorage> (*make_storage)(), size_t slices,
             const std::string& how) {
  std::vector<Report> reports;
  for (const Script& script : scripts_of(kScripts)) {
    const auto storage = make_storage();
    reports.push_back(run_script(script, *storage, slices));
  }
  print_report(reports, how);
  check_floors(reports);
}

}  // namespace

TEST_CASE("Prometheus' scripts pass in one slice") {
  run_all(memory_script_storage, 1, "one slice");
}

TEST_CASE("Prometheus' scripts pass in many slices on two threads") {
  run_all(memory_script_storage, 7, "slices of two series");
}

TEST_CASE("Prometheus' scripts pass in a database, in one slice") {
  run_all(db_script_storage, 1, "one slice, in a database");
}

TEST_CASE("Prometheus' scripts pass in a database, in many slices on two threads") {
  run_all(db_script_storage, 7, "slices of two series, in a database");
}

TEST_CASE("our own scripts pass, in memory and in a database") {
  for (const Script& script : scripts_of(kLists + "scripts")) {
    for (const auto make_storage : {memory_script_storage, db_script_storage}) {
      const auto storage = make_storage();
      const Report report = run_script(script, *storage, 7);
      CHECK(report.total > 0);
      CHECK(report.passed == report.total);
      for (const Failure& failure : report.failures) {
        MESSAGE(script.name << ".test:" << failure.line << ": " << failure.text);
      }
    }
  }
}
