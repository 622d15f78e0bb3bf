#include "core/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

#include "core/mutex.h"
#include "core/recent_quantiles.h"

namespace hearth {

void Counter::add(double by) const {
  if (counter_ != nullptr) counter_->Increment(by);
}
double Counter::value() const { return counter_ != nullptr ? counter_->Value() : 0; }

void Gauge::set(double value) const {
  if (gauge_ != nullptr) gauge_->Set(value);
}
void Gauge::add(double by) const {
  if (gauge_ != nullptr) gauge_->Increment(by);
}
double Gauge::value() const { return gauge_ != nullptr ? gauge_->Value() : 0; }

void Observer::observe(double value) const {
  if (histogram_ != nullptr) histogram_->Observe(value);
  if (summary_ != nullptr) summary_->observe(value);
}

namespace {

// The summaries of one name. prometheus-cpp's own cost microseconds for each value.
struct SummaryFamily {
  std::string help;
  std::vector<double> quantiles;
  std::map<MetricLabels, std::unique_ptr<RecentQuantiles>> metrics;

  prometheus::MetricFamily collect(const std::string& name) const {
    prometheus::MetricFamily family{name, help, prometheus::MetricType::Summary, {}};
    for (const auto& [labels, metric] : metrics) {
      prometheus::ClientMetric& out = family.metric.emplace_back();
      for (const auto& [label, value] : labels) out.label.push_back({label, value});
      out.summary.sample_count = metric->count();
      out.summary.sample_sum = metric->sum();
      for (const double q : quantiles) out.summary.quantile.push_back({q, metric->quantile(q)});
    }
    return family;
  }
};

}  // namespace

struct Registry::State {
  mutable Mutex mutex;
  prometheus::Registry registry GUARDED_BY(mutex);
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counters GUARDED_BY(mutex);
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges GUARDED_BY(mutex);
  std::map<std::string, prometheus::Family<prometheus::Histogram>*> histograms GUARDED_BY(mutex);
  std::map<std::string, SummaryFamily> summaries GUARDED_BY(mutex);
  std::map<std::pair<std::string, MetricLabels>, void*> made GUARDED_BY(mutex);
  std::vector<std::function<void()>> refreshes GUARDED_BY(mutex);

  // The family of that name, made by `build` where there is none.
  template <class T, class Build>
  prometheus::Family<T>& family(std::map<std::string, prometheus::Family<T>*>& families,
                                const std::string& name, const std::string& help, Build build)
      REQUIRES(mutex) {
    auto& family = families[name];
    if (family == nullptr) family = &build().Name(name).Help(help).Register(registry);
    return *family;
  }
};

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

Counter Registry::counter(const std::string& name, const std::string& help, const MetricLabels& labels) {
  MutexLock lock(state_->mutex);
  auto& metric = state_->family(state_->counters, name, help, prometheus::BuildCounter).Add(labels);
  state_->made[{name, labels}] = &metric;
  return Counter(&metric);
}

Gauge Registry::gauge(const std::string& name, const std::string& help, const MetricLabels& labels) {
  MutexLock lock(state_->mutex);
  auto& metric = state_->family(state_->gauges, name, help, prometheus::BuildGauge).Add(labels);
  state_->made[{name, labels}] = &metric;
  return Gauge(&metric);
}

Observer Registry::histogram(const std::string& name, const std::string& help,
                             const std::vector<double>& buckets, const MetricLabels& labels) {
  MutexLock lock(state_->mutex);
  Observer observer;
  observer.histogram_ =
      &state_->family(state_->histograms, name, help, prometheus::BuildHistogram).Add(labels, buckets);
  state_->made[{name, labels}] = observer.histogram_;
  return observer;
}

Observer Registry::summary(const std::string& name, const std::string& help,
                           const std::vector<double>& quantiles, const MetricLabels& labels) {
  MutexLock lock(state_->mutex);
  SummaryFamily& family = state_->summaries[name];
  family.help = help;
  family.quantiles = quantiles;
  auto& metric = family.metrics[labels];
  if (metric == nullptr) metric = std::make_unique<RecentQuantiles>();
  Observer observer;
  observer.summary_ = metric.get();
  state_->made[{name, labels}] = metric.get();
  return observer;
}

void Registry::on_collect(std::function<void()> refresh) {
  MutexLock lock(state_->mutex);
  state_->refreshes.push_back(std::move(refresh));
}

void Registry::remove(const std::string& name, const MetricLabels& labels) {
  MutexLock lock(state_->mutex);
  const auto it = state_->made.find({name, labels});
  if (it == state_->made.end()) return;
  void* const metric = it->second;
  state_->made.erase(it);
  if (const auto f = state_->counters.find(name); f != state_->counters.end()) {
    f->second->Remove(static_cast<prometheus::Counter*>(metric));
  } else if (const auto g = state_->gauges.find(name); g != state_->gauges.end()) {
    g->second->Remove(static_cast<prometheus::Gauge*>(metric));
  } else if (const auto h = state_->histograms.find(name); h != state_->histograms.end()) {
    h->second->Remove(static_cast<prometheus::Histogram*>(metric));
  } else if (const auto s = state_->summaries.find(name); s != state_->summaries.end()) {
    s->second.metrics.erase(labels);
  }
}

std::string Registry::text() const {
  std::vector<std::function<void()>> refreshes;
  {
    MutexLock lock(state_->mutex);
    refreshes = state_->refreshes;
  }
  for (const auto& refresh : refreshes) refresh();  // outside the lock: they set metrics of ours
  std::vector<prometheus::MetricFamily> families;
  {
    MutexLock lock(state_->mutex);
    families = state_->registry.Collect();
    for (const auto& [name, family] : state_->summaries) {
      if (!family.metrics.empty()) families.push_back(family.collect(name));
    }
  }
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace hearth
