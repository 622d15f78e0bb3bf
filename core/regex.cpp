#include "core/regex.h"

#include <re2/re2.h>

#include <algorithm>

#include "core/error.h"
#include "core/regex_cost.h"
#include "core/regex_split.h"

namespace hearth {
namespace {

constexpr int64_t kMaxMemory =
    64 << 20;                      // Go has no such limit; what it accepts should not fail here
constexpr int kMaxNesting = 1000;  // Go's
constexpr double kMaxCost = 3e6;  // microseconds, about
constexpr int64_t kNoMemory = 256;  // RE2 takes 0 for a default
constexpr size_t kMaxWildcardSequences = 16;  // beyond that RE2 is faster
constexpr std::string_view kWholeText = "(.*)";

[[noreturn]] void fail(std::string_view what, std::string_view fragment) {
  throw Error(ErrorKind::kBadData,
              "error parsing regexp: " + std::string(what) + ": `" + std::string(fragment) + "`");
}

std::string_view go_error(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "internal error";
  }
}

// The pattern as RE2 reads it: (?<name> written (?P<name>. Refuses what only RE2 accepts.
std::string to_re2(std::string_view pattern) {
  std::string out;
  out.reserve(pattern.size());
  bool in_class = false;
  int depth = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    out += c;
    if (c == '\\' && i + 1 < pattern.size()) {
      if (pattern[i + 1] == 'C') fail("invalid escape sequence", "\\C");
      size_t end = i + 2;
      if (pattern[i + 1] == 'Q' && !in_class) {
        end = pattern.find("\\E", i + 2);
        end = end == std::string_view::npos ? pattern.size() : end + 2;
      }
      out += pattern.substr(i + 1, end - i - 1);
      i = end - 1;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      for (const char* first : {"^", "]"}) {  // a ] that comes first is itself
        if (pattern.substr(i + 1).starts_with(first)) out += pattern[++i];
      }
    } else if (c == '(') {
      if (++depth > kMaxNesting) fail("expression nests too deeply", pattern);
      if (pattern.substr(i + 1).starts_with("?<")) {
        out += "?P<";
        i += 2;
      }
    } else if (c == ')') {
      --depth;
    }
  }
  return out;
}

// Go names the fragment as it was written.
std::string as_written(std::string fragment, std::string_view pattern) {
  if (pattern.find(fragment) != std::string_view::npos) return fragment;
  for (size_t at = 0; (at = fragment.find("(?P<", at)) != std::string::npos; ++at) {
    fragment.erase(at + 2, 1);
  }
  return fragment;
}

bool is_plain(std::string_view pattern) {
  return pattern.find_first_of("\\.+*?()[]{}^$") == std::string_view::npos &&
         std::all_of(pattern.begin(), pattern.end(), [](char c) { return (c & 0x80) == 0; });
}

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (c & 0x80) != 0;
}

