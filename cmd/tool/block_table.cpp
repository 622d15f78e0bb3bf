#include "cmd/tool/block_table.h"

#include <algorithm>

#include "config/scalar.h"
#include "rules/template_value.h"

namespace hearth {
namespace {

std::string time_text(TimeMs t, bool human) {
  if (!human) return std::to_string(t);
  return rules::go_time_text({t / 1000 * 1'000'000'000});
}

}  // namespace

std::string columns_text(const std::vector<std::vector<std::string>>& rows, size_t min_width,
                         size_t padding) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(min_width);
      widths[i] = std::max(widths[i], row[i].size() + padding);
    }
  }
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - row[i].size(), ' ');
    }
    out += "\n";
  }
  return out;
}

std::string binary_bytes_text(uint64_t bytes) { return bytes_text(static_cast<int64_t>(bytes)); }

std::string block_table(const std::vector<BlockLine>& blocks, bool human) {
  std::vector<std::vector<std::string>> rows = {{"BLOCK ULID", "MIN TIME", "MAX TIME", "DURATION",
                                                 "NUM SAMPLES", "NUM CHUNKS", "NUM SERIES",
                                                 "SIZE"}};
  for (const BlockLine& block : blocks) {
    const tsdb::BlockMeta& meta = block.meta;
    const int64_t ns = (meta.max_time - meta.min_time) * 1'000'000;
    rows.push_back({meta.ulid.text(), time_text(meta.min_time, human),
                    time_text(meta.max_time, human), rules::go_duration_text({ns}),
                    std::to_string(meta.stats.samples), std::to_string(meta.stats.chunks),
                    std::to_string(meta.stats.series),
                    human ? binary_bytes_text(block.bytes) : std::to_string(block.bytes)});
  }
  return columns_text(rows, 13, 2);
}

}  // namespace hearth
