// OpenMetrics text, 1.0.0 and 0.0.1: one space between parts, times in seconds, exemplars, "# EOF".
#pragma once

#include "scraper/exposition.h"

namespace hearth {

// One thread.
class OpenMetricsParser final : public ExpositionParser {
 public:
  explicit OpenMetricsParser(const Body& body) : ExpositionParser(body.text()), last_(start_) {}

  // Reads the next entry. Throws Error(kBadData) in Prometheus' words; so it does where the body ends
  // without "# EOF".
  EntryKind next();

  // Reads what follows the series of a line that is known to stand in [start, series_end).
  void suffix(const char* start, const char* series_end);

 private:
  enum class Labels { kOfSeries, kOfExemplar };
  EntryKind comment();
  EntryKind metadata(const char* p, EntryKind kind);
  const char* labels_after(const char* brace, Labels whose);
  const char* exemplar_after(const char* brace);
  Token take(Token token);
  Token label_token(const char* p, Labels whose);
  Token number_token(const char* p, const char* name);
  Token after_value_token(const char* p);
  double number(const Token& token) const;
  TimeMs seconds(const Token& token, const char* what) const;

  const char* last_;  // begin of the last token, which errors at the end of the body quote
};

}  // namespace hearth
