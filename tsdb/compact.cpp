#include "tsdb/compact.h"

#include "core/error.h"
#include "core/file.h"
#include "tsdb/index_writer.h"
#include "tsdb/merge.h"
#include "tsdb/repack.h"

namespace hearth::tsdb {
namespace {

// Removes a block that was begun, unless it is kept. One that cannot be removed is cleaned up at
// the next start.
class Unfinished {
 public:
  explicit Unfinished(const std::string& final_dir)
      : final_dir_(final_dir), dir_(final_dir + std::string(kCreationSuffix)) {}
  ~Unfinished() {
    if (kept_) return;
    try {
      remove_all(dir_);
      remove_all(final_dir_);  // renamed, but perhaps not for good
    } catch (const Error&) {
      return;
    }
  }
  const std::string& dir() const { return dir_; }
  void keep() { kept_ = true; }

 private:
  const std::string final_dir_;
  const std::string dir_;
  bool kept_ = false;
};

void write_series(const std::string& dir, SeriesChunks& series, BlockStats& stats,
                  const OnChunk& on_chunk, const BlockFormat& format) {
  BlockChunksWriter chunks(dir + "/chunks", format.segment_bytes);
  IndexWriter index(dir + "/index");
  std::vector<ChunkMeta> metas;
  while (series.next()) {
    metas.clear();
    for (const ChunkView& chunk : series.chunks()) {
      const size_t samples = chunk_samples(chunk.encoding, chunk.bytes);
      if (samples == 0) continue;
      const uint64_t ref = chunks.write(chunk.encoding, chunk.bytes);
      metas.push_back({ref, chunk.min_time, chunk.max_time});
      const bool floats = holds_floats(chunk.encoding);
      (floats ? stats.float_samples : stats.histogram_samples) += samples;
      if (on_chunk) on_chunk({chunk.bytes.size(), samples, chunk.max_time - chunk.min_time});
    }
    if (metas.empty()) continue;
    index.add_series(series.labels(), metas);
    ++stats.series;
    stats.chunks += metas.size();
  }
  stats.samples = stats.float_samples + stats.histogram_samples;
  if (stats.samples == 0) return;
  chunks.finish();
  index.finish();
}

}  // namespace

bool write_block(const std::string& dir, SeriesChunks& series, BlockMeta meta,
                 const OnChunk& on_chunk, const BlockFormat& format) {
  const std::string final_dir = dir + "/" + meta.ulid.text();
  Unfinished unfinished(final_dir);
  make_dirs(unfinished.dir());
  meta.stats = {};
  write_series(unfinished.dir(), series, meta.stats, on_chunk, format);
  if (meta.stats.samples == 0) return false;
  write_tombstones(unfinished.dir(), {});
  write_block_meta(unfinished.dir(), meta);
  publish_dir(unfinished.dir(), final_dir);
  unfinished.keep();
  return true;
}

bool clean_block(const std::string& dir, const Block& block, const Ulid& ulid,
                 const BlockFormat& format) {
  return write_block(dir, *block_series_chunks(block), cleaned_meta(ulid, block.meta()), {}, format);
}

bool merge_blocks(const std::string& dir, std::span<const std::shared_ptr<const Block>> sources,
                  const Ulid& ulid, const BlockFormat& format) {
  std::vector<BlockMeta> metas;
  std::vector<std::unique_ptr<SeriesChunks>> parts;
  for (const auto& source : sources) {
    metas.push_back(source->meta());
    parts.push_back(block_series_chunks(*source));
  }
  auto series = merge_series_chunks(std::move(parts));
  if (format.repack_samples > 0) series = repack(std::move(series), format.repack_samples);
  return write_block(dir, *series, merged_meta(ulid, metas), {}, format);
}

}  // namespace hearth::tsdb
