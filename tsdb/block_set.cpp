#include "tsdb/block_set.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tsdb/compact.h"

namespace hearth::tsdb {
namespace {

std::vector<Ulid> obsolete(const std::vector<BlockPtr>& blocks) {
  std::vector<Ulid> out;
  for (const BlockPtr& block : blocks) {
    if (block->meta().deletable) out.push_back(block->meta().ulid);
    for (const BlockParent& parent : block->meta().parents) {
      if (parent.ulid != block->meta().ulid) out.push_back(parent.ulid);
    }
  }
  return out;
}

}  // namespace

BlockSet::BlockSet(std::string dir, Registry& registry)
    : dir_(std::move(dir)),
      loaded_(registry.gauge("prometheus_tsdb_blocks_loaded",
                             "Number of currently loaded data blocks")),
      bytes_(registry.gauge("prometheus_tsdb_storage_blocks_bytes",
                            "The number of bytes that are currently used for local storage by all "
                            "blocks.")),
      symbol_bytes_(registry.gauge("prometheus_tsdb_symbol_table_size_bytes",
                                   "Size of symbol table in memory for loaded blocks")),
      reloads_(registry.counter("prometheus_tsdb_reloads_total",
                                "Number of times the database reloaded block data from disk.")),
      reload_failures_(
          registry.counter("prometheus_tsdb_reloads_failures_total",
                           "Number of times the database failed to reloadBlocks block data from "
                           "disk.")) {
  remove_leftovers();
  std::map<std::string, std::string> failed;
  std::vector<BlockPtr> blocks = open_all(failed);
  {
    MutexLock lock(mutex_);
    current_.unreadable =
        std::make_shared<const std::vector<UnreadableBlock>>(missing(failed, blocks));
  }
  TimeMs covered_until = kMinTime;
  for (const BlockPtr& block : blocks) {
    if (!is_from_out_of_order(block->meta()))
      covered_until = std::max(covered_until, block->meta().max_time);
  }
  const std::vector<Ulid> superseded = obsolete(blocks);
  publish(std::move(blocks), covered_until);
  change(std::nullopt, superseded);
}

void BlockSet::remove_leftovers() {
  for (const std::string& name : list_dir(dir_)) {
    const size_t dot = name.find('.');
    if (dot == std::string::npos || !parse_ulid(std::string_view(name).substr(0, dot))) continue;
    const std::string_view suffix = std::string_view(name).substr(dot);
    if (suffix != kCreationSuffix && suffix != kDeletionSuffix && suffix != ".tmp") continue;
    log_info("Found and deleted tmp block dir", "dir", dir_ + "/" + name);
    remove_all(dir_ + "/" + name);
  }
}

BlockPtr BlockSet::open(const std::string& block_dir) {
  reloads_.add();
  try {
    return std::make_shared<const Block>(block_dir);
  } catch (const Error&) {
    reload_failures_.add();
    throw;
  }
}

std::vector<BlockPtr> BlockSet::open_all(std::map<std::string, std::string>& failed) {
  std::vector<BlockPtr> blocks;
  for (const std::string& name : list_dir(dir_)) {
    const std::string block_dir = dir_ + "/" + name;
    if (!parse_ulid(name) || !is_directory(block_dir)) continue;
    try {
      blocks.push_back(open(block_dir));
      const BlockMeta& meta = blocks.back()->meta();
      log_info("Found healthy block", "mint", meta.min_time, "maxt", meta.max_time, "ulid",
               meta.ulid.text());
    } catch (const Error& e) {
      log_error("Block cannot be read and is left out; restore it from a backup or remove it",
                "block", block_dir, "err", e.what());
      failed.emplace(name, e.what());
    }
  }
  return blocks;
}

std::vector<UnreadableBlock> BlockSet::missing(const std::map<std::string, std::string>& failed,
                                               const std::vector<BlockPtr>& blocks) const {
  std::set<Ulid> there;
  for (const BlockPtr& block : blocks) there.insert(block->meta().ulid);
  const auto is_there = [&](const Ulid& ulid) { return there.count(ulid) != 0; };
  const std::vector<Ulid> superseded = obsolete(blocks);
  std::vector<UnreadableBlock> missing;
  for (const auto& [name, what] : failed) {
    if (std::find(superseded.begin(), superseded.end(), *parse_ulid(name)) != superseded.end())
      continue;
    UnreadableBlock block{{}, "block " + name + " cannot be read and is left out: " + what};
    try {
      const BlockMeta meta = read_block_meta(dir_ + "/" + name);
      const bool has_sources =
          !meta.parents.empty() &&
          std::all_of(meta.parents.begin(), meta.parents.end(),
                      [&](const BlockParent& parent) { return is_there(parent.ulid); });
      if (has_sources || meta.deletable) continue;
      block.range = {meta.min_time, meta.max_time - 1};
    } catch (const Error&) {
      block.range = {};
    }
    missing.push_back(std::move(block));
  }
  return missing;
}

BlockSnapshot BlockSet::snapshot() const {
  MutexLock lock(mutex_);
  return current_;
}

std::vector<BlockMeta> BlockSet::metas() const {
  std::vector<BlockMeta> metas;
  for (const BlockPtr& block : *snapshot().blocks) {
    if (!block->in_service()) continue;
    metas.push_back(block->current_meta());
  }
  return metas;
}

void BlockSet::change(std::optional<Ulid> added, std::span<const Ulid> removed,
                      TimeMs covered_until) {
  std::vector<BlockPtr> blocks;
  std::vector<BlockPtr> dropped;
  const std::set<Ulid> gone(removed.begin(), removed.end());
  for (const BlockPtr& block : *snapshot().blocks)
    (gone.count(block->meta().ulid) != 0 ? dropped : blocks).push_back(block);
  if (added) {
    const std::string block_dir = dir_ + "/" + added->text();
    try {
      blocks.push_back(open(block_dir));
    } catch (const Error&) {
      delete_dir(block_dir);
      throw;
    }
  }
  publish(std::move(blocks), covered_until);
  for (const BlockPtr& block : dropped) delete_dir(block->dir());
}

void BlockSet::publish(std::vector<BlockPtr> blocks, TimeMs covered_until) {
  std::stable_sort(blocks.begin(), blocks.end(), [](const BlockPtr& a, const BlockPtr& b) {
    return a->meta().min_time < b->meta().min_time;
  });
  uint64_t bytes = 0;
  uint64_t symbol_bytes = 0;
  for (const BlockPtr& block : blocks) {
    bytes += block->bytes();
    symbol_bytes += block->index().symbol_table_bytes();
  }
  symbol_bytes_.set(static_cast<double>(symbol_bytes));
  loaded_.set(static_cast<double>(blocks.size()));
  bytes_.set(static_cast<double>(bytes));
  MutexLock lock(mutex_);
  current_.blocks = std::make_shared<const std::vector<BlockPtr>>(std::move(blocks));
  current_.covered_until = std::max(current_.covered_until, covered_until);
  ++current_.version;
}

void BlockSet::delete_dir(const std::string& block_dir) {
  try {
    log_info("Deleting obsolete block", "block", block_dir.substr(block_dir.rfind('/') + 1));
    const std::string doomed = block_dir + std::string(kDeletionSuffix);
    rename_path(block_dir, doomed);
    remove_all(doomed);
  } catch (const Error& e) {
    log_error("Block cannot be deleted", "block", block_dir, "err", e.what());
  }
}

}  // namespace hearth::tsdb
