#include "scraper/series_reader.h"

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "core/hash.h"
#include "scraper/metadata_news.h"
#include "scraper/number.h"
#include "scraper/openmetrics_parser.h"
#include "scraper/sample_labels.h"
#include "scraper/text_parser.h"

namespace hearth {
namespace {

// Pushes to the columns of a batch without checking three capacities. One thread.
class BatchWriter {
 public:
  BatchWriter(Batch& batch, size_t expected) : batch_(batch), size_(batch.size()) {
    resize(size_ + expected);
  }
  ~BatchWriter() { resize(size_); }
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;

  void push(SeriesRef ref, TimeMs t, double v) {
    if (size_ == capacity_) resize(2 * capacity_ + 64);
    refs_[size_] = ref;
    times_[size_] = t;
    values_[size_] = v;
    ++size_;
  }

 private:
  void resize(size_t size) {
    batch_.refs.resize(size);
    batch_.times.resize(size);
    batch_.values.resize(size);
    refs_ = batch_.refs.data();
    times_ = batch_.times.data();
    values_ = batch_.values.data();
    capacity_ = size;
  }
  Batch& batch_;
  SeriesRef* refs_ = nullptr;
  TimeMs* times_ = nullptr;
  double* values_ = nullptr;
  size_t size_;
  size_t capacity_ = 0;
};

// Where one series stands twice in a batch, only samples that go forward in time stay.
size_t drop_disordered(Batch& batch) {
  std::unordered_map<SeriesRef, TimeMs> latest;
  size_t kept = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    const auto [it, first] = latest.try_emplace(batch.refs[i], batch.times[i]);
    if (!first && batch.times[i] <= it->second) continue;
    it->second = batch.times[i];
    batch.refs[kept] = batch.refs[i];
    batch.times[kept] = batch.times[i];
    batch.values[kept] = batch.values[i];
    ++kept;
  }
  const size_t dropped = batch.size() - kept;
  batch.refs.resize(kept);
  batch.times.resize(kept);
  batch.values.resize(kept);
  return dropped;
}

LineScratch& scratch() {
  thread_local LineScratch lines;
  return lines;
}

template <class Parser>
class Reader {
 public:
  Reader(const ReadTask& task, Batch& batch, ReadCounts& counts)
      : task_(task), config_(task.config), batch_(batch), counts_(counts), parser_(task.body),
        walk_(task.lines, scratch(), process_seed()), news_(task.metadata), samples_(batch, task.lines.entries().size() + 16) {}

  void run();
  void finish(std::vector<SeriesRef>& stale) {
    walk_.finish([&](SeriesRef ref) { stale.push_back(ref); });
  }
  bool comments_lost() const { return walk_.comments_lost(); }
  bool repeated_with_times() const { return repeated_with_times_; }

 private:
  bool recognised(const char* p, const LineEntry& entry);
  bool plain_sample(const char* number, const LineEntry& entry);
  bool parsed();
  void comment(EntryKind kind);
  void series();
  void new_series();
  // Counts one sample that relabelling left; false when it must not be stored.
  bool admit();
  void sample(SeriesRef ref);
  void tell_metadata(SeriesRef ref, std::string_view metric);
  bool has_time() const { return parser_.has_time() && config_.honor_timestamps; }
  bool tracked() const { return !has_time() || config_.track_timestamps_staleness; }
  bool in_bounds();

