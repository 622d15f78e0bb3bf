#include "query/info.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "query/label_sets.h"

namespace hearth::promql {
namespace {

constexpr uint32_t kNone = ~uint32_t{0};

// The labels that name a target.
const std::vector<std::string> kIdentifying = {"instance", "job"};

// Which labels a series gets depends on which info series are there at a step: like a join step by
// step, it is computed while it opens.
class InfoOp final : public Operator {
 public:
  InfoOp(OperatorPtr base, OperatorPtr info, std::vector<Matcher> matchers)
      : Operator(base->steps()),
        base_(std::move(base)),
        info_(std::move(info)),
        matchers_(std::move(matchers)) {}

  void open(Context& context) override {
    base_->open(context);
    info_->open(context);
    Reservation reserved = context.reserve(base_->series().size() + info_->series().size(),
                                           steps_.count, sizeof(double));
    base_->prepare(context);
    info_->prepare(context);
    reserved.release();
    Rows base(context, steps_.count), info(context, steps_.count);
    materialise(context, *base_, base);
    materialise(context, *info_, info);
    targets_.emplace(context.budget);
    numbers_.emplace(context.budget);
    number_series();
    find_in_reach(base, info);
    for (size_t step = 0; step < steps_.count; ++step) {
      if (step % 64 == 0) context.check();
      choose_infos(info, step);
      for (uint32_t i = 0; i < base.count(); ++i) {
        if (base.has_point(i, step)) add(context, base, i, step);
      }
    }
    result_ = std::make_unique<Rows>(context, steps_.count);
    result_->reset(results_.size());
    for (size_t i = 0; i < results_.size(); ++i) result_->copy_row(i, *results_[i], 0);
    results_.clear();
    if (!context.options.delayed_name_removal) series_.drop_name.clear();
  }

  void prepare(Context&) override {}

  void rows(Context&, Range range, Rows& out) const override {
    out.reset(range.size());
    for (size_t i = 0; i < range.size(); ++i) out.copy_row(i, *result_, range.begin + i);
  }

 private:
  // Numbers the targets and the names of info metrics: one of each makes a slot.
  void number_series() {
    const LabelNames identifying(kIdentifying, true);
    std::string flat;
    std::map<std::string_view, uint32_t> names;  // in the order of the names
    for (const LabelsView labels : info_->series().labels) names.emplace(labels.metric_name(), 0);
    uint32_t count = 0;
    for (auto& [name, number] : names) number = count++;
    names_ = names.size();
    const auto target = [&](LabelsView labels) {
      identifying.choose(labels, flat);
      return targets_->number(flat).first;
    };
    for (const LabelsView labels : info_->series().labels) {
      info_slot_.push_back(target(labels) * names_ + names[labels.metric_name()]);
    }
    for (const LabelsView labels : base_->series().labels) {
      base_target_.push_back(target(labels));
      is_info_.push_back(is_info_metric(labels.metric_name()));
    }
    chosen_.assign(targets_->size() * names_, kNone);
  }

  // Info series are not joined with themselves.
  bool is_info_metric(std::string_view name) const {
    bool any = matchers_.empty() && name == "target_info";
    for (const Matcher& matcher : matchers_) {
      if (matcher.name() != kMetricName) continue;
      if (!matcher.matches(name)) return false;
      any = true;
    }
    return any;
  }

  // Info series count whose target labels are, each by itself, those of some base series.
  void find_in_reach(const Rows& base, const Rows& info) {
    std::map<std::string_view, std::set<std::string_view>> values;
    for (uint32_t i = 0; i < base.count(); ++i) {
      if (is_info_[i] || !has_point(base, i)) continue;
      for (const std::string& label : kIdentifying) {
        const std::string_view value = base_->series().labels[i].get(label);
        if (!value.empty()) values[label].insert(value);
      }
    }
    in_reach_.assign(info.count(), !values.empty());
    for (uint32_t i = 0; i < info.count(); ++i) {
      const LabelsView labels = info_->series().labels[i];
      for (const auto& [label, known] : values) {
        if (known.count(labels.get(label)) == 0) in_reach_[i] = false;
      }
      if (in_reach_[i] && info.histograms(i) != nullptr) {
        throw Error(ErrorKind::kExecution,
                    "this should be an info metric, with float samples: " + labels_text(labels));
      }
    }
  }

  bool has_point(const Rows& rows, uint32_t row) const {
    for (size_t step = 0; step < steps_.count; ++step) {
      if (rows.has_point(row, step)) return true;
    }
    return false;
  }

