#include "tsdb/read_only.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "tsdb/merge_queriers.h"
#include "tsdb/options.h"
#include "tsdb/ulid.h"

namespace hearth::tsdb {
namespace {

// What a server deletes meanwhile is not missed: its samples are in a block by then.
void copy_file(const std::string& from, const std::string& to) {
  constexpr size_t kPiece = 1 << 20;
  try {
    const File source(from, File::Mode::kRead);
    File copy(to, File::Mode::kCreate);
    std::string piece(kPiece, '\0');
    for (uint64_t offset = 0;;) {
      const size_t got = source.pread(piece.data(), piece.size(), offset);
      if (got == 0) break;
      copy.write(std::string_view(piece.data(), got));
      offset += got;
    }
  } catch (const Error&) {
    if (path_exists(from)) throw;
  }
}
void copy_dir(const std::string& from, const std::string& to) {
  if (!is_directory(from)) return;
  make_dirs(to);
  for (const std::string& name : list_dir(from)) {
    const std::string path = from + "/" + name;
    is_directory(path) ? copy_dir(path, to + "/" + name) : copy_file(path, to + "/" + name);
  }
}

bool has_log(const std::string& dir) {
  const std::string wal = dir + "/wal";
  return is_directory(wal) && !list_dir(wal).empty();
}

}  // namespace

ReadOnlyDb::ReadOnlyDb(std::string dir, std::string sandbox_root, Pool& pool, Registry& registry)
    : dir_(std::move(dir)),
      sandbox_root_(std::move(sandbox_root)),
      pool_(pool),
      registry_(registry) {
  if (!is_directory(dir_)) {
    throw Error(ErrorKind::kIo, "open " + dir_ + ": it is no directory with data");
  }
  open_blocks();
}

ReadOnlyDb::~ReadOnlyDb() {
  const MutexLock lock(mutex_);
  head_.reset();
  if (sandbox_.empty()) return;
  const std::string sandbox = sandbox_;
  guard("the copy of the log", [&sandbox] { remove_all(sandbox); });
}

void ReadOnlyDb::open_blocks() {
  constexpr int kTries = 5;
  for (int i = 0;; ++i) {
    blocks_.clear();
    bool vanished = false;
    for (const std::string& name : list_dir(dir_)) {
      const std::string path = dir_ + "/" + name;
      if (!parse_ulid(name) || !is_directory(path)) continue;
      try {
        blocks_.push_back(std::make_shared<const Block>(path));
      } catch (const Error&) {
        // Merged and deleted in this moment: the merged one is there now.
        if (path_exists(path + "/meta.json") || i == kTries) throw;
        vanished = true;
      }
    }
    if (!vanished) break;
  }
  std::sort(blocks_.begin(), blocks_.end(),
            [](const auto& a, const auto& b) { return a->meta().min_time < b->meta().min_time; });
  for (const auto& block : blocks_) {
    if (is_from_out_of_order(block->meta())) continue;
    covered_until_ = std::max(covered_until_, block->meta().max_time);
  }
}

// What the log holds; nullptr where there is none.
Db* ReadOnlyDb::head() {
  const MutexLock lock(mutex_);
  if (head_tried_) return head_.get();
  head_tried_ = true;
  if (!has_log(dir_)) return nullptr;
  const char* temporary = std::getenv("TMPDIR");
  const std::string root = !sandbox_root_.empty() ? sandbox_root_
                           : temporary != nullptr ? temporary
                                                  : "/tmp";
  sandbox_ = root + "/hearth-read-only-" + std::to_string(getpid());
  make_dirs(sandbox_);
  for (const char* part : {"chunks_head", "wal", "wbl"}) {
    copy_dir(dir_ + "/" + part, sandbox_ + "/" + part);
  }
  Options options;
  options.use_lockfile = false;
  options.snapshot_on_shutdown = false;
  head_ = std::make_unique<Db>(sandbox_, options, system_clock(), pool_, registry_);
  return head_.get();
}

std::unique_ptr<Querier> ReadOnlyDb::querier(TimeRange range) {
  std::vector<QuerierPart> parts;
  for (const auto& block : blocks_) {
    const TimeRange covers = block->range();
    if (covers.max < range.min || covers.min > range.max) continue;
    parts.push_back({block_querier(block, range), covers});
  }
  if (range.max >= covered_until_) {
    if (Db* log = head()) {
      parts.push_back({log->querier(range), TimeRange{kMinTime, kMaxTime}});
    }
  }
  return merge_queriers(std::move(parts));
}

}  // namespace hearth::tsdb
