#include "scraper/discovery/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/mutex.h"
#include "core/threads.h"

namespace hearth {
namespace {

constexpr int64_t kSettle = 50;  // ms from an event until it is looked at: writers need a moment
constexpr int64_t kNever = INT64_MAX;

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Item {
  int fd = -1;
  DurationMs interval = 0;
  int64_t due = kNever;
  std::shared_ptr<const std::function<void()>> look;
};

}  // namespace

struct DiscoveryWatcher::State {
  void run();
  int64_t collect(std::vector<pollfd>& fds, std::vector<uint64_t>& ids);
  void take_events(const std::vector<pollfd>& fds, const std::vector<uint64_t>& ids);
  void look_at_due();
  void remove(uint64_t id);
  void wake() {
    const uint64_t one = 1;
    (void)!write(wake_fd, &one, sizeof one);
  }

  Mutex mutex;
  CondVar looked;
  std::map<uint64_t, Item> items GUARDED_BY(mutex);
  uint64_t next_id GUARDED_BY(mutex) = 1;
  uint64_t looking_at GUARDED_BY(mutex) = 0;  // its look() is running
  bool stopping GUARDED_BY(mutex) = false;
  int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::thread thread;
};

// The time that is due first; descriptors with the items that they belong to, the wake-up's first.
int64_t DiscoveryWatcher::State::collect(std::vector<pollfd>& fds, std::vector<uint64_t>& ids) {
  fds = {{wake_fd, POLLIN, 0}};
  ids = {0};
  int64_t due = kNever;
  MutexLock lock(mutex);
  if (stopping) return -1;
  for (const auto& [id, item] : items) {
    due = std::min(due, item.due);
    if (item.fd < 0) continue;
    fds.push_back({item.fd, POLLIN, 0});
    ids.push_back(id);
  }
  return due;
}

void DiscoveryWatcher::State::take_events(const std::vector<pollfd>& fds,
                                          const std::vector<uint64_t>& ids) {
  std::array<char, 4096> dropped;
  if (fds[0].revents != 0) (void)!read(wake_fd, dropped.data(), dropped.size());
  MutexLock lock(mutex);
  for (size_t i = 1; i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    const auto item = items.find(ids[i]);
    if (item == items.end()) continue;  // its descriptor may be another's by now
    while (read(fds[i].fd, dropped.data(), dropped.size()) > 0) {
    }
    item->second.due = std::min(item->second.due, steady_ms() + kSettle);
  }
}

void DiscoveryWatcher::State::look_at_due() {
  for (;;) {
    std::shared_ptr<const std::function<void()>> look;
    {
      MutexLock lock(mutex);
      looking_at = 0;
      looked.notify_all();
      const int64_t now = steady_ms();
      const auto due = std::find_if(items.begin(), items.end(),
                                    [&](const auto& entry) { return entry.second.due <= now; });
      if (due == items.end() || stopping) return;
      Item& item = due->second;
      item.due = item.interval > 0 ? now + item.interval : kNever;
      looking_at = due->first;
      look = item.look;
    }
    guard("discovery", *look);
  }
}

void DiscoveryWatcher::State::run() {
  name_thread("discovery");
  std::vector<pollfd> fds;
  std::vector<uint64_t> ids;
  for (;;) {
    const int64_t due = collect(fds, ids);
    if (due < 0) return;
    const int64_t left = due == kNever ? -1 : std::clamp<int64_t>(due - steady_ms(), 0, 3'600'000);
    poll(fds.data(), fds.size(), static_cast<int>(left));
    take_events(fds, ids);
    look_at_due();
  }
}

void DiscoveryWatcher::State::remove(uint64_t id) {
  MutexLock lock(mutex);
  items.erase(id);
  while (looking_at == id && std::this_thread::get_id() != thread.get_id()) looked.wait(mutex);
}

std::unique_ptr<DiscoveryWatcher::Watch> DiscoveryWatcher::watch(int fd, DurationMs interval,
                                                                 std::function<void()> look) {
  class Entry final : public Watch {
   public:
    Entry(State& state, uint64_t id) : state_(state), id_(id) {}
    ~Entry() override { state_.remove(id_); }

   private:
    State& state_;
    const uint64_t id_;
  };
  uint64_t id = 0;
  {
    MutexLock lock(state_->mutex);
    id = state_->next_id++;
    state_->items[id] = {fd, interval, interval > 0 ? steady_ms() + interval : kNever,
                         std::make_shared<const std::function<void()>>(std::move(look))};
  }
  state_->wake();
  return std::make_unique<Entry>(*state_, id);
}

DiscoveryWatcher::DiscoveryWatcher() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

DiscoveryWatcher::~DiscoveryWatcher() {
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake();
  state_->thread.join();
  close(state_->wake_fd);
}

}  // namespace hearth
