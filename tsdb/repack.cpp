#include "tsdb/repack.h"

#include <deque>
#include <limits>

#include "core/error.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/chunk_xor.h"

namespace hearth::tsdb {
namespace {

// By which joining may lengthen a chunk's payload at most: what was its first sample becomes one
// that follows another.
constexpr size_t kSeamBytes = 4;

// One thread.
class RepackedChunks final : public SeriesChunks {
 public:
  RepackedChunks(std::unique_ptr<SeriesChunks> series, size_t samples)
      : series_(std::move(series)), samples_(samples) {}

  bool next() override {
    if (!series_->next()) return false;
    chunks_.clear();
    used_ = 0;
    xor2_.clear();
    const std::span<const ChunkView> all = series_->chunks();
    for (size_t i = 0; i < all.size();) {
      const size_t end = run_end(all, i);
      if (end - i == 1 || !join(all.subspan(i, end - i)))
        chunks_.insert(chunks_.end(), all.begin() + static_cast<std::ptrdiff_t>(i),
                       all.begin() + static_cast<std::ptrdiff_t>(end));
      i = end;
    }
    return true;
  }
  LabelsView labels() const override { return series_->labels(); }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  // Where the chunks end that fit together with the one at `first`.
  size_t run_end(std::span<const ChunkView> all, size_t first) const {
    const Encoding encoding = all[first].encoding;
    size_t end = first + 1;
    if (!holds_floats(encoding)) return end;
    size_t samples = chunk_samples(encoding, all[first].bytes);
    size_t bytes = all[first].bytes.size();
    for (; end < all.size() && all[end].encoding == encoding; ++end) {
      samples += chunk_samples(encoding, all[end].bytes);
      bytes += all[end].bytes.size() + kSeamBytes;
      if (samples > samples_ || bytes > kRepackedChunkBytes) break;
    }
    return end;
  }

  // False where the chunks are better left as they are: one cannot be decoded.
  bool join(std::span<const ChunkView> run) {
    try {
      if (run.front().encoding == Encoding::kXor2) {
        columns_.clear();
        for (const ChunkView& chunk : run)
          decode_chunk(chunk.encoding, chunk.bytes, {kMinTime, kMaxTime}, columns_);
        xor2_.build(columns_, chunks_);
      } else {
        join_xor(run);
      }
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  // At each seam the window of bits ends, as it did between the chunks: kept open for all that
  // follows, a wide one would cost more than joining saves.
  void join_xor(std::span<const ChunkView> run) {
    if (used_ == encoders_.size()) encoders_.emplace_back();
    XorEncoder& encoder = encoders_[used_];
    encoder.clear();
    for (const ChunkView& chunk : run) {
      columns_.clear();
      decode_xor(chunk.bytes, columns_);
      encoder.end_window();
      for (size_t i = 0; i < columns_.t.size(); ++i) encoder.append(columns_.t[i], columns_.v[i]);
    }
    ++used_;
    chunks_.push_back(
        {run.front().min_time, run.back().max_time, Encoding::kXor, encoder.bytes()});
  }

  static constexpr ChunkLimits kNoLimits{std::numeric_limits<uint16_t>::max(),
                                         std::numeric_limits<size_t>::max()};
  std::unique_ptr<SeriesChunks> series_;
  const size_t samples_;
  std::vector<ChunkView> chunks_;
  std::deque<XorEncoder> encoders_;  // reused; a deque keeps their bytes in place
  size_t used_ = 0;
  ChunkBuilder xor2_{kNoLimits, Encoding::kXor2};
  Columns columns_;
};

}  // namespace

std::unique_ptr<SeriesChunks> repack(std::unique_ptr<SeriesChunks> series, size_t samples) {
  return std::make_unique<RepackedChunks>(std::move(series), samples);
}

}  // namespace hearth::tsdb
