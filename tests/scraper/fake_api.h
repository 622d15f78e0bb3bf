// An API of a provider inside a test, and what such tests share.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "tests/scraper/discovery_bench.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {

// "METHOD /path?query" or a beginning of it -> reply; the longest that fits counts. Thread-safe.
class FakeApi {
 public:
  explicit FakeApi(std::map<std::string, Reply> replies = {})
      : replies_(std::move(replies)),
        server_([this](const std::string& request) { return answer(request); }) {}

  void set(const std::string& request, const std::string& body) { set(request, http_reply(body)); }
  void set(const std::string& request, const Reply& reply) {
    MutexLock lock(mutex_);
    replies_[request] = reply;
  }
  std::string url() const { return "http://" + server_.address(); }
  // Of the first request that begins so.
  std::string request(const std::string& beginning) const {
    for (const std::string& request : server_.requests()) {
      if (request.starts_with(beginning)) return request;
    }
    return "";
  }
  size_t count(const std::string& beginning) const {
    size_t found = 0;
    for (const std::string& request : server_.requests())
      found += request.starts_with(beginning) ? 1 : 0;
    return found;
  }

 private:
  Reply answer(const std::string& request) {
    MutexLock lock(mutex_);
    const Reply* best = nullptr;
    size_t length = 0;
    for (const auto& [beginning, reply] : replies_) {
      if (!request.starts_with(beginning) || beginning.size() < length) continue;
      best = &reply;
      length = beginning.size();
    }
    return best != nullptr ? *best
                           : http_reply("{\"message\":\"nothing here\"}", "", "404 Not Found");
  }

  Mutex mutex_;
  std::map<std::string, Reply> replies_ GUARDED_BY(mutex_);
  LoopbackServer server_;
};

// Sets a variable of the environment while it lives. One thread.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Environment() { unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* const name_;
};

inline std::string discovered(DiscoveryBench& bench, const std::unique_ptr<Discovery>& discovery) {
  discovery->start(bench.found.update());
  return bench.found.wait_for_updates(1);
}

// The value of a label in the first line that has it.
inline std::string value_of(const std::string& text, const std::string& label) {
  const size_t at = text.find(label + "=\"");
  if (at == std::string::npos) return "";
  const size_t start = at + label.size() + 2;
  return text.substr(start, text.find('"', start) - start);
}

// Waits for a failed refresh.
inline void wait_for_failure(const DiscoveryBench& bench, const std::string& mechanism) {
  while (bench.value("prometheus_sd_refresh_failures_total{config=\"a job\",mechanism=\"" +
                     mechanism + "\"}") == "0") {
    std::this_thread::yield();
  }
}

}  // namespace hearth
