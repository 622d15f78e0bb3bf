#include "tsdb/series.h"

#include <memory>

#include "core/error.h"

namespace hearth::tsdb {

SeriesTable::SeriesTable(Epoch& epoch)
    : epoch_(epoch),
      series_range_(kMaxPages * kPageBytes, kMaxPages * kPageBytes / 64),
      states_range_(kMaxPages, kMaxPages),
      pages_(series_range_.size() / kPageBytes),
      series_(reinterpret_cast<Series*>(series_range_.data())),
      states_(reinterpret_cast<State*>(states_range_.data())) {
  states_range_.make_usable(kMaxPages);
}

Series& SeriesTable::add(SeriesRef ref) {
  const size_t page = ref / kPageSeries;
  if (page >= pages_) {
    throw Error(ErrorKind::kUnavailable, "the addresses that the head's series have are used up");
  }
  MutexLock lock(mutex_);
  State& state = states_[page];
  uint8_t now = state.load(std::memory_order_relaxed);
  if (now == 0) {
    series_range_.make_usable((page + 1) * kPageBytes);
    std::uninitialized_default_construct_n(series_ + page * kPageSeries, kPageSeries);
    now = 1;
  }
  state.store(static_cast<uint8_t>(now + 1), std::memory_order_release);
  return series_[ref];
}

void SeriesTable::remove(SeriesRef ref, SeriesRef newest) {
  const size_t page = ref / kPageSeries;
  MutexLock lock(mutex_);
  State& state = states_[page];
  const auto left = static_cast<uint8_t>(state.load(std::memory_order_relaxed) - 1);
  const bool goes = left == 1 && page < newest / kPageSeries;
  state.store(goes ? uint8_t{0} : left, std::memory_order_release);
  if (goes) {
    epoch_.defer([this, page] { series_range_.discard(page * kPageBytes, kPageBytes); });
  }
}

}  // namespace hearth::tsdb
