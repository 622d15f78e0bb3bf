#include "tsdb/retention.h"

#include <algorithm>

namespace hearth::tsdb {
namespace {

void newest_first(std::vector<BlockSize>& blocks) {
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const BlockSize& a, const BlockSize& b) { return a.max_time > b.max_time; });
}

std::vector<Ulid> from(const std::vector<BlockSize>& blocks, size_t first) {
  std::vector<Ulid> out;
  for (size_t i = first; i < blocks.size(); ++i) out.push_back(blocks[i].ulid);
  return out;
}

}  // namespace

std::vector<Ulid> beyond_time(std::vector<BlockSize> blocks, DurationMs retention) {
  if (retention == 0) return {};
  newest_first(blocks);
  for (size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[0].max_time - blocks[i].max_time >= retention) return from(blocks, i);
  }
  return {};
}

uint64_t size_limit(const RetentionLimits& limits, uint64_t file_system_bytes) {
  if (limits.percentage == 0 || file_system_bytes == 0) return limits.bytes;
  const double bytes = static_cast<double>(file_system_bytes) * limits.percentage / 100;
  return std::max<uint64_t>(1, static_cast<uint64_t>(bytes));
}

std::vector<Ulid> beyond_size(std::vector<BlockSize> blocks, uint64_t limit, uint64_t head_bytes) {
  if (limit == 0) return {};
  newest_first(blocks);
  uint64_t total = head_bytes;
  for (size_t i = 0; i < blocks.size(); ++i) {
    total += blocks[i].bytes;
    if (total > limit) return from(blocks, i);
  }
  return {};
}

}  // namespace hearth::tsdb
