// verify_block(): one block, each part against the others.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "core/file.h"
#include "tsdb/block_chunks.h"
#include "tsdb/block_meta.h"
#include "tsdb/index_reader.h"
#include "tsdb/tombstones.h"
#include "tsdb/verify.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kSeriesBetweenShares = 256;
constexpr size_t kMostTold = 20;  // of one block; a damaged disk would tell of every chunk

// One thread.
class BlockCheck {
 public:
  BlockCheck(const std::string& dir, std::string name, VerifyReport& report,
             const std::function<void(double)>& on_share)
      : path_(dir + "/" + name), name_(std::move(name)), report_(report), on_share_(on_share) {}

  void run() {
    ++report_.blocks;
    std::optional<BlockMeta> meta;
    std::optional<IndexReader> index;
    std::optional<BlockChunksReader> chunks;
    attempt("meta.json", [&] { meta.emplace(read_block_meta(path_)); });
    attempt("index", [&] { index.emplace(path_ + "/index"); });
    attempt("chunks", [&] { chunks.emplace(path_ + "/chunks"); });
    if (meta && meta->ulid.text() != name_)
      tell("meta.json", "names the block " + meta->ulid.text(), Repair::kSalvage);
    if (!index || !chunks) return;
    check_symbols(*index);
    check_series(*index, *chunks, meta ? &*meta : nullptr);
    check_lists(*index);
    check_tombstones(*index);
    if (meta && report_.damages.size() == before_) check_stats(*meta);
    report_.series += stats_.series;
    report_.chunks += stats_.chunks;
    report_.samples += stats_.samples;
  }

 private:
  template <class Work>
  bool attempt(const char* part, Work work) {
    try {
      work();
      return true;
    } catch (const Error& e) {
      tell(part, e.what(), Repair::kSalvage);
      return false;
    }
  }
  void tell(const char* part, const std::string& what, Repair repair) {
    const size_t told = report_.damages.size() - before_;
    if (told > kMostTold) return;
    report_.damages.push_back(
        {name_ + "/" + part, told < kMostTold ? what : "there is more damage than is told here",
         repair});
  }
  void tell_index(const std::string& what) { tell("index", what, Repair::kSalvage); }

  void check_symbols(const IndexReader& index) {
    attempt("index", [&] { index.check_label_indices(); });
    std::string_view before;
    for (uint64_t i = 0; i < index.symbol_count(); ++i) {
      const std::string_view text = index.symbol_text(i);
      if (i > 0 && text <= before) return tell_index(fmt::format("symbol {} is out of order", i));
      before = text;
    }
  }

  void check_series(const IndexReader& index, const BlockChunksReader& chunks,
                    const BlockMeta* meta) {
    PostingsView all;
    if (!attempt("index", [&] { all = index.all(); })) return;
    NeighbourLabels read;
    std::string before;
    std::vector<ChunkMeta> metas;
    for (size_t i = 0; i < all.size(); ++i) {
      if (on_share_ && i % kSeriesBetweenShares == 0) {
        on_share_(static_cast<double>(i) / static_cast<double>(all.size()));
      }
      const uint32_t ref = all[i];
      if (i > 0 && ref <= all[i - 1]) tell_index(fmt::format("series {} is listed out of order", ref));
      if (!attempt("index", [&] { index.series(ref, read, metas); })) continue;
      const LabelsView labels(read.flat());
      if (i > 0 && labels <= LabelsView(before))
        tell_index(fmt::format("series {} has labels that do not sort after those before it", ref));
      before = read.flat();
      ++stats_.series;
      labels_of_[ref] = static_cast<uint32_t>(labels.size());
      TimeMs newest = kMinTime;
      for (const ChunkMeta& chunk : metas) {
        if (chunk.min_time < newest)
          tell_index(fmt::format("the chunks of series {} are not in order of time", ref));
        newest = chunk.min_time;
        if (meta != nullptr && (chunk.min_time < meta->min_time || chunk.max_time >= meta->max_time))
          tell_index(fmt::format("series {} has a chunk outside of the block's time", ref));
        attempt("chunks", [&] { check_chunk(chunks, chunk); });
      }
    }
  }

