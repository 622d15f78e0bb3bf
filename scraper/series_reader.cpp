#include "scraper/series_reader.h"

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "scraper/protobuf_reader.h"
#include "scraper/sample_sink.h"
#include "scraper/text_reader.h"

namespace hearth {
namespace {

// Where one series stands twice in a batch, only samples that go forward in time stay.
void drop_disordered(Batch& batch) {
  std::unordered_map<SeriesRef, TimeMs> latest;
  const auto goes_forward = [&](SeriesRef ref, TimeMs t) {
    const auto [it, first] = latest.try_emplace(ref, t);
    if (!first && t <= it->second) return false;
    it->second = t;
    return true;
  };
  size_t kept = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!goes_forward(batch.refs[i], batch.times[i])) continue;
    batch.refs[kept] = batch.refs[i];
    batch.times[kept] = batch.times[i];
    batch.values[kept] = batch.values[i];
    ++kept;
  }
  batch.refs.resize(kept);
  batch.times.resize(kept);
  batch.values.resize(kept);
  latest.clear();
  std::erase_if(batch.histograms, [&](const Batch::SeriesHistogram& h) { return !goes_forward(h.ref, h.t); });
}

template <class Reader>
bool read(const ReadTask& task, Batch& batch, std::vector<SeriesRef>& stale, ReadCounts& counts) {
  bool comments_lost, repeated;
  {
    SampleSink sink(task, batch, counts);
    try {
      Reader(task.body, sink).run();
      sink.check_limits();
    } catch (const Error&) {
      sink.give_up(stale);
      throw;
    }
    sink.finish(stale);
    comments_lost = sink.walk.comments_lost();
    repeated = sink.repeated_with_times();
  }
  if (repeated || task.lines.has_aliases()) drop_disordered(batch);
  return comments_lost;
}

template <class Parser>
std::vector<std::string> commented_families(const Body& body) {
  std::vector<std::string> names;
  Parser parser(body);
  for (;;) {
    const EntryKind kind = parser.next();
    if (kind == EntryKind::kEnd) return names;
    if (kind != EntryKind::kSeries && kind != EntryKind::kComment) names.emplace_back(parser.family());
  }
}

std::vector<std::string> unsorted_families(const Body& body, ExpositionFormat format) {
  switch (format) {
    case ExpositionFormat::kText: return commented_families<TextParser>(body);
    case ExpositionFormat::kOpenMetrics: return commented_families<OpenMetricsParser>(body);
    case ExpositionFormat::kProtobuf: break;
  }
  return protobuf_families(body);
}

}  // namespace

bool read_series(const ReadTask& task, Batch& batch, std::vector<SeriesRef>& stale, ReadCounts& counts) {
  switch (task.format) {
    case ExpositionFormat::kText: return read<TextReader<TextParser>>(task, batch, stale, counts);
    case ExpositionFormat::kOpenMetrics: return read<TextReader<OpenMetricsParser>>(task, batch, stale, counts);
    case ExpositionFormat::kProtobuf: break;
  }
  return read<ProtobufReader>(task, batch, stale, counts);
}

std::vector<std::string> families_of(const Body& body, ExpositionFormat format) {
  std::vector<std::string> names = unsorted_families(body, format);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace hearth
