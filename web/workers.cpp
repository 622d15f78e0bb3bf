#include "web/workers.h"

#include <algorithm>

#include "core/error.h"
#include "core/memory.h"
#include "core/threads.h"

namespace hearth::web {

Workers::Workers(size_t threads) : max_heavy_(std::max<size_t>(threads, 2) - 1) {
  for (size_t i = 0; i <= max_heavy_; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
    wake_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

void Workers::submit(Weight weight, std::function<void()> task) {
  MutexLock lock(mutex_);
  (weight == Weight::kHeavy ? heavy_ : light_).push_back(std::move(task));
  wake_for_tasks();
}

// Returns false when the time ran out.
bool Workers::wait(std::chrono::seconds at_most) {
  Idle self;
  idle_.push_back(&self);
  while (!self.called) {
    if (self.woken.wait_for(mutex_, at_most) || self.called) continue;
    std::erase(idle_, &self);
    return false;
  }
  --called_;
  return true;
}

void Workers::wake_one() {
  if (idle_.empty()) return;
  idle_.back()->called = true;
  idle_.back()->woken.notify_one();
  idle_.pop_back();
  ++called_;
}

// A thread that ends a task may be faster than one that was called, and take its task: then that one
// is there for the next.
void Workers::wake_for_tasks() {
  if (light_.size() + heavy_.size() > called_) wake_one();
}

void Workers::wake_all() {
  while (!idle_.empty()) wake_one();
}

bool Workers::can_take() {
  return !light_.empty() || (!heavy_.empty() && heavy_running_ < max_heavy_);
}

void Workers::run() {
  name_thread("http-worker");
  constexpr std::chrono::hours kLong{1};
  MutexLock lock(mutex_);
  while (true) {
    bool released = false;
    while (!can_take()) {
      if (ending_ && heavy_.empty()) return;
      if (wait(released ? kLong : kReleaseMemoryAfter) || released) continue;
      mutex_.unlock();
      release_free_memory();
      mutex_.lock();
      released = true;
    }
    const bool heavy = light_.empty();
    std::deque<std::function<void()>>& queue = heavy ? heavy_ : light_;
    std::function<void()> task = std::move(queue.front());
    queue.pop_front();
    if (heavy) ++heavy_running_;
    mutex_.unlock();
    guard("http worker", task);
    task = nullptr;
    mutex_.lock();
    if (heavy) {
      --heavy_running_;
      if (ending_) {
        wake_all();
      } else if (!heavy_.empty()) {
        wake_for_tasks();
      }
    }
  }
}

}  // namespace hearth::web
