// Prometheus' memory snapshot, by which a clean stop spares the next start most of the log
// (docs/formats/snapshot.md): chunk_snapshot.<segment>.<offset>/ in the data directory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/histogram.h"
#include "core/labels.h"
#include "core/threads.h"
#include "tsdb/encoding.h"
#include "tsdb/tombstones.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_writer.h"

namespace hearth::tsdb {

// It stands for the log up to `offset` in `segment`.
struct HeadSnapshot {
  std::string path;
  uint32_t segment = 0;
  uint64_t offset = 0;
};

std::optional<HeadSnapshot> latest_head_snapshot(const std::string& dir);
// Also what an unfinished one left. `except`: stays.
void remove_head_snapshots(const std::string& dir, const HeadSnapshot* except = nullptr);

// A series and its open chunk, as a snapshot has it.
struct SnapshotSeries {
  uint64_t ref = 0;    // in the log
  std::string labels;  // flat
  bool has_chunk = false;
  TimeMs min_time = 0;
  TimeMs max_time = 0;
  Encoding encoding = Encoding::kXor;
  std::string_view chunk;         // the payload
  double last_value = 0;          // of floats
  FloatHistogram last_histogram;  // of histograms
};

enum class SnapshotRecord : uint8_t { kSeries = 1, kTombstones = 2, kExemplars = 3 };
inline SnapshotRecord snapshot_record_type(std::string_view record) {
  return record.empty() ? SnapshotRecord{0} : SnapshotRecord{static_cast<uint8_t>(record[0])};
}

std::string encode_snapshot_series(const SnapshotSeries& series);
std::string encode_snapshot_tombstones(const Tombstones& tombstones);
// `record`: an exemplars record of the log.
std::string encode_snapshot_exemplars(std::string record);

// Replaces `out`; its chunk is a part of the record. Throw Error(kCorrupt), as the next does.
void decode_snapshot_series(std::string_view record, SnapshotSeries& out);
Tombstones decode_snapshot_tombstones(std::string_view record);
// As an exemplars record of the log.
std::string decode_snapshot_exemplars(std::string_view record);

// The snapshot becomes visible by commit(); without it, nothing is left of it. One thread.
class HeadSnapshotWriter {
 public:
  HeadSnapshotWriter(const std::string& dir, uint32_t segment, uint64_t offset);
  ~HeadSnapshotWriter();
  HeadSnapshotWriter(const HeadSnapshotWriter&) = delete;
  HeadSnapshotWriter& operator=(const HeadSnapshotWriter&) = delete;

  void add(std::span<const WalRecord> records);
  void add_metadata(const WalRecord& record);  // as the log has it
  // Older snapshots go.
  void commit();

 private:
  const std::string dir_;
  const HeadSnapshot snapshot_;
  const std::string unfinished_;
  std::unique_ptr<WalWriter> writer_;
  std::unique_ptr<WalWriter> metadata_;  // from the first on
};

size_t head_snapshot_files(const HeadSnapshot& snapshot);
// Calls visit for each record, for several files at a time, each in its order; the records that are
// not of series are in the last ones. Throws Error(kCorrupt) and what visit throws.
void read_head_snapshot(const HeadSnapshot& snapshot, Pool& pool,
                        const std::function<void(size_t file, std::string_view record)>& visit);
// Records of metadata, as the log has them. Throws likewise.
void read_head_snapshot_metadata(const HeadSnapshot& snapshot,
                                 const std::function<void(std::string_view record)>& visit);

}  // namespace hearth::tsdb
