#include "rules/unit_test_text.h"

#include <algorithm>

#include "core/go_text.h"
#include "core/json.h"

namespace hearth::rules {
namespace {

std::string indented(const std::string& text, const std::string& indent) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += indent;
  }
  return out;
}

std::string alert_text(const TestAlert& alert) {
  return "Labels:" + labels_text(alert.labels) + "\nAnnotations:" + labels_text(alert.annotations);
}

std::string float_E(double value) {
  std::string out;
  append_float_e(out, value);
  std::replace(out.begin(), out.end(), 'e', 'E');
  return out;
}

constexpr std::string_view kAdded = "\x1b[0;32m", kRemoved = "\x1b[0;31m", kChanged = "\x1b[0;33m",
                           kPlain = "\x1b[0m";

// Two label sets side by side as the lines of a JSON object. One thread.
class Difference {
 public:
  explicit Difference(std::string& out) : out_(out) {}

  void object(std::string_view name, const Labels& expected, const Labels& got,
              const std::string& margin, bool last) {
    const std::string inner = margin + "    ";
    std::vector<std::string> names;
    for (const Label& label : expected) names.emplace_back(label.name);
    for (const Label& label : got) {
      if (!expected.has(label.name)) names.emplace_back(label.name);
    }
    if (names.empty()) {
      out_ += margin + go_quote(name) + (last ? ": {}\n" : ": {},\n");
      return;
    }
    std::sort(names.begin(), names.end());
    out_ += margin + go_quote(name) + ": {\n";
    for (size_t i = 0; i < names.size(); ++i) {
      line(names[i], expected, got, inner);
      out_ += i + 1 < names.size() ? ",\n" : "\n";
    }
    out_ += margin + (last ? "}\n" : "},\n");
  }

 private:
  void line(const std::string& name, const Labels& expected, const Labels& got,
            const std::string& margin) {
    std::string key, was, is;
    append_json_string(key, name);
    append_json_string(was, expected.get(name));
    append_json_string(is, got.get(name));
    if (!got.has(name)) {
      out_ += margin + std::string(kRemoved) + key + ": " + was + std::string(kPlain);
    } else if (!expected.has(name)) {
      out_ += margin + std::string(kAdded) + key + ": " + is + std::string(kPlain);
    } else if (was != is) {
      out_ += margin + key + ": " + std::string(kChanged) + was + " => " + is + std::string(kPlain);
    } else {
      out_ += margin + key + ": " + was;
    }
  }
  std::string& out_;
};

}  // namespace

std::string alerts_text(const std::vector<TestAlert>& alerts, const std::string& indent) {
  if (alerts.empty()) return "[]";
  std::string out = "[";
  for (size_t i = 0; i < alerts.size(); ++i) {
    out += (i > 0 ? ",\n" : "\n") + std::to_string(i) + ":" +
           indented("\n" + alert_text(alerts[i]), "  ");
  }
  return indented(out + "\n]", indent);
}

std::string samples_text(const std::vector<TestSample>& samples) {
  if (samples.empty()) return "nil";
  std::string out;
  for (const TestSample& sample : samples) {
    out += (out.empty() ? "" : ", ") + labels_text(sample.labels) + " " +
           (sample.histogram.empty() ? float_E(sample.value) : sample.histogram);
  }
  return out;
}

std::string alerts_difference(const std::vector<TestAlert>& expected,
                              const std::vector<TestAlert>& got, const std::string& indent) {
  std::string out = "[\n";
  const size_t count = std::max<size_t>({expected.size(), got.size(), 1});
  const TestAlert none;
  for (size_t i = 0; i < count; ++i) {
    const TestAlert& was = i < expected.size() ? expected[i] : none;
    const TestAlert& is = i < got.size() ? got[i] : none;
    out += "    {\n";
    Difference difference(out);
    difference.object("Annotations", was.annotations, is.annotations, "        ", false);
    difference.object("Labels", was.labels, is.labels, "        ", true);
    out += i + 1 < count ? "    },\n" : "    }\n";
  }
  return indented(out + "]", indent);
}

}  // namespace hearth::rules
