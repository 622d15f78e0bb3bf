#include "cmd/tool/query_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/tool/block_table.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

using json = nlohmann::ordered_json;  // fields stay in the server's order, which is Go's

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kUnavailable, text); }

json parse(std::string_view text) {
  json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) fail("bad_response: the answer is not JSON");
  return parsed;
}

// Runs a reader; JSON of an unexpected shape becomes an error like any other.
template <class Read>
auto reading(std::string_view data, Read read) {
  try {
    return read(parse(data));
  } catch (const nlohmann::json::exception& error) {
    fail(std::string("bad_response: unexpected answer: ") + error.what());
  }
}

// As Go's encoding/json writes it: <, > and & escaped.
std::string go_json(const json& value) {
  std::string out;
  for (const char c : value.dump(-1, ' ', false, json::error_handler_t::replace)) {
    if (c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\n";
}

// {a="b", c="d"}, with __name__ in front where it is a metric.
std::string labels_text(const json& labels, bool name_in_front) {
  std::string name, inside;
  size_t count = 0;
  for (const auto& item : labels.items()) {
    if (name_in_front && item.key() == "__name__") {
      name = item.value().get<std::string>();
      continue;
    }
    inside +=
        (count++ > 0 ? ", " : "") + item.key() + "=" + go_quote(item.value().get<std::string>());
  }
  return count == 0 && !name.empty() ? name : name + "{" + inside + "}";
}

double number(const json& text) { return parse_go_float(text.get<std::string>()).value_or(0); }

// Count: 4.000000, Sum: 0.017861, Buckets: [(0.1,0.2]:1 ...]
std::string histogram_text(const json& histogram) {
  std::string out = fmt::format("Count: {:f}, Sum: {:f}, Buckets: [", number(histogram.at("count")),
                                number(histogram.at("sum")));
  size_t count = 0;
  for (const json& bucket : histogram.value("buckets", json::array())) {
    const int boundaries = bucket.at(0).get<int>();
    out += count++ > 0 ? " " : "";
    out += boundaries == 1 || boundaries == 3 ? '[' : '(';
    out += float_g(number(bucket.at(1))) + "," + float_g(number(bucket.at(2)));
    out += boundaries == 0 || boundaries == 3 ? ']' : ')';
    out += ":" + float_f(number(bucket.at(3)));
  }
  return out + "]";
}

std::string float_sample_text(const json& sample) {
  return float_f(number(sample.at(1))) + " @[" + float_f(sample.at(0).get<double>()) + "]";
}
std::string histogram_sample_text(const json& sample) {
  return histogram_text(sample.at(1)) + " @[" + float_f(sample.at(0).get<double>()) + "]";
}

std::string vector_text(const json& result) {
  std::string out;
  for (const json& series : result) {
    out += (out.empty() ? "" : "\n") + labels_text(series.at("metric"), true) + " => ";
    out += series.contains("histogram") ? histogram_sample_text(series["histogram"])
                                        : float_sample_text(series.at("value"));
  }
  return out;
}

std::string matrix_text(const json& result) {
  std::string out;
  for (const json& series : result) {
    out += (out.empty() ? "" : "\n") + labels_text(series.at("metric"), true) + " =>";
    for (const json& sample : series.value("values", json::array())) {
      out += "\n" + float_sample_text(sample);
    }
    for (const json& sample : series.value("histograms", json::array())) {
      out += "\n" + histogram_sample_text(sample);
    }
  }
  return out;
}

// Each sample as a row: a column for each label that any series has, then time and value.
std::vector<std::vector<std::string>> rows_of(const json& data) {
  std::vector<std::string> names;
  const std::string type = data.at("resultType");
  const json& result = data.at("result");
  const bool series = type == "vector" || type == "matrix";
  if (series) {
    for (const json& one : result) {
      for (const auto& item : one.at("metric").items()) {
        if (std::find(names.begin(), names.end(), item.key()) == names.end()) {
          names.push_back(item.key());
        }
      }
    }
  }
  std::vector<std::vector<std::string>> rows = {names};
  rows[0].insert(rows[0].end(), {"timestamp", "value"});
  const auto add = [&](const json& metric, const json& sample) {
    std::vector<std::string> row;
    for (const std::string& name : names) row.push_back(metric.value(name, ""));
    row.push_back(float_f(sample.at(0).get<double>()));
    row.push_back(sample.at(1).is_string() ? sample.at(1).get<std::string>()
                                           : histogram_text(sample.at(1)));
    rows.push_back(std::move(row));
  };
  if (!series) {
    add(json::object(), result);
    return rows;
  }
  for (const json& one : result) {
    for (const char* key : {"value", "histogram"}) {
      if (one.contains(key)) add(one.at("metric"), one.at(key));
    }
    for (const char* key : {"values", "histograms"}) {
      for (const json& sample : one.value(key, json::array())) add(one.at("metric"), sample);
    }
  }
  return rows;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

// promtool's times have no zeros at their end: 1.5 for the API's 1.500.
void shorten_times(json& value) {
  if (value.is_number_float()) {
    const double t = value.get<double>();
    if (t == static_cast<double>(static_cast<int64_t>(t))) value = static_cast<int64_t>(t);
  } else if (value.is_structured()) {
    for (json& item : value) shorten_times(item);
  }
}

}  // namespace

ApiData read_api_answer(std::string_view body) {
  return reading(body, [](const json& answer) {
    if (!answer.is_object()) fail("bad_response: the answer is not an object");
    if (answer.value("status", "") == "error") {
      fail(answer.value("errorType", "") + ": " + answer.value("error", ""));
    }
    if (answer.value("status", "") != "success")
      fail("bad_response: inconsistent body for response code");
    ApiData out;
    out.json = answer.contains("data") ? answer["data"].dump() : "null";
    for (const char* field : {"warnings", "infos"}) {
      for (const json& text : answer.value(field, json::array())) out.warnings.push_back(text);
    }
    return out;
  });
}

std::string query_text(std::string_view data) {
  return reading(data, [](const json& parsed) -> std::string {
    const std::string type = parsed.at("resultType");
    const json& result = parsed.at("result");
    if (type == "vector") return vector_text(result) + "\n";
    if (type == "matrix") return matrix_text(result) + "\n";
    if (type == "scalar") return "scalar: " + float_sample_text(result) + "\n";
    return result.at(1).get<std::string>() + "\n";
  });
}

std::string query_json(std::string_view data) {
  return reading(data, [](json parsed) {
    json& result = parsed.at("result");
    shorten_times(result);
    return go_json(result);
  });
}

std::string query_csv(std::string_view data) {
  return reading(data, [](const json& parsed) {
    std::string out;
    for (const auto& row : rows_of(parsed)) {
      for (size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + csv_field(row[i]);
      out += "\n";
    }
    return out;
  });
}

std::string query_table(std::string_view data) {
  return reading(data, [](const json& parsed) { return columns_text(rows_of(parsed), 0, 2); });
}

std::vector<QuerySeries> query_series(std::string_view data) {
  return reading(data, [](const json& parsed) {
    std::vector<QuerySeries> out;
    if (parsed.at("resultType") != "matrix") return out;
    for (const json& series : parsed.at("result")) {
      QuerySeries one{labels_text(series.at("metric"), true), {}};
      for (const json& sample : series.value("values", json::array())) {
        one.points.push_back(QueryPoint{sample.at(0).get<double>(), number(sample.at(1))});
      }
      if (!one.points.empty()) out.push_back(std::move(one));
    }
    return out;
  });
}

std::string series_text(std::string_view data) {
  return reading(data, [](const json& list) {
    std::string out;
    for (const json& labels : list) out += labels_text(labels, false) + "\n";
    return out;
  });
}

std::vector<std::string> text_list(std::string_view data) {
  return reading(data, [](const json& list) {
    std::vector<std::string> out;
    for (const json& value : list) out.push_back(value.get<std::string>());
    return out;
  });
}

std::string label_values_text(std::string_view data) {
  std::string out;
  for (const std::string& value : text_list(data)) out += value + "\n";
  return out;
}

std::string plain_json(std::string_view data) {
  return reading(data, [](const json& parsed) { return go_json(parsed); });
}

}  // namespace hearth
