// Locks that clang's -Wthread-safety can check, and the one-byte lock inside a series.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

#if defined(__clang__)
#define HEARTH_THREAD(x) __attribute__((x))
#else
#define HEARTH_THREAD(x)
#endif
#define GUARDED_BY(x) HEARTH_THREAD(guarded_by(x))
#define REQUIRES(...) HEARTH_THREAD(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...) HEARTH_THREAD(requires_shared_capability(__VA_ARGS__))
#define EXCLUDES(...) HEARTH_THREAD(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS HEARTH_THREAD(no_thread_safety_analysis)

namespace hearth {

class HEARTH_THREAD(capability("mutex")) Mutex {
 public:
  void lock() HEARTH_THREAD(acquire_capability()) { mutex_.lock(); }
  void unlock() HEARTH_THREAD(release_capability()) { mutex_.unlock(); }
  bool try_lock() HEARTH_THREAD(try_acquire_capability(true)) { return mutex_.try_lock(); }
  std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
};

class HEARTH_THREAD(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) HEARTH_THREAD(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() HEARTH_THREAD(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class HEARTH_THREAD(capability("mutex")) SharedMutex {
 public:
  void lock() HEARTH_THREAD(acquire_capability()) { mutex_.lock(); }
  void unlock() HEARTH_THREAD(release_capability()) { mutex_.unlock(); }
  void lock_shared() HEARTH_THREAD(acquire_shared_capability()) { mutex_.lock_shared(); }
  void unlock_shared() HEARTH_THREAD(release_shared_capability()) { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

class HEARTH_THREAD(scoped_lockable) WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) HEARTH_THREAD(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~WriterLock() HEARTH_THREAD(release_capability()) { mutex_.unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mutex_;
};

class HEARTH_THREAD(scoped_lockable) ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) HEARTH_THREAD(acquire_shared_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReaderLock() HEARTH_THREAD(release_capability()) { mutex_.unlock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mutex_;
};

// Waits on a Mutex that the caller holds.
class CondVar {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.native(), std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns false when the time ran out.
  bool wait_for(Mutex& mutex, std::chrono::nanoseconds duration) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.native(), std::adopt_lock);
    const bool woken = condition_.wait_for(lock, duration) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

// A spin lock of one byte, held for tens of nanoseconds; never two at once, never over a call that
// may block.
class HEARTH_THREAD(capability("mutex")) ByteLock {
 public:
  void lock() HEARTH_THREAD(acquire_capability()) {
    for (int spins = 0; held_.exchange(1, std::memory_order_acquire) != 0; ++spins) {
      while (held_.load(std::memory_order_relaxed) != 0) {
        if (++spins > 64) std::this_thread::yield();
      }
    }
  }
  void unlock() HEARTH_THREAD(release_capability()) { held_.store(0, std::memory_order_release); }

 private:
  std::atomic<uint8_t> held_{0};
};
static_assert(sizeof(ByteLock) == 1);

class HEARTH_THREAD(scoped_lockable) ByteLockGuard {
 public:
  explicit ByteLockGuard(ByteLock& lock) HEARTH_THREAD(acquire_capability(lock)) : lock_(lock) {
    lock_.lock();
  }
  ~ByteLockGuard() HEARTH_THREAD(release_capability()) { lock_.unlock(); }
  ByteLockGuard(const ByteLockGuard&) = delete;
  ByteLockGuard& operator=(const ByteLockGuard&) = delete;

 private:
  ByteLock& lock_;
};

}  // namespace hearth
