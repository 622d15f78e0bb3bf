// kubernetes_sd: reads the objects that its role needs, and makes a group of each object of the
// role anew when it or another that its labels come from has changed.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "core/log.h"
#include "scraper/discovery/kubernetes_api.h"
#include "scraper/discovery/kubernetes_labels.h"
#include "scraper/discovery/makers.h"

namespace hearth {
namespace {

using Kind = KubernetesKind;

// All kinds of objects that groups of this configuration are made from, the role's first.
std::vector<Kind> kinds_of(const KubernetesSdConfig& config) {
  std::vector<Kind> kinds{config.role};
  const bool of_service = config.role == Kind::kEndpoints || config.role == Kind::kEndpointSlice;
  const bool of_pods = of_service || config.role == Kind::kPod;
  if (of_service) kinds.insert(kinds.end(), {Kind::kService, Kind::kPod});
  if (of_pods && config.attach.node) kinds.push_back(Kind::kNode);
  if (of_pods && config.attach.deployment) kinds.push_back(Kind::kReplicaSet);
  if (of_pods && config.attach.cronjob) kinds.push_back(Kind::kJob);
  if (config.attach.of_namespace && config.role != Kind::kNode) kinds.push_back(Kind::kNamespace);
  return kinds;
}

bool has_namespace(Kind kind) { return kind != Kind::kNode && kind != Kind::kNamespace; }

std::vector<std::string> namespaces_of(const KubernetesSdConfig& config,
                                       const KubernetesAccess& access) {
  std::vector<std::string> names = config.namespaces;
  if (config.own_namespace && !access.own_namespace.empty()) names.push_back(access.own_namespace);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names.empty() ? std::vector<std::string>{""} : names;
}

// On the thread of KubernetesApi, but for its constructor, start() and destructor.
class KubernetesDiscovery final : public Discovery,
                                  private KubernetesApi::Member,
                                  private KubernetesStore::Reader,
                                  private KubernetesLookup {
 public:
  KubernetesDiscovery(const KubernetesSdConfig& config, const DiscoveryContext& context)
      : config_(config),
        dir_(context.dir),
        user_agent_(context.user_agent),
        access_(kubernetes_access(config, context.dir)),
        api_(*context.kubernetes) {}
  ~KubernetesDiscovery() override {
    api_.run([this] {
      api_.leave(*this);
      for (const auto& store : stores_) store->remove(*this);
      stores_.clear();
    });
  }
  void start(GroupUpdate update) override {
    update_ = std::move(update);
    api_.run([this] { begin(); });
  }

 private:
  void begin();
  void changed(Kind kind, const std::string& key) override;
  void flush() override;
  const KubernetesObject* find(Kind kind, const std::string& key) override;
  const KubernetesObject* look_up(Kind kind, const std::string& key) const;
  bool all_complete();
  TargetGroup make_group(const KubernetesObject& object);
  TargetGroup rebuild(const std::string& key);
  void forget_uses(const std::string& key);

  const KubernetesSdConfig config_;
  const std::string dir_, user_agent_;
  const KubernetesAccess access_;
  KubernetesApi& api_;
  GroupUpdate update_;
  std::vector<std::shared_ptr<KubernetesStore>> stores_;
  bool complete_ = false;  // all stores are, as far as is known

  std::unordered_set<std::string> outdated_;  // keys of the role's objects
  // Which groups look at which other objects, be they there or not.
  using Use = std::pair<Kind, std::string>;
  std::map<Use, std::set<std::string>> users_;              // keys of groups
  std::unordered_map<std::string, std::vector<Use>> uses_;  // by key of a group
  std::vector<Use> found_;                                  // of the group that is being made
};

void KubernetesDiscovery::begin() {
  for (const Kind kind : kinds_of(config_)) {
    const auto selector = std::find_if(config_.selectors.begin(), config_.selectors.end(),
                                       [&](const auto& s) { return s.kind == kind; });
    const auto namespaces =
        has_namespace(kind) ? namespaces_of(config_, access_) : std::vector<std::string>{""};
    for (const std::string& of_namespace : namespaces) {
      stores_.push_back(api_.store(
          access_, dir_, user_agent_, kind, of_namespace,
          selector == config_.selectors.end() ? KubernetesSdConfig::Selector() : *selector));
      stores_.back()->add(*this);
    }
  }
  for (const auto& store : stores_) {
    if (store->kind() == config_.role)
      store->each([this](const std::string& key) { outdated_.insert(key); });
  }
  api_.join(*this);
}

void KubernetesDiscovery::changed(Kind kind, const std::string& key) {
  if (kind == config_.role) outdated_.insert(key);
  const auto users = users_.find({kind, key});
  if (users != users_.end()) outdated_.insert(users->second.begin(), users->second.end());
}

bool KubernetesDiscovery::all_complete() {
  if (!complete_) {
    complete_ = std::all_of(stores_.begin(), stores_.end(),
                            [](const auto& store) { return store->is_complete(); });
  }
  return complete_;
}

// Groups that lack the labels of a service or a node that is not known yet would be scraped under
// wrong names: nothing is told before all is known.
void KubernetesDiscovery::flush() {
  if (outdated_.empty() || !all_complete()) return;
  std::vector<TargetGroup> groups;
  groups.reserve(outdated_.size());
  for (const std::string& key : outdated_) groups.push_back(rebuild(key));
  outdated_.clear();
  update_(std::move(groups));
}

TargetGroup KubernetesDiscovery::rebuild(const std::string& key) {
  forget_uses(key);
  const KubernetesObject* object = look_up(config_.role, key);
  if (object == nullptr) return {kubernetes_source(config_.role, key), {}, {}};
  found_.clear();
  TargetGroup group = make_group(*object);
  std::sort(found_.begin(), found_.end());
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  for (const Use& use : found_) users_[use].insert(key);
  if (!found_.empty()) uses_[key] = found_;
  return group;
}

TargetGroup KubernetesDiscovery::make_group(const KubernetesObject& object) {
  const KubernetesLabelling with{config_.attach, *this};
  switch (config_.role) {
    case Kind::kNode:
      return node_group(object);
    case Kind::kService:
      return service_group(object, with);
    case Kind::kEndpoints:
      return endpoints_group(object, with);
    case Kind::kEndpointSlice:
      return endpointslice_group(object, with);
    case Kind::kIngress:
      return ingress_group(object, with);
    default:
      return pod_group(object, with);
  }
}

void KubernetesDiscovery::forget_uses(const std::string& key) {
  const auto uses = uses_.find(key);
  if (uses == uses_.end()) return;
  for (const Use& use : uses->second) {
    const auto users = users_.find(use);
    users->second.erase(key);
    if (users->second.empty()) users_.erase(users);
  }
  uses_.erase(uses);
}

const KubernetesObject* KubernetesDiscovery::find(Kind kind, const std::string& key) {
  found_.emplace_back(kind, key);
  return look_up(kind, key);
}

const KubernetesObject* KubernetesDiscovery::look_up(Kind kind, const std::string& key) const {
  for (const auto& store : stores_) {
    if (store->kind() != kind) continue;
    if (const KubernetesObject* object = store->find(key); object != nullptr) return object;
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Discovery> make_kubernetes_discovery(const KubernetesSdConfig& config,
                                                     const DiscoveryContext& context) {
  return std::make_unique<KubernetesDiscovery>(config, context);
}

}  // namespace hearth
