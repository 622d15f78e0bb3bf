#include "scraper/scrape.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/compress.h"
#include "core/error.h"
#include "core/log.h"
#include "scraper/negotiation.h"
#include "scraper/sample_labels.h"
#include "scraper/series_reader.h"

namespace hearth {

size_t max_body_bytes(const ScrapeConfig& config) {
  constexpr size_t kUnlimited = size_t{1} << 30;  // even then a target must not fill the memory
  return config.body_size_limit > 0 ? config.body_size_limit : kUnlimited;
}

namespace {

constexpr DurationMs kMaxAhead = 10 * 60'000;  // samples further in the future are out of bounds
constexpr unsigned kKeepMetadata = 10;         // scrapes that a vanished family is still known
constexpr int kMaxAttempts = 3;
constexpr const char* kBodyLimitText = "body size limit exceeded";

// Batches are reused: one per worker.
Batch& scratch_batch() {
  thread_local Batch batch;
  batch.clear();
  return batch;
}

// What bodies are uncompressed into; one per worker. Given back as it was left: to make it as large again costs
// nothing.
std::string& scratch_text() {
  thread_local std::string text;
  return text;
}

// Those of samples that have no other: the exemplars of a histogram come again and again, next to new ones.
size_t exemplars_out_of_order(const Batch& batch, const AppendResult& result) {
  size_t counted = 0;
  const std::vector<uint32_t>& late = result.exemplars_out_of_order;
  for (size_t i = 0; i < late.size();) {
    const SeriesRef ref = batch.exemplars[late[i]].ref;
    size_t begin = late[i], end = late[i], of_sample = 0;
    while (begin > 0 && batch.exemplars[begin - 1].ref == ref) --begin;
    while (end < batch.exemplars.size() && batch.exemplars[end].ref == ref) ++end;
    for (; i < late.size() && late[i] < end; ++i) ++of_sample;
    if (of_sample == end - begin) counted += of_sample;
  }
  return counted;
}

// One scrape of one target. One thread.
class Scrape {
 public:
  Scrape(Target& target, const ScrapeConfig& config, const ScrapeTiming& timing, const ScrapeSink& sink)
      : target_(target), config_(config), timing_(timing), sink_(sink), batch_(scratch_batch()) {}
  ~Scrape() {
    constexpr size_t kKept = 1 << 20;
    std::string text = std::move(body_).take();
    if (text.capacity() > scratch_text().capacity() && text.capacity() <= kKept) scratch_text() = std::move(text);
  }
  Scrape(const Scrape&) = delete;
  Scrape& operator=(const Scrape&) = delete;

  void run(FetchedBody fetched);

 private:
  void decode(std::string bytes, const FetchedBody& fetched);
  void read(ReadCounts& counts);
  void fill(const std::string& fetch_error);
  AppendResult commit();
  void forget(const AppendResult& result);
  void count(const AppendResult& result);
  void add_what_was_stored(const AppendResult& result);
  std::string warning() const;
  void log_failure(const std::string& error) const;
  // Not exposed: the beginning of a counter.
  bool is_zero(const AppendResult::Refused& sample) const {
    return sample.position < (sample.histogram ? zero_histograms_ : zeros_);
  }
  void warn(const char* text, size_t dropped) const;
  double duration_seconds() const {
    const int64_t since = sink_.clock.monotonic_nanos() - timing_.start_nanos;
    return static_cast<double>(since - timing_.held_nanos) / 1e9;
  }

