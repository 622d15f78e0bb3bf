#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/query/engine_fixture.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

std::string error_of(const std::string& text) {
  EngineFixture fixture;
  try {
    fixture.run(EngineFixture::range(text, 0, 60'000, 15'000));
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kBadData);
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("what durations come to is checked before anything is evaluated") {
  CHECK(error_of("vector(1) or label_replace(rate(a[5m - 300]), 'x', '', '', '(')") ==
        "34:42: duration must be greater than 0");
  CHECK(error_of("count_values('', a) or rate(b[step() - 15])").find("must be greater than 0") !=
        std::string::npos);
}

TEST_CASE("of several durations the outer one is told, of an aggregation that of its operand") {
  CHECK(error_of("rate(a[5m - 300])") == "7:15: duration must be greater than 0");
  CHECK(error_of("rate(rate(a[1 - 1])[2 - 2:1])") == "20:25: duration must be greater than 0");
  CHECK(error_of("rate(a[2 - 2:3 - 3])") == "13:18: duration must be greater than 0");
  CHECK(error_of("quantile(scalar(rate(a[1 - 1])), rate(b[2 - 2]))") ==
        "40:45: duration must be greater than 0");
}

TEST_CASE("an offset that is no number is none") {
  CHECK(error_of("a offset (45s) % NaN") == "none");
}
