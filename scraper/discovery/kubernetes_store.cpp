#include "scraper/discovery/kubernetes_store.h"

#include <unordered_set>
#include <utility>

#include "scraper/discovery/kubernetes_labels.h"

namespace hearth {
namespace {

std::string key_of(const KubernetesObject& object) {
  return object_key(object.of_namespace, object.name);
}

}  // namespace

KubernetesMetrics::KubernetesMetrics(Registry& registry)
    : failures(registry.counter("prometheus_sd_kubernetes_failures_total",
                                "The number of failed WATCH/LIST requests.")) {
  constexpr std::array<const char*, 3> kEvents = {"add", "update", "delete"};
  for (size_t role = 0; role < events.size(); ++role) {
    for (size_t event = 0; event < kEvents.size(); ++event) {
      events[role][event] = registry.counter(
          "prometheus_sd_kubernetes_events_total", "The number of Kubernetes events handled.",
          {{"role", kubernetes_name(static_cast<KubernetesKind>(role))},
           {"event", kEvents[event]}});
    }
  }
}

KubernetesStore::KubernetesStore(HttpClient& client, KubernetesResource resource,
                                 const KubernetesTiming& timing, const Clock& clock,
                                 const KubernetesMetrics& metrics)
    : kind_(resource.kind),
      metrics_(metrics),
      watch_(client, std::move(resource), timing, clock, metrics.failures, *this) {}

const KubernetesObject* KubernetesStore::find(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

void KubernetesStore::each(const std::function<void(const std::string& key)>& visit) const {
  for (const auto& [key, object] : objects_) visit(key);
}

void KubernetesStore::tell(const std::string& key, Event event) {
  const auto role = static_cast<size_t>(kind_);
  if (role < metrics_.events.size()) metrics_.events[role][static_cast<size_t>(event)].add();
  for (Reader* reader : readers_) reader->changed(kind_, key);
}

void KubernetesStore::replace(std::vector<KubernetesObject> all) {
  std::unordered_set<std::string> listed;
  for (KubernetesObject& object : all) {
    listed.insert(key_of(object));
    put(std::move(object));
  }
  for (auto entry = objects_.begin(); entry != objects_.end();) {
    if (listed.contains(entry->first)) {
      ++entry;
      continue;
    }
    const std::string key = entry->first;
    entry = objects_.erase(entry);
    tell(key, Event::kDeleted);
  }
  complete_ = true;
}

void KubernetesStore::put(KubernetesObject object) {
  const std::string key = key_of(object);
  const auto [entry, is_new] = objects_.try_emplace(key);
  if (!is_new && !object.version.empty() && entry->second.version == object.version) return;
  entry->second = std::move(object);
  tell(key, is_new ? Event::kAdded : Event::kUpdated);
}

void KubernetesStore::remove(const KubernetesObject& object) {
  const std::string key = key_of(object);
  if (objects_.erase(key) > 0) tell(key, Event::kDeleted);
}

}  // namespace hearth
