#include "remote/read_in.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/compress.h"
#include "core/error.h"
#include "tsdb/chunk_builder.h"

namespace hearth::remote {
namespace {

// A matcher that an external label fulfils finds the series that have no such label of their own.
std::vector<Matcher> without_external(const std::vector<Matcher>& matchers,
                                      const Labels& external) {
  std::vector<Matcher> out;
  out.reserve(matchers.size());
  for (const Matcher& matcher : matchers) {
    const std::string_view value = external.view().get(matcher.name());
    const bool fulfilled =
        matcher.type() == MatchType::kEqual && !value.empty() && value == matcher.value();
    out.push_back(fulfilled ? Matcher(MatchType::kEqual, matcher.name(), "") : matcher);
  }
  return out;
}

// The series' own labels win.
Labels with_external(LabelsView labels, const Labels& external) {
  LabelsBuilder builder{Labels(labels)};
  for (const Label& label : external.view()) {
    if (labels.get(label.name).empty()) builder.set(label.name, label.value);
  }
  return builder.build();
}

void check(const std::atomic<bool>* canceled) {
  if (canceled == nullptr || !canceled->load(std::memory_order_relaxed)) return;
  throw Error(ErrorKind::kCanceled, "remote read was canceled");
}

struct Selected {
  std::unique_ptr<Querier> querier;
  std::unique_ptr<SeriesSet> series;
  size_t size() const { return series == nullptr ? 0 : series->size(); }
};

Selected select(Queryable& storage, const ReadQuery& query, const Labels& external,
                Budget& budget) {
  Selected selected;
  if (query.range.min > query.range.max) return selected;
  selected.querier = storage.querier(query.range);
  SelectHints hints;
  hints.range = query.range;
  selected.series =
      selected.querier->select(without_external(query.matchers, external), hints, budget);
  return selected;
}

// Counts a request while it is answered.
class Counted {
 public:
  explicit Counted(Gauge gauge) : gauge_(gauge) { gauge_.add(1); }
  ~Counted() { gauge_.add(-1); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  Gauge gauge_;
};

class Frames final : public ChunkStream {
 public:
  Frames(ReadRequest request, const Labels& external, const ReadOptions& options,
         Queryable& storage, Gate& gate, Gauge queries, const std::atomic<bool>* canceled)
      : request_(std::move(request)),
        external_(external),
        options_(options),
        storage_(storage),
        gate_(gate),
        counted_(queries),
        canceled_(canceled),
        budget_(options.max_memory_bytes, "remote read") {}

  bool next(std::string& out) override {
    const Gate::Pass pass(gate_);
    const size_t before = out.size();
    while (query_ < request_.queries.size() && out.size() - before < kPieceBytes) {
      check(canceled_);
      if (!open_) {
        selected_ = select(storage_, request_.queries[query_], external_, budget_);
        open_ = true;
        series_ = 0;
      }
      for (; series_ < selected_.size() && out.size() - before < kPieceBytes; ++series_) {
        append_series(out);
      }
      if (series_ < selected_.size()) break;
      selected_ = {};
      open_ = false;
      ++query_;
    }
    return out.size() > before;
  }

 private:
  static constexpr size_t kPieceBytes = 128 * 1024;

  // In as many frames as its chunks need; a series without samples in none.
  void append_series(std::string& out) {
    check(canceled_);
    selected_.series->read(series_, request_.queries[query_].range, columns_);
    columns_.start_t.clear();  // they would need encodings that few readers know
    columns_.histogram_start_t.clear();
    builder_.clear();
    chunks_.clear();
    builder_.build(columns_, chunks_);
    if (chunks_.empty()) return;
    const Labels labels = with_external(selected_.series->labels(series_), external_);
    std::vector<WireChunk> frame;
    size_t bytes = labels.view().flat().size();
    for (const tsdb::ChunkView& chunk : chunks_) {
      frame.push_back(
          {chunk.min_time, chunk.max_time, static_cast<int32_t>(chunk.encoding), chunk.bytes});
      bytes += chunk.bytes.size();
      if (bytes < options_.max_frame_bytes) continue;
      append_chunked_frame(out, labels.view(), frame, query_);
      frame.clear();
      bytes = labels.view().flat().size();
    }
    if (!frame.empty()) append_chunked_frame(out, labels.view(), frame, query_);
  }

  const ReadRequest request_;
  const Labels external_;
  const ReadOptions& options_;
  Queryable& storage_;
  Gate& gate_;
  const Counted counted_;
  const std::atomic<bool>* const canceled_;
  Budget budget_;
  Selected selected_;  // of the query, while open_
  bool open_ = false;
  size_t query_ = 0, series_ = 0;
  Columns columns_;
  tsdb::ChunkBuilder builder_;
  std::vector<tsdb::ChunkView> chunks_;
};

}  // namespace

void Gate::enter() {
  MutexLock lock(mutex_);
  while (limit_ != 0 && inside_ >= limit_) left_.wait(mutex_);
  ++inside_;
}

void Gate::leave() {
  MutexLock lock(mutex_);
  --inside_;
  left_.notify_one();
}

ReadServer::ReadServer(const ReadOptions& options, Queryable& storage, Registry& registry)
    : options_(options),
      storage_(storage),
      gate_(options.concurrent_limit),
      queries_(registry.gauge("prometheus_api_remote_read_queries",
                              "The current number of remote read queries that are either in "
                              "execution or queued on the handler.")) {}

ReadRequest ReadServer::parse(std::string_view body) const {
  std::string message;
  try {
    snappy_uncompress(body, message, options_.max_body_bytes);
  } catch (const Error& e) {
    throw Error(ErrorKind::kBadData, e.what());
  }
  return parse_read_request(message);
}

std::string ReadServer::read_samples(const ReadRequest& request, const Labels& external,
                                     const std::atomic<bool>* canceled) {
  const Counted counted(queries_);
  const Gate::Pass pass(gate_);
  Budget budget(options_.max_memory_bytes, "remote read");
  std::string response;
  Columns columns;
  for (const ReadQuery& query : request.queries) {
    const Selected selected = select(storage_, query, external, budget);
    std::string result;
    size_t samples = 0;
    for (size_t i = 0; i < selected.size(); ++i) {
      check(canceled);
      selected.series->read(i, query.range, columns);
      if (columns.t.empty() && columns.histogram_t.empty()) continue;
      samples += columns.t.size() + columns.histogram_t.size();
      if (options_.sample_limit != 0 && samples > options_.sample_limit) {
        throw Error(ErrorKind::kBadData,
                    fmt::format("exceeded sample limit ({})", options_.sample_limit));
      }
      const size_t before = result.size();
      append_time_series(result, with_external(selected.series->labels(i), external).view(),
                         columns);
      budget.charge(result.size() - before);
    }
    append_query_result(response, result);
  }
  std::string packed;
  snappy_compress(response, packed);
  return packed;
}

std::unique_ptr<ChunkStream> ReadServer::stream_chunks(ReadRequest request, const Labels& external,
                                                       const std::atomic<bool>* canceled) {
  return std::make_unique<Frames>(std::move(request), external, options_, storage_, gate_, queries_,
                                  canceled);
}

}  // namespace hearth::remote
