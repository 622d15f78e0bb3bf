// A Kubernetes API server inside a test: lists in pages, watches from a version on, and misbehaves
// on demand. A watch is answered as soon as there is an event for it, and then ends.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/uri.h"
#include "tests/scraper/loopback_server.h"

namespace hearth {

// Thread-safe.
class FakeKubernetes {
 public:
  FakeKubernetes()
      : server_(
            std::make_unique<LoopbackServer>([this](const std::string& r) { return answer(r); })) {}
  ~FakeKubernetes() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    server_.reset();
  }

  std::string url() const { return "http://" + server_->address(); }

  // `rest` is what follows the metadata in the object: `"spec": {...}`.
  void put(const std::string& path, const std::string& name, const std::string& rest,
           const std::string& meta = "") {
    MutexLock lock(mutex_);
    ++version_;
    const std::string object = fmt::format(
        R"({{"metadata":{{{}"name":"{}","uid":"u-{}","resourceVersion":"{}"{}}}{}}})",
        path == "/api/v1/nodes" || path == "/api/v1/namespaces" ? "" : R"("namespace":"ns",)", name,
        name, version_, meta.empty() ? "" : "," + meta, rest.empty() ? "" : "," + rest);
    const bool is_new = objects_[path].emplace(name, object).second;
    objects_[path][name] = object;
    tell(path, is_new ? "ADDED" : "MODIFIED", object);
  }
  void remove(const std::string& path, const std::string& name) {
    MutexLock lock(mutex_);
    ++version_;
    const std::string object = objects_[path][name];
    objects_[path].erase(name);
    tell(path, "DELETED", object);
  }
  // Watches from before now are answered with 410 from now on; changes meanwhile are told to
  // nobody.
  void forget_history() {
    MutexLock lock(mutex_);
    events_.clear();
    oldest_ = ++version_;
  }
  void bookmark(const std::string& path) {
    MutexLock lock(mutex_);
    ++version_;
    tell(path, "BOOKMARK", fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}}}})", version_));
  }
  // The next request whose target holds `part` gets this instead.
  void misbehave(const std::string& part, Reply reply) {
    MutexLock lock(mutex_);
    scripted_.push_back({part, std::move(reply)});
    changed_.notify_all();
  }
  // What the Authorization header must be; "" = anything goes.
  void demand(const std::string& authorization) {
    MutexLock lock(mutex_);
    demanded_ = authorization;
  }
  // Ends all watches that wait.
  void end_watches() {
    MutexLock lock(mutex_);
    ++round_;
    changed_.notify_all();
  }

  // Targets of the requests so far that hold `part`.
  std::vector<std::string> requests(const std::string& part = "") const {
    std::vector<std::string> found;
    for (const std::string& request : server_->requests()) {
      const std::string target = request.substr(0, request.find(" HTTP/"));
      if (target.find(part) != std::string::npos) found.push_back(target);
    }
    return found;
  }

  // Waits for so many of them; false after ten seconds.
  bool wait_for_requests(const std::string& part, size_t count) {
    MutexLock lock(mutex_);
    while (requests(part).size() < count) {
      if (!changed_.wait_for(mutex_, std::chrono::seconds(10))) return false;
    }
    return true;
  }

  static Reply refusal(const std::string& status, const std::string& message,
                       const std::string& headers = "") {
    return http_reply(R"({"kind":"Status","message":")" + message + "\"}", headers, status);
  }
  static Reply stream(const std::string& lines, Reply::Then then = Reply::Then::kKeep) {
    std::string bytes =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (!lines.empty()) bytes += fmt::format("{:x}\r\n{}\r\n", lines.size(), lines);
    if (then == Reply::Then::kKeep) bytes += "0\r\n\r\n";
    return {bytes, then};
  }

 private:
  struct Event {
    uint64_t version;
    std::string path, line;
  };
  struct Scripted {
    std::string part;
    Reply reply;
  };

  void tell(const std::string& path, const char* type, const std::string& object) REQUIRES(mutex_) {
    events_.push_back(
        {version_, path, fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object)});
    changed_.notify_all();
  }
  std::optional<Reply> scripted(const std::string& target) REQUIRES(mutex_) {
    for (auto next = scripted_.begin(); next != scripted_.end(); ++next) {
      if (target.find(next->part) == std::string::npos) continue;
      Reply reply = std::move(next->reply);
      scripted_.erase(next);
      return reply;
    }
    return std::nullopt;
  }
  Reply answer(const std::string& request) {
    const std::string target = request.substr(4, request.find(" HTTP/") - 4);  // after "GET "
    const size_t question = target.find('?');
    const std::string path = target.substr(0, question);
    QueryParameters query = decode_query(std::string_view(target).substr(question + 1));
    MutexLock lock(mutex_);
    changed_.notify_all();  // of wait_for_requests()
    if (std::optional<Reply> reply = scripted(target)) return *reply;
    if (!demanded_.empty() && request.find("Authorization: " + demanded_) == std::string::npos) {
      return refusal("401 Unauthorized", "Unauthorized");
    }
    return query.contains("watch")
               ? watch(target, path, std::stoull("0" + query["resourceVersion"].at(0)))
               : list(path, query);
  }
  Reply list(const std::string& path, QueryParameters& query) REQUIRES(mutex_) {
    const std::map<std::string, std::string>& all = objects_[path];
    const size_t limit = query.contains("limit") ? std::stoul(query["limit"][0]) : SIZE_MAX;
    const size_t from = query.contains("continue") ? std::stoul(query["continue"][0]) : 0;
    std::string items;
    size_t index = 0;
    for (const auto& [name, object] : all) {
      if (index >= from && index - from < limit) items += (items.empty() ? "" : ",") + object;
      ++index;
    }
    const bool more = limit != SIZE_MAX && from + limit < all.size();
    return http_reply(
        fmt::format(R"({{"metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
                    version_, more ? std::to_string(from + limit) : "", items),
        "Content-Type: application/json\r\n");
  }
  Reply watch(const std::string& target, const std::string& path, uint64_t from) REQUIRES(mutex_) {
    const uint64_t round = round_;
    for (;;) {
      if (std::optional<Reply> reply = scripted(target)) return *reply;
      if (from < oldest_) {
        return stream(
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":\"too "
            "old\",\"code\":410}}\n");
      }
      std::string lines;
      for (const Event& event : events_) {
        if (event.path == path && event.version > from) lines += event.line;
      }
      if (!lines.empty() || stopping_ || round != round_) return stream(lines);
      changed_.wait(mutex_);
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, std::map<std::string, std::string>> objects_
      GUARDED_BY(mutex_);  // by path, by name
  std::vector<Event> events_ GUARDED_BY(mutex_);
  std::deque<Scripted> scripted_ GUARDED_BY(mutex_);
  std::string demanded_ GUARDED_BY(mutex_);
  uint64_t version_ GUARDED_BY(mutex_) = 10, oldest_ GUARDED_BY(mutex_) = 0,
                    round_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::unique_ptr<LoopbackServer> server_;
};

}  // namespace hearth
