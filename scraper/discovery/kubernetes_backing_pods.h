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
  // this port, whose protocol is the container's where none is given.
  void add_labels(LabelPairs& target, const std::optional<ObjectReference>& reference,
                  std::optional<int64_t> port, const std::string* protocol);

  // Targets for all ports that add_labels() has not seen.
  void add_other_ports(TargetGroup& group);

 private:
  struct Seen {
    const KubernetesObject* object;
    std::set<int64_t> ports;
  };
  const KubernetesLabelling& with_;
  std::vector<Seen> pods_;               // in the order of their first target
  std::map<std::string, size_t> known_;  // by key
};

}  // namespace hearth
