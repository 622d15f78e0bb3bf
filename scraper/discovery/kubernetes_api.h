// The conversations with all API servers: one thread, one client, and one watch for those who want
// the same.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "scraper/discovery/kubernetes_access.h"
#include "scraper/discovery/kubernetes_store.h"

namespace hearth {

// Thread-safe where nothing else is said. Makes one thread, when it is first needed.
class KubernetesApi {
 public:
  // Of a discovery, on the thread.
  class Member {
   public:
    virtual ~Member() = default;
    virtual void flush() = 0;  // after each round of events
  };

  explicit KubernetesApi(Registry& registry, const Clock& clock = system_clock(),
                         const KubernetesTiming& timing = {});
  ~KubernetesApi();  // all members must have left

  // Runs the work on the thread and waits for it. What it throws is thrown on.
  void run(const std::function<void()>& work);

  // The rest is called on the thread only.
  void join(Member& member);
  void leave(Member& member);
  // A store that others may use too. One that nobody uses any more is kept up to date for ten
  // seconds: a reload may want it again.
  std::shared_ptr<KubernetesStore> store(const KubernetesAccess& access, const std::string& dir,
                                         const std::string& user_agent, KubernetesKind kind,
                                         const std::string& of_namespace,
                                         const KubernetesSdConfig::Selector& selector);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
