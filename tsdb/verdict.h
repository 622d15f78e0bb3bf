// What becomes of a sample on its way into the head: Prometheus' rules, as pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "core/storage.h"
#include "tsdb/head_chunks.h"

namespace hearth::tsdb {

enum class Verdict : uint8_t {
  kStore,
  kSame,  // the series' newest sample once more: nothing to do, and nothing to complain about
  kDuplicate,
  kOutOfOrder,
  kOutOfBounds
};

// What holds for all samples of one commit.
struct AppendBounds {
  TimeMs oldest = kMinTime;  // nothing before it is accepted
};

// A sample at `t` after one at `last_time`; `same`: they are equal, should their times be.
inline Verdict judge(TimeMs last_time, TimeMs t, bool same, const AppendBounds& bounds) {
  if (t < bounds.oldest || !is_head_time(t)) return Verdict::kOutOfBounds;
  if (t > last_time) return Verdict::kStore;
  if (t < last_time) return Verdict::kOutOfOrder;
  return same ? Verdict::kSame : Verdict::kDuplicate;
}

inline std::optional<Refusal> refusal(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDuplicate: return Refusal::kDuplicate;
    case Verdict::kOutOfOrder: return Refusal::kOutOfOrder;
    case Verdict::kOutOfBounds: return Refusal::kOutOfBounds;
    case Verdict::kStore:
    case Verdict::kSame: break;
  }
  return std::nullopt;
}

}  // namespace hearth::tsdb
