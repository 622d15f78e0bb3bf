// How far the replay of the log is, and who may append meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/error.h"
#include "core/mutex.h"
#include "tsdb/replay_status.h"

namespace hearth::tsdb {

// Thread-safe. One replay moves it on; appenders and those who ask for the status look at it.
class ReplayGate {
 public:
  // ---- the replay
  void set_segments(uint32_t min, uint32_t max) {
    min_.store(min);
    max_.store(max);
    current_.store(min);
  }
  void reached(uint32_t segment) {
    if (segment > max_.load()) max_.store(segment);
    current_.store(segment);
  }
  // From here on appenders may log what they have, though memory is not whole.
  void let_in() { change(Phase::kLogging); }
  // Returns when no appender is inside; new ones wait for open() or close().
  void hold() {
    MutexLock lock(mutex_);
    phase_ = Phase::kHeld;
    while (inside_ > 0) changed_.wait(mutex_);
  }
  void open() {
    whole_.store(true, std::memory_order_release);
    change(Phase::kWhole);
  }
  // The replay has failed or was stopped: appenders are refused.
  void close() { change(Phase::kClosed); }

  // ---- whoever ends the process
  void stop() { stopping_.store(true); }
  void throw_if_stopping() const {
    if (stopping_.load(std::memory_order_relaxed))
      throw Error(ErrorKind::kCanceled, "the replay of the write-ahead log was stopped");
  }

  // ---- everybody
  bool is_whole() const { return whole_.load(std::memory_order_acquire); }
  // Whether an appender would not wait for the first walk.
  bool lets_in() const { return lets_in_.load(std::memory_order_acquire); }
  ReplayStatus status() const { return {min_.load(), max_.load(), current_.load(), is_whole()}; }

  // An appender at work. The constructor waits while neither log nor memory can take anything, and
  // throws Error(kUnavailable) after close().
  class Visit {
   public:
    explicit Visit(ReplayGate& gate) : gate_(gate), log_only_(gate.enter()) {}
    ~Visit() {
      if (log_only_) gate_.leave();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    bool log_only() const { return log_only_; }

   private:
    ReplayGate& gate_;
    const bool log_only_;
  };

 private:
  enum class Phase { kFindingSeries, kLogging, kHeld, kWhole, kClosed };

  void change(Phase phase) {
    MutexLock lock(mutex_);
    phase_ = phase;
    lets_in_.store(true, std::memory_order_release);
    changed_.notify_all();
  }
  bool enter() {
    if (is_whole()) return false;
    MutexLock lock(mutex_);
    while (phase_ == Phase::kFindingSeries || phase_ == Phase::kHeld) changed_.wait(mutex_);
    if (phase_ == Phase::kClosed)
      throw Error(ErrorKind::kUnavailable, "the storage takes no samples: its log is not replayed");
    if (phase_ == Phase::kWhole) return false;
    ++inside_;
    return true;
  }
  void leave() {
    MutexLock lock(mutex_);
    if (--inside_ == 0) changed_.notify_all();
  }

  std::atomic<uint32_t> min_{0}, max_{0}, current_{0};
  std::atomic<bool> whole_{false};
  std::atomic<bool> lets_in_{false};
  std::atomic<bool> stopping_{false};
  Mutex mutex_;
  CondVar changed_;
  Phase phase_ GUARDED_BY(mutex_) = Phase::kFindingSeries;
  size_t inside_ GUARDED_BY(mutex_) = 0;
};

}  // namespace hearth::tsdb
