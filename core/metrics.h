// Hearth's own metrics (/metrics), named as Prometheus names them. The library behind it,
// prometheus-cpp, stays in metrics.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace hearth {

class RecentQuantiles;

using MetricLabels = std::map<std::string, std::string>;

// Handles: cheap to copy, valid as long as their Registry. Thread-safe. A default-constructed handle
// ignores what it is told.
class Counter {
 public:
  Counter() = default;
  void add(double by = 1) const;
  double value() const;

 private:
  friend class Registry;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  void set(double value) const;
  void add(double by) const;
  double value() const;

 private:
  friend class Registry;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_ = nullptr;
};

// A histogram or a summary, by how it was made.
class Observer {
 public:
  Observer() = default;
  void observe(double value) const;

 private:
  friend class Registry;
  prometheus::Histogram* histogram_ = nullptr;
  RecentQuantiles* summary_ = nullptr;
};

// Thread-safe. Asking twice for the same name and labels gives the same metric. Help texts are one
// line. Tests make one each; the server has one.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter counter(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  Observer histogram(const std::string& name, const std::string& help,
                     const std::vector<double>& buckets, const MetricLabels& labels = {});
  Observer summary(const std::string& name, const std::string& help,
                   const std::vector<double>& quantiles, const MetricLabels& labels = {});

  // Called before each text(): sets gauges that are read rather than kept.
  void on_collect(std::function<void()> refresh);

  // Drops one metric (a removed scrape pool, say); its handles must no longer be used.
  void remove(const std::string& name, const MetricLabels& labels);

  // The exposition, text format 0.0.4, families sorted by name.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
