#include "web/federate_format.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <protozero/pbf_writer.hpp>
#include <vector>

#include "core/go_text.h"

namespace hearth::web {
namespace {

using protozero::pbf_writer;

constexpr std::string_view kProtobufType = "application/vnd.google.protobuf";
constexpr std::string_view kFamilyMessage = "io.prometheus.client.MetricFamily";
constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";

// One of the kinds that a client takes.
struct Accepted {
  std::string_view type, proto, encoding, version, escaping;
  double weight = 1;
};

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

// By weight; equal ones in the order in which they came.
std::vector<Accepted> parse_accept(std::string_view header) {
  std::vector<Accepted> all;
  while (!header.empty()) {
    std::string_view item = take_until(header, ',');
    Accepted accepted;
    accepted.type = take_until(item, ';');
    while (!item.empty()) {
      std::string_view value = take_until(item, ';');
      const std::string_view name = take_until(value, '=');
      if (name == "q") accepted.weight = parse_go_float(value).value_or(1);
      if (name == "proto") accepted.proto = value;
      if (name == "encoding") accepted.encoding = value;
      if (name == "version") accepted.version = value;
      if (name == "escaping") accepted.escaping = value;
    }
    all.push_back(accepted);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Accepted& a, const Accepted& b) { return a.weight > b.weight; });
  return all;
}

// Names that everybody knows stay as they are.
std::string escaped(std::string_view name, NameEscaping escaping) {
  return is_legacy_name(name) ? std::string(name) : escape_name(name, escaping);
}

// ---- text --------------------------------------------------------------------------------------

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

void append_name(std::string& out, std::string_view name) {
  if (is_legacy_name(name)) {
    out += name;
  } else {
    append_quoted(out, name);
  }
}

// "1700000000.25"
std::string seconds_text(TimeMs t) {
  std::string text = std::to_string(t / 1000);
  if (t % 1000 == 0) return text;
  if (t < 0 && t > -1000) text.insert(0, "-");
  std::string part = std::to_string(1000 + std::abs(t % 1000));
  while (part.back() == '0') part.pop_back();
  return text + "." + part.substr(1);
}

void append_sample(std::string& out, double value, const std::string& time) {
  out.push_back(' ');
  if (value == 0) {
    out.push_back('0');  // a negative one, too
  } else if (value == 1 || value == -1) {
    out += value == 1 ? "1" : "-1";
  } else {
    append_float_g(out, value);
  }
  out.append(" ").append(time).append("\n");
}

// The series' own labels, then those external ones that it does not have.
template <class Each>
void for_each_label(const FederatedSeries& series, std::span<const Label> external, Each each) {
  for (const Label& label : series.labels.view()) {
    if (label.name != kMetricName) each(label);
  }
  for (const Label& label : external) {
    if (series.labels.view().get(label.name).empty()) each(label);
  }
}

void append_text(std::string& out, const FederateFormat& format,
                 std::span<const FederatedSeries> family, bool begins,
                 std::span<const Label> external) {
  const bool openmetrics = format.exposition == Exposition::kOpenMetrics;
  const NameEscaping escaping = format.escaping;
  const std::string name = escaped(family.front().labels.view().get(kMetricName), escaping);
  const bool quoted = !is_legacy_name(name);
  if (begins) {
    out += "# TYPE ";
    append_name(out, name);
    out += openmetrics ? " unknown\n" : " untyped\n";
  }
  for (const FederatedSeries& series : family) {
    char separator = '{';
    if (quoted) {
      out.push_back('{');
      separator = ',';
    }
    append_name(out, name);
    for_each_label(series, external, [&](const Label& label) {
      out.push_back(separator);
      separator = ',';
      append_name(out, escaped(label.name, escaping));
      out.push_back('=');
      append_quoted(out, label.value);
    });
    if (separator == ',') out.push_back('}');
    append_sample(out, series.value,
                  openmetrics ? seconds_text(series.t) : std::to_string(series.t));
  }
}

// ---- protobuf ----------------------------------------------------------------------------------

constexpr int32_t kUntyped = 3, kHistogram = 4, kGaugeHistogram = 5;  // MetricType

void write_side(pbf_writer& message, protozero::pbf_tag_type spans, protozero::pbf_tag_type counts,
                const std::vector<HistogramSpan>& all_spans, const std::vector<double>& buckets) {
  if (buckets.empty()) return;
  for (const HistogramSpan& span : all_spans) {
    pbf_writer out(message, spans);
    out.add_sint32(1, span.offset);
    out.add_uint32(2, span.length);
  }
  for (const double count : buckets) message.add_double(counts, count);
}

void write_histogram(pbf_writer& metric, const FloatHistogram& h) {
  pbf_writer out(metric, 7);
  out.add_double(2, h.sum);
  out.add_double(4, h.count);
  out.add_sint32(5, h.schema);
  out.add_double(6, h.zero_threshold);
  out.add_double(8, h.zero_count);
  write_side(out, 9, 11, h.negative_spans, h.negative_buckets);
  write_side(out, 12, 14, h.positive_spans, h.positive_buckets);
}

int32_t type_of(const FederatedSeries& series) {
  if (series.histogram == nullptr) return kUntyped;
  return series.is_gauge_histogram() ? kGaugeHistogram : kHistogram;
}

void append_protobuf(std::string& out, NameEscaping escaping,
                     std::span<const FederatedSeries> family, std::span<const Label> external) {
  std::string message;
  pbf_writer writer(message);
  writer.add_string(1, escaped(family.front().labels.view().get(kMetricName), escaping));
  writer.add_enum(3, type_of(family.front()));
  for (const FederatedSeries& series : family) {
    pbf_writer metric(writer, 4);
    for_each_label(series, external, [&](const Label& label) {
      pbf_writer pair(metric, 1);
      pair.add_string(1, escaped(label.name, escaping));
      pair.add_string(2, label.value.data(), label.value.size());
    });
    if (series.histogram == nullptr) pbf_writer(metric, 5).add_double(1, series.value);
    metric.add_int64(6, series.t);
    if (series.histogram != nullptr) write_histogram(metric, *series.histogram);
  }
  protozero::write_varint(std::back_inserter(out), message.size());
  out += message;
}

}  // namespace

