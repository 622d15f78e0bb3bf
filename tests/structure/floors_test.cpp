// The folders are floors: includes only point down (docs/floors.md has the table and its reasons).
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const std::set<std::string> kFolders = {"core", "config", "tsdb", "query", "rules", "scraper", "remote", "web", "cmd"};

// What a folder may include besides itself: folders, or single headers of one.
const std::map<std::string, std::set<std::string>> kAllowed = {
    {"core", {}},
    {"config", {"core"}},
    {"tsdb", {"core"}},
    {"query", {"core"}},
    {"rules", {"query", "config", "core"}},
    {"scraper", {"config", "core"}},
    {"remote", {"config", "core", "tsdb/chunk_builder.h", "tsdb/wal_reader.h", "tsdb/wal_record.h"}},
    {"web", {"remote", "scraper", "rules", "query", "config", "core", "tsdb/db.h"}},
    {"cmd", {"web", "remote", "scraper", "rules", "query", "tsdb", "config", "core"}},
};

// Headers of libraries that must stay in .cpp files: they cost seconds, or leak into everything.
const std::set<std::string> kHeavy = {"httplib.h",  "curl/curl.h",       "re2/re2.h",
                                      "yaml.h",     "nlohmann/json.hpp", "prometheus/registry.h",
                                      "snappy.h",   "zstd.h",            "libdeflate.h"};

struct Include {
  std::string file;  // from the project's root
  std::string included;
};

std::vector<fs::path> sources(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(HEARTH_SOURCE_DIR) / folder)) {
    const std::string path = entry.path().string();
    if (path.find("node_modules") != std::string::npos) continue;
    const std::string extension = entry.path().extension().string();
    if (extension == ".h" || extension == ".cpp") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Include> includes_of(const fs::path& path) {
  std::vector<Include> includes;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("#include", 0) != 0) continue;
    const size_t open = line.find_first_of("\"<");
    const size_t close = line.find_first_of("\">", open + 1);
    if (close == std::string::npos) continue;
    includes.push_back({fs::relative(path, HEARTH_SOURCE_DIR).string(), line.substr(open + 1, close - open - 1)});
  }
  return includes;
}

bool allowed(const std::string& folder, const std::string& included) {
  const std::string other = included.substr(0, included.find('/'));
  if (kFolders.count(other) == 0 || other == folder) return true;
  const auto& targets = kAllowed.at(folder);
  return targets.count(other) != 0 || targets.count(included) != 0;
}

}  // namespace

TEST_CASE("includes only point down") {
  size_t seen = 0;
  for (const std::string& folder : kFolders) {
    for (const fs::path& path : sources(folder)) {
      for (const Include& include : includes_of(path)) {
        ++seen;
        if (!allowed(folder, include.included)) {
          FAIL_CHECK(include.file << " includes " << include.included << ", which stands above it or beside it");
        }
      }
    }
  }
  CHECK(seen > 100);
}

TEST_CASE("an include upwards would be noticed") {
  CHECK(!allowed("core", "tsdb/db.h"));
  CHECK(!allowed("query", "tsdb/db.h"));
  CHECK(!allowed("web", "tsdb/head.h"));
  CHECK(allowed("web", "tsdb/db.h"));
  CHECK(allowed("tsdb", "tsdb/head.h"));
  CHECK(allowed("core", "vector"));
}

TEST_CASE("headers of ours keep the headers of large libraries out") {
  for (const std::string& folder : kFolders) {
    for (const fs::path& path : sources(folder)) {
      if (path.extension() != ".h") continue;
      for (const Include& include : includes_of(path)) {
        if (kHeavy.count(include.included) != 0) FAIL_CHECK(include.file << " includes " << include.included);
      }
    }
  }
}

TEST_CASE("every header is guarded and says first what it is for") {
  for (const std::string& folder : kFolders) {
    for (const fs::path& path : sources(folder)) {
      if (path.extension() != ".h") continue;
      std::ifstream in(path);
      std::string first, line;
      std::getline(in, first);
      bool once = false;
      while (std::getline(in, line)) once = once || line == "#pragma once";
      CAPTURE(path.string());
      CHECK(first.rfind("// ", 0) == 0);
      CHECK(once);
    }
  }
}

TEST_CASE("a .cpp includes its own header first, so that the header compiles alone") {
  for (const std::string& folder : kFolders) {
    for (const fs::path& path : sources(folder)) {
      const fs::path header = fs::path(path).replace_extension(".h");
      if (path.extension() != ".cpp" || !fs::exists(header)) continue;
      const std::vector<Include> includes = includes_of(path);
      REQUIRE(!includes.empty());
      CHECK(includes[0].included == fs::relative(header, HEARTH_SOURCE_DIR).string());
    }
  }
}

TEST_CASE("no file is longer than 600 lines") {
  for (const std::string& folder : kFolders) {
    for (const fs::path& path : sources(folder)) {
      std::ifstream in(path);
      const auto lines = std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n');
      CAPTURE(path.string());
      CHECK(lines <= 600);
    }
  }
}
