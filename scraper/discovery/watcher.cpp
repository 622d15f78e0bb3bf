#include "scraper/discovery/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "core/error.h"
#include "core/mutex.h"
#include "core/threads.h"

namespace hearth {
namespace {

constexpr int64_t kSettle = 50;  // ms from an event until files are read: writers need a moment
constexpr int64_t kNever = INT64_MAX;

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct DiscoveryWatcher::State {
  struct Item {
    Watched watched;
    int64_t due = kNever;
  };

  void run();
  void replace();
  void wait();
  void look();
  void wake() {
    const uint64_t one = 1;
    (void)!write(wake_fd, &one, sizeof one);
  }

  Mutex mutex;
  std::optional<std::vector<Watched>> next GUARDED_BY(mutex);
  std::atomic<bool> stopping{false};
  int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::vector<Item> items;  // of the thread
  std::thread thread;
};

void DiscoveryWatcher::State::replace() {
  std::optional<std::vector<Watched>> taken;
  {
    MutexLock lock(mutex);
    taken.swap(next);
  }
  if (!taken) return;
  items.clear();
  for (Watched& watched : *taken) {
    const DurationMs interval = watched.discovery->refresh_interval();
    items.push_back({std::move(watched), interval > 0 ? steady_ms() + interval : kNever});
  }
}

void DiscoveryWatcher::State::wait() {
  std::vector<pollfd> fds = {{wake_fd, POLLIN, 0}};
  int64_t due = kNever;
  for (const Item& item : items) {
    fds.push_back({item.watched.discovery->event_fd(), POLLIN, 0});  // -1 is passed over
    due = std::min(due, item.due);
  }
  const int64_t left = due == kNever ? -1 : std::clamp<int64_t>(due - steady_ms(), 0, 3'600'000);
  poll(fds.data(), fds.size(), static_cast<int>(left));
  uint64_t ignored;
  if (fds[0].revents != 0) (void)!read(wake_fd, &ignored, sizeof ignored);
  for (size_t i = 0; i < items.size(); ++i) {
    if (fds[i + 1].revents == 0) continue;
    items[i].watched.discovery->drain_events();
    items[i].due = std::min(items[i].due, steady_ms() + kSettle);
  }
}

void DiscoveryWatcher::State::look() {
  for (Item& item : items) {
    if (item.due > steady_ms()) continue;
    const DurationMs interval = item.watched.discovery->refresh_interval();
    item.due = interval > 0 ? steady_ms() + interval : kNever;
    guard("discovery", [&] { item.watched.update(item.watched.discovery->groups()); });
  }
}

void DiscoveryWatcher::State::run() {
  name_thread("discovery");
  while (!stopping) {
    replace();
    wait();
    if (!stopping) look();
  }
}

DiscoveryWatcher::DiscoveryWatcher() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

DiscoveryWatcher::~DiscoveryWatcher() {
  stop();
  close(state_->wake_fd);
}

void DiscoveryWatcher::watch(std::vector<Watched> all) {
  {
    MutexLock lock(state_->mutex);
    state_->next = std::move(all);
  }
  state_->wake();
}

void DiscoveryWatcher::stop() {
  if (!state_->thread.joinable()) return;
  state_->stopping = true;
  state_->wake();
  state_->thread.join();
}

}  // namespace hearth
