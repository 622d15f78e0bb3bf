#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <exception>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/memory.h"
#include "core/mutex.h"

namespace hearth {

void name_thread(const std::string& name) { pthread_setname_np(pthread_self(), name.substr(0, 15).c_str()); }

void run_in_background(const std::string& name, const std::function<void()>& work) {
  std::exception_ptr error;
  std::thread([&] {
    name_thread(name);
    // Both are per thread on Linux, whatever POSIX says; where they are refused it runs as it is.
    constexpr int kWho = 1, kBestEffort = 2 << 13, kLowest = 7;
    (void)::setpriority(PRIO_PROCESS, 0, 19);
    (void)::syscall(SYS_ioprio_set, kWho, 0, kBestEffort | kLowest);
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error) std::rethrow_exception(error);
}

namespace {

// Cores that a cgroup v2 quota allows, rounded up; 0 where there is none.
size_t cgroup_cores() {
  std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "re");
  if (file == nullptr) return 0;
  long quota = 0;
  long period = 0;
  const int fields = std::fscanf(file, "%ld %ld", &quota, &period);
  std::fclose(file);
  return fields == 2 && quota > 0 && period > 0 ? static_cast<size_t>((quota + period - 1) / period) : 0;
}

}  // namespace

size_t usable_cores() {
  cpu_set_t set;
  size_t cores = 1;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = static_cast<size_t>(CPU_COUNT(&set));
  if (const size_t limit = cgroup_cores(); limit != 0) cores = std::min(cores, limit);
  return std::max<size_t>(cores, 1);
}

struct Pool::State {
  Mutex mutex;
  CondVar work_there;
  std::deque<std::function<void()>> lanes[2] GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;

  bool has_nothing() const REQUIRES(mutex) {
    return lanes[0].empty() && lanes[1].empty() && !stopping;
  }
  void wait() REQUIRES(mutex) {
    while (has_nothing()) {
      if (work_there.wait_for(mutex, kReleaseMemoryAfter)) continue;
      mutex.unlock();
      release_free_memory();
      mutex.lock();
      while (has_nothing()) work_there.wait(mutex);
    }
  }
  void run() {
    for (;;) {
      std::function<void()> task;
      {
        MutexLock lock(mutex);
        wait();
        auto& lane = lanes[0].empty() ? lanes[1] : lanes[0];
        if (lane.empty()) return;
        task = std::move(lane.front());
        lane.pop_front();
      }
      guard("pool task", task);
    }
  }
};

Pool::Pool(size_t threads, const std::string& name) : state_(std::make_unique<State>()) {
  for (size_t i = 0; i < threads; ++i) {
    state_->threads.emplace_back([this, name, i] {
      name_thread(name + "/" + std::to_string(i));
      state_->run();
    });
  }
}

Pool::~Pool() {
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work_there.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

void Pool::submit(Lane lane, std::function<void()> task) {
  {
    MutexLock lock(state_->mutex);
    state_->lanes[lane == Lane::kScrape ? 0 : 1].push_back(std::move(task));
  }
  state_->work_there.notify_one();
}

size_t Pool::threads() const { return state_->threads.size(); }

namespace {

// Shared by the caller and its helpers; kept alive by whichever of them ends last, since a helper
// may start only after the caller has gone. Of several slices that fail the first one's error is
// told, whichever was the quickest: slices before it are worked on to their end.
struct SliceRun {
  const std::function<void(size_t)>* work;
  size_t slices;
  std::atomic<size_t> next{0};
  std::atomic<size_t> first_failed{~size_t{0}};
  Mutex mutex;
  CondVar all_done;
  size_t done GUARDED_BY(mutex) = 0;
  std::exception_ptr first_error GUARDED_BY(mutex);

  void take_slices() {
    for (;;) {
      const size_t slice = next.fetch_add(1);
      if (slice >= slices) return;
      std::exception_ptr error;
      if (slice < first_failed) {
        try {
          (*work)(slice);
        } catch (...) {
          error = std::current_exception();
        }
      }
      MutexLock lock(mutex);
      if (error && slice < first_failed) {
        first_failed = slice;
        first_error = error;
      }
      if (++done == slices) all_done.notify_all();
    }
  }
};

}  // namespace

void Pool::parallel_slices(size_t slices, const std::function<void(size_t slice)>& work,
                           size_t helpers) {
  if (slices == 0) return;
  if (slices == 1) return work(0);
  const auto run = std::make_shared<SliceRun>();
  run->work = &work;
  run->slices = slices;
  helpers = std::min({helpers, slices - 1, threads()});
  for (size_t i = 0; i < helpers; ++i) submit(Lane::kQuery, [run] { run->take_slices(); });
  run->take_slices();
  std::exception_ptr error;
  {
    MutexLock lock(run->mutex);
    while (run->done < run->slices) run->all_done.wait(run->mutex);
    error = run->first_error;
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace hearth
