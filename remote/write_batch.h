// One request on its way into the storage: its series get their refs, from the cache where it knows
// them, what is wrong is left out and told, the rest is one batch.
#pragma once

#include <string>
#include <vector>

#include "core/storage.h"
#include "remote/proto.h"
#include "remote/series_cache.h"

namespace hearth::remote {

struct StoreOptions {
  bool zero_ingestion = false;  // 2.0: a sample of 0 where a counter says that it began
  bool keep_metadata = false;   // 2.0
  DurationMs max_ahead = 10 * 60'000;  // later samples are out of bounds
};

// What a request is stored with.
struct Store {
  Appender& appender;
  SeriesCache& cache;
  SeriesSource& source;
  StoreOptions options;
};

// What became of a request. Texts are Prometheus'.
struct StoreResult {
  size_t samples = 0, histograms = 0, exemplars = 0;  // written, as the sender is told
  std::vector<std::string> faults;  // in the order of the request; 1.0: at most one, nothing written
  size_t more_faults = 0;           // beyond those with a text
  size_t invalid_series = 0, invalid_samples = 0;  // by labels; 1.0 has no fault for them
  size_t refused_series = 0;        // new ones while memory is short; the others were written
};

// One thread; made to be used again, so that its lists keep their memory.
class WriteBatch {
 public:
  // Stores what stands in `request`. Throws Error: kBadData where labels are malformed bytes, others
  // where the storage fails; then nothing was stored.
  StoreResult store(WireRequest& request, const Store& store, TimeMs now);
  void clear();
  size_t bytes() const;  // that the lists keep; requires: cleared

 private:
  // Where a fault stands, so that they can be told in order.
  struct Fault {
    uint32_t series;
    uint32_t kind;  // labels, samples, histograms, exemplars
    uint32_t position;
    std::string text;
  };
  enum : uint32_t { kLabels, kSample, kHistogram, kExemplar };
  static constexpr uint32_t kZero = UINT32_MAX;  // in origins_: a sample of our own

  void find_series();
  void intern(uint32_t series);

  // write_fill.cpp
  void check_times();
  void fill();
  void fill_samples();
  void fill_sparse();
  void fill_histograms(uint32_t series);
  void fill_exemplars(uint32_t series);
  void fill_metadata(uint32_t series);

  // write_append.cpp
  void append();
  void revive(const AppendResult& result);
  void drop_series();
  void judge(const AppendResult& result);
  uint32_t series_of_sample(uint32_t sample) const;  // of the batch

  // write_faults.cpp
  void add_fault(uint32_t series, uint32_t kind, uint32_t position, std::string text);
  void add_fault_of_labels(uint32_t series, const LabelsFault& fault);
  std::string series_text(uint32_t series) const;  // "" where there is no room for faults
  bool has_room_for_faults() const;

  bool has_values(const WireSeries& series) const {
    return !series.samples.empty() || !series.histograms.empty();
  }

  WireRequest* request_ = nullptr;
  const Store* store_ = nullptr;
  TimeMs latest_ = 0;
  StoreResult result_;
  std::vector<Fault> faults_;
  size_t fault_bytes_ = 0;

  std::vector<SeriesRef> refs_;     // of the request's series; 0: it is left out
  std::vector<Hash128> new_keys_;   // what the cache is to learn
  std::vector<SeriesRef> new_refs_;
  bool sparse_ = false;             // the batch has not just the request's samples
  // Of what stands in the batch: which series of the request, and which of its samples, it was.
  std::vector<uint32_t> sample_series_, origins_;  // sparse only
  std::vector<uint32_t> histogram_series_, histogram_origins_;
  std::vector<uint32_t> exemplar_series_, metadata_series_;
  Batch batch_;
  std::vector<Label> labels_;
  std::string flat_;
};

}  // namespace hearth::remote
