#include "tests/promql/script.h"

#include <algorithm>
#include <map>

#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "query/parser.h"

namespace hearth::promql::script {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r";
  const size_t start = text.find_first_not_of(kSpaces);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kSpaces) - start + 1);
}

// Takes the first word off `text`.
std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text = trimmed(text.substr(word.size()));
  return word;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text = trimmed(text.substr(prefix.size()));
  return true;
}

// One thread.
class ScriptReader {
 public:
  ScriptReader(const std::string& name, std::string_view text) {
    script_.name = name;
    while (true) {
      const size_t end = text.find('\n');
      const std::string_view line = trimmed(text.substr(0, end));
      // A comment ends a block, as an empty line does.
      lines_.push_back(line.substr(0, 1) == "#" ? std::string_view() : line);
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
  }

  Script read() {
    while (next_ < lines_.size()) {
      std::string_view line = lines_[next_++];
      if (line.empty()) continue;
      try {
        command(line);
      } catch (const Error& error) {
        throw Error(ErrorKind::kBadData,
                    script_.name + ":" + std::to_string(next_) + ": " + error.what());
      }
    }
    return std::move(script_);
  }

 private:
  [[noreturn]] static void fail(const std::string& what) { throw Error(ErrorKind::kBadData, what); }

  static DurationMs time(std::string_view text) {
    const bool negative = take_prefix(text, "-");
    return negative ? -parse_duration(text) : parse_duration(text);
  }
  static TimeSteps steps(std::string_view& text) {
    TimeSteps at;
    if (take_word(text) != "from") fail("expected 'from'");
    at.start = time(take_word(text));
    if (take_word(text) != "to") fail("expected 'to'");
    at.end = time(take_word(text));
    if (take_word(text) != "step") fail("expected 'step'");
    at.step = time(take_word(text));
    return at;
  }

  void command(std::string_view line) {
    const std::string_view word = take_word(line);
    if (word == "clear") {
      script_.commands.emplace_back(Clear{});
    } else if (word == "load" || word == "load_with_nhcb") {
      load(line, word != "load");
    } else if (word.substr(0, 4) == "eval") {
      eval(word, line);
    } else {
      fail("unknown command '" + std::string(word) + "'");
    }
  }

  void load(std::string_view gap, bool with_custom_buckets) {
    Load load;
    load.gap = time(gap);
    load.with_custom_buckets = with_custom_buckets;
    std::map<Labels, std::vector<std::optional<DurationMs>>> starts;
    for (; next_ < lines_.size() && !lines_[next_].empty(); ++next_) {
      const std::string_view line = lines_[next_];
      const size_t end = metric_end(line);
      if (line.substr(end, 3) == "@st") {
        starts[parse_metric(line.substr(0, end))] = parse_starts(line.substr(end + 3));
        continue;
      }
      SeriesLine next = series(line);
      // Of two lines for one series in a load the later counts.
      std::erase_if(load.series, [&](const SeriesLine& s) { return s.labels == next.labels; });
      load.series.push_back(std::move(next));
    }
    for (const auto& [labels, times] : starts) set_starts(load, labels, times);
    script_.commands.emplace_back(std::move(load));
  }

  static void set_starts(Load& load, const Labels& labels,
                         const std::vector<std::optional<DurationMs>>& starts) {
    const auto found = std::find_if(load.series.begin(), load.series.end(),
                                    [&](const SeriesLine& s) { return s.labels == labels; });
    if (found == load.series.end()) fail("@st of " + metric_text(labels) + " without samples");
    if (starts.size() > found->values.size()) {
      fail("@st of " + metric_text(labels) + " has more points than the series");
    }
    for (size_t i = 0; i < starts.size(); ++i) found->values[i].start = starts[i];
  }

  SeriesLine series(std::string_view line) const {
    SeriesLine out;
    out.line = static_cast<int>(next_) + 1;
    const size_t end = metric_end(line);
    out.labels = parse_metric(line.substr(0, end));
    out.values = parse_values(line.substr(end));
    return out;
  }

  void eval(std::string_view word, std::string_view line) {
    Eval eval;
    eval.line = static_cast<int>(next_);
    using Kind = Expectation::Kind;
    if (word == "eval_fail") eval.expectations.push_back({Kind::kFail, {}, {}});
    if (word == "eval_warn") eval.expectations.push_back({Kind::kWarn, {}, {}});
    if (word == "eval_info") eval.expectations.push_back({Kind::kInfo, {}, {}});
    eval.ordered = word == "eval_ordered";
    const std::string_view kind = take_word(line);
    eval.instant = kind == "instant";
    if (eval.instant) {
      // Without `at` it is asked at 0.
      std::string_view rest = line;
      if (take_word(rest) == "at") {
        eval.at.start = eval.at.end = time(take_word(rest));
        line = rest;
      }
    } else if (kind == "range") {
      eval.at = steps(line);
    } else {
      fail("expected 'instant' or 'range'");
    }
    eval.query = line;
    for (; next_ < lines_.size() && !lines_[next_].empty(); ++next_) answer(eval, lines_[next_]);
    script_.commands.emplace_back(std::move(eval));
  }

  void answer(Eval& eval, std::string_view line) const {
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    if (word == "expect") return expectation(eval, rest);
    if (word == "expected_fail_message" || word == "expected_fail_regexp") {
      if (eval.expectations.empty()) fail("'" + std::string(word) + "' without eval_fail");
      Expectation& failure = eval.expectations.front();
      (word == "expected_fail_message" ? failure.text : failure.regex) = rest;
    } else if (const auto number = parse_go_float(line)) {
      eval.scalar = number;
    } else {
      eval.series.push_back(series(line));
    }
  }

  void expectation(Eval& eval, std::string_view line) const {
    using Kind = Expectation::Kind;
    const std::string_view word = take_word(line);
    if (word == "ordered") {
      eval.ordered = true;
    } else if (word == "string") {
      const auto text = line.size() < 2 ? std::nullopt
                                        : go_unquote(line.substr(1, line.size() - 2), line.front());
      if (!text) fail("bad string " + std::string(line));
      eval.string = text;
    } else if (word == "range") {
      if (take_word(line) != "vector") fail("expected 'vector'");
      eval.range_vector = steps(line);
    } else {
      Expectation e{};
      if (word == "fail")
        e.kind = Kind::kFail;
      else if (word == "warn")
        e.kind = Kind::kWarn;
      else if (word == "info")
        e.kind = Kind::kInfo;
      else if (word == "no_warn")
        e.kind = Kind::kNoWarn;
      else if (word == "no_info")
        e.kind = Kind::kNoInfo;
      else
        fail("unknown expectation '" + std::string(word) + "'");
      if (take_prefix(line, "msg:"))
        e.text = line;
      else if (take_prefix(line, "regex:"))
        e.regex = line;
      else if (!line.empty())
        fail("expected 'msg:' or 'regex:', not '" + std::string(line) + "'");
      eval.expectations.push_back(std::move(e));
    }
  }

  Script script_;
  std::vector<std::string_view> lines_;
  size_t next_ = 0;
};

}  // namespace

Script parse_script(const std::string& name, std::string_view text) {
  return ScriptReader(name, text).read();
}

}  // namespace hearth::promql::script
