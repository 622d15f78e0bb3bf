// An engine over a list of series, and short ways to ask it.
#pragma once

#include <string>
#include <vector>

#include "query/engine.h"
#include "tests/query/memory_storage.h"

namespace hearth::promql {

struct EngineFixture {
  MemoryStorage storage;
  EngineOptions options;
  Registry registry;

  // `points` of one series, from time 0 on, `step` apart; absent ones are left out.
  void load(Labels labels, const std::vector<double>& points, DurationMs step = 15'000) {
    Columns& columns = storage.add(std::move(labels));
    for (size_t i = 0; i < points.size(); ++i) {
      columns.t.push_back(static_cast<TimeMs>(i) * step);
      columns.v.push_back(points[i]);
    }
  }
  static QueryRequest instant(const std::string& text, TimeMs at) {
    QueryRequest request;
    request.text = text;
    request.start = request.end = at;
    return request;
  }
  static QueryRequest range(const std::string& text, TimeMs start, TimeMs end, DurationMs step) {
    QueryRequest request;
    request.text = text;
    request.start = start;
    request.end = end;
    request.step = step;
    return request;
  }
  QueryResult run(const QueryRequest& request, Pool* pool = nullptr) {
    Engine engine(options, storage, pool, registry);
    return engine.run(request);
  }
};

// A small generator with the same numbers everywhere.
class TestNumbers {
 public:
  explicit TestNumbers(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }
  size_t below(size_t n) { return next() % n; }
  double unit() { return static_cast<double>(next()) / 2147483648.0; }

 private:
  uint64_t state_;
};

}  // namespace hearth::promql