// The index that a group name stands for in a template, -1 for a name that is not a number.
int group_number(std::string_view name) {
  if (name.size() > 8 || (name.size() > 1 && name[0] == '0')) return -1;
  int number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

struct Regex::Compiled {
  std::string pattern;
  std::string prefix;
  std::optional<std::vector<std::string>> alternatives;
  std::vector<RegexSequence> sequences;  // used where all parts are known and they are few
  std::unique_ptr<RE2> engine;           // null where nothing needs it

  explicit Compiled(std::string_view text);
  void compile();
  void use(std::vector<RegexSequence> split);
};

Regex::Compiled::Compiled(std::string_view text) : pattern(text) {
  const bool valid = is_plain(pattern) || pattern == kWholeText;
  if (!valid) compile();
  use(split_regex(pattern));
  if (valid && !alternatives && sequences.empty()) compile();
}

void Regex::Compiled::compile() {
  RE2::Options options(RE2::Quiet);
  options.set_dot_nl(true);
  // With next to no memory RE2 says what is wrong with the pattern, but does not compile it.
  options.set_max_mem(regex_cost(pattern) > kMaxCost ? kNoMemory : kMaxMemory);
  engine = std::make_unique<RE2>(to_re2(pattern), options);
  if (!engine->ok()) {
    const RE2::ErrorCode code = engine->error_code();  // RE2 names no fragment of these two
    const bool whole = code == RE2::ErrorBadUTF8 || code == RE2::ErrorPatternTooLarge;
    fail(go_error(engine->error_code()),
         whole ? pattern : as_written(engine->error_arg(), pattern));
  }
}

void Regex::Compiled::use(std::vector<RegexSequence> split) {
  bool known = true, literal = true;
  for (size_t i = 0; i < split.size(); ++i) {
    const RegexSequence& sequence = split[i];
    for (const RegexPart& part : sequence) {
      known = known && part.kind != RegexPart::Kind::kUnknown;
      literal = literal && part.kind == RegexPart::Kind::kLiteral;
    }
    const bool starts_literal = !sequence.empty() && sequence[0].kind == RegexPart::Kind::kLiteral;
    const std::string_view start = starts_literal ? std::string_view(sequence[0].literal) : "";
    if (i == 0) prefix = start;
    const auto differ = std::mismatch(prefix.begin(), prefix.end(), start.begin(), start.end());
    prefix.erase(differ.first, prefix.end());
  }
  if (literal) {
    alternatives.emplace();
    for (const RegexSequence& sequence : split) {
      alternatives->push_back(sequence.empty() ? std::string() : sequence[0].literal);
    }
    std::sort(alternatives->begin(), alternatives->end());
    alternatives->erase(std::unique(alternatives->begin(), alternatives->end()),
                        alternatives->end());
  } else if (known && split.size() <= kMaxWildcardSequences) {
    sequences = std::move(split);
  }
}

Regex::Regex(std::string_view pattern) : compiled_(std::make_shared<const Compiled>(pattern)) {}

bool Regex::matches(std::string_view text) const {
  const Compiled& c = *compiled_;
  if (c.alternatives) {
    return c.alternatives->size() == 1
               ? c.alternatives->front() == text
               : std::binary_search(c.alternatives->begin(), c.alternatives->end(), text,
                                    std::less<std::string_view>());
  }
  if (!c.sequences.empty()) {
    for (const RegexSequence& sequence : c.sequences) {
      if (sequence_matches(sequence, text)) return true;
    }
    return false;
  }
  return text.starts_with(c.prefix) &&
         c.engine->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                         RE2::ANCHOR_BOTH, nullptr, 0);
}

const std::optional<std::vector<std::string>>& Regex::alternatives() const {
  return compiled_->alternatives;
}
std::string_view Regex::prefix() const { return compiled_->prefix; }
const std::string& Regex::pattern() const { return compiled_->pattern; }

size_t Regex::groups() const {
  if (compiled_->engine) return static_cast<size_t>(compiled_->engine->NumberOfCapturingGroups());
  return compiled_->pattern == kWholeText ? 1 : 0;
}

std::optional<std::string> Regex::expand(std::string_view text,
                                         std::string_view replacement) const {
  if (!matches(text)) return std::nullopt;
  if (replacement.find('$') == std::string_view::npos) return std::string(replacement);

  const re2::StringPiece whole(text.data(), text.size());
  std::vector<re2::StringPiece> found(groups() + 1, whole);
  const RE2* engine = compiled_->engine.get();
  if (engine != nullptr && !engine->Match(whole, 0, whole.size(), RE2::ANCHOR_BOTH, found.data(),
                                          static_cast<int>(found.size()))) {
    return std::nullopt;
  }
  std::string out;
  const auto append_group = [&](std::string_view name) {
    int number = group_number(name);
    if (number < 0 && engine != nullptr) {
      const auto& names = engine->NamedCapturingGroups();
      const auto named = names.find(std::string(name));
      if (named != names.end()) number = named->second;
    }
    if (number < 0 || static_cast<size_t>(number) >= found.size()) return;
    const re2::StringPiece& group = found[static_cast<size_t>(number)];
    if (group.data() != nullptr) out.append(group.data(), group.size());
  };
  std::string_view rest = replacement;
  for (size_t dollar; (dollar = rest.find('$')) != std::string_view::npos;) {
    out += rest.substr(0, dollar);
    rest.remove_prefix(dollar + 1);
    if (rest.starts_with('$')) {
      out += '$';
      rest.remove_prefix(1);
      continue;
    }
    const size_t brace = rest.starts_with('{') ? 1 : 0;
    size_t end = brace;
    while (end < rest.size() && name_character(rest[end])) ++end;
    const bool closed = brace == 0 || (end < rest.size() && rest[end] == '}');
    if (end == brace || !closed) {
      out += '$';  // not a group: Go keeps the dollar as it is
      continue;
    }
    append_group(rest.substr(brace, end - brace));
    rest.remove_prefix(end + brace);
  }
  return out += rest;
}

}  // namespace hearth
