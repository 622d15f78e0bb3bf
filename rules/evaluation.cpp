#include "rules/evaluation.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "query/histogram_text.h"

namespace hearth::rules {
namespace {

constexpr DurationMs kResolvedRetention = 15 * 60'000;

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kExecution, text); }

StringMap map_of(LabelsView labels) {
  StringMap out;
  for (const Label& label : labels) out.emplace(label.name, label.value);
  return out;
}

// A query's answer as one vector; a scalar is a sample without labels.
std::vector<promql::ResultSeries> ask(const RuleWorld& world, const std::string& text, TimeMs t) {
  promql::QueryRequest request;
  request.text = text;
  request.start = request.end = t;
  promql::QueryResult result = world.engine->run(request);
  if (result.type == promql::ValueType::kVector) return std::move(result.series);
  if (result.type == promql::ValueType::kScalar) {
    std::vector<promql::ResultSeries> out(1);
    out[0].points.push_back({t, result.scalar.v});
    return out;
  }
  fail("rule result is not a vector or scalar");
}

TemplateWorld template_world(const RuleWorld& world, TimeMs t, TimeMs query_time) {
  TemplateWorld out;
  out.now = t;
  out.external_url = world.external_url;
  out.query = [&world, query_time](const std::string& text) {
    std::vector<TemplateSample> samples;
    for (const promql::ResultSeries& series : ask(world, text, query_time)) {
      TemplateSample sample{map_of(series.labels), 0, ""};
      if (series.points.empty()) {
        sample.histogram = promql::histogram_text(series.histograms.front().h);
      } else {
        sample.value = series.points.front().v;
      }
      samples.push_back(std::move(sample));
    }
    return samples;
  };
  return out;
}

std::string expanded(const Template& text, const TemplateData& data, const TemplateWorld& world) {
  try {
    return text.expand(data, world);
  } catch (const Error& error) {
    return std::string("<error expanding template: ") + error.what() + ">";
  }
}

}  // namespace

std::string_view alert_state_name(AlertState state) {
  return state == AlertState::kFiring    ? "firing"
         : state == AlertState::kPending ? "pending"
                                         : "inactive";
}

// What a rule writes.
struct ActiveRule::Vector {
  struct Sample {
    Labels labels;
    TimeMs t;
    double v = 0;
    std::optional<FloatHistogram> histogram;
  };
  std::vector<Sample> samples;
};

ActiveRule::ActiveRule(const Rule& rule, RuleLabels labels)
    : rule_(rule), labels_(std::move(labels)) {
  if (rule.alert.empty()) return;
  for (const auto& [name, text] : labels_) {
    label_templates_.emplace_back(name, alert_template(rule.alert, text));
  }
  for (const auto& [name, text] : rule.annotations) {
    annotation_templates_.emplace_back(name, alert_template(rule.alert, text));
  }
}

void ActiveRule::evaluate(const RuleWorld& world, TimeMs t, DurationMs offset, int64_t limit,
                          Vector& out) {
  if (rule_.alert.empty()) return record(world, t - offset, limit, out);
  alert(world, t, offset, limit, out);
}

void ActiveRule::record(const RuleWorld& world, TimeMs t, int64_t limit, Vector& out) const {
  for (promql::ResultSeries& series : ask(world, rule_.expr, t)) {
    LabelsBuilder builder(series.labels);
    builder.set(kMetricName, rule_.record);
    for (const auto& [name, value] : labels_) builder.set(name, value);
    Vector::Sample sample{builder.build(), t, 0, {}};
    if (series.points.empty()) {
      sample.histogram = std::move(series.histograms.front().h);
    } else {
      sample.v = series.points.front().v;
    }
    out.samples.push_back(std::move(sample));
  }
  std::vector<Labels> seen;
  for (const Vector::Sample& sample : out.samples) seen.push_back(sample.labels);
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) {
    fail("vector contains metrics with the same labelset after applying rule labels");
  }
  if (limit > 0 && seen.size() > static_cast<size_t>(limit)) {
    fail("exceeded limit of " + std::to_string(limit) + " with " + std::to_string(seen.size()) +
         " series");
  }
}

// ---- alerts -------------------------------------------------------------------------------------

// What the expression finds now, with labels and annotations.
std::map<Labels, Alert> ActiveRule::expand(const RuleWorld& world, TimeMs t,
                                           DurationMs offset) const {
  const TemplateWorld functions = template_world(world, t, t - offset);
  std::map<Labels, Alert> out;
  for (const promql::ResultSeries& series : ask(world, rule_.expr, t - offset)) {
    TemplateData data{map_of(series.labels), map_of(world.external_labels), world.external_url, {}};
    Alert alert;
    if (series.points.empty()) {
      data.value = HistogramText{promql::histogram_text(series.histograms.front().h)};
    } else {
      alert.value = series.points.front().v;
      data.value = alert.value;
    }
    LabelsBuilder labels(series.labels);
    labels.erase(kMetricName);
    for (const auto& [name, text] : label_templates_) {
      labels.set(name, expanded(text, data, functions));
    }
    labels.set("alertname", rule_.alert);
    for (const auto& [name, text] : annotation_templates_) {
      alert.annotations[name] = expanded(text, data, functions);
    }
    alert.labels = labels.build();
    alert.active_at = t;
    const Labels key = alert.labels;
    if (!out.emplace(key, std::move(alert)).second) {
      fail("vector contains metrics with the same labelset after applying alert labels");
    }
  }
  return out;
}

