#include "scraper/failure_log.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.h"

namespace hearth {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a failed scrape is a line with the fields that Prometheus writes") {
  CHECK(
      failure_line({"j", "http://a:1/metrics", "Get \"http://a:1/metrics\": EOF"},
                   1'700'000'000'123) ==
      R"({"time":"2023-11-14T22:13:20.123Z","level":"ERROR","msg":"Get \"http://a:1/metrics\": EOF",)"
      R"("job_name":"j","target":"http://a:1/metrics"})");
}

TEST_CASE("lines go to the files that are open, which a reload opens anew") {
  const std::filesystem::path dir =
      std::filesystem::temp_directory_path() / "hearth-failure-log-test";
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  const std::string path = dir / "a.log";
  const auto lines = [&](const std::string& name) {
    const std::string text = text_of(dir / name);
    return std::count(text.begin(), text.end(), '\n');
  };
  FailureLog log;
  log.write(path, {"j", "u", "before it is open"}, 0);
  log.open({"", path});
  log.write(path, {"j", "u", "one"}, 0);
  CHECK(lines("a.log") == 1);
  std::filesystem::rename(path, dir / "rotated.log");
  log.write(path, {"j", "u", "two"}, 0);
  CHECK(lines("rotated.log") == 2);
  log.open({path});
  log.write(path, {"j", "u", "three"}, 0);
  CHECK(lines("a.log") == 1);
  CHECK_THROWS_AS(log.open({dir / "no such folder" / "b.log"}), Error);
  log.write(path, {"j", "u", "four"}, 0);
  CHECK(lines("a.log") == 2);
  std::filesystem::remove_all(dir);
}

}  // namespace hearth
