// What an administrator asks of the database: deleting samples, cleaning up after it, snapshots.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <random>

#include "core/error.h"
#include "core/log.h"
#include "tsdb/compact.h"
#include "tsdb/db_state.h"

namespace hearth::tsdb {
namespace {

// Prometheus' form: 20171210T211224Z-2be650b6d019eb54.
std::string snapshot_name(TimeMs now) {
  std::random_device device;
  const uint64_t random = uint64_t{device()} << 32 | device();
  const std::chrono::sys_seconds time{std::chrono::seconds(now / 1000)};
  return fmt::format("{:%Y%m%dT%H%M%SZ}-{:016x}", time, random >> 1);
}

// Files of a block never change, they are replaced: a link keeps what is there now.
void link_files(const std::string& from, const std::string& to) {
  make_dirs(to);
  for (const std::string& name : list_dir(from)) {
    if (is_directory(from + "/" + name)) {
      link_files(from + "/" + name, to + "/" + name);
    } else if (!name.ends_with(".tmp")) {
      hard_link(from + "/" + name, to + "/" + name);
    }
  }
  sync_dir(to);
}

}  // namespace

void Db::State::require_replayed() const {
  if (head.is_replayed()) return;
  throw Error(ErrorKind::kUnavailable,
              "the write-ahead log is still being replayed: try again when /-/ready says so");
}

void Db::delete_series(std::span<const std::vector<Matcher>> selectors, TimeRange range) {
  State& s = *state_;
  s.require_replayed();
  MutexLock lock(s.changing);
  for (const std::vector<Matcher>& matchers : selectors) {
    for (const BlockPtr& block : *s.blocks.snapshot().blocks) {
      if (block->in_service() && block->range().overlaps(range))
        block->delete_samples(matchers, range);
    }
    s.head.delete_samples(matchers, range);
  }
}

void Db::clean_tombstones() {
  state_->require_replayed();
  MutexLock lock(state_->changing);
  state_->clean_tombstones();
}

void Db::State::clean_tombstones() {
  const int64_t start = clock.monotonic_nanos();
  const BlockSnapshot snapshot = blocks.snapshot();
  for (const BlockPtr& block : *snapshot.blocks) {
    if (!block->in_service() || block->tombstones()->by_series.empty()) continue;
    const Ulid old = block->meta().ulid;
    const Ulid ulid = make_ulid(clock.now());
    if (clean_block(dir, *block, ulid, format)) {
      blocks.change(ulid, {&old, 1});
    } else {
      blocks.change(std::nullopt, {&old, 1});
    }
  }
  metrics.tombstone_cleanup.observe(static_cast<double>(clock.monotonic_nanos() - start) / 1e9);
}

std::string Db::snapshot(bool with_head) {
  State& s = *state_;
  s.require_replayed();
  MutexLock lock(s.changing);
  const std::string name = snapshot_name(s.clock.now());
  const std::string target = s.dir + "/snapshots/" + name;
  try {
    make_dirs(target);
    for (const BlockPtr& block : *s.blocks.snapshot().blocks)
      link_files(block->dir(), target + "/" + block->meta().ulid.text());
    if (with_head && s.head.min_time() <= s.head.max_time()) {
      BlockMeta meta;
      meta.ulid = make_ulid(s.clock.now());
      meta.min_time = s.head.min_time();
      meta.max_time = s.head.max_time() + 1;
      meta.sources = {meta.ulid};
      const auto series = s.head.series_chunks({meta.min_time, meta.max_time - 1});
      write_block(target, *series, meta, {}, s.format);
    }
    sync_dir(target);
  } catch (const Error&) {
    try {
      remove_all(target);
    } catch (const Error& e) {
      log_warn("A snapshot that failed cannot be removed", "dir", target, "err", e.what());
    }
    throw;
  }
  return name;
}

std::vector<BlockMeta> Db::block_metas() const { return state_->blocks.metas(); }

}  // namespace hearth::tsdb
