#include "tsdb/log_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_reader.h"
#include "tsdb/wal_record.h"
#include "tsdb/wal_record_histogram.h"
#include "tsdb/wal_repair.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kSeriesBytes = 400;     // what a series takes without its labels and samples
constexpr uint64_t kMostRefs = 1 << 27;  // whether larger ones meant another series is not known
constexpr uint64_t kStretchBytes = 256 * kWalPageBytes;

}  // namespace

// A part of a file, and what the records that begin there have for us.
struct LogScan::Stretch {
  struct Hit {
    uint64_t ref;
    TimeMs t;
    double v;
    uint64_t at;  // where its record begins
  };
  // Histograms and deletes: behind so many of the hits.
  struct Record {
    size_t hits;
    uint64_t at;
    std::string bytes;
  };
  const LogFile* file = nullptr;
  size_t number = 0;
  uint64_t begin = 0, end = 0;
  std::vector<Hit> hits;
  std::vector<Record> records;
  uint64_t read_until = 0;
  std::string damage;
};

// In the file that is being read, at this offset.
void LogScan::tell_read(const LogFile& file, uint64_t offset) const {
  if (!files_.on_read) return;
  uint64_t all = 0, done = 0;
  for (const std::vector<LogFile>* files : {&files_.in_order, &files_.late}) {
    for (const LogFile& one : *files) {
      if (&one == &file) done = all + offset;
      all += one.file.bytes().size();
    }
  }
  files_.on_read(done, all);
}

// Behind damage in a checkpoint the segments can be read; behind that in a segment nothing.
template <class WalkFile>
void LogScan::walk_in_order(WalkFile walk_file) {
  bool readable = true;
  for (size_t i = 0; i < files_.in_order.size(); ++i) {
    const LogFile& file = files_.in_order[i];
    if (!readable && file.in_checkpoint) continue;
    readable = walk_file(file, i);
    if (!readable && !file.in_checkpoint) return;
  }
}

// Whether it could be read to its end.
bool LogScan::end_file(const LogFile& file, uint64_t end, bool last, std::string_view damage) {
  require_readable(file.file, file.path);
  if (damage.empty()) return true;
  // A server may be writing at the very end.
  const bool at_end = end + kWalPageBytes >= file.file.bytes().size();
  if (!last || !at_end) {
    warnings_.add(
        fmt::format("{} is damaged at {}, what follows is left out: {}", file.path, end, damage));
  }
  return false;
}

// ---- which series -------------------------------------------------------------------------------

void LogScan::find_series(Selectors selectors) {
  found_.resize(selectors.size());
  walk_in_order(
      [&](const LogFile& file, size_t number) { return find_series_in(file, number, selectors); });
}

bool LogScan::find_series_in(const LogFile& file, size_t number, Selectors selectors) {
  WalReader reader(file.file.bytes(), WalReader::Wanted::kSeriesAndMetadata);
  std::string damage;
  for (uint64_t forgotten = 0; damage.empty();) {
    if (reader.offset() >= forgotten + kStretchBytes) {
      budget_.check();
      tell_read(file, reader.offset());
      file.file.forget(forgotten, reader.offset());
      forgotten = reader.offset();
    }
    const WalReader::Outcome outcome = reader.next();
    if (outcome == WalReader::Outcome::kEnd) break;
    if (outcome == WalReader::Outcome::kCorrupt) damage = reader.error();
    if (!damage.empty() || record_type(reader.record()) != RecordType::kSeries) continue;
    try {
      tsdb::read_series(reader.record(), [&](uint64_t ref, LabelsView labels) {
        if (!labels.empty()) define(ref, matching(labels, selectors), {number, reader.begin()});
      });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) throw;
      damage = error.what();
    }
  }
  file.file.forget(0, file.file.bytes().size());
  return end_file(file, reader.offset(), number + 1 == files_.in_order.size(), damage);
}

