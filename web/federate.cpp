#include "web/federate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/budget.h"
#include "core/error.h"
#include "core/log.h"
#include "core/storage.h"
#include "query/parser.h"
#include "web/federate_format.h"

namespace hearth::web {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kTextSeries = 64;  // of a family in text, at one time

// The newest sample of the range. False: there is none, or it is a stale marker, which expositions
// cannot tell.
bool read_newest(const SeriesSet& set, size_t index, TimeRange range, Columns& columns,
                 FederatedSeries& out) {
  Sample sample;
  if (set.latest(index, range.min, range.max, sample)) {
    out.t = sample.t;
    out.value = sample.v;
    return !is_stale(sample.v);
  }
  set.read(index, range, columns);
  const bool has_float = !columns.t.empty(), has_histogram = !columns.histogram_t.empty();
  if (!has_float && !has_histogram) return false;
  if (has_histogram && (!has_float || columns.histogram_t.back() > columns.t.back())) {
    out.t = columns.histogram_t.back();
    out.histogram = std::make_unique<FloatHistogram>(std::move(columns.histograms.back()));
    return !is_stale(out.histogram->sum);
  }
  out.t = columns.t.back();
  out.value = columns.v.back();
  return !is_stale(out.value);
}

std::vector<FederatedSeries> collect(const Exchange& exchange,
                                     const std::vector<std::vector<Matcher>>& sets,
                                     bool with_histograms) {
  const promql::EngineOptions& bounds = exchange.services.engine->options();
  const TimeMs now = exchange.services.clock->now();
  const TimeRange range{now - bounds.lookback_delta, now};
  Budget budget(bounds.max_memory_bytes, "federation");
  const auto querier = exchange.services.storage->querier(range);
  SelectHints hints;
  hints.range = range;
  std::vector<FederatedSeries> found;
  Columns columns;
  for (const std::vector<Matcher>& matchers : sets) {
    const auto set = querier->select(matchers, hints, budget);
    for (size_t i = 0; i < set->size(); ++i) {
      FederatedSeries series;
      if (set->labels(i).get(kMetricName).empty()) continue;
      if (!read_newest(*set, i, range, columns, series)) continue;
      if (series.histogram != nullptr && !with_histograms) continue;
      series.labels = Labels(set->labels(i));
      budget.charge(sizeof series + series.labels.view().flat().size());
      found.push_back(std::move(series));
    }
  }
  for (const std::string& warning : querier->warnings()) {
    log_warn("Federation leaves something out", "warning", warning);
  }
  const auto key = [](const FederatedSeries& series) {
    return std::pair(series.labels.view().get(kMetricName), series.labels.view());
  };
  std::sort(found.begin(), found.end(),
            [&](const FederatedSeries& a, const FederatedSeries& b) { return key(a) < key(b); });
  const auto same = [](const FederatedSeries& a, const FederatedSeries& b) {
    return a.labels == b.labels;
  };
  if (sets.size() > 1) found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

// Series of other servers must not look like those of whoever scrapes this one: without an instance
// they get an empty one.
std::vector<Label> external_labels(const Labels& configured) {
  std::vector<Label> labels(configured.view().begin(), configured.view().end());
  if (configured.view().get("instance").empty()) labels.push_back({"instance", ""});
  std::sort(labels.begin(), labels.end());
  return labels;
}

class Families final : public BodySource {
 public:
  Families(const FederateFormat& format, std::vector<FederatedSeries> series,
           std::shared_ptr<const Config> config)
      : format_(format),
        series_(std::move(series)),
        config_(std::move(config)),
        external_(external_labels(config_->global.external_labels)) {}

  bool next(std::string& out) override {
    if (at_ == series_.size()) {
      const std::string_view end = std::exchange(ended_, true) ? "" : end_of_families(format_);
      out += end;
      return !end.empty();
    }
    const size_t enough = out.size() + kPieceBytes;
    while (at_ < series_.size() && out.size() < enough) {
      const bool begins = at_ == 0 || !same_family(series_[at_ - 1], series_[at_]);
      const size_t most =
          format_.exposition == Exposition::kProtobuf ? series_.size() - at_ : kTextSeries;
      size_t end = at_ + 1;
      while (end < series_.size() && end - at_ < most && same_family(series_[at_], series_[end])) {
        ++end;
      }
      append_family(out, format_, std::span(series_).subspan(at_, end - at_), begins, external_);
      at_ = end;
    }
    return true;
  }

 private:
  const FederateFormat format_;
  const std::vector<FederatedSeries> series_;
  const std::shared_ptr<const Config> config_;  // keeps what external_ views
  const std::vector<Label> external_;
  size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace

void federate(Exchange& exchange) {
  if (!exchange.form_error.empty()) {
    return exchange.answer_error_text(400, "error parsing form values: " + exchange.form_error);
  }
  const FederateFormat format = choose_federate_format(exchange.header("Accept"));
  try {
    std::vector<std::vector<Matcher>> sets;
    for (const std::string& text : exchange.params("match[]")) {
      sets.push_back(promql::parse_metric_selector(text));
    }
    exchange.stream(200, content_type(format),
                    std::make_unique<Families>(
                        format, collect(exchange, sets, format.exposition == Exposition::kProtobuf),
                        exchange.services.config()));
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kBadData) return exchange.answer_error_text(400, e.what());
    exchange.services.registry
        ->counter("prometheus_web_federation_errors_total",
                  "Total number of errors that occurred while sending federation responses.")
        .add();
    exchange.answer_error_text(500, e.what());
  }
}

}  // namespace hearth::web
