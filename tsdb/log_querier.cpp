#include "tsdb/log_querier.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tsdb/log_scan.h"
#include "tsdb/merge.h"

namespace hearth::tsdb {
namespace {

// Immutable.
class LogSeriesSet final : public SeriesSet {
 public:
  LogSeriesSet(std::unique_ptr<LogScan> scan, const SelectHints& hints) : scan_(std::move(scan)) {
    for (const LogSeries& series : scan_->series()) {
      if (hints.labels_only || !series.samples.empty() || !series.late.empty())
        series_.push_back(&series);
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
  const std::unique_ptr<LogScan> scan_;
  std::vector<const LogSeries*> series_;
};

// One thread, but for what it returns and warnings().
class LogQuerier final : public Querier {
 public:
  LogQuerier(std::shared_ptr<const LogFiles> files, Pool& pool, TimeMs covered_until,
             TimeRange range)
      : files_(std::move(files)), pool_(pool), covered_until_(covered_until), range_(range) {}

  std::unique_ptr<SeriesSet> select(std::span<const Matcher> matchers, const SelectHints& hints,
                                    Budget& budget) override {
    auto scan = std::make_unique<LogScan>(*files_, pool_, warnings_, budget);
    scan->find_series(matchers);
    const TimeRange range{std::max(range_.min, hints.range.min),
                          std::min(range_.max, hints.range.max)};
    if (!hints.labels_only)
      scan->read_samples({std::max(range.min, covered_until_), range.max}, range);
    return std::make_unique<LogSeriesSet>(std::move(scan), hints);
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
  template <class Add>
  std::vector<std::string> of_labels(std::span<const Matcher> matchers, size_t limit, Add add) {
    Budget budget(0);
    LogScan scan(*files_, pool_, warnings_, budget);
    scan.find_series(matchers);
    std::set<std::string> found;
    for (const LogSeries& series : scan.series()) add(found, LabelsView(series.labels));
    std::vector<std::string> all(found.begin(), found.end());
    if (limit > 0 && all.size() > limit) all.resize(limit);
    return all;
  }

  const std::shared_ptr<const LogFiles> files_;
  Pool& pool_;
  const TimeMs covered_until_;
  const TimeRange range_;
  ReadWarnings warnings_;
};

}  // namespace

std::unique_ptr<Querier> log_querier(std::shared_ptr<const LogFiles> files, Pool& pool,
                                     TimeMs covered_until, TimeRange range) {
  return std::make_unique<LogQuerier>(std::move(files), pool, covered_until, range);
}

}  // namespace hearth::tsdb