// One step of an alert's life. Returns whether it is pending or firing.
bool ActiveRule::advance(Alert& alert, bool active, TimeMs t, bool& drop) const {
  if (active) {
    alert.keep_firing_since.reset();
  } else {
    bool keeps_firing = false;
    if (alert.state == AlertState::kFiring && rule_.keep_firing_for > 0) {
      if (!alert.keep_firing_since) alert.keep_firing_since = t;
      keeps_firing = t - *alert.keep_firing_since < rule_.keep_firing_for;
    }
    drop = alert.state == AlertState::kPending ||
           (alert.resolved_at && t - *alert.resolved_at > kResolvedRetention);
    if (alert.state != AlertState::kInactive && !keeps_firing) {
      alert.state = AlertState::kInactive;
      alert.resolved_at = t;
    }
    if (!keeps_firing) return false;
  }
  if (alert.state == AlertState::kPending && t - alert.active_at >= rule_.hold) {
    alert.state = AlertState::kFiring;
    alert.fired_at = t;
  }
  return true;
}

void ActiveRule::alert(const RuleWorld& world, TimeMs t, DurationMs offset, int64_t limit,
                       Vector& out) {
  std::map<Labels, Alert> found = expand(world, t, offset);
  for (auto& [labels, now] : found) {
    const auto known = alerts_.find(labels);
    if (known != alerts_.end() && known->second.state != AlertState::kInactive) {
      known->second.value = now.value;
      known->second.annotations = now.annotations;
    } else {
      alerts_[labels] = now;
    }
  }
  int64_t active = 0;
  for (auto at = alerts_.begin(); at != alerts_.end();) {
    bool drop = false;
    if (advance(at->second, found.count(at->first) != 0, t, drop)) {
      ++active;
      if (world.writes_alerts) write_series(at->second, t - offset, out);
    }
    at = drop ? alerts_.erase(at) : std::next(at);
  }
  if (limit > 0 && active > limit) {
    alerts_.clear();
    fail("exceeded limit of " + std::to_string(limit) + " with " + std::to_string(active) +
         " alerts");
  }
}

void ActiveRule::write_series(const Alert& alert, TimeMs t, Vector& out) const {
  LabelsBuilder labels;
  // A label whose text became empty keeps its template here, as in Prometheus.
  for (const auto& [name, value] : labels_) labels.set(name, value);
  for (const Label& label : alert.labels) labels.set(label.name, label.value);
  labels.set(kMetricName, "ALERTS_FOR_STATE");
  out.samples.push_back({labels.build(), t, static_cast<double>(alert.active_at / 1000), {}});
  labels.set(kMetricName, "ALERTS");
  labels.set("alertstate", alert_state_name(alert.state));
  out.samples.push_back({labels.build(), t, 1, {}});
}

// ---- groups -------------------------------------------------------------------------------------

ActiveGroup::ActiveGroup(const RuleGroup& group, std::string file, DurationMs interval,
                         DurationMs query_offset)
    : group_(group),
      file_(std::move(file)),
      interval_(group.interval > 0 ? group.interval : interval),
      query_offset_(group.query_offset.value_or(query_offset)) {
  for (const Rule& rule : group.rules) {
    rules_.emplace_back(rule, merged_labels(group.labels, rule.labels));
  }
}

void ActiveGroup::evaluate(const RuleWorld& world, TimeMs t) {
  for (ActiveRule& rule : rules_) {
    ActiveRule::Vector vector;
    rule.error_.clear();
    try {
      rule.evaluate(world, t, query_offset_, group_.limit, vector);
    } catch (const Error& error) {
      rule.error_ = error.what();
      continue;
    }
    Batch batch;
    std::vector<Labels> written;
    for (ActiveRule::Vector::Sample& sample : vector.samples) {
      const SeriesRef ref = world.appender->intern(sample.labels);
      if (sample.histogram) {
        batch.histograms.push_back({ref, sample.t, std::move(*sample.histogram)});
      } else {
        batch.push(ref, sample.t, sample.v);
      }
      written.push_back(std::move(sample.labels));
    }
    std::sort(written.begin(), written.end());
    // Series that it wrote last time and not now have ended.
    std::vector<Labels> ended;
    std::set_difference(rule.written_.begin(), rule.written_.end(), written.begin(), written.end(),
                        std::back_inserter(ended));
    for (const Labels& labels : ended) {
      batch.push(world.appender->intern(labels), t - query_offset_, stale_marker());
    }
    world.appender->append(batch);
    rule.written_ = std::move(written);
  }
}

}  // namespace hearth::rules
