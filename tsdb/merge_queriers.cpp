#include "tsdb/merge_queriers.h"

#include <algorithm>

#include "core/walking_querier.h"
#include "tsdb/merge.h"
#include "tsdb/read_warnings.h"
#include "tsdb/shared_labels.h"

namespace hearth::tsdb {
namespace {

// One thread, but for what it returns and warnings().
class MergedQuerier final : public WalkingQuerier {
 public:
  MergedQuerier(std::vector<QuerierPart> parts, std::vector<std::string> missing)
      : parts_(std::move(parts)), missing_(std::move(missing)) {}

  void expect(std::span<const ExpectedSelect> selects, Budget& budget) override {
    for (QuerierPart& part : parts_) tell(*part.querier, selects, budget);
  }

  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget& budget) override {
    std::vector<QuerierPart*> asked;
    for (QuerierPart& part : parts_) {
      if (part.covers.overlaps(hints.range)) asked.push_back(&part);
    }
    SelectHints part_hints = hints;
    if (asked.size() > 1) part_hints.sorted = true;
    std::vector<SeriesSetPart> sets;
    for (QuerierPart* part : asked) {
      auto* const sharing = dynamic_cast<SharingQuerier*>(part->querier.get());
      const SeriesSet* const like = sets.empty() ? nullptr : sets.back().set.get();
      sets.push_back({sharing == nullptr ? part->querier->select(matchers, part_hints, budget)
                                         : sharing->select_like(like, matchers, part_hints, budget),
                      part->covers.max});
    }
    return merge_series_sets(std::move(sets), hints.limit, budget);
  }

  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    return united(limit, [&](Querier& q) { return q.label_names(matchers, limit); });
  }

  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    return united(limit, [&](Querier& q) { return q.label_values(name, matchers, limit); });
  }

  std::vector<std::string> warnings() const override {
    ReadWarnings all;
    all.add_all(missing_);
    for (const QuerierPart& part : parts_) all.add_all(part.querier->warnings());
    return all.texts();
  }

 private:
  template <class Ask>
  std::vector<std::string> united(size_t limit, Ask ask) {
    std::vector<std::string> all;
    for (QuerierPart& part : parts_) {
      std::vector<std::string> more = ask(*part.querier);
      const auto middle = static_cast<std::ptrdiff_t>(all.size());
      std::move(more.begin(), more.end(), std::back_inserter(all));
      std::inplace_merge(all.begin(), all.begin() + middle, all.end());
      all.erase(std::unique(all.begin(), all.end()), all.end());
    }
    if (limit > 0 && all.size() > limit) all.resize(limit);
    return all;
  }

  std::vector<QuerierPart> parts_;
  const std::vector<std::string> missing_;
};

}  // namespace

std::unique_ptr<Querier> merge_queriers(std::vector<QuerierPart> parts,
                                        std::vector<std::string> missing) {
  return std::make_unique<MergedQuerier>(std::move(parts), std::move(missing));
}

}  // namespace hearth::tsdb
