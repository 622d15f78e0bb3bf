// The work pool: scrape commits, query slices, replay shards. One pool per process.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace hearth {

// Names the calling thread (15 characters at most), as seen in ps and a debugger.
void name_thread(const std::string& name);

// Runs `work` on a thread of its own that takes the processor and the disk only when nobody else
// wants them, and waits for it. What it throws is thrown on. Requires: work takes no lock that others
// need often.
void run_in_background(const std::string& name, const std::function<void()>& work);

// Cores this process may use: affinity and cgroup quota counted, at least 1.
size_t usable_cores();

// A fixed set of threads. Tasks of the first lane run before tasks of the second.
// Thread-safe. The destructor runs what is queued, then joins.
class Pool {
 public:
  enum class Lane { kScrape, kQuery };

  explicit Pool(size_t threads, const std::string& name = "work");
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void submit(Lane lane, std::function<void()> task);
  size_t threads() const;

  // Calls work(slice) for slice = 0 .. slices-1 on the caller and idle pool threads, `helpers` at
  // most, and returns when all are done. The first exception is rethrown after the others have
  // ended. Never deadlocks: the caller works too, also when called from a pool thread.
  void parallel_slices(size_t slices, const std::function<void(size_t slice)>& work,
                       size_t helpers = ~size_t{0});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
