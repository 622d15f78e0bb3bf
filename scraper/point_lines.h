// Lines of text that only together say something: those of a classic histogram that custom buckets
// replace, and "_created" lines with the series that they are about.
#pragma once

#include <vector>

#include "scraper/classic_histogram.h"
#include "scraper/exposition.h"
#include "scraper/sample_sink.h"

namespace hearth {

// Sees the lines of families where it matters, as Prometheus' NHCBParser and OpenMetricsParser do. One body.
// One thread.
class PointLines {
 public:
  // What "_created" lines are: series, or a time, or series until a histogram is converted, and nothing
  // after it: so it is in Prometheus' OpenMetrics.
  enum class Created { kSeries, kSeriesAtFirst, kTime };
  PointLines(ExpositionParser& parser, SampleSink& sink, Created created)
      : parser_(parser), sink_(sink), created_(created) {}

  // Whether lines of families of this type are to be given to take().
  bool wants(MetricType type) const {
    return (sink_.task.histograms.convert_classic && type == MetricType::kHistogram) ||
           (takes_created() && has_creation(type));
  }
  // The line that the parser has read.
  void take();
  // What comes next is no line of the family, or the end.
  void end();

 private:
  friend struct ConvertedSample;
  struct Histogram {
    bool open = false;
    uint64_t print = 0;
    ExpositionParser::RawSeries series;  // of its first line
    ClassicHistogram buckets;
    std::vector<Exemplar> exemplars;  // those with a time
    bool has_time = false;
    TimeMs t = 0, created = 0;
  };
  struct Waiting {
    TakenSample taken;
    uint64_t print;
  };

  static bool has_creation(MetricType type);
  bool takes_created() const { return created_ == Created::kTime || skips_created_; }
  uint64_t print() const;
  bool take_part(uint64_t print);
  void take_created(uint64_t print);
  void end_histogram();

  ExpositionParser& parser_;
  SampleSink& sink_;
  const Created created_;
  bool skips_created_ = false;
  Histogram histogram_;
  std::vector<Waiting> waiting_;  // series that wait for the next "_created" line
  // Of the last "_created" line, as long as series of that point follow.
  uint64_t last_print_ = 0;
  TimeMs last_created_ = 0;  // 0 = there is none
};

}  // namespace hearth