uint32_t LogScan::matching(LabelsView labels, Selectors selectors) {
  const auto number = static_cast<uint32_t>(series_.size());
  bool wanted = false;
  for (size_t i = 0; i < selectors.size(); ++i) {
    const auto matches = [&](const Matcher& matcher) { return matcher.matches(labels); };
    if (!std::all_of(selectors[i].begin(), selectors[i].end(), matches)) continue;
    if (!wanted) {
      if (const auto known = by_labels_.find(labels.flat()); known != by_labels_.end())
        return known->second;
      wanted = true;
    }
    found_[i].push_back(number);
  }
  if (!wanted) return kOther;
  charge(kSeriesBytes + labels.flat().size());
  series_.emplace_back().labels = labels.flat();
  by_labels_.emplace(series_.back().labels, number);
  return number;
}

std::vector<const LogSeries*> LogScan::found(size_t selector) const {
  std::vector<const LogSeries*> found;
  for (const uint32_t number : found_[selector]) found.push_back(&series_[number]);
  return found;
}

void LogScan::define(uint64_t ref, uint32_t series, Position at) {
  const auto known = refs_.find(ref);
  if (known == refs_.end()) {
    if (series == kOther) {
      if (ref >= others_.size() && ref < kMostRefs) others_.resize(std::max(ref + 1, 2 * ref));
      if (ref < kMostRefs) others_[ref] = true;
      return;
    }
    refs_.emplace(ref, series);
    const uint64_t bit = ref % (64 * kFilterWords);
    filter_[bit / 64] |= uint64_t{1} << bit % 64;
    // Samples may stand before the record of their series, but not where the ref meant another one.
    if (ref < others_.size() && others_[ref]) redefined_[ref] = {{kOther, {0, 0}}, {series, at}};
    return;
  }
  const auto found = redefined_.find(ref);
  if ((found == redefined_.end() ? known->second : found->second.back().series) == series) return;
  std::vector<Meaning>& meanings = redefined_[ref];
  if (meanings.empty()) meanings.push_back({known->second, {0, 0}});
  meanings.push_back({series, at});
}

LogSeries* LogScan::find(uint64_t ref, Position at) {
  const auto known = refs_.find(ref);
  if (known == refs_.end()) return nullptr;
  uint32_t series = known->second;
  if (!redefined_.empty()) {
    if (const auto found = redefined_.find(ref); found != redefined_.end()) {
      for (const Meaning& meaning : found->second) {
        if (meaning.from <= at) series = meaning.series;
      }
    }
  }
  return series == kOther ? nullptr : &series_[series];
}

// ---- their samples ------------------------------------------------------------------------------

void LogScan::read_samples(TimeRange in_order, TimeRange late) {
  if (series_.empty()) return;
  walk_in_order([&](const LogFile& file, size_t number) {
    return read_samples_of(file, number, number + 1 == files_.in_order.size(), in_order,
                           &LogSeries::samples);
  });
  for (size_t i = 0; i < files_.late.size(); ++i) {
    read_samples_of(files_.late[i], std::numeric_limits<size_t>::max(), i + 1 == files_.late.size(),
                    late, &LogSeries::late);
  }
}

bool LogScan::read_samples_of(const LogFile& file, size_t number, bool last, TimeRange range,
                              PackedSamples LogSeries::*samples) {
  const uint64_t size = file.file.bytes().size();
  for (uint64_t begin = 0; begin < size;) {
    budget_.check();
    tell_read(file, begin);
    std::vector<Stretch> stretches;
    for (; begin < size && stretches.size() < pool_.threads(); begin += kStretchBytes) {
      Stretch& stretch = stretches.emplace_back();
      stretch.file = &file;
      stretch.number = number;
      stretch.begin = begin;
      stretch.end = begin + kStretchBytes;
    }
    pool_.parallel_slices(stretches.size(), [&](size_t i) { read_stretch(stretches[i], range); });
    for (const Stretch& stretch : stretches) {
      apply(stretch, range, samples);
      if (!stretch.damage.empty()) return end_file(file, stretch.read_until, last, stretch.damage);
    }
    file.file.forget(stretches.front().begin, begin);
  }
  return end_file(file, size, last, {});
}

