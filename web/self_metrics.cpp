#include "web/self_metrics.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "web/params.h"

namespace hearth::web {
namespace {

using LabelPairs = std::vector<std::pair<std::string, std::string>>;

struct Line {
  std::string_view name;
  LabelPairs labels;
  double value = 0;
};

// The samples of one metric, put together again.
struct Parts {
  LabelPairs labels;
  double value = 0, sum = 0, count = 0;
  std::vector<std::pair<double, double>> points;  // upper bound or quantile, and what belongs to it
};

struct Family {
  std::string_view name, help, type;
  std::vector<Parts> metrics;
};

std::string_view take_word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// Takes a quoted value off the front.
std::string take_value(std::string_view& text) {
  std::string value;
  size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      value.push_back(text[i] == 'n' ? '\n' : text[i]);
    } else {
      value.push_back(text[i]);
    }
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

Line read_line(std::string_view text) {
  Line line;
  const size_t end = std::min(text.find_first_of("{ "), text.size());
  line.name = text.substr(0, end);
  text.remove_prefix(end);
  while (!text.empty() && (text.front() == '{' || text.front() == ',')) {
    text.remove_prefix(1);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) break;
    const std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    line.labels.emplace_back(name, take_value(text));
  }
  const size_t space = text.find(' ');
  if (space != std::string_view::npos) text.remove_prefix(space + 1);
  line.value = parse_go_float(take_word(text)).value_or(0);
  return line;
}

Parts& parts_of(Family& family, LabelPairs labels) {
  if (family.metrics.empty() || family.metrics.back().labels != labels) {
    family.metrics.push_back({std::move(labels), 0, 0, 0, {}});
  }
  return family.metrics.back();
}

void add_line(Family& family, Line line) {
  const std::string_view suffix = line.name.substr(std::min(family.name.size(), line.name.size()));
  const auto is_point = [](const auto& label) {
    return label.first == "le" || label.first == "quantile";
  };
  const auto point = std::find_if(line.labels.begin(), line.labels.end(), is_point);
  if (family.type == "counter" || family.type == "gauge" || family.type == "untyped") {
    parts_of(family, std::move(line.labels)).value = line.value;
  } else if (suffix == "_sum") {
    parts_of(family, std::move(line.labels)).sum = line.value;
  } else if (suffix == "_count") {
    parts_of(family, std::move(line.labels)).count = line.value;
  } else if (point != line.labels.end()) {
    const double at = parse_go_float(point->second).value_or(0);
    line.labels.erase(point);
    parts_of(family, std::move(line.labels)).points.emplace_back(at, line.value);
  }
}

void append_number(std::string& out, double value) {
  if (value - value == 0) return append_float_json(out, value);
  out += value != value ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

// A 64-bit count is a string in the JSON form of protobuf.
void append_count(std::string& out, double value) {
  out.push_back('"');
  append_float_f(out, value);
  out.push_back('"');
}

void append_points(std::string& out, std::string_view name, std::string_view at,
                   std::string_view what, bool counts, const Parts& parts) {
  out.append("\"sampleCount\":");
  append_count(out, parts.count);
  out.append(",\"sampleSum\":");
  append_number(out, parts.sum);
  out.append(",\"").append(name).append("\":[");
  Comma comma(out);
  for (const auto& [position, value] : parts.points) {
    comma.next();
    out.append("{\"").append(at).append("\":");
    append_number(out, position);
    out.append(",\"").append(what).append("\":");
    if (counts) {
      append_count(out, value);
    } else {
      append_number(out, value);
    }
    out.push_back('}');
  }
  out.push_back(']');
}

void append_metric(std::string& out, const Family& family, const Parts& parts) {
  out.push_back('{');
  if (!parts.labels.empty()) {
    out += "\"label\":[";
    Comma comma(out);
    for (const auto& [name, value] : parts.labels) {
      comma.next();
      out += "{\"name\":";
      append_json_string(out, name);
      out += ",\"value\":";
      append_json_string(out, value);
      out.push_back('}');
    }
    out += "],";
  }
  out.append("\"").append(family.type).append("\":{");
  if (family.type == "histogram") {
    append_points(out, "bucket", "upperBound", "cumulativeCount", true, parts);
  } else if (family.type == "summary") {
    append_points(out, "quantile", "quantile", "value", false, parts);
  } else {
    out += "\"value\":";
    append_number(out, parts.value);
  }
  out += "}}";
}

void append_family(std::string& out, const Family& family) {
  out += "{\"name\":";
  append_json_string(out, family.name);
  out += ",\"help\":";
  append_json_string(out, family.help);
  std::string type(family.type);
  for (char& c : type) c = static_cast<char>(c - 32);
  out.append(",\"type\":\"").append(type).append("\",\"metric\":[");
  Comma comma(out);
  for (const Parts& parts : family.metrics) {
    comma.next();
    append_metric(out, family, parts);
  }
  out += "]}";
}

}  // namespace

void append_families_json(std::string& out, std::string_view exposition, const Regex* names) {
  out.push_back('[');
  Comma comma(out);
  Family family;
  const auto finish = [&] {
    if (family.metrics.empty() || (names != nullptr && !names->matches(family.name))) return;
    comma.next();
    append_family(out, family);
  };
  while (!exposition.empty()) {
    const size_t end = std::min(exposition.find('\n'), exposition.size());
    std::string_view line = exposition.substr(0, end);
    exposition.remove_prefix(std::min(end + 1, exposition.size()));
    if (line.starts_with("# HELP ")) {
      finish();
      line.remove_prefix(7);
      family = {};
      family.name = take_word(line);
      family.help = line;
    } else if (line.starts_with("# TYPE ")) {
      line.remove_prefix(7);
      const std::string_view name = take_word(line);
      if (name != family.name) {
        finish();
        family = {};
        family.name = name;
      }
      family.type = line;
    } else if (!line.empty()) {
      add_line(family, read_line(line));
    }
  }
  finish();
  out.push_back(']');
}

void api_self_metrics(const Exchange& exchange, ApiAnswer& answer) {
  const std::string pattern = exchange.param("metric_name_pattern");
  const std::string text = exchange.services.registry->text();
  if (pattern.empty()) return append_families_json(answer.data, text, nullptr);
  const Regex names = checking_param("metric_name_pattern", [&] { return Regex(pattern); });
  append_families_json(answer.data, text, &names);
}

}  // namespace hearth::web
