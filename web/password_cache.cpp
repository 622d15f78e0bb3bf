#include "web/password_cache.h"

#include <openssl/evp.h>

#include <cstdint>

namespace hearth::web {

std::string PasswordCache::key(const std::string& user, const std::string& hash,
                               const std::string& password) {
  std::string text;
  for (const std::string* part : {&user, &hash, &password}) {
    text.append(std::to_string(part->size())).append(":").append(*part);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest), size};
}

std::optional<bool> PasswordCache::find(const std::string& key) {
  MutexLock lock(mutex_);
  const auto found = answers_.all.find(key);
  return found == answers_.all.end() ? std::nullopt : std::optional<bool>(found->second);
}

void PasswordCache::add(const std::string& key, bool right) {
  MutexLock lock(mutex_);
  if (!answers_.all.emplace(key, right).second) return;
  std::deque<std::string>& order = right ? answers_.right : answers_.wrong;
  order.push_back(key);
  if (order.size() <= kMost) return;
  answers_.all.erase(order.front());
  order.pop_front();
}

}  // namespace hearth::web