void LogScan::read_stretch(Stretch& stretch, TimeRange range) const {
  WalReader reader(stretch.file->file.bytes(), WalReader::Wanted::kAll, stretch.begin);
  // Newer ones tell which are out of order.
  const auto is_wanted = [&](uint64_t ref, TimeMs t) { return may_match(ref) && t >= range.min; };
  while (reader.offset() < stretch.end) {
    const WalReader::Outcome outcome = reader.next();
    if (outcome == WalReader::Outcome::kCorrupt) stretch.damage = reader.error();
    if (outcome != WalReader::Outcome::kRecord || reader.begin() >= stretch.end) break;
    const RecordType type = record_type(reader.record());
    try {
      if (holds_samples(type)) {
        tsdb::read_samples(reader.record(), [&](uint64_t ref, TimeMs t, double v) {
          if (is_wanted(ref, t)) stretch.hits.push_back({ref, t, v, reader.begin()});
        });
        continue;
      }
      bool wanted = type == RecordType::kTombstones;
      if (holds_histograms(type)) {
        read_histograms(reader.record(), [&](uint64_t ref, TimeMs t, FloatHistogram&, TimeMs) {
          wanted = wanted || is_wanted(ref, t);
        });
      }
      if (wanted) {
        stretch.records.push_back(
            {stretch.hits.size(), reader.begin(), std::string(reader.record())});
      }
    } catch (const Error& error) {
      stretch.damage = error.what();
      break;
    }
  }
  stretch.read_until = reader.offset();
}

// In wal/ only what is newer than all before counts.
template <class Value>
size_t LogScan::add(LogSeries& series, TimeMs t, const Value& value, TimeRange range,
                    PackedSamples LogSeries::*samples) {
  if (samples == &LogSeries::samples) {
    if (t <= series.newest || t < range.min) return 0;
    series.newest = t;
  }
  return range.contains(t) ? (series.*samples).add(t, value) : 0;
}

void LogScan::apply(const Stretch& stretch, TimeRange range, PackedSamples LogSeries::*samples) {
  size_t more = 0, next = 0;
  const auto apply_records = [&](size_t hits) {
    for (; next < stretch.records.size() && stretch.records[next].hits <= hits; ++next) {
      const Stretch::Record& record = stretch.records[next];
      more += apply_record(record.bytes, {stretch.number, record.at}, range, samples);
    }
  };
  for (size_t i = 0; i < stretch.hits.size(); ++i) {
    apply_records(i);
    const Stretch::Hit& hit = stretch.hits[i];
    if (LogSeries* const series = find(hit.ref, {stretch.number, hit.at}))
      more += add(*series, hit.t, hit.v, range, samples);
  }
  apply_records(stretch.hits.size());
  if (more > 0) charge(more);
}

size_t LogScan::apply_record(std::string_view record, Position at, TimeRange range,
                             PackedSamples LogSeries::*samples) {
  size_t more = 0;
  if (record_type(record) != RecordType::kTombstones) {
    read_histograms(record, [&](uint64_t ref, TimeMs t, FloatHistogram& histogram, TimeMs) {
      if (LogSeries* const series = find(ref, at))
        more += add(*series, t, histogram, range, samples);
    });
    return more;
  }
  read_tombstones(record, [&](const TombstoneEntry& entry) {
    LogSeries* const series = find(entry.ref, at);
    if (series == nullptr) return;
    if (entry.min == std::numeric_limits<TimeMs>::min() &&
        entry.max == std::numeric_limits<TimeMs>::max()) {
      series->samples = {};  // it ended here: what it had is in a block
    } else {
      add_interval(series->deleted, {entry.min, entry.max});
    }
  });
  return more;
}

}  // namespace hearth::tsdb
