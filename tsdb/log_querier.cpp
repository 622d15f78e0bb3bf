#include "tsdb/log_querier.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/walking_querier.h"
#include "tsdb/log_scan.h"
#include "tsdb/merge.h"

namespace hearth::tsdb {
namespace {

// Immutable.
class LogSeriesSet final : public SeriesSet {
 public:
  // What that selector of the scan found.
  LogSeriesSet(std::shared_ptr<const LogScan> scan, size_t selector, const SelectHints& hints)
      : scan_(std::move(scan)), series_(scan_->found(selector)) {
    if (!hints.labels_only) {
      std::erase_if(series_, [](const LogSeries* series) {
        return series->samples.empty() && series->late.empty();
      });
    }
    std::sort(series_.begin(), series_.end(), [](const LogSeries* a, const LogSeries* b) {
      return LabelsView(a->labels) < LabelsView(b->labels);
    });
    if (hints.limit > 0 && series_.size() > hints.limit) series_.resize(hints.limit);
  }
  size_t size() const override { return series_.size(); }
  LabelsView labels(size_t series) const override { return LabelsView(series_[series]->labels); }

  void read(size_t series, TimeRange range, Columns& out) const override {
    const LogSeries& from = *series_[series];
    out.clear();
    from.samples.read(range, out);
    cut_intervals(from.deleted, out);
    if (from.late.empty()) return;
    Columns late;
    from.late.read(range, late);
    merge_columns(out, late);
  }

 private:
  const std::shared_ptr<const LogScan> scan_;
  std::vector<const LogSeries*> series_;
};

// One thread, but for what it returns and warnings().
class LogQuerier final : public WalkingQuerier {
 public:
  LogQuerier(std::shared_ptr<const LogFiles> files, Pool& pool, TimeMs covered_until,
             TimeRange range)
      : files_(std::move(files)), pool_(pool), covered_until_(covered_until), range_(range) {}

  void expect(std::span<const ExpectedSelect> selects, Budget& budget) override {
    expected_.assign(selects.begin(), selects.end());
    TimeRange range{kMaxTime, kMinTime};
    for (const ExpectedSelect& select : expected_) {
      range.min = std::min(range.min, select.range.min);
      range.max = std::max(range.max, select.range.max);
    }
    walked_ = walk(expected_, range, budget);
  }
  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget& budget) override {
    for (size_t i = 0; i < expected_.size(); ++i) {
      const ExpectedSelect& known = expected_[i];
      if (std::equal(matchers.begin(), matchers.end(), known.matchers.begin(),
                     known.matchers.end()) &&
          known.range.min <= hints.range.min && hints.range.max <= known.range.max) {
        return std::make_unique<LogSeriesSet>(walked_, i, hints);
      }
    }
    const ExpectedSelect only{{matchers.begin(), matchers.end()}, hints.range};
    return std::make_unique<LogSeriesSet>(
        hints.labels_only ? find({&only, 1}, budget) : walk({&only, 1}, hints.range, budget), 0,
        hints);
  }

  std::vector<std::string> label_names(std::span<const Matcher> matchers, size_t limit) override {
    return of_labels(matchers, limit, [](std::set<std::string>& found, LabelsView labels) {
      for (const Label& label : labels) found.emplace(label.name);
    });
  }
  std::vector<std::string> label_values(const std::string& name, std::span<const Matcher> matchers,
                                        size_t limit) override {
    return of_labels(matchers, limit, [&name](std::set<std::string>& found, LabelsView labels) {
      if (const std::string_view value = labels.get(name); !value.empty()) found.emplace(value);
    });
  }
  std::vector<std::string> warnings() const override { return warnings_.texts(); }

 private:
  using Selects = std::span<const ExpectedSelect>;
  std::shared_ptr<LogScan> find(Selects selects, Budget& budget) {
    auto scan = std::make_shared<LogScan>(*files_, pool_, warnings_, budget);
    std::vector<std::span<const Matcher>> selectors;
    for (const ExpectedSelect& select : selects) selectors.emplace_back(select.matchers);
    scan->find_series(selectors);
    return scan;
  }
  std::shared_ptr<const LogScan> walk(Selects selects, TimeRange range, Budget& budget) {
    auto scan = find(selects, budget);
    range = {std::max(range_.min, range.min), std::min(range_.max, range.max)};
    scan->read_samples({std::max(range.min, covered_until_), range.max}, range);
    return scan;
  }
  template <class Add>
  std::vector<std::string> of_labels(std::span<const Matcher> matchers, size_t limit, Add add) {
    Budget budget(0);
    const ExpectedSelect only{{matchers.begin(), matchers.end()}, {}};
    std::set<std::string> found;
    const auto scan = find({&only, 1}, budget);
    for (const LogSeries* series : scan->found(0)) add(found, LabelsView(series->labels));
    std::vector<std::string> all(found.begin(), found.end());
    if (limit > 0 && all.size() > limit) all.resize(limit);
    return all;
  }

  const std::shared_ptr<const LogFiles> files_;
  Pool& pool_;
  const TimeMs covered_until_;
  const TimeRange range_;
  ReadWarnings warnings_;
  std::vector<ExpectedSelect> expected_;
  std::shared_ptr<const LogScan> walked_;  // for all that is expected
};

}  // namespace

std::unique_ptr<Querier> log_querier(std::shared_ptr<const LogFiles> files, Pool& pool,
                                     TimeMs covered_until, TimeRange range) {
  return std::make_unique<LogQuerier>(std::move(files), pool, covered_until, range);
}

}  // namespace hearth::tsdb
