#include "tsdb/read_only.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "tsdb/block.h"
#include "tsdb/log_querier.h"
#include "tsdb/merge_queriers.h"
#include "tsdb/read_once.h"
#include "tsdb/ulid.h"

namespace hearth::tsdb {
namespace {

// What `work` gives; nothing where the block has been deleted in this moment.
template <class Work>
auto unless_deleted(const std::string& block_dir, Work work) -> std::optional<decltype(work())> {
  try {
    return work();
  } catch (const Error&) {
    if (path_exists(block_dir + "/meta.json")) throw;
    return std::nullopt;
  }
}

}  // namespace

ReadOnlyDb::ReadOnlyDb(std::string dir, Pool& pool, OnLogRead on_log_read)
    : dir_(std::move(dir)), pool_(pool), on_log_read_(std::move(on_log_read)) {
  if (!is_directory(dir_)) {
    throw Error(ErrorKind::kIo, "open " + dir_ + ": it is no directory with data");
  }
}

// By min_time, without those in whose place there is another.
std::vector<ReadOnlyDb::Listed> ReadOnlyDb::list_blocks() const {
  std::vector<Listed> found;
  std::set<std::string> superseded;
  for (const std::string& name : list_dir(dir_)) {
    const std::string path = dir_ + "/" + name;
    if (!parse_ulid(name) || !is_directory(path)) continue;
    auto meta = unless_deleted(path, [&] { return read_block_meta(path); });
    if (!meta) continue;
    if (meta->deletable) superseded.insert(name);
    for (const BlockParent& parent : meta->parents) {
      if (parent.ulid != meta->ulid) superseded.insert(parent.ulid.text());
    }
    found.push_back({name, std::move(*meta)});
  }
  std::erase_if(found, [&](const Listed& block) { return superseded.count(block.name) != 0; });
  std::sort(found.begin(), found.end(),
            [](const Listed& a, const Listed& b) { return a.meta.min_time < b.meta.min_time; });
  return found;
}

std::unique_ptr<Querier> ReadOnlyDb::querier(TimeRange range) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    // The logs first: what leaves them afterwards is in a block.
    auto logs = std::make_shared<LogFiles>(map_log_files(dir_));
    logs->on_read = on_log_read_;
    std::vector<Listed> listed = list_blocks();
    TimeMs covered_until = kMinTime;
    for (const Listed& block : listed) {
      if (!is_from_out_of_order(block.meta))
        covered_until = std::max(covered_until, block.meta.max_time);
    }
    std::erase_if(listed, [&](const Listed& block) { return !block.covers().overlaps(range); });

    std::vector<QuerierPart> parts(listed.size());
    const auto pages = std::make_shared<PagesOnce>();
    std::atomic<bool> deleted{false};
    pool_.parallel_slices(listed.size(), [&](size_t at) {
      const std::string path = dir_ + "/" + listed[at].name;
      auto block = unless_deleted(path, [&] { return std::make_shared<const Block>(path); });
      if (!block) {
        deleted = true;
        return;
      }
      parts[at] = {block_querier_once(*block, range, pages), listed[at].covers()};
    });
    if (deleted) continue;
    if (!logs->late.empty() || (!logs->in_order.empty() && range.max >= covered_until)) {
      parts.push_back({log_querier(std::move(logs), pool_, covered_until, range), TimeRange{}});
    }
    return merge_queriers(std::move(parts));
  }
  throw Error(ErrorKind::kIo,
              "read " + dir_ + ": its blocks are replaced faster than they are read");
}

}  // namespace hearth::tsdb
