// The objects of one resource as the API server has them, for all discoveries that ask for them
// alike.
#pragma once

#include <array>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>

#include "scraper/discovery/kubernetes_watch.h"

namespace hearth {

// prometheus_sd_kubernetes_*. Thread-safe.
struct KubernetesMetrics {
  explicit KubernetesMetrics(Registry& registry);
  std::array<std::array<Counter, 3>, 6> events;  // by role; added, updated, deleted
  Counter failures;
};

// One thread: that of KubernetesApi.
class KubernetesStore final : private KubernetesSink {
 public:
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void changed(KubernetesKind kind, const std::string& key) = 0;
  };

  KubernetesStore(HttpClient& client, KubernetesResource resource, const KubernetesTiming& timing,
                  const Clock& clock, const KubernetesMetrics& metrics);

  KubernetesKind kind() const { return kind_; }
  bool is_complete() const { return complete_; }               // it has read its first list
  const KubernetesObject* find(const std::string& key) const;  // nullptr: there is none
  void each(const std::function<void(const std::string& key)>& visit) const;

  void add(Reader& reader) { readers_.insert(&reader); }
  void remove(Reader& reader) { readers_.erase(&reader); }

  KubernetesWatch& protocol() { return watch_; }

 private:
  enum class Event { kAdded, kUpdated, kDeleted };
  void replace(std::vector<KubernetesObject> all) override;
  void put(KubernetesObject object) override;
  void remove(const KubernetesObject& object) override;
  void tell(const std::string& key, Event event);

  const KubernetesKind kind_;
  const KubernetesMetrics& metrics_;
  bool complete_ = false;
  std::unordered_map<std::string, KubernetesObject> objects_;
  std::set<Reader*> readers_;
  KubernetesWatch watch_;
};

}  // namespace hearth
