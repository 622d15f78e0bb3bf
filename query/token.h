// The words of PromQL, as the lexer finds them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::promql {

// The groups matter: is_operator() and its like compare positions.
enum class TokenType : uint8_t {
  kEnd, kComment, kIdentifier, kMetricIdentifier, kString, kNumber, kDuration,
  kEqual, kColon, kComma, kLeftBrace, kRightBrace, kLeftBracket, kRightBracket, kLeftParen, kRightParen,
  // operators
  kAdd, kDiv, kEqlC, kEqlRegex, kGte, kGtr, kAnd, kOr, kLss, kLte, kUnless, kMod, kMul, kNeq, kNeqRegex,
  kPow, kSub, kAt, kAtan2, kTrimUpper, kTrimLower,
  // aggregators, in the order of AggregateOp
  kSum, kAvg, kMin, kMax, kCount, kGroup, kStddev, kStdvar, kTopk, kBottomk, kQuantile, kCountValues,
  kLimitk, kLimitRatio,
  // keywords
  kBool, kBy, kGroupLeft, kGroupRight, kIgnoring, kOffset, kSmoothed, kAnchored, kOn, kWithout, kFill,
  kFillLeft, kFillRight,
  // functions that are also words of @ and of duration expressions
  kStart, kEndFunction, kStep, kRange, kMaxOf, kMinOf
};

inline bool is_operator(TokenType t) { return t >= TokenType::kAdd && t <= TokenType::kTrimLower; }
inline bool is_aggregator(TokenType t) { return t >= TokenType::kSum && t <= TokenType::kLimitRatio; }
inline bool is_keyword(TokenType t) { return t >= TokenType::kBool && t <= TokenType::kFillRight; }
inline bool is_word_function(TokenType t) { return t >= TokenType::kStart && t <= TokenType::kMinOf; }

// Part of the query text, which must outlive it.
struct Token {
  TokenType type = TokenType::kEnd;
  uint32_t pos = 0;
  std::string_view text;
  uint32_t end() const { return pos + static_cast<uint32_t>(text.size()); }
};

// The keyword, operator word, aggregator or number (inf, nan) that `word` is, in any case;
// kIdentifier where it is none.
TokenType find_word(std::string_view word);

// As Prometheus names it in "unexpected ...": `identifier "foo"`, `<op:+>`, `"("`, `end of input`.
std::string describe(const Token& token);

}  // namespace hearth::promql
