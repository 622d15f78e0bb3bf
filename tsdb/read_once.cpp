#include "tsdb/read_once.h"

#include <atomic>
#include <utility>

#include "tsdb/shared_labels.h"

namespace hearth::tsdb {
namespace {

using Blocks = std::vector<std::shared_ptr<const Block>>;

// One thread, but for what it returns and warnings().
class BlockQuerierOnce final : public SharingQuerier {
 public:
  BlockQuerierOnce(std::shared_ptr<const Block> block, TimeRange range)
      : block_(std::move(block)), querier_(block_querier(block_, range)) {
    block_->forget_pages();
  }

  std::unique_ptr<SeriesSet> select_like(const SeriesSet* like, std::span<const Matcher> matchers,
                                         const SelectHints& hints, Budget& budget) override {
    auto& sharing = dynamic_cast<SharingQuerier&>(*querier_);
    return forgetting([&] { return sharing.select_like(like, matchers, hints, budget); });
  }
  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    return forgetting([&] { return querier_->label_names(matchers, limit); });
  }
  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    return forgetting([&] { return querier_->label_values(name, matchers, limit); });
  }
  std::vector<std::string> warnings() const override { return querier_->warnings(); }

 private:
  template <class Work>
  auto forgetting(Work work) -> decltype(work()) {
    auto result = work();
    block_->forget_pages();
    return result;
  }

  const std::shared_ptr<const Block> block_;
  const std::unique_ptr<Querier> querier_;
};

// Immutable, but for what it has counted.
class SetOnce final : public SeriesSet {
 public:
  SetOnce(std::unique_ptr<SeriesSet> set, const Blocks& blocks)
      : set_(std::move(set)), blocks_(blocks) {}

  size_t size() const override { return set_->size(); }
  LabelsView labels(size_t series) const override { return set_->labels(series); }
  void read(size_t series, TimeRange range, Columns& out) const override {
    set_->read(series, range, out);
    count(1);
  }
  void read_many(size_t first, TimeRange range, std::span<Columns> out) const override {
    set_->read_many(first, range, out);
    count(out.size());
  }
  bool latest(size_t series, TimeMs from, TimeMs at, Sample& out) const override {
    return set_->latest(series, from, at, out);
  }

 private:
  void count(size_t series) const {
    // A page that is touched brings its neighbours along: 64 KiB of the index, and of the chunks.
    constexpr size_t kTouched = 128 << 10, kMost = 64 << 20;
    if (touched_ += series * blocks_.size() * kTouched; touched_ < kMost) return;
    touched_ = 0;
    for (const auto& block : blocks_) block->forget_pages();
  }

  const std::unique_ptr<SeriesSet> set_;
  const Blocks& blocks_;
  mutable std::atomic<size_t> touched_{0};
};

// One thread, but for what it returns and warnings().
class QuerierOnce final : public Querier {
 public:
  QuerierOnce(std::unique_ptr<Querier> querier, Blocks blocks)
      : blocks_(std::move(blocks)), querier_(std::move(querier)) {}

  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget& budget) override {
    return std::make_unique<SetOnce>(querier_->select(matchers, hints, budget), blocks_);
  }
  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    return querier_->label_names(matchers, limit);
  }
  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    return querier_->label_values(name, matchers, limit);
  }
  std::vector<std::string> warnings() const override { return querier_->warnings(); }

 private:
  const Blocks blocks_;
  const std::unique_ptr<Querier> querier_;
};

}  // namespace

std::unique_ptr<Querier> block_querier_once(std::shared_ptr<const Block> block, TimeRange range) {
  return std::make_unique<BlockQuerierOnce>(std::move(block), range);
}

std::unique_ptr<Querier> read_once(std::unique_ptr<Querier> querier, Blocks blocks) {
  return std::make_unique<QuerierOnce>(std::move(querier), std::move(blocks));
}

}  // namespace hearth::tsdb
