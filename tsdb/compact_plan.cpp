#include "tsdb/compact_plan.h"

#include <algorithm>
#include <span>

namespace hearth::tsdb {
namespace {

constexpr size_t kLevels = 10;
constexpr DurationMs kStep = 3;

std::vector<Ulid> ulids(std::span<const BlockMeta> blocks) {
  std::vector<Ulid> out;
  for (const BlockMeta& block : blocks) out.push_back(block.ulid);
  return out;
}

bool any_failed(std::span<const BlockMeta> blocks) {
  return std::any_of(blocks.begin(), blocks.end(), [](const BlockMeta& b) { return b.failed; });
}

// The first run of blocks each of which begins before one earlier in the run ends. (Prometheus
// tries a run that failed again and again; here it is left alone, so that others get their turn.)
std::vector<Ulid> overlapping(std::span<const BlockMeta> blocks) {
  for (size_t start = 0; start < blocks.size();) {
    TimeMs max = blocks[start].max_time;
    size_t end = start + 1;
    for (; end < blocks.size() && blocks[end].min_time < max; ++end)
      max = std::max(max, blocks[end].max_time);
    const auto run = blocks.subspan(start, end - start);
    if (run.size() > 1 && !any_failed(run)) return ulids(run);
    start = end;
  }
  return {};
}

// The start of the aligned span that holds `t`.
TimeMs aligned(TimeMs t, DurationMs span) {
  return span * (t >= 0 ? t / span : (t - span + 1) / span);
}

// Groups the blocks that lie within the same aligned span; those that lie in none are left out.
std::vector<std::span<const BlockMeta>> split(std::span<const BlockMeta> blocks, DurationMs span) {
  std::vector<std::span<const BlockMeta>> groups;
  for (size_t i = 0; i < blocks.size();) {
    const TimeMs end = aligned(blocks[i].min_time, span) + span;
    size_t next = i;
    while (next < blocks.size() && blocks[next].max_time <= end) ++next;
    if (next == i) {
      ++i;
      continue;
    }
    groups.push_back(blocks.subspan(i, next - i));
    i = next;
  }
  return groups;
}

std::vector<Ulid> by_range(std::span<const BlockMeta> blocks,
                           const std::vector<DurationMs>& ranges) {
  if (ranges.size() < 2 || blocks.empty()) return {};
  const TimeMs newest = blocks.back().min_time;
  for (size_t level = 1; level < ranges.size(); ++level) {
    for (const auto group : split(blocks, ranges[level])) {
      if (group.size() < 2 || any_failed(group)) continue;
      const TimeMs min = group.front().min_time;
      const TimeMs max = group.back().max_time;
      if (max - min == ranges[level] || max <= newest) return ulids(group);
    }
  }
  return {};
}

std::vector<Ulid> by_tombstones(std::span<const BlockMeta> blocks,
                                const std::vector<DurationMs>& ranges) {
  if (ranges.empty()) return {};
  for (size_t i = blocks.size(); i-- > 0;) {
    const BlockMeta& block = blocks[i];
    if (block.max_time - block.min_time < ranges[ranges.size() / 2]) {
      const bool all = block.stats.tombstones > 0 && block.stats.tombstones >= block.stats.series;
      if (all && !block.failed) return {block.ulid};
      break;
    }
    if (static_cast<double>(block.stats.tombstones) / static_cast<double>(block.stats.series + 1) >
        0.05)
      return {block.ulid};
  }
  return {};
}

}  // namespace

std::vector<DurationMs> block_ranges(DurationMs smallest, DurationMs largest) {
  std::vector<DurationMs> ranges;
  for (DurationMs range = smallest; ranges.size() < kLevels; range *= kStep) {
    if (!ranges.empty() && range > largest) break;
    ranges.push_back(range);
  }
  return ranges;
}

std::vector<Ulid> plan_compaction(std::vector<BlockMeta> blocks,
                                  const std::vector<DurationMs>& ranges, bool merge_overlapping) {
  if (blocks.empty()) return {};
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const BlockMeta& a, const BlockMeta& b) { return a.min_time < b.min_time; });
  if (merge_overlapping) {
    if (auto plan = overlapping(blocks); !plan.empty()) return plan;
  }
  const auto older = std::span<const BlockMeta>(blocks).first(blocks.size() - 1);
  if (auto plan = by_range(older, ranges); !plan.empty()) return plan;
  return by_tombstones(older, ranges);
}

}  // namespace hearth::tsdb
