// Deferred freeing: what readers may still look at without a lock is freed after they have gone.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "core/mutex.h"

namespace hearth {

// Thread-safe. All guards must be gone before it is destroyed; then nothing is deferred any more.
class Epoch {
 public:
  // While it lives, nothing that was reachable when it was made is freed. Move-only.
  class Guard {
   public:
    Guard() = default;
    Guard(Guard&& other) noexcept
        : epoch_(std::exchange(other.epoch_, nullptr)), number_(other.number_) {}
    Guard& operator=(Guard&& other) noexcept {
      std::swap(epoch_, other.epoch_);
      std::swap(number_, other.number_);
      return *this;
    }
    ~Guard() {
      if (epoch_ != nullptr) epoch_->leave(number_);
    }

   private:
    friend class Epoch;
    Guard(Epoch* epoch, uint64_t number) : epoch_(epoch), number_(number) {}
    Epoch* epoch_ = nullptr;
    uint64_t number_ = 0;
  };

  Epoch() { generations_.emplace_back(); }
  Epoch(const Epoch&) = delete;
  Epoch& operator=(const Epoch&) = delete;

  [[nodiscard]] Guard enter() {
    MutexLock lock(mutex_);
    // A guard must not hold up what was deferred before it.
    if (!generations_.back().garbage.empty()) generations_.emplace_back();
    ++generations_.back().guards;
    return Guard(this, first_number_ + generations_.size() - 1);
  }

  // Runs `free` once no guard is left that exists now; at once where there is none. What is freed
  // must be out of reach for new readers already. `free` must not use this object.
  void defer(std::function<void()> free) {
    Garbage ready;
    {
      MutexLock lock(mutex_);
      generations_.back().garbage.push_back(std::move(free));
      collect(ready);
    }
    run(ready);
  }

 private:
  using Garbage = std::vector<std::function<void()>>;
  // The garbage is freed when the guards of this and of all earlier generations are gone.
  struct Generation {
    uint64_t guards = 0;
    Garbage garbage;
  };

  void leave(uint64_t number) {
    Garbage ready;
    {
      MutexLock lock(mutex_);
      --generations_[number - first_number_].guards;
      collect(ready);
    }
    run(ready);
  }
  void collect(Garbage& ready) REQUIRES(mutex_) {
    while (generations_.front().guards == 0) {
      for (auto& free : generations_.front().garbage) ready.push_back(std::move(free));
      if (generations_.size() == 1) {
        generations_.front().garbage.clear();
        return;
      }
      generations_.pop_front();
      ++first_number_;
    }
  }
  static void run(Garbage& garbage) {
    for (auto& free : garbage) free();
  }

  Mutex mutex_;
  std::deque<Generation> generations_ GUARDED_BY(mutex_);
  uint64_t first_number_ GUARDED_BY(mutex_) = 0;  // of generations_.front()
};

}  // namespace hearth
