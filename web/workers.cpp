#include "web/workers.h"

#include <algorithm>

#include "core/error.h"
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
  wake_one();
}

void Workers::wait() {
  CondVar woken;
  idle_.push_back(&woken);
  woken.wait(mutex_);
  std::erase(idle_, &woken);  // still there when it woke by itself
}

void Workers::wake_one() {
  if (idle_.empty()) return;
  idle_.back()->notify_one();
  idle_.pop_back();
}

void Workers::wake_all() {
  while (!idle_.empty()) wake_one();
}

bool Workers::can_take() {
  return !light_.empty() || (!heavy_.empty() && heavy_running_ < max_heavy_);
}

void Workers::run() {
  name_thread("http-worker");
  MutexLock lock(mutex_);
  while (true) {
    while (!can_take()) {
      if (ending_ && heavy_.empty()) return;
      wait();
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
        wake_one();
      }
    }
  }
}

}  // namespace hearth::web
