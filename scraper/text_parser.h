// The Prometheus text format, 0.0.4 and 1.0.0 (quoted UTF-8 names).
#pragma once

#include "scraper/exposition.h"

namespace hearth {

// One thread.
class TextParser final : public ExpositionParser {
 public:
  explicit TextParser(const Body& body) : ExpositionParser(body.with_newline()) {}

  // Reads the next entry. Throws Error(kBadData) in Prometheus' words. A NUL where a line begins ends
  // the body silently, as it does there.
  EntryKind next();

  // Reads value and timestamp of a line whose series is known to stand in [start, series_end).
  void suffix(const char* start, const char* series_end);

 private:
  const char* skip_blanks(const char* p) const;
  const char* skip_value(const char* p) const;
  EntryKind comment(const char* hash);
  EntryKind metadata(const char* p, EntryKind kind);
  const char* labels_after(const char* brace);
  Token label_token(const char* p) const;
};

}  // namespace hearth