  Target& target_;
  const ScrapeConfig& config_;
  const ScrapeTiming& timing_;
  const ScrapeSink& sink_;
  Batch& batch_;
  Body body_;
  std::string error_;
  ScrapeReport report_;
  std::vector<SeriesRef> stale_;
  bool first_attempt_ = true;
  size_t zeros_ = 0, zero_histograms_ = 0;  // that begin the batch
};

// The body as text, below its limits.
void Scrape::decode(std::string bytes, const FetchedBody& fetched) {
  const size_t limit = max_body_bytes(config_);
  const auto refuse = [&] {
    sink_.metrics.exceeded_body_size.add();
    report_.body_bytes = -1;
    throw Error(ErrorKind::kBadData, kBodyLimitText);
  };
  if (fetched.too_large) refuse();
  if (fetched.gzip) {
    std::string& plain = scratch_text();
    try {
      gzip_uncompress(bytes, plain, limit);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kBadData) refuse();
      throw;
    }
    bytes = std::move(plain);
  }
  // A body as large as the limit is over it, as Prometheus has it.
  if (bytes.size() >= limit) refuse();
  report_.body_bytes = static_cast<double>(bytes.size());
  body_ = Body(std::move(bytes));
}

void Scrape::read(ReadCounts& counts) {
  Target::ScrapeState& state = target_.scrape;
  if (body_.text().empty()) {  // like a failed scrape, but up
    state.lines.end_all([&](SeriesRef ref) { stale_.push_back(ref); });
    return;
  }
  const ReadTask task{body_,          state.format, timing_.time,   sink_.clock.now() + kMaxAhead,
                      target_.labels(), config_,      sink_.appender, state.lines,
                      target_.metadata, target_.source,
                      {sink_.tell_metadata, sink_.zeros_at_creation, sink_.type_and_unit_labels},
                      target_.histograms(config_), state.last_time};
  if (read_series(task, batch_, stale_, counts)) state.metadata_outdated_in = kKeepMetadata;
  if (state.metadata_outdated_in > 0 && --state.metadata_outdated_in == 0) {
    target_.metadata.retain(families_of(body_, state.format));
  }
}

// Makes the batch. Afterwards error_ says how the scrape went.
void Scrape::fill(const std::string& fetch_error) {
  Target::ScrapeState& state = target_.scrape;
  // What was new the first time is known now.
  const std::vector<Batch::SeriesMetadata> told = std::move(batch_.metadata);
  batch_.clear();
  error_ = fetch_error;
  ReadCounts counts;
  if (error_.empty()) {
    try {
      read(counts);
    } catch (const LabelLimitError& error) {
      if (first_attempt_) sink_.metrics.exceeded_label_limits.add();
      error_ = error.what();
    } catch (const Error& error) {
      error_ = error.what();
    }
  }
  if (!fetch_error.empty()) state.lines.end_all([&](SeriesRef ref) { stale_.push_back(ref); });
  zeros_ = error_.empty() ? counts.zeros : 0;
  zero_histograms_ = error_.empty() ? counts.zero_histograms : 0;
  if (!error_.empty()) batch_.clear();
  if (first_attempt_) report_.counts = std::move(counts);
  for (const SeriesRef ref : stale_) batch_.push(ref, timing_.time, stale_marker());
  report_.up = error_.empty();
  report_.timeout = target_.timeout();
  report_.added_later = error_.empty() && !report_.counts.new_with_time.empty();
  report_.duration_seconds = duration_seconds();
  batch_.metadata.insert(batch_.metadata.end(), told.begin(), told.end());
  append_report(report_, target_.labels(), config_, timing_.time, sink_, state.report_refs, batch_);
}

// Series have died in the storage since they were last seen: their lines are resolved again.
void Scrape::forget(const AppendResult& result) {
  std::vector<SeriesRef> dead;
  for (const uint32_t position : result.unknown) dead.push_back(batch_.refs[position]);
  for (const uint32_t position : result.unknown_histograms) dead.push_back(batch_.histograms[position].ref);
  std::sort(dead.begin(), dead.end());
  const auto is_dead = [&](SeriesRef ref) { return std::binary_search(dead.begin(), dead.end(), ref); };
  std::erase_if(stale_, is_dead);
  for (SeriesRef& ref : target_.scrape.report_refs) {
    if (is_dead(ref)) ref = 0;
  }
  target_.scrape.lines.forget(dead);
  first_attempt_ = false;
}

AppendResult Scrape::commit() {
  const std::string fetch_error = error_;
  for (int attempt = 1;; ++attempt) {
    fill(fetch_error);
    AppendResult result = sink_.appender.append(batch_);
    const size_t unknown = result.unknown.size() + result.unknown_histograms.size();
    if (unknown == 0) return result;
    if (attempt == kMaxAttempts) {
      throw Error(ErrorKind::kInternal,
                  fmt::format("{} series vanished from the storage while they were written", unknown));
    }
    forget(result);
  }
}

// New series whose first sample the storage has refused are not there: their lines stay new.
void Scrape::add_what_was_stored(const AppendResult& result) {
  std::vector<SeriesRef>& added = report_.counts.new_with_time;
  std::sort(added.begin(), added.end());
  std::vector<SeriesRef> refused;
  for (const AppendResult::Refused& sample : result.refused) {
    if (is_zero(sample)) continue;
    const SeriesRef ref =
        sample.histogram ? batch_.histograms[sample.position].ref : batch_.refs[sample.position];
    if (std::binary_search(added.begin(), added.end(), ref)) refused.push_back(ref);
  }
  std::sort(refused.begin(), refused.end());
  refused.erase(std::unique(refused.begin(), refused.end()), refused.end());
  report_.counts.series_added -= std::min(report_.counts.series_added, refused.size());
  if (!refused.empty()) target_.scrape.lines.forget(refused);
  batch_.clear();
  append_series_added(report_, timing_.time, target_.scrape.report_refs, batch_);
  sink_.appender.append(batch_);
}

std::string Scrape::warning() const {
  const ReadCounts& counts = report_.counts;
  if (counts.refused > 0) {
    return fmt::format("memory is short: {} samples of new series refused", counts.refused);
  }
  if (counts.over_series_limit > 0) {
    return fmt::format("series_limit exceeded: {} new series left out (limit: {})", counts.over_series_limit,
                       config_.series_limit);
  }
  return "";
}

void Scrape::log_failure(const std::string& error) const {
  if (sink_.failures == nullptr || config_.scrape_failure_log_file.empty()) return;
  sink_.failures->write(config_.scrape_failure_log_file, {config_.job_name, target_.url(), error},
                        sink_.clock.now());
}

void Scrape::warn(const char* text, size_t dropped) const {
  if (dropped == 0) return;
  log_warn(text, "component", "scrape manager", "scrape_pool", config_.job_name, "target", target_.url(),
           "num_dropped", dropped);
}

void Scrape::count(const AppendResult& result) {
  const ReadCounts& counts = report_.counts;
  const auto refused = [&](size_t all, Refusal why) {
    return all - static_cast<size_t>(std::count_if(
                     result.refused.begin(), result.refused.end(),
                     [&](const AppendResult::Refused& r) { return r.why == why && is_zero(r); }));
  };
  const size_t duplicates = counts.duplicates + refused(result.duplicate, Refusal::kDuplicate);
  const size_t out_of_order = refused(result.out_of_order, Refusal::kOutOfOrder);
  const size_t out_of_bounds = counts.out_of_bounds + refused(result.out_of_bounds, Refusal::kOutOfBounds);
  sink_.metrics.duplicate.add(static_cast<double>(duplicates));
  sink_.metrics.out_of_order.add(static_cast<double>(out_of_order));
  sink_.metrics.out_of_bounds.add(static_cast<double>(out_of_bounds));
  warn("Error on ingesting out-of-order samples", out_of_order);
  warn("Error on ingesting samples with different value but same timestamp", duplicates);
  warn("Error on ingesting samples that are too old or are too far into the future", out_of_bounds);
  const size_t exemplars = exemplars_out_of_order(batch_, result);
  sink_.metrics.exemplar_out_of_order.add(static_cast<double>(exemplars));
  warn("Error on ingesting out-of-order exemplars", exemplars);
  if (counts.sample_limit_exceeded) sink_.metrics.exceeded_sample_limit.add();
  if (counts.bucket_limit_exceeded) sink_.metrics.exceeded_bucket_limit.add();
  if (counts.lines_forgotten) sink_.metrics.cache_flush_forced.add();
  if (counts.over_series_limit == 0) return;
  sink_.metrics.exceeded_series_limit.add();
  warn("Series beyond series_limit were left out", counts.over_series_limit);
}

void Scrape::run(FetchedBody fetched) {
  error_ = fetched.error;
  const auto attempt = [&](const auto& work) {
    if (!error_.empty()) return;
    try {
      work();
    } catch (const Error& error) {
      error_ = error.what();
    }
  };
  attempt([&] { decode(std::move(fetched.bytes), fetched); });
  if (!error_.empty() && !fetched.forced) log_failure(error_);
  attempt([&] {
    if (body_.text().empty()) return;
    target_.scrape.format = body_format(fetched.content_type, config_.fallback_scrape_protocol);
  });
  AppendResult result;
  try {
    result = commit();
  } catch (const Error& error) {
    target_.report(timing_.start, duration_seconds(), error.what());
    throw;
  }
  count(result);
  if (error_.empty()) target_.scrape.last_time = timing_.time;
  if (report_.added_later) add_what_was_stored(result);
  if (!error_.empty()) {
    log_debug("Scrape failed", "component", "scrape manager", "scrape_pool", config_.job_name, "target",
              target_.url(), "err", error_);
  }
  target_.report(timing_.start, report_.duration_seconds, error_, warning());
}

}  // namespace

void finish_scrape(Target& target, const ScrapePlan& plan, FetchedBody fetched,
                   const ScrapeTiming& timing, const ScrapeSink& sink) {
  if (plan.lines_outdated) target.scrape.lines.forget_lines();
  Scrape(target, *plan.config, timing, sink).run(std::move(fetched));
}

void end_target(Target& target, TimeMs time, const ScrapeSink& sink) {
  Batch& batch = scratch_batch();
  target.scrape.lines.end_all([&](SeriesRef ref) { batch.push(ref, time, stale_marker()); });
  for (const SeriesRef ref : target.scrape.report_refs) {
    if (ref != 0) batch.push(ref, time, stale_marker());
  }
  AppendResult result = sink.appender.append(batch);
  if (result.unknown.empty()) return;
  // Series that are gone need no marker.
  Batch rest;
  size_t next = 0;
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (next < result.unknown.size() && result.unknown[next] == i) {
      ++next;
    } else {
      rest.push(batch.refs[i], batch.times[i], batch.values[i]);
    }
  }
  sink.appender.append(rest);
}

}  // namespace hearth