  void check_chunk(const BlockChunksReader& chunks, const ChunkMeta& meta) {
    const auto [encoding, bytes] = chunks.chunk(meta.ref);
    columns_.clear();
    decode_chunk(encoding, bytes, {kMinTime, kMaxTime}, columns_);
    const std::vector<TimeMs>& times = columns_.t.empty() ? columns_.histogram_t : columns_.t;
    const bool ascending = std::adjacent_find(times.begin(), times.end(),
                                              std::greater_equal<TimeMs>()) == times.end();
    if (times.empty() || !ascending || times.front() != meta.min_time ||
        times.back() != meta.max_time || times.size() != chunk_samples(encoding, bytes)) {
      throw Error(ErrorKind::kCorrupt,
                  fmt::format("the samples of the chunk at {} of segment {} are not those that the "
                              "index tells of",
                              meta.ref & 0xffffffff, meta.ref >> 32));
    }
    ++stats_.chunks;
    stats_.samples += times.size();
    (holds_floats(encoding) ? stats_.float_samples : stats_.histogram_samples) += times.size();
  }

  // Each list sorted and of series that are there; each series in as many lists as it has labels.
  void check_lists(const IndexReader& index) {
    std::unordered_map<uint32_t, uint32_t> listed;
    attempt("index", [&] {
      index.for_each_list([&](std::string_view name, std::string_view value, PostingsView list) {
        const std::string what = fmt::format("the list of {}=\"{}\" ", name, value);
        for (size_t i = 0; i < list.size(); ++i) {
          if (i > 0 && list[i] <= list[i - 1]) return tell_index(what + "is out of order");
          if (labels_of_.count(list[i]) == 0)
            return tell_index(what + fmt::format("names series {}, which is not there", list[i]));
          if (!name.empty()) ++listed[list[i]];
        }
      });
      for (const auto& [ref, labels] : labels_of_) {
        if (listed[ref] == labels) continue;
        return tell_index(
            fmt::format("series {} has {} labels and stands in {} lists", ref, labels, listed[ref]));
      }
    });
  }

  void check_tombstones(const IndexReader&) {
    try {
      const Tombstones tombstones = read_tombstones(path_);
      for (const auto& [ref, intervals] : tombstones.by_series) {
        if (labels_of_.count(static_cast<uint32_t>(ref)) == 0)
          tell("tombstones", fmt::format("name series {}, which is not there", ref),
               Repair::kDropDeletes);
      }
      stats_.tombstones = tombstones.count();
    } catch (const Error& e) {
      tell("tombstones", e.what(), Repair::kDropDeletes);
    }
  }

  void check_stats(const BlockMeta& meta) {
    const auto compare = [&](const char* key, uint64_t told, uint64_t counted) {
      if (told == counted) return;
      tell("meta.json", fmt::format("{} is {}, but there are {}", key, told, counted),
           Repair::kWriteMeta);
      report_.damages.back().counted = stats_;
    };
    compare("numSamples", meta.stats.samples, stats_.samples);
    compare("numSeries", meta.stats.series, stats_.series);
    compare("numChunks", meta.stats.chunks, stats_.chunks);
    // Blocks of an older Prometheus do not tell of the two kinds.
    if (meta.stats.float_samples + meta.stats.histogram_samples == 0) return;
    compare("numFloatSamples", meta.stats.float_samples, stats_.float_samples);
    compare("numHistogramSamples", meta.stats.histogram_samples, stats_.histogram_samples);
  }

  const std::string path_;
  const std::string name_;
  VerifyReport& report_;
  const std::function<void(double)>& on_share_;
  const size_t before_ = report_.damages.size();
  BlockStats stats_;                                   // as counted
  std::unordered_map<uint32_t, uint32_t> labels_of_;  // how many each series has
  Columns columns_;
};

}  // namespace

void verify_block(const std::string& dir, const std::string& name, VerifyReport& report,
                  const std::function<void(double)>& on_share) {
  BlockCheck(dir, name, report, on_share).run();
}

}  // namespace hearth::tsdb
