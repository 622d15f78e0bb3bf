#include "web/workers.h"

#include <algorithm>

#include "core/error.h"
#include "core/memory.h"
#include "core/threads.h"

namespace hearth::web {

Workers::Workers(size_t threads)
    : light_{std::max<size_t>(threads, 2)}, passwords_{1}, heavy_{light_.most_running - 1} {
  for (size_t i = 0; i < std::max<size_t>(threads, 2); ++i)
    threads_.emplace_back([this] { run(); });
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
  queue_of(weight).tasks.push_back(std::move(task));
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

// A thread that ends a task may be faster than one that was called, and take its task: then that
// one is there for the next.
void Workers::wake_for_tasks() {
  if (waiting() > called_) wake_one();
}

void Workers::wake_all() {
  while (!idle_.empty()) wake_one();
}

Workers::Queue& Workers::queue_of(Weight weight) {
  return weight == Weight::kLight ? light_ : weight == Weight::kHeavy ? heavy_ : passwords_;
}

size_t Workers::waiting() {
  return light_.tasks.size() + heavy_.tasks.size() + passwords_.tasks.size();
}

Workers::Queue* Workers::next_queue() {
  for (Queue* queue : {&light_, &passwords_, &heavy_}) {
    if (queue->can_be_taken()) return queue;
  }
  return nullptr;
}

void Workers::run() {
  name_thread("http-worker");
  constexpr std::chrono::hours kLong{1};
  MutexLock lock(mutex_);
  while (true) {
    bool released = false;
    Queue* queue = nullptr;
    while ((queue = next_queue()) == nullptr) {
      if (ending_ && waiting() == 0) return;
      if (wait(released ? kLong : kReleaseMemoryAfter) || released) continue;
      mutex_.unlock();
      release_free_memory();
      mutex_.lock();
      released = true;
    }
    std::function<void()> task = std::move(queue->tasks.front());
    queue->tasks.pop_front();
    ++queue->running;
    mutex_.unlock();
    guard("http worker", task);
    task = nullptr;
    mutex_.lock();
    --queue->running;
    if (queue == &light_) continue;  // nobody waited for its end
    if (ending_) {
      wake_all();
    } else if (!queue->tasks.empty()) {
      wake_for_tasks();
    }
  }
}

}  // namespace hearth::web