  const ReadTask& task_;
  const ScrapeConfig& config_;
  Batch& batch_;
  ReadCounts& counts_;
  Parser parser_;
  LineWalk walk_;
  MetadataNews news_;
  BatchWriter samples_;
  LabelsBuilder labels_;
  bool repeated_with_times_ = false;
};

template <class Parser>
void Reader<Parser>::run() {
  const char* const end = parser_.end();
  for (;;) {
    const char* p = parser_.position();
    const LineEntry* entry = p < end ? walk_.expected(p, end) : nullptr;
    if (entry == nullptr && p < end) entry = walk_.look_ahead(p, end);
    if (entry != nullptr && recognised(p, *entry)) continue;
    if (!parsed()) return;
  }
}

// Reads the rest of a line that begins with a known series, or is a known comment.
template <class Parser>
bool Reader<Parser>::recognised(const char* p, const LineEntry& entry) {
  if (task_.tell_metadata && (entry.is(LineEntry::kComment) || news_.family_changed())) return false;
  const char* number = p + entry.length + 1;
  if (entry.is(LineEntry::kComment)) {
    if (entry.comment_kind() == EntryKind::kType) parser_.set_type(entry.comment_type());
    parser_.skip_to(number);
    walk_.take(false);
    return true;
  }
  if (plain_sample(number, entry)) return true;
  if (*number == ' ' || *number == '\t' || *number == '{') return false;  // braces may follow the name
  parser_.suffix(p, number - 1);
  const SeriesRef ref = entry.ref;
  walk_.take(tracked());
  ++counts_.total;
  if (ref != 0 && admit()) sample(ref);
  return true;
}

template <class Parser>
bool Reader<Parser>::plain_sample(const char* number, const LineEntry& entry) {
  double value;
  const char* after = read_plain_number(number, parser_.end(), value);
  if (after == nullptr) return false;
  TimeMs time = task_.time;
  bool tracked = true;
  if (*after != '\n') {
    if constexpr (!std::is_same_v<Parser, TextParser>) return false;
    TimeMs explicit_time;
    after = read_plain_time(after + 1, explicit_time);
    if (after == nullptr) return false;
    if (config_.honor_timestamps) {
      if (explicit_time > task_.latest_time) return false;
      time = explicit_time;
      tracked = config_.track_timestamps_staleness;
    }
  } else if (after >= parser_.end()) {
    return false;  // the newline is not the body's own
  }
  parser_.skip_to(after + 1);
  const SeriesRef ref = entry.ref;
  walk_.take(tracked);
  ++counts_.total;
  if (ref != 0 && admit()) samples_.push(ref, time, value);
  return true;
}

// The slow way. Returns false at the end of the body.
template <class Parser>
bool Reader<Parser>::parsed() {
  const EntryKind kind = parser_.next();
  if (kind == EntryKind::kEnd) return false;
  if (kind == EntryKind::kSeries) {
    series();
  } else {
    comment(kind);
  }
  return true;
}

template <class Parser>
void Reader<Parser>::comment(EntryKind kind) {
  const bool of_family = kind != EntryKind::kComment;
  if (task_.tell_metadata && of_family) {
    news_.tell(kind, parser_.family(), parser_.type(), parser_.help());
  }
  switch (walk_.find(parser_.text())) {
    case LineWalk::Outcome::kKnown: walk_.take(false); break;
    case LineWalk::Outcome::kRepeated: walk_.repeat(); break;
    case LineWalk::Outcome::kNew:
      if (!task_.tell_metadata && of_family) {
        task_.metadata.set(kind, parser_.family(), parser_.type(), parser_.help());
      }
      walk_.add(LineEntry::comment(kind, parser_.type()), true, false);
      break;
  }
}

template <class Parser>
bool Reader<Parser>::admit() {
  ++counts_.added;
  if (config_.sample_limit > 0 && counts_.added > config_.sample_limit) {
    counts_.sample_limit_exceeded = true;
    return false;
  }
  return true;
}

template <class Parser>
bool Reader<Parser>::in_bounds() {
  if (!has_time() || parser_.time() <= task_.latest_time) return true;
  ++counts_.out_of_bounds;
  return false;
}

template <class Parser>
void Reader<Parser>::sample(SeriesRef ref) {
  if (!in_bounds()) return;
  samples_.push(ref, has_time() ? parser_.time() : task_.time, parser_.value());
  if (!parser_.has_exemplar()) return;
  Exemplar exemplar = parser_.exemplar();
  if (!exemplar.has_time) exemplar.t = has_time() ? parser_.time() : task_.time;
  batch_.exemplars.push_back({ref, std::move(exemplar)});
}

template <class Parser>
void Reader<Parser>::tell_metadata(SeriesRef ref, std::string_view metric) {
  if (std::optional<Metadata> known = news_.of(metric)) {
    batch_.metadata.push_back({ref, std::move(*known)});
  }
}

template <class Parser>
void Reader<Parser>::series() {
  ++counts_.total;
  switch (walk_.find(parser_.text())) {
    case LineWalk::Outcome::kKnown: {
      const SeriesRef ref = walk_.entry().ref;
      walk_.take(tracked());
      if (ref == 0 || !admit()) break;
      if (task_.tell_metadata && news_.family_changed() &&
          sample_labels(parser_.labels(), task_.target, config_, labels_)) {
        tell_metadata(ref, labels_.get(kMetricName));
      }
      sample(ref);
      break;
    }
    case LineWalk::Outcome::kRepeated: {
      const SeriesRef ref = walk_.repeated_ref();
      walk_.repeat();
      if (ref == 0 || !admit()) break;
      if (has_time()) {
        repeated_with_times_ = true;
        sample(ref);
      } else {
        ++counts_.duplicates;
      }
      break;
    }
    case LineWalk::Outcome::kNew: new_series(); break;
  }
}

template <class Parser>
void Reader<Parser>::new_series() {
  if (!sample_labels(parser_.labels(), task_.target, config_, labels_)) {
    walk_.add(0, false, false);
    return;
  }
  if (!admit()) return;
  if (!in_bounds()) return;  // and nothing is interned for it
  const SeriesRef ref = task_.appender.intern(labels_.build(), &task_.source);
  if (ref == 0) {
    ++counts_.refused;
    return;
  }
  walk_.add(ref, false, tracked());
  ++counts_.series_added;
  if (task_.tell_metadata) tell_metadata(ref, labels_.get(kMetricName));
  sample(ref);
}

template <class Parser>
bool read(const ReadTask& task, Batch& batch, std::vector<SeriesRef>& stale, ReadCounts& counts) {
  bool comments_lost, repeated;
  {
    Reader<Parser> reader(task, batch, counts);
    reader.run();
    if (counts.sample_limit_exceeded) throw Error(ErrorKind::kBadData, "sample limit exceeded");
    reader.finish(stale);
    comments_lost = reader.comments_lost();
    repeated = reader.repeated_with_times();
  }
  if (repeated || task.lines.has_aliases()) {
    const size_t dropped = drop_disordered(batch);
    if (repeated) counts.out_of_order += dropped;
  }
  return comments_lost;
}

template <class Parser>
std::vector<std::string> families(const Body& body) {
  std::vector<std::string> names;
  Parser parser(body);
  for (;;) {
    const EntryKind kind = parser.next();
    if (kind == EntryKind::kEnd) break;
    if (kind != EntryKind::kSeries && kind != EntryKind::kComment) names.emplace_back(parser.family());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

bool read_series(const ReadTask& task, Batch& batch, std::vector<SeriesRef>& stale, ReadCounts& counts) {
  return task.format == ExpositionFormat::kText ? read<TextParser>(task, batch, stale, counts)
                                                : read<OpenMetricsParser>(task, batch, stale, counts);
}

std::vector<std::string> families_of(const Body& body, ExpositionFormat format) {
  return format == ExpositionFormat::kText ? families<TextParser>(body)
                                           : families<OpenMetricsParser>(body);
}

}  // namespace hearth
