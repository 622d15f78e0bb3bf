// How far the replay of the log is, as /api/v1/status/walreplay tells it.
#pragma once

#include <cstdint>

namespace hearth::tsdb {

struct ReplayStatus {
  uint32_t min = 0, max = 0, current = 0;  // numbers of segments
  bool done = true;
};

}  // namespace hearth::tsdb
