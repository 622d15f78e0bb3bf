#include "scraper/discovery/kubernetes_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <list>
#include <set>
#include <thread>
#include <vector>

#include "config/http_access.h"
#include "core/error.h"
#include "core/mutex.h"
#include "core/threads.h"
#include "core/uri.h"

namespace hearth {
namespace {

constexpr int64_t kNanosPerMs = 1'000'000;
constexpr DurationMs kLongestWait = 1000;         // for a round of events
constexpr int64_t kUnusedNanos = 10'000'000'000;  // that a store is kept while nobody uses it

const char* plural(KubernetesKind kind) {
  switch (kind) {
    case KubernetesKind::kNode:
      return "nodes";
    case KubernetesKind::kService:
      return "services";
    case KubernetesKind::kPod:
      return "pods";
    case KubernetesKind::kEndpoints:
      return "endpoints";
    case KubernetesKind::kEndpointSlice:
      return "endpointslices";
    case KubernetesKind::kIngress:
      return "ingresses";
    case KubernetesKind::kNamespace:
      return "namespaces";
    case KubernetesKind::kReplicaSet:
      return "replicasets";
    case KubernetesKind::kJob:
      return "jobs";
  }
  return "";
}

const char* api_group(KubernetesKind kind) {
  switch (kind) {
    case KubernetesKind::kEndpointSlice:
      return "/apis/discovery.k8s.io/v1";
    case KubernetesKind::kIngress:
      return "/apis/networking.k8s.io/v1";
    case KubernetesKind::kReplicaSet:
      return "/apis/apps/v1";
    case KubernetesKind::kJob:
      return "/apis/batch/v1";
    default:
      return "/api/v1";
  }
}

std::string path_of(KubernetesKind kind, const std::string& of_namespace) {
  const std::string in = of_namespace.empty() ? "" : "/namespaces/" + path_escape(of_namespace);
  return api_group(kind) + in + "/" + plural(kind);
}

std::string query_of(const KubernetesSdConfig::Selector& selector) {
  std::string query;
  if (!selector.label.empty()) query += "&labelSelector=" + query_escape(selector.label);
  if (!selector.field.empty()) query += "&fieldSelector=" + query_escape(selector.field);
  return query;
}

}  // namespace

struct KubernetesApi::State {
  State(Registry& registry, const Clock& c, const KubernetesTiming& t)
      : clock(c), timing(t), metrics(registry) {}

  struct Shared {
    KubernetesAccess access;
    std::string dir, path, query;
    std::shared_ptr<KubernetesStore> store;
    int64_t unused_since_nanos = 0;  // 0 = it is in use
  };
  struct Task {
    const std::function<void()>* work;
    std::exception_ptr failure;
    bool done = false;
  };

  void loop();
  bool run_tasks();
  DurationMs run_due();
  void drop_unused();

  const Clock& clock;
  const KubernetesTiming timing;
  const KubernetesMetrics metrics;
  std::unique_ptr<HttpClient> client;  // made with the thread
  std::list<Shared> stores;            // of the thread; after client, which outlives them
  std::set<Member*> members;           // of the thread

  Mutex mutex;
  CondVar done;
  std::deque<Task*> tasks GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  std::thread thread GUARDED_BY(mutex);
  std::atomic<std::thread::id> thread_id{};
};

bool KubernetesApi::State::run_tasks() {
  for (;;) {
    Task* task = nullptr;
    {
      MutexLock lock(mutex);
      if (tasks.empty()) return !stopping;
      task = tasks.front();
      tasks.pop_front();
    }
    try {
      (*task->work)();
    } catch (...) {
      task->failure = std::current_exception();
    }
    MutexLock lock(mutex);
    task->done = true;
    done.notify_all();
  }
}

// How long nothing is due.
DurationMs KubernetesApi::State::run_due() {
  const int64_t now = clock.monotonic_nanos();
  int64_t next = now + kLongestWait * kNanosPerMs;
  for (const Shared& shared : stores) {
    KubernetesWatch& watch = shared.store->protocol();
    if (watch.due_nanos() <= now) watch.run();
    next = std::min(next, watch.due_nanos());
  }
  return std::max<DurationMs>((next - now + kNanosPerMs - 1) / kNanosPerMs, 0);
}

void KubernetesApi::State::drop_unused() {
  const int64_t now = clock.monotonic_nanos();
  for (auto shared = stores.begin(); shared != stores.end();) {
    if (shared->store.use_count() > 1) {
      shared->unused_since_nanos = 0;
    } else if (shared->unused_since_nanos == 0) {
      shared->unused_since_nanos = now;
    }
    if (shared->unused_since_nanos != 0 && now - shared->unused_since_nanos > kUnusedNanos) {
      shared = stores.erase(shared);
    } else {
      ++shared;
    }
  }
}

void KubernetesApi::State::loop() {
  name_thread("kubernetes");
  thread_id = std::this_thread::get_id();
  while (run_tasks()) {
    guard("kubernetes", [this] {
      const DurationMs wait = run_due();
      for (Member* member : members) member->flush();
      drop_unused();
      client->poll(wait);
    });
  }
  stores.clear();
}

KubernetesApi::KubernetesApi(Registry& registry, const Clock& clock, const KubernetesTiming& timing)
    : state_(std::make_unique<State>(registry, clock, timing)) {}

KubernetesApi::~KubernetesApi() {
  std::thread thread;
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    thread.swap(state_->thread);
  }
  if (!thread.joinable()) return;
  state_->client->wake();
  thread.join();
}

void KubernetesApi::run(const std::function<void()>& work) {
  if (std::this_thread::get_id() == state_->thread_id.load()) return work();
  State::Task task{&work, nullptr};
  {
    MutexLock lock(state_->mutex);
    if (!state_->thread.joinable()) {
      state_->client = std::make_unique<HttpClient>(1);
      state_->thread = std::thread([state = state_.get()] { state->loop(); });
    }
    state_->tasks.push_back(&task);
    state_->client->wake();
    while (!task.done) state_->done.wait(state_->mutex);
  }
  if (task.failure) std::rethrow_exception(task.failure);
}

void KubernetesApi::join(Member& member) { state_->members.insert(&member); }

void KubernetesApi::leave(Member& member) { state_->members.erase(&member); }

std::shared_ptr<KubernetesStore> KubernetesApi::store(
    const KubernetesAccess& access, const std::string& dir, const std::string& user_agent,
    KubernetesKind kind, const std::string& of_namespace,
    const KubernetesSdConfig::Selector& selector) {
  const std::string path = path_of(kind, of_namespace), query = query_of(selector);
  std::shared_ptr<HttpAuthority> authority;
  for (const State::Shared& shared : state_->stores) {
    if (!(shared.access == access) || shared.dir != dir) continue;
    if (shared.path == path && shared.query == query) return shared.store;
    authority = shared.store->protocol().authority();
  }
  if (authority == nullptr) authority = make_http_authority(access.http, dir);
  KubernetesResource resource{kind, access.server + path, query, std::move(authority), user_agent};
  auto store = std::make_shared<KubernetesStore>(*state_->client, std::move(resource),
                                                 state_->timing, state_->clock, state_->metrics);
  state_->stores.push_back({access, dir, path, query, store, 0});
  return store;
}

}  // namespace hearth