  // Of several info series of one target and name, the one with the newest sample.
  void choose_infos(const Rows& info, size_t step) {
    std::fill(chosen_.begin(), chosen_.end(), kNone);
    for (uint32_t i = 0; i < info.count(); ++i) {
      const double t = info[i][step];
      if (is_absent(t) || !in_reach_[i]) continue;
      uint32_t& chosen = chosen_[info_slot_[i]];
      if (chosen != kNone && info[chosen][step] == t) {
        const int64_t ms = std::llround(t * 1000);
        throw Error(
            ErrorKind::kExecution,
            fmt::format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                        labels_text(info_->series().labels[chosen]), ms,
                        labels_text(info_->series().labels[i]), ms));
      }
      if (chosen == kNone || info[chosen][step] < t) chosen = i;
    }
  }

  void add(Context& context, const Rows& base, uint32_t series, size_t step) {
    std::vector<uint32_t> key{series};
    if (!is_info_[series]) {
      for (size_t name = 0; name < names_; ++name) {
        key.push_back(chosen_[base_target_[series] * names_ + name]);
      }
    }
    auto known = result_of_.find(key);
    if (known == result_of_.end()) known = result_of_.emplace(key, new_result(context, key)).first;
    if (known->second == kNone) return;
    Rows& into = *results_[known->second];
    if (into.has_point(0, step)) throw_same_labelset();
    into[0][step] = base[series][step];
    if (const HistogramPtr* h = base.histograms(series); h != nullptr && h[step] != nullptr) {
      into.make_histograms(0)[step] = h[step];
    }
  }

  // The result of a base series (key[0]) with these info series; kNone where there is none.
  uint32_t new_result(Context& context, const std::vector<uint32_t>& key) {
    const LabelsView labels = base_->series().labels[key[0]];
    LabelsBuilder joined(labels);
    if (!is_info_[key[0]]) {
      const bool any =
          std::any_of(key.begin() + 1, key.end(), [](uint32_t i) { return i != kNone; });
      if (!any && needs_info()) return kNone;
      join(key, labels, joined);
    }
    const auto [number, is_new] = numbers_->number(joined.build().flat());
    if (is_new) {
      series_.labels.push_back(context.keep_labels(joined.build().flat()));
      series_.drop_name.push_back(base_->series().drops_name(key[0]));
      results_.push_back(std::make_unique<Rows>(context, steps_.count));
      results_.back()->reset(1);
    }
    return number;
  }

  // Whether a label is asked for that must not be empty.
  bool needs_info() const {
    return std::any_of(matchers_.begin(), matchers_.end(), [](const Matcher& matcher) {
      return matcher.name() != kMetricName && !matcher.matches_empty();
    });
  }

  void join(const std::vector<uint32_t>& key, LabelsView labels, LabelsBuilder& joined) const {
    std::set<std::string_view> wanted;
    for (const Matcher& matcher : matchers_) {
      if (matcher.name() != kMetricName) wanted.insert(matcher.name());
    }
    LabelsBuilder added;
    for (size_t i = 1; i < key.size(); ++i) {
      if (key[i] == kNone) continue;
      for (const Label& label : info_->series().labels[key[i]]) {
        if (label.name == kMetricName || (!wanted.empty() && wanted.count(label.name) == 0))
          continue;
        const std::string_view known = added.get(label.name);
        if (!known.empty() && known != label.value) {
          throw Error(ErrorKind::kExecution, "conflicting label: " + std::string(label.name));
        }
        if (labels.has(label.name)) continue;
        added.set(label.name, label.value);
        joined.set(label.name, label.value);
      }
    }
  }

  const OperatorPtr base_, info_;
  const std::vector<Matcher> matchers_;
  std::optional<Numbering> targets_;
  size_t names_ = 0;
  std::vector<size_t> info_slot_;      // of each info series: target and name
  std::vector<uint32_t> base_target_;  // of each base series
  std::vector<bool> is_info_;
  std::vector<bool> in_reach_;    // of each info series
  std::vector<uint32_t> chosen_;  // of each slot: the info series at the current step
  std::map<std::vector<uint32_t>, uint32_t> result_of_;
  std::optional<Numbering> numbers_;
  std::vector<std::unique_ptr<Rows>> results_;
  std::unique_ptr<Rows> result_;
};

}  // namespace

OperatorPtr make_info(OperatorPtr base, OperatorPtr info, std::vector<Matcher> matchers) {
  return std::make_unique<InfoOp>(std::move(base), std::move(info), std::move(matchers));
}

std::vector<Matcher> info_matchers(const std::vector<Matcher>& matchers) {
  std::vector<Matcher> all = matchers;
  const bool named = std::any_of(matchers.begin(), matchers.end(),
                                 [](const Matcher& m) { return m.name() == kMetricName; });
  if (!named) all.emplace_back(MatchType::kEqual, std::string(kMetricName), "target_info");
  return all;
}

}  // namespace hearth::promql
