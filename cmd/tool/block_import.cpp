#include "cmd/tool/block_import.h"

#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace hearth {
namespace {

constexpr size_t kSpillBuffer = 4 << 20;
constexpr size_t kMaxOpen = 200'000;  // open chunks: some 128 MiB at most

TimeMs block_begin(TimeMs t) {
  const TimeMs rest = t % kImportBlock;
  return t - (rest < 0 ? rest + kImportBlock : rest);
}

}  // namespace

BlockImport::BlockImport(std::string dir) : dir_(std::move(dir)) {
  make_dirs(dir_);
  spill_path_ = dir_ + "/import-" + std::to_string(getpid()) + ".tmp";
  spill_ = File(spill_path_, File::Mode::kCreate);
  pending_.reserve(kSpillBuffer);
}

BlockImport::~BlockImport() {
  spill_.close();
  try {
    remove_all(spill_path_);
    if (finished_) return;
    for (const std::string& block : made_) remove_all(block);
  } catch (const Error&) {
    // The disk refuses: what is left has a name that no reader takes for a block, or is one whole.
  }
}

uint32_t BlockImport::add_series(Labels labels) {
  series_.push_back({std::move(labels), INT64_MIN, INT64_MIN, nullptr, 0});
  return static_cast<uint32_t>(series_.size() - 1);
}

// Whether a chunk that is finished has samples of the same block that are as new.
bool BlockImport::is_late(const Series& series, TimeMs t) const {
  const TimeMs begin = block_begin(t);
  for (uint32_t at = series.newest_chunk; at != 0; at = chunks_[at - 1].before) {
    const Chunk& chunk = chunks_[at - 1];
    if (block_begin(chunk.min) == begin && chunk.min + chunk.span >= t) return true;
    // Files in order of time need no look at older chunks.
    if (chunk.min + chunk.span < begin) return false;
  }
  return false;
}

void BlockImport::append_slowly(uint32_t number, TimeMs t, double v) {
  Series& series = series_[number];
  const TimeMs begin = block_begin(t);
  if (series.open != nullptr && begin + kImportBlock == series.block_end && t <= series.last) {
    ++left_out_;
    return;
  }
  close(series);
  if (is_late(series, t)) {
    ++left_out_;
    return;
  }
  if (free_.empty() && pool_.size() >= kMaxOpen) close_all();
  if (free_.empty()) {
    free_.push_back(&pool_.emplace_back());
  }
  series.open = free_.back();
  free_.pop_back();
  series.open->encoder.clear();
  series.open->encoder.append(t, v);
  series.open->first = t;
  series.last = t;
  series.block_end = begin + kImportBlock;
  ++stored_;
}

void BlockImport::append_all(uint32_t number, const Columns& samples) {
  close(series_[number]);
  std::vector<tsdb::ChunkView> chunks;
  builder_.clear();
  builder_.build(samples, chunks);
  for (const tsdb::ChunkView& chunk : chunks) {
    const uint64_t count = tsdb::chunk_samples(chunk.encoding, chunk.bytes);
    if (is_late(series_[number], chunk.min_time)) {
      left_out_ += count;
    } else {
      keep(number, chunk);
      stored_ += count;
    }
  }
}

void BlockImport::keep(uint32_t number, const tsdb::ChunkView& chunk) {
  Series& series = series_[number];
  chunks_.push_back(
      {spilled_, chunk.min_time, static_cast<uint32_t>(chunk.max_time - chunk.min_time),
       static_cast<uint32_t>(chunk.bytes.size()), number, series.newest_chunk, chunk.encoding});
  series.newest_chunk = static_cast<uint32_t>(chunks_.size());
  spill(chunk.bytes);
}

void BlockImport::close(Series& series) {
  if (series.open == nullptr) return;
  keep(static_cast<uint32_t>(&series - series_.data()),
       {series.open->first, series.last, tsdb::Encoding::kXor, series.open->encoder.bytes()});
  free_.push_back(series.open);
  series.open = nullptr;
}

void BlockImport::close_all() {
  for (Series& series : series_) close(series);
}

