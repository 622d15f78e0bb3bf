// Labels that several parts of one answer have in common, kept once: a day of 20,000 series is a
// handful of blocks that all have the same ones.
#pragma once

#include "core/arena.h"
#include "core/storage.h"

namespace hearth::tsdb {

// A querier whose sets can lean on another. One thread, but for what it returns.
class SharingQuerier : public Querier {
 public:
  // As select(). Labels that `like` has, which is sorted and must outlive the set, are not kept
  // again. May be null.
  virtual std::unique_ptr<SeriesSet> select_like(const SeriesSet* like,
                                                 std::span<const Matcher> matchers,
                                                 const SelectHints& hints, Budget& budget) = 0;
  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget& budget) final {
    return select_like(nullptr, matchers, hints, budget);
  }
};

// One thread.
class SharedLabels {
 public:
  // What `like` does not have lies in `arena`.
  SharedLabels(const SeriesSet* like, Arena& arena)
      : like_(like), size_(like == nullptr ? 0 : like->size()), arena_(arena) {}

  // The same labels, to stay. Those of `like` are found where calls are in their order.
  LabelsView keep(std::string_view flat) {
    for (; next_ < size_; ++next_) {
      const LabelsView labels = like_->labels(next_);
      if (labels.flat() == flat) {
        ++next_;
        return labels;
      }
      if ((labels <=> LabelsView(flat)) > 0) break;
    }
    return LabelsView(arena_.copy(flat));
  }

 private:
  const SeriesSet* const like_;
  const size_t size_;
  size_t next_ = 0;
  Arena& arena_;
};

}  // namespace hearth::tsdb