FederateFormat choose_federate_format(std::string_view accept) {
  FederateFormat format;
  for (const Accepted& accepted : parse_accept(accept)) {
    if (!accepted.escaping.empty()) parse_escaping(accepted.escaping, format.escaping);
    if (accepted.type == kProtobufType && accepted.proto == kFamilyMessage &&
        accepted.encoding == "delimited") {
      format.exposition = Exposition::kProtobuf;
      return format;
    }
    const std::string_view version = accepted.version;
    if (accepted.type == kOpenMetricsType && accepted.weight > 0 &&
        (version.empty() || version == "0.0.1" || version == "1.0.0")) {
      format.exposition = Exposition::kOpenMetrics;
      return format;
    }
    if (accepted.type == "text/plain" &&
        (version.empty() || version == "0.0.4" || version == "1.0.0")) {
      return format;
    }
  }
  return format;
}

std::string content_type(const FederateFormat& format) {
  std::string text;
  switch (format.exposition) {
    case Exposition::kText:
      text = "text/plain; version=0.0.4; charset=utf-8";
      break;
    case Exposition::kOpenMetrics:
      text = std::string(kOpenMetricsType) + "; version=1.0.0; charset=utf-8";
      break;
    case Exposition::kProtobuf:
      text = std::string(kProtobufType) + "; proto=" + std::string(kFamilyMessage) +
             "; encoding=delimited";
  }
  return text + "; escaping=" + std::string(escaping_name(format.escaping));
}

bool same_family(const FederatedSeries& a, const FederatedSeries& b) {
  return type_of(a) == type_of(b) &&
         a.labels.view().get(kMetricName) == b.labels.view().get(kMetricName);
}

void append_family(std::string& out, const FederateFormat& format,
                   std::span<const FederatedSeries> family, bool begins,
                   std::span<const Label> external) {
  if (format.exposition == Exposition::kProtobuf) {
    append_protobuf(out, format.escaping, family, external);
  } else {
    append_text(out, format, family, begins, external);
  }
}

std::string_view end_of_families(const FederateFormat& format) {
  return format.exposition == Exposition::kOpenMetrics ? "# EOF\n" : "";
}

}  // namespace hearth::web
