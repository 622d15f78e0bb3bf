// The pods behind the addresses of a service: their labels, and targets for those of their ports
// that the service does not name.
#pragma once

#include <map>
#include <set>

#include "scraper/discovery/kubernetes_labels.h"

namespace hearth {

// One thread; of one group.
class BackingPods {
 public:
  explicit BackingPods(const KubernetesLabelling& with) : with_(with) {}

  // Adds to a target's labels those of the pod that `reference` names, and of the container with
  // this port.
  void add_labels(LabelPairs& target, const std::optional<ObjectReference>& reference,
                  std::optional<int64_t> port);

  // Targets for all ports that add_labels() has not seen. `takes` says whether an address may stand
  // in the group.
  template <class Takes>
  void add_other_ports(TargetGroup& group, Takes takes) {
    for (const Seen& seen : pods_) {
      const Pod& pod = std::get<Pod>(seen.object->detail);
      if (!pod.ip.empty() && takes(pod.ip)) add_other_ports_of(seen, group);
    }
  }

 private:
  struct Seen {
    const KubernetesObject* object;
    std::set<int64_t> ports;
  };
  void add_other_ports_of(const Seen& seen, TargetGroup& group);

  const KubernetesLabelling& with_;
  std::vector<Seen> pods_;               // in the order of their first target
  std::map<std::string, size_t> known_;  // by key
};

}  // namespace hearth