void BlockImport::spill(std::string_view bytes) {
  pending_ += bytes;
  spilled_ += bytes.size();
  if (pending_.size() < kSpillBuffer) return;
  spill_.write(pending_);
  pending_.clear();
}

// The chunks of one block, series by series. One thread.
class BlockImport::BlockChunks final : public tsdb::SeriesChunks {
 public:
  // `chunks` are numbers, sorted by the place of their series and by time.
  BlockChunks(const BlockImport& import, const File& spill, std::span<const uint32_t> chunks)
      : import_(import), spill_(spill), chunks_(chunks) {}

  bool next() override {
    if (at_ == chunks_.size()) return false;
    size_t end = at_, bytes = 0;
    series_ = import_.chunks_[chunks_[at_]].series;
    for (; end < chunks_.size() && import_.chunks_[chunks_[end]].series == series_; ++end) {
      bytes += import_.chunks_[chunks_[end]].bytes;
    }
    payload_.resize(bytes);
    views_.clear();
    char* to = payload_.data();
    for (; at_ < end; ++at_) {
      const Chunk& chunk = import_.chunks_[chunks_[at_]];
      if (spill_.pread(to, chunk.bytes, chunk.offset) != chunk.bytes) {
        throw Error(ErrorKind::kIo, import_.spill_path_ + " has become shorter");
      }
      views_.push_back(
          {chunk.min, chunk.min + chunk.span, chunk.encoding, std::string_view(to, chunk.bytes)});
      to += chunk.bytes;
    }
    return true;
  }
  LabelsView labels() const override { return import_.series_[series_].labels; }
  std::span<const tsdb::ChunkView> chunks() const override { return views_; }

 private:
  const BlockImport& import_;
  const File& spill_;
  const std::span<const uint32_t> chunks_;
  size_t at_ = 0;
  uint32_t series_ = 0;
  std::string payload_;
  std::vector<tsdb::ChunkView> views_;
};

void BlockImport::finish(const std::function<void(const BlockLine&)>& made) {
  close_all();
  spill_.write(pending_);
  pool_.clear();
  free_.clear();
  pending_ = {};

  std::vector<uint32_t> by_labels(series_.size()), place(series_.size());
  std::iota(by_labels.begin(), by_labels.end(), 0);
  std::sort(by_labels.begin(), by_labels.end(),
            [&](uint32_t a, uint32_t b) { return series_[a].labels < series_[b].labels; });
  for (uint32_t i = 0; i < by_labels.size(); ++i) place[by_labels[i]] = i;
  std::vector<uint32_t> order(chunks_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const Chunk& x = chunks_[a];
    const Chunk& y = chunks_[b];
    const TimeMs x_block = block_begin(x.min), y_block = block_begin(y.min);
    if (x_block != y_block) return x_block < y_block;
    if (x.series != y.series) return place[x.series] < place[y.series];
    return x.min < y.min;
  });

  const File spill(spill_path_, File::Mode::kRead);
  for (size_t from = 0, to = 0; from < order.size(); from = to) {
    const TimeMs begin = block_begin(chunks_[order[from]].min);
    tsdb::BlockMeta meta;
    meta.ulid = tsdb::make_ulid(system_clock().now());
    meta.sources = {meta.ulid};
    meta.min_time = INT64_MAX;
    meta.max_time = INT64_MIN;
    for (; to < order.size() && block_begin(chunks_[order[to]].min) == begin; ++to) {
      const Chunk& chunk = chunks_[order[to]];
      meta.min_time = std::min(meta.min_time, chunk.min);
      meta.max_time = std::max(meta.max_time, chunk.min + chunk.span + 1);
    }
    BlockChunks chunks(*this, spill, std::span(order).subspan(from, to - from));
    const std::string path = dir_ + "/" + meta.ulid.text();
    if (!tsdb::write_block(dir_, chunks, meta)) continue;
    made_.push_back(path);
    made(BlockLine{tsdb::read_block_meta(path), dir_bytes(path)});
  }
  finished_ = true;
}

}  // namespace hearth
