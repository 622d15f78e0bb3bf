// Answers of the query API, as promtool prints them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// The `data` of an API answer. Throws Error(kUnavailable) for an answer that reports an error
// ("bad_data: ...") or is none.
struct ApiData {
  std::string json;                   // as it came
  std::vector<std::string> warnings;  // and infos
};
ApiData read_api_answer(std::string_view body);

// A value with its time, as a plot needs it.
struct QueryPoint {
  double t, v;
};
struct QuerySeries {
  std::string name;  // up{job="a"}
  std::vector<QueryPoint> points;
};

// data of query and query_range: {"resultType": ..., "result": ...}. Each ends with a newline.
std::string query_text(std::string_view data);
std::string query_json(std::string_view data);
std::string query_csv(std::string_view data);    // a line for each sample: labels, time, value
std::string query_table(std::string_view data);  // the same in columns
std::vector<QuerySeries> query_series(std::string_view data);  // of a matrix, its floats

// data of /series: a list of label sets.
std::string series_text(std::string_view data);
// data of /label/<name>/values: a list of texts.
std::string label_values_text(std::string_view data);
std::vector<std::string> text_list(std::string_view data);
std::string plain_json(std::string_view data);

}  // namespace hearth
