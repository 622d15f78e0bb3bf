// The threads that answer requests.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace hearth::web {

// Heavy tasks (queries) never take the last thread, so that health checks and pages are answered
// however many queries run; checks of passwords, which anybody may cause, run one at a time. The
// thread that fell idle last is woken first, and no more of them than there are tasks: caches are
// warm, and the memory of threads that are not needed stays untouched. An idle one gives back what
// it keeps. Thread-safe. The destructor runs what is queued, then joins.
class Workers {
 public:
  enum class Weight { kLight, kHeavy, kPassword };

  explicit Workers(size_t threads);  // at least 2
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void submit(Weight weight, std::function<void()> task);

 private:
  struct Queue {
    size_t most_running;
    size_t running = 0;
    std::deque<std::function<void()>> tasks = {};
    bool can_be_taken() const { return !tasks.empty() && running < most_running; }
  };
  // A thread that waits.
  struct Idle {
    CondVar woken;
    bool called = false;
  };

  void run();
  // What may be taken next; nullptr: nothing.
  Queue* next_queue() REQUIRES(mutex_);
  Queue& queue_of(Weight weight) REQUIRES(mutex_);
  size_t waiting() REQUIRES(mutex_);
  bool wait(std::chrono::seconds at_most) REQUIRES(mutex_);
  void wake_one() REQUIRES(mutex_);
  void wake_for_tasks() REQUIRES(mutex_);
  void wake_all() REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<Idle*> idle_ GUARDED_BY(mutex_);  // not called yet; the last is called first
  size_t called_ GUARDED_BY(mutex_) = 0;        // that have not come yet
  Queue light_ GUARDED_BY(mutex_), passwords_ GUARDED_BY(mutex_), heavy_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace hearth::web
