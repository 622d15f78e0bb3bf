// The expositions in ../shared are read whole, twice: parsed, then recognised.
#include <doctest/doctest.h>

#include "core/file.h"
#include "scraper/openmetrics_parser.h"
#include "scraper/text_parser.h"
#include "tests/scraper/parsed_body.h"

namespace hearth {
namespace {

template <class Parser>
void read_corpus(const std::string& name, size_t families, size_t samples) {
  const std::string path = std::string(HEARTH_SHARED_DIR) + "/exposition/" + name;
  if (!path_exists(path)) {
    MESSAGE("skipped: ", path, " is not there");
    return;
  }
  const Lines lines = parsed_body<Parser>(read_file(path));
  size_t types = 0, series = 0;
  for (const std::string& line : lines) {
    types += line.starts_with("type ");
    series += line.starts_with("{");
  }
  CHECK(types == families);
  CHECK(series == samples);
  REQUIRE(!lines.empty());
  CHECK_FALSE(lines.back().starts_with("error: "));
}

TEST_CASE("the shared expositions are read to their end") {
  read_corpus<TextParser>("alltypes.237mfs.prom.txt", 237, 1857);
  read_corpus<OpenMetricsParser>("alltypes.5mfs.om.txt", 5, 53);
  read_corpus<OpenMetricsParser>("1histogram.om.txt", 1, 42);
}

}  // namespace
}  // namespace hearth
