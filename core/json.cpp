#include "core/json.h"

#include <charconv>

#include "core/go_text.h"
#include "core/histogram_buckets.h"
#include "core/utf8.h"

namespace hearth {
namespace {

// Appends an ASCII character that stands in the way of a JSON string.
void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      out.append({'\\', c});
      break;
    case '\n':
      out.append("\\n");
      break;
    case '\r':
      out.append("\\r");
      break;
    case '\t':
      out.append("\\t");
      break;
    default:
      out.append("\\u00");
      out.append({kHex[static_cast<unsigned char>(c) >> 4], kHex[c & 15]});
  }
}

bool plain_in_raw(char c) {
  return (static_cast<unsigned char>(c) >= 0x20) && c != '"' && c != '\\';
}

bool plain_in_html(char c) {
  return plain_in_raw(c) && c != '<' && c != '>' && c != '&' &&
         static_cast<unsigned char>(c) < 0x80;
}

template <bool (*kPlain)(char)>
size_t plain_run(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && kPlain(text[i])) ++i;
  return i;
}

}  // namespace

void append_json_raw_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (true) {
    const size_t run = plain_run<plain_in_raw>(text);
    out.append(text.substr(0, run));
    if (run == text.size()) break;
    append_escaped(out, text[run]);
    text.remove_prefix(run + 1);
  }
  out.push_back('"');
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (true) {
    const size_t run = plain_run<plain_in_html>(text);
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    const DecodedRune rune = decode_rune(text);
    if (rune.rune < 0x80) {
      append_escaped(out, text[0]);
    } else if (!rune.valid) {
      out.append("\\ufffd");
    } else if (rune.rune == 0x2028 || rune.rune == 0x2029) {
      out.append(rune.rune == 0x2028 ? "\\u2028" : "\\u2029");
    } else {
      out.append(text.substr(0, rune.size));
    }
    text.remove_prefix(rune.size);
  }
  out.push_back('"');
}

void append_json_strings(std::string& out, std::span<const std::string> texts) {
  out.push_back('[');
  Comma comma(out);
  for (const std::string& text : texts) {
    comma.next();
    append_json_string(out, text);
  }
  out.push_back(']');
}

void append_json_labels(std::string& out, LabelsView labels) {
  out.push_back('{');
  Comma comma(out);
  for (const Label& label : labels) {
    comma.next();
    append_json_raw_string(out, label.name);
    out.push_back(':');
    append_json_raw_string(out, label.value);
  }
  out.push_back('}');
}

void append_json_int(std::string& out, int64_t number) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, static_cast<size_t>(end - text));
}

void append_json_time(std::string& out, TimeMs time) {
  auto magnitude = static_cast<uint64_t>(time);
  if (time < 0) {
    out.push_back('-');
    magnitude = 0 - magnitude;
  }
  append_json_int(out, static_cast<int64_t>(magnitude / 1000));
  const auto millis = static_cast<int>(magnitude % 1000);
  if (millis == 0) return;
  out.push_back('.');
  for (const int digit : {millis / 100, millis / 10 % 10, millis % 10}) {
    out.push_back(static_cast<char>('0' + digit));
  }
}

void append_json_seconds(std::string& out, TimeMs time) {
  append_float_json(out, static_cast<double>(time) / 1000);
}

void append_json_value(std::string& out, double value) {
  out.push_back('"');
  append_float_json(out, value);
  out.push_back('"');
}

void append_json_histogram(std::string& out, const FloatHistogram& histogram) {
  out.append("{\"count\":");
  append_json_value(out, histogram.count);
  out.append(",\"sum\":");
  append_json_value(out, histogram.sum);
  bool any = false;
  for (const HistogramBucket& bucket : all_buckets(histogram)) {
    if (bucket.count == 0) continue;
    out.append(any ? ",[" : ",\"buckets\":[[");
    any = true;
    // 0: only the upper end belongs to it, 1: only the lower, 2: none, 3: both.
    out.push_back(bucket.lower_inclusive ? (bucket.upper_inclusive ? '3' : '1')
                                         : (bucket.upper_inclusive ? '0' : '2'));
    for (const double number : {bucket.lower, bucket.upper, bucket.count}) {
      out.push_back(',');
      append_json_value(out, number);
    }
    out.push_back(']');
  }
  out.append(any ? "]}" : "}");
}

}  // namespace hearth
