// A head that takes samples out of order.
#pragma once

#include <vector>

#include "tests/tsdb/head_fixture.h"
#include "tsdb/wal_format.h"

namespace hearth::tsdb {

inline constexpr DurationMs kMinute = 60'000;
inline constexpr DurationMs kHour = 60 * kMinute;
inline constexpr TimeMs kNow = 1000 * kHour;

struct LateFixture : HeadFixture {
  LateFixture() {
    live.out_of_order_window = 24 * kHour;
    open();
  }
  std::string wbl_dir() const { return wal_dir() + "/../wbl"; }
  // One sample now, and two late ones, of an hour and of two hours ago.
  void append_late(const Labels& labels) {
    append(labels, kNow, 1);
    append(labels, kNow - kHour, 2);
    append(labels, kNow - 2 * kHour, 3);
  }
};

inline std::vector<TimeMs> times(const Model& model, const Labels& labels) {
  std::vector<TimeMs> out;
  const auto found = model.find(labels);
  if (found == model.end()) return out;
  for (const auto& sample : found->second) out.push_back(sample.first);
  return out;
}

}  // namespace hearth::tsdb
