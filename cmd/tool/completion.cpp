#include "cmd/tool/completion.h"

#include <algorithm>

#include "core/error.h"
#include "core/go_text.h"
#include "core/labels.h"
#include "query/words.h"

namespace hearth {
namespace {

constexpr std::chrono::seconds kFresh{30};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

// "by (", and the like: labels stand in the parentheses after them.
bool takes_labels(std::string_view word) {
  constexpr std::string_view kWords[] = {"by",       "without",    "on",
                                         "ignoring", "group_left", "group_right"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// Reads the text before the cursor once, from its beginning. One thread.
class PlaceFinder {
 public:
  CompletionPlace find(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) step(text, i);
    CompletionPlace place;
    place.metric = metric_;
    if (quote_ != 0) {
      place.word = unquoted(text.substr(quoted_from_));
      place.typed = text.size() - quoted_from_;
      place.quote = quote_;
      place.label = after_operator_ ? label_ : std::string(kMetricName);
      if (inside() == '{') place.kind = CompletionPlace::Kind::kLabelValue;
      return place;
    }
    place.word = word_;
    place.typed = word_.size();
    if (inside() == '{' || inside() == 'l') {
      place.matcher = inside() == '{';
      if (!after_operator_) place.kind = CompletionPlace::Kind::kLabelName;
    } else if (inside() != '[' && (word_.empty() || word_[0] < '0' || word_[0] > '9')) {
      place.kind = CompletionPlace::Kind::kExpression;
    }
    return place;
  }

 private:
  char inside() const { return open_.empty() ? ' ' : open_.back(); }

  void step(std::string_view text, size_t& i) {
    const char c = text[i];
    if (quote_ != 0) {
      if (c == '\\' && quote_ != '`') {
        ++i;
      } else if (c == quote_) {
        // {"a.b"}: the metric.
        if (inside() == '{' && !after_operator_) {
          metric_ = unquoted(text.substr(quoted_from_, i - quoted_from_));
        }
        quote_ = 0;
      }
      return;
    }
    if (is_word(c)) {
      word_ += c;
      return;
    }
    if (c == '"' || c == '\'' || c == '`') {
      quote_ = c;
      quoted_from_ = i + 1;
    } else {
      sign(c);
    }
    const bool space = c == ' ' || c == '\t' || c == '\n';
    if (!space || !word_.empty()) before_ = space ? word_ : "";
    word_.clear();
  }

  void sign(char c) {
    const std::string& last = word_.empty() ? before_ : word_;
    if (c == '{') {
      metric_ = last;
      after_operator_ = false;
      open_ += c;
    } else if (c == '(') {
      open_ += takes_labels(last) ? 'l' : '(';
      after_operator_ = false;
      if (open_.back() == 'l') metric_.clear();
    } else if (c == '[') {
      open_ += c;
    } else if (c == '}' || c == ')' || c == ']') {
      if (!open_.empty()) open_.pop_back();
      after_operator_ = false;
    } else if (c == ',') {
      after_operator_ = false;
    } else if ((c == '=' || c == '!' || c == '~') && inside() == '{') {
      if (!last.empty()) label_ = last;
      after_operator_ = true;
    }
  }

  std::string unquoted(std::string_view body) const {
    return go_unquote(body, quote_).value_or(std::string(body));
  }

  std::string open_;  // brackets; l: of labels
  std::string word_, before_, metric_, label_;
  bool after_operator_ = false;
  char quote_ = 0;
  size_t quoted_from_ = 0;
};

// As it stands between these quotes.
std::string quoted_body(const std::string& text, char quote) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == quote) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

CompletionPlace completion_place(std::string_view before_cursor) {
  if (before_cursor.starts_with('\\')) {
    CompletionPlace place;
    if (before_cursor.find(' ') == std::string_view::npos) {
      place.kind = CompletionPlace::Kind::kCommand;
      place.word = before_cursor;
      place.typed = before_cursor.size();
    }
    return place;
  }
  return PlaceFinder().find(before_cursor);
}

Completer::Completer(QuerySource& source, std::vector<std::string> commands)
    : source_(source), commands_(std::move(commands)) {}

const std::vector<std::string>& Completer::known(const std::string& label,
                                                 const std::string& metric) {
  const auto now = std::chrono::steady_clock::now();
  Known& found = known_[{label, metric}];
  if (!found.texts.empty() && now - found.since < kFresh) return found.texts;
  try {
    found.texts = label.empty() ? source_.label_names(metric) : source_.label_values(label, metric);
    found.since = now;
  } catch (const Error&) {
    // What was known is better than nothing; the query itself will tell what is wrong.
  }
  return found.texts;
}

void Completer::add_expressions(const std::string& word, std::vector<Candidate>& out) {
  for (const std::string_view name : promql::function_names()) {
    out.push_back({std::string(name), "("});
  }
  for (const promql::ReservedWord& reserved : promql::reserved_words()) {
    out.push_back({std::string(reserved.text), reserved.aggregator ? "(" : " "});
  }
  for (const std::string& metric : known(std::string(kMetricName), "")) {
    if (!metric.starts_with(word)) continue;
    // Names of other characters are completed in braces.
    out.push_back({is_legacy_metric_name(metric) ? metric : "{" + go_quote(metric) + "}"});
  }
}

Completions Completer::complete(std::string_view before_cursor) {
  using Kind = CompletionPlace::Kind;
  const CompletionPlace place = completion_place(before_cursor);
  std::vector<Candidate> all;
  Completions out;
  out.replaced = place.typed;
  if (place.kind == Kind::kExpression) {
    add_expressions(place.word, all);
  } else if (place.kind == Kind::kLabelName) {
    for (const std::string& name : known("", place.metric)) {
      all.push_back(
          {is_legacy_label_name(name) ? name : go_quote(name), place.matcher ? "=\"" : ""});
    }
  } else if (place.kind == Kind::kLabelValue) {
    for (const std::string& value : known(place.label, place.metric)) {
      if (value.starts_with(place.word)) {
        all.push_back({quoted_body(value, place.quote), std::string(1, place.quote)});
      }
    }
  } else if (place.kind == Kind::kCommand) {
    for (const std::string& command : commands_) all.push_back({command, " "});
  }
  for (Candidate& candidate : all) {
    const bool braced = candidate.text.starts_with("{\"");
    if (braced || place.kind == Kind::kLabelValue || candidate.text.starts_with(place.word)) {
      out.candidates.push_back(std::move(candidate));
    }
  }
  std::sort(out.candidates.begin(), out.candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.text < b.text; });
  return out;
}

}  // namespace hearth
