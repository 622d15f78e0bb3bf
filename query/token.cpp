#include "query/token.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/go_text.h"
#include "core/utf8.h"
#include "query/words.h"

namespace hearth::promql {
namespace {

struct Word {
  std::string_view text;
  TokenType type;
};

// Sorted by text.
constexpr Word kWords[] = {
    {"anchored", TokenType::kAnchored},
    {"and", TokenType::kAnd},
    {"atan2", TokenType::kAtan2},
    {"avg", TokenType::kAvg},
    {"bool", TokenType::kBool},
    {"bottomk", TokenType::kBottomk},
    {"by", TokenType::kBy},
    {"count", TokenType::kCount},
    {"count_values", TokenType::kCountValues},
    {"end", TokenType::kEndFunction},
    {"fill", TokenType::kFill},
    {"fill_left", TokenType::kFillLeft},
    {"fill_right", TokenType::kFillRight},
    {"group", TokenType::kGroup},
    {"group_left", TokenType::kGroupLeft},
    {"group_right", TokenType::kGroupRight},
    {"ignoring", TokenType::kIgnoring},
    {"inf", TokenType::kNumber},
    {"limit_ratio", TokenType::kLimitRatio},
    {"limitk", TokenType::kLimitk},
    {"max", TokenType::kMax},
    {"max_of", TokenType::kMaxOf},
    {"min", TokenType::kMin},
    {"min_of", TokenType::kMinOf},
    {"nan", TokenType::kNumber},
    {"offset", TokenType::kOffset},
    {"on", TokenType::kOn},
    {"or", TokenType::kOr},
    {"quantile", TokenType::kQuantile},
    {"range", TokenType::kRange},
    {"smoothed", TokenType::kSmoothed},
    {"start", TokenType::kStart},
    {"stddev", TokenType::kStddev},
    {"stdvar", TokenType::kStdvar},
    {"step", TokenType::kStep},
    {"sum", TokenType::kSum},
    {"topk", TokenType::kTopk},
    {"unless", TokenType::kUnless},
    {"without", TokenType::kWithout},
};
constexpr size_t kLongestWord = 12;

// At most ten characters of a literal are shown.
std::string quoted_start(std::string_view text) {
  constexpr size_t kShown = 10;
  if (text.size() <= kShown) return go_quote(text);
  size_t length = 0;
  for (size_t shown = 0; shown < kShown && length < text.size(); ++shown) {
    length += decode_rune(text.substr(length)).size;
  }
  return go_quote(text.substr(0, length)) + "...";
}

}  // namespace

TokenType find_word(std::string_view word) {
  if (word.size() > kLongestWord) return TokenType::kIdentifier;
  std::array<char, kLongestWord> lower;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  const std::string_view text(lower.data(), word.size());
  const auto* found =
      std::lower_bound(std::begin(kWords), std::end(kWords), text,
                       [](const Word& w, std::string_view t) { return w.text < t; });
  return found != std::end(kWords) && found->text == text ? found->type : TokenType::kIdentifier;
}

std::vector<ReservedWord> reserved_words() {
  std::vector<ReservedWord> out;
  for (const Word& word : kWords) {
    if (word.type == TokenType::kNumber || is_word_function(word.type)) continue;
    out.push_back({word.text, is_aggregator(word.type)});
  }
  return out;
}

std::string describe(const Token& token) {
  const std::string text(token.text);
  if (is_keyword(token.type)) return "<" + text + ">";
  if (is_operator(token.type)) return "<op:" + text + ">";
  if (is_aggregator(token.type)) return "<aggr:" + text + ">";
  switch (token.type) {
    case TokenType::kEnd:
      return "end of input";
    case TokenType::kIdentifier:
      return "identifier " + go_quote(text);
    case TokenType::kMetricIdentifier:
      return "metric identifier " + go_quote(text);
    case TokenType::kString:
      return "string " + quoted_start(text);
    case TokenType::kNumber:
      return "number " + quoted_start(text);
    case TokenType::kDuration:
      return "duration " + quoted_start(text);
    default:
      return quoted_start(text);
  }
}

}  // namespace hearth::promql
