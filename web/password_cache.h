// Passwords that were checked lately: a check by bcrypt takes 50 ms and more, on purpose.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/mutex.h"

namespace hearth::web {

// What is kept is a SHA-256 of user, hash and password, each with its length, so no two triples are
// one. Wrong passwords have a place of their own: guessing does not drive the right ones out.
// Thread-safe.
class PasswordCache {
 public:
  static std::string key(const std::string& user, const std::string& hash,
                         const std::string& password);

  std::optional<bool> find(const std::string& key);
  void add(const std::string& key, bool right);

 private:
  static constexpr size_t kMost = 100;  // of each, the newest

  struct Answers {
    std::unordered_map<std::string, bool> all;
    std::deque<std::string> right, wrong;  // in their order
  };
  Mutex mutex_;
  Answers answers_ GUARDED_BY(mutex_);
};

}  // namespace hearth::web
