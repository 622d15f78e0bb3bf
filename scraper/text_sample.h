// The line that a parser of text has just read, as SampleSink wants it.
#pragma once

#include "scraper/exposition.h"
#include "scraper/sample_sink.h"

namespace hearth {

// One thread.
struct TextSample {
  ExpositionParser& parser;
  bool with_exemplar = true;

  const std::vector<Label>& labels() { return parser.labels(); }
  bool has_time() const { return parser.has_time(); }
  TimeMs time() const { return parser.time(); }
  bool fits(const ScrapeConfig&) const { return true; }
  void store(SampleSink& sink, SeriesRef ref, TimeMs t) {
    sink.push(ref, t, parser.value());
    if (!with_exemplar || !parser.has_exemplar()) return;
    Exemplar exemplar = parser.exemplar();
    if (!exemplar.has_time) exemplar.t = t;
    sink.push(ref, std::move(exemplar));
  }
};

}  // namespace hearth
