#include <doctest/doctest.h>

#include "core/metrics.h"
#include "query/engine.h"
#include "query/sample_store.h"

using namespace hearth;
using namespace hearth::promql;

namespace {

std::string repeated(size_t count, const std::string& text) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("what is as deep as the parser allows can be evaluated") {
  SampleStore storage;
  storage.append(Labels({{"__name__", "a"}}), 0, 1.0);
  Registry registry;
  Engine engine(EngineOptions{}, storage, nullptr, registry);
  constexpr size_t kDeep = 990;
  for (const std::string& query : {
           repeated(kDeep, "(") + "a" + repeated(kDeep, ")"),
           repeated(kDeep, "a or ") + "a",
           repeated(kDeep / 2, "a or (") + "a" + repeated(kDeep / 2, ")"),
           repeated(kDeep, "abs(") + "a" + repeated(kDeep, ")"),
           repeated(kDeep / 2, "-(") + "a" + repeated(kDeep / 2, ")"),
           repeated(kDeep / 2, "sum(") + "a" + repeated(kDeep / 2, ")"),
           repeated(kDeep / 3, "max_over_time(") + "a" + repeated(kDeep / 3, "[1m:1m])"),
       }) {
    CAPTURE(query.substr(0, 20));
    QueryRequest request;
    request.text = query;
    request.start = request.end = 1000;
    CHECK(engine.run(request).series.size() == 1);
  }
}
