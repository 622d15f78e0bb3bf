// repair_directory(): nothing is given up before there is a copy of it.
#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/block_chunks.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/compact.h"
#include "tsdb/head_chunk_file.h"
#include "tsdb/index_reader.h"
#include "tsdb/merge.h"
#include "tsdb/tombstones.h"
#include "tsdb/verify.h"
#include "tsdb/wal_format.h"

namespace hearth::tsdb {
namespace {

// What can be read of a damaged block, without what is deleted in it. One thread.
class Salvaged final : public SeriesChunks {
 public:
  explicit Salvaged(const std::string& block_dir)
      : index_(block_dir + "/index"), files_(block_dir + "/chunks"), refs_(index_.all()) {
    try {
      deleted_ = read_tombstones(block_dir);
    } catch (const Error& e) {
      log_warn("What was deleted is there again", "block", block_dir, "err", e.what());
    }
  }

  bool next() override {
    const std::string before(labels_.flat());
    while (next_ < refs_.size()) {
      load(refs_[next_++]);
      if (!chunks_.empty() && (before.empty() || labels() > LabelsView(before)))
        return true;
    }
    return false;
  }
  LabelsView labels() const override { return LabelsView(labels_.flat()); }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  void load(uint32_t ref) {
    chunks_.clear();
    builder_.clear();
    try {
      index_.series(ref, labels_, metas_);
    } catch (const Error&) {
      return;
    }
    for (const ChunkMeta& meta : metas_) {
      try {
        const auto [encoding, bytes] = files_.chunk(meta.ref);
        columns_.clear();
        decode_chunk(encoding, bytes, {kMinTime, kMaxTime}, columns_);
        if (const Intervals* deleted = deleted_.of(ref)) cut_intervals(*deleted, columns_);
        builder_.build(columns_, chunks_);
      } catch (const Error&) {
        continue;
      }
    }
  }

  const IndexReader index_;
  const BlockChunksReader files_;
  const PostingsView refs_;
  Tombstones deleted_;
  size_t next_ = 0;
  NeighbourLabels labels_;
  std::vector<ChunkMeta> metas_;
  std::vector<ChunkView> chunks_;
  ChunkBuilder builder_;
  Columns columns_;
};

// Of a block that lost its own.
BlockMeta made_meta(const std::string& block_dir) {
  BlockMeta meta;
  meta.min_time = kMaxTime;
  meta.max_time = kMinTime;
  Salvaged series(block_dir);
  while (series.next()) {
    for (const ChunkView& chunk : series.chunks()) {
      meta.min_time = std::min(meta.min_time, chunk.min_time);
      meta.max_time = std::max(meta.max_time, chunk.max_time + 1);
    }
  }
  return meta;
}

void salvage(const std::string& dir, const std::string& block, const std::string& stamp) {
  const std::string aside = dir + "/" + block + "-damaged-" + stamp;
  rename_path(dir + "/" + block, aside);
  sync_dir(dir);
  try {
    BlockMeta meta;
    try {
      meta = read_block_meta(aside);
    } catch (const Error&) {
      meta = made_meta(aside);
    }
    const TimeMs now = parse_ulid(block)->time();
    meta.ulid = make_ulid(now);
    meta.failed = false;  // it may be compacted again
    if (meta.sources.empty()) meta.sources = {meta.ulid};
    std::vector<std::unique_ptr<SeriesChunks>> parts;
    parts.push_back(std::make_unique<Salvaged>(aside));
    if (!write_block(dir, *merge_series_chunks(std::move(parts)), meta))
      log_warn("Nothing of the block can be read; it is left aside", "block", aside);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kIo) throw;
    log_warn("Nothing of the block can be read; it is left aside", "block", aside, "err", e.what());
  }
}

void copy_to(const std::string& from, const std::string& to_dir, const std::string& name) {
  make_dirs(to_dir);
  File copy(to_dir + "/" + name, File::Mode::kCreate);
  copy.write(MappedFile(from).bytes());
  copy.sync();
  sync_dir(to_dir);
}

void cut_head_chunks(const std::string& path, uint64_t good_bytes) {
  std::string kept = head_chunk_file_header();
  if (good_bytes > kept.size())
    kept += read_file(path).substr(kept.size(), good_bytes - kept.size());
  {
    File file(path + ".tmp", File::Mode::kCreate);
    file.write(kept);
    file.sync();
  }
  rename_path(path + ".tmp", path);
}

}  // namespace

void repair_directory(const std::string& dir, const std::vector<Damage>& damages,
                      const std::string& stamp) {
  std::set<std::string> salvaged;
  for (const Damage& damage : damages) {
    const size_t slash = damage.path.rfind('/');
    const std::string parent = damage.path.substr(0, slash);
    const std::string name = damage.path.substr(slash + 1);
    std::string flat = parent;  // "wal/checkpoint.3" -> "wal-checkpoint.3"
    for (char& c : flat) c = c == '/' ? '-' : c;
    const std::string aside = dir + "/" + flat + "-damaged-" + stamp;
    if (salvaged.count(parent) != 0) continue;
    switch (damage.repair) {
      case Repair::kSalvage:
        salvage(dir, parent, stamp);
        salvaged.insert(parent);
        break;
      case Repair::kDropDeletes:
        copy_to(dir + "/" + damage.path, aside, name);
        write_tombstones(dir + "/" + parent, {});
        break;
      case Repair::kWriteMeta: {
        copy_to(dir + "/" + damage.path, aside, name);
        BlockMeta meta = read_block_meta(dir + "/" + parent);
        meta.stats = damage.counted;
        write_block_meta(dir + "/" + parent, meta);
        break;
      }
      case Repair::kCutLog:
        for (const uint32_t segment : wal_segments(damage.log->dir)) {
          if (segment < damage.log->segment) continue;
          const std::string path = wal_segment_path(damage.log->dir, segment);
          copy_to(path, aside, path.substr(path.rfind('/') + 1));
        }
        cut_wal(*damage.log);
        break;
      case Repair::kFillGaps:
        fill_wal_gaps(dir + "/" + parent);
        break;
      case Repair::kCutHeadChunks:
        copy_to(dir + "/" + damage.path, aside, name);
        cut_head_chunks(dir + "/" + damage.path, damage.good_bytes);
        break;
    }
  }
}

}  // namespace hearth::tsdb
