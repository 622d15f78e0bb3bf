#include "rules/unit_test_text.h"

#include <algorithm>
#include <set>

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

using Texts = std::map<std::string, std::string>;

std::string texts_text(const Texts& texts) {
  std::string flat;
  for (const auto& [name, text] : texts) append_flat_label(flat, name, text);
  return labels_text(LabelsView(flat));
}

std::string alert_text(const TestAlert& alert) {
  return "Labels:" + texts_text(alert.labels) + "\nAnnotations:" + texts_text(alert.annotations);
}

std::string float_E(double value) {
  std::string out;
  append_float_e(out, value);
  std::replace(out.begin(), out.end(), 'e', 'E');
  return out;
}

constexpr std::string_view kAdded = "\x1b[0;32m", kRemoved = "\x1b[0;31m", kChanged = "\x1b[0;33m",
                           kPlain = "\x1b[0m";

// Two sets of texts side by side as the lines of a JSON object. One thread.
class Difference {
 public:
  explicit Difference(std::string& out) : out_(out) {}

  void object(std::string_view name, const Texts& expected, const Texts& got,
              const std::string& margin, bool last) {
    const std::string inner = margin + "    ";
    std::set<std::string> names;
    for (const Texts* texts : {&expected, &got}) {
      for (const auto& item : *texts) names.insert(item.first);
    }
    if (names.empty()) {
      out_ += margin + go_quote(name) + (last ? ": {}\n" : ": {},\n");
      return;
    }
    out_ += margin + go_quote(name) + ": {\n";
    for (const std::string& key : names) {
      line(key, expected, got, inner);
      out_ += key != *names.rbegin() ? ",\n" : "\n";
    }
    out_ += margin + (last ? "}\n" : "},\n");
  }

 private:
  void line(const std::string& name, const Texts& expected, const Texts& got,
            const std::string& margin) {
    const auto expected_text = expected.find(name), got_text = got.find(name);
    std::string key, was, is;
    append_json_string(key, name);
    if (expected_text != expected.end()) append_json_string(was, expected_text->second);
    if (got_text != got.end()) append_json_string(is, got_text->second);
    if (got_text == got.end()) {
      out_ += margin + std::string(kRemoved) + key + ": " + was + std::string(kPlain);
    } else if (expected_text == expected.end()) {
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
