// Reads a body in one of the text formats into a sink: the hot path. Lines that are recognised cost a
// fingerprint and a number; the others are parsed.
#pragma once

#include "scraper/lines_ahead.h"
#include "scraper/openmetrics_parser.h"
#include "scraper/point_lines.h"
#include "scraper/sample_sink.h"
#include "scraper/text_parser.h"

namespace hearth {

// One body. One thread.
template <class Parser>  // TextParser or OpenMetricsParser
class TextReader {
 public:
  TextReader(const Body& body, SampleSink& sink);

  // Throws Error(kBadData) where the body is malformed.
  void run();

 private:
  void take_ahead();
  const LineEntry* elsewhere(const char* p);
  bool recognised(const char* p, const LineEntry& entry);
  bool plain_sample(const char* number);
  bool parsed();
  void comment(EntryKind kind);

  SampleSink& sink_;
  const ReadTask& task_;
  Parser parser_;
  PointLines points_;
  LinesAhead ahead_;
  const bool parses_comments_;  // all of them
  bool in_points_ = false;      // points_ wants the lines of this family
};

extern template class TextReader<TextParser>;
extern template class TextReader<OpenMetricsParser>;

}  // namespace hearth
