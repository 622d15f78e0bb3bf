#include "tsdb/read_once.h"

#include <utility>

#include "core/memory.h"
#include "tsdb/chunked_set.h"
#include "tsdb/shared_labels.h"

namespace hearth::tsdb {
namespace {

// Immutable, but for what it has counted.
class BlockSetOnce final : public ChunkedSet {
 public:
  // Requires: a set of a block.
  BlockSetOnce(std::unique_ptr<SeriesSet> set, std::shared_ptr<PagesOnce> pages)
      : set_(std::move(set)),
        chunked_(dynamic_cast<const ChunkedSet&>(*set_)),
        pages_(std::move(pages)) {}

  size_t size() const override { return set_->size(); }
  LabelsView labels(size_t series) const override { return set_->labels(series); }
  void read(size_t series, TimeRange range, Columns& out) const override {
    set_->read(series, range, out);
    pages_->count_read();
  }
  bool chunks(size_t series, TimeRange range, ChunkList& out) const override {
    const bool are_all = chunked_.chunks(series, range, out);
    pages_->count_read();
    return are_all;
  }
  void end_read() const override { chunked_.end_read(); }
  bool latest(size_t series, TimeMs from, TimeMs at, Sample& out) const override {
    const bool is_known = set_->latest(series, from, at, out);
    pages_->count_read();
    return is_known;
  }

 private:
  const std::unique_ptr<SeriesSet> set_;
  const ChunkedSet& chunked_;
  const std::shared_ptr<PagesOnce> pages_;
};

// One thread, but for what it returns and warnings().
class BlockQuerierOnce final : public SharingQuerier {
 public:
  BlockQuerierOnce(std::shared_ptr<const Block> block, TimeRange range,
                   std::shared_ptr<PagesOnce> pages)
      : block_(std::move(block)),
        querier_(block_querier(block_, range)),
        pages_(std::move(pages)) {
    block_->forget_pages();
  }

  std::unique_ptr<SeriesSet> select_like(const SeriesSet* like, std::span<const Matcher> matchers,
                                         const SelectHints& hints, Budget& budget) override {
    auto& sharing = dynamic_cast<SharingQuerier&>(*querier_);
    return std::make_unique<BlockSetOnce>(
        forgetting([&] { return sharing.select_like(like, matchers, hints, budget); }), pages_);
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
  const std::shared_ptr<PagesOnce> pages_;
};

constexpr uint64_t kMostMapped = 48 << 20;

}  // namespace

PagesOnce::PagesOnce() : most_bytes_(mapped_memory() + kMostMapped) {}

void PagesOnce::watch(std::shared_ptr<const Block> block) {
  const MutexLock lock(mutex_);
  blocks_.push_back(std::move(block));
}

void PagesOnce::count_read() {
  constexpr uint32_t kLook = 16;
  if (++reads_ % kLook != 0 || mapped_memory() < most_bytes_) return;
  const MutexLock lock(mutex_);
  if (mapped_memory() < most_bytes_) return;  // another thread did it meanwhile
  for (const auto& block : blocks_) block->forget_pages();
}

std::unique_ptr<Querier> block_querier_once(std::shared_ptr<const Block> block, TimeRange range,
                                            std::shared_ptr<PagesOnce> pages) {
  pages->watch(block);
  return std::make_unique<BlockQuerierOnce>(std::move(block), range, std::move(pages));
}

}  // namespace hearth::tsdb
