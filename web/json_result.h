// The answer of a query as JSON: {"resultType":...,"result":...,"stats":...}.
#pragma once

#include <string>
#include <string_view>

#include "query/result.h"
#include "web/body_source.h"

namespace hearth::web {

// "scalar", "vector", "matrix", "string", "none": as the API names what an expression gives.
std::string_view result_type(promql::ValueType type);

// Points are freed, and given back to the query's budget, when they have been written. It throws
// when somebody ends the query.
class JsonResult final : public BodySource {
 public:
  // `limit` 0 = all series.
  JsonResult(promql::QueryResult result, size_t limit, bool with_stats);

  bool next(std::string& out) override;
  bool truncated() const { return count_ < total_; }  // series are left out

 private:
  void begin_series(std::string& out);
  bool append_points(std::string& out, size_t enough);
  void end_series(std::string& out);

  promql::QueryResult result_;
  const size_t total_, count_;  // series there are, and shown
  const bool with_stats_;
  size_t series_ = 0, point_ = 0;  // the next to be written
  bool begun_ = false, in_series_ = false, ended_ = false;
};

}  // namespace hearth::web
