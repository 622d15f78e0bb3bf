#include "scraper/discovery/refresh.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "core/compress.h"
#include "core/error.h"
#include "core/log.h"
#include "core/mutex.h"
#include "core/threads.h"

namespace hearth {
namespace {

constexpr size_t kMaxUnderWay = 8;
constexpr DurationMs kLongestWait = 3'600'000;

struct Ended {};  // thrown through a mechanism when its discovery ends

using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace

HttpResponse whole_answer(HttpResponse response) {
  if (!response.error.empty()) throw Error(ErrorKind::kIo, response.error);
  if (response.body_too_large)
    throw Error(ErrorKind::kBadData, "the answer is larger than 256 MiB");
  if (response.content_encoding == "gzip") {
    std::string body;
    gzip_uncompress(response.body, body, kMaxAnswerBytes);
    response.body = std::move(body);
  }
  return response;
}

// ---- Conversation ------------------------------------------------------------------------------

struct Conversation::State {
  HttpClient client{1};
  std::atomic<bool> ended{false};
  int end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::vector<std::unique_ptr<HttpClient::Slot>>
      slots;  // after client; they keep their connections
};

Conversation::Conversation() : state_(std::make_unique<State>()) {
  if (state_->end_fd < 0)
    throw Error(ErrorKind::kIo, "cannot make an event for the end of a discovery");
}

Conversation::~Conversation() { close(state_->end_fd); }

int Conversation::end_fd() const { return state_->end_fd; }

void Conversation::check() const {
  if (state_->ended) throw Ended{};
}

void Conversation::end() {
  state_->ended = true;
  const uint64_t one = 1;
  (void)!write(state_->end_fd, &one, sizeof one);
  state_->client.wake();
}

void Conversation::sleep(DurationMs duration) {
  const SteadyTime due = std::chrono::steady_clock::now() + std::chrono::milliseconds(duration);
  for (;;) {
    check();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd fd{state_->end_fd, POLLIN, 0};
    poll(&fd, 1, static_cast<int>(std::min<DurationMs>(left.count(), kLongestWait)));
  }
}

HttpResponse Conversation::send(HttpRequest request) {
  std::vector<HttpRequest> one;
  one.push_back(std::move(request));
  return std::move(send_all(std::move(one)).front());
}

std::vector<HttpResponse> Conversation::send_all(std::vector<HttpRequest> requests) {
  check();
  while (state_->slots.size() < std::min(requests.size(), kMaxUnderWay)) {
    state_->slots.push_back(state_->client.slot());
  }
  std::vector<HttpResponse> responses(requests.size());
  size_t next = 0, done = 0;
  std::function<void(HttpClient::Slot&)> start_next = [&](HttpClient::Slot& slot) {
    if (next == requests.size()) return;
    const size_t i = next++;
    HttpRequest& request = requests[i];
    request.headers.push_back("Accept-Encoding: gzip");
    request.keep_headers = true;
    request.max_body_bytes = kMaxAnswerBytes;
    state_->client.start(slot, request, [&, i, at = &slot](HttpResponse response) {
      responses[i] = std::move(response);
      ++done;
      start_next(*at);
    });
  };
  try {
    const size_t first = std::min(requests.size(), kMaxUnderWay);
    for (size_t s = 0; s < first; ++s) start_next(*state_->slots[s]);
    while (done < requests.size()) {
      check();
      state_->client.poll(kLongestWait);
    }
  } catch (...) {
    state_->slots.clear();  // ends what is under way, while what it would write to is still here
    throw;
  }
  for (HttpResponse& response : responses) response = whole_answer(std::move(response));
  return responses;
}

// ---- the thread that asks ----------------------------------------------------------------------

namespace {

// The series of a mechanism in a job; they go with the last discovery that counts in them.
// Thread-safe.
class RefreshMetrics {
 public:
  RefreshMetrics(Registry& registry, const std::string& mechanism, const std::string& job)
      : registry_(registry), labels_{{"mechanism", mechanism}, {"config", job}} {
    MutexLock lock(users().mutex);
    ++users().counts[{&registry_, labels_}];
    failures = registry_.counter(kFailures,
                                 "Number of refresh failures for the given SD mechanism.", labels_);
    duration = registry_.summary(kDuration,
                                 "The duration of a refresh in seconds for the given SD mechanism.",
                                 {0.5, 0.9, 0.99}, labels_);
  }
  ~RefreshMetrics() {
    MutexLock lock(users().mutex);
    const auto mine = users().counts.find({&registry_, labels_});
    if (--mine->second > 0) return;
    users().counts.erase(mine);
    registry_.remove(kFailures, labels_);
    registry_.remove(kDuration, labels_);
  }
  RefreshMetrics(const RefreshMetrics&) = delete;
  RefreshMetrics& operator=(const RefreshMetrics&) = delete;

  Counter failures;
  Observer duration;

 private:
  static constexpr const char* kFailures = "prometheus_sd_refresh_failures_total";
  static constexpr const char* kDuration = "prometheus_sd_refresh_duration_seconds";
  struct Users {
    Mutex mutex;
    std::map<std::pair<Registry*, MetricLabels>, size_t> counts GUARDED_BY(mutex);
  };
  static Users& users() {
    static Users all;
    return all;
  }

  Registry& registry_;
  const MetricLabels labels_;
};

class RefreshedDiscovery final : public Discovery {
 public:
  RefreshedDiscovery(const DiscoveryContext& context, const std::string& mechanism,
                     DurationMs interval, AskForGroups ask)
      : job_(context.job),
        mechanism_(mechanism),
        interval_(std::max<DurationMs>(interval, 1)),
        ask_(std::move(ask)),
        metrics_(context.registry, mechanism, context.job) {}
  ~RefreshedDiscovery() override {
    conversation_.end();
    if (thread_.joinable()) thread_.join();
  }

  void start(GroupUpdate update) override {
    thread_ = std::thread([this, update = std::move(update)] {
      name_thread("sd " + mechanism_);
      try {
        run(update);
      } catch (const Ended&) {
      }
    });
  }

 private:
  void run(const GroupUpdate& update);
  void refresh(const GroupUpdate& update);

  const std::string job_, mechanism_;
  const DurationMs interval_;
  const AskForGroups ask_;
  RefreshMetrics metrics_;
  Conversation conversation_;
  std::set<std::string> sources_;  // of the groups that the last answer had
  std::thread thread_;
};

// At the times that a ticker would have it: an answer that took long is followed by the next one
// soon.
void RefreshedDiscovery::run(const GroupUpdate& update) {
  using std::chrono::milliseconds;
  refresh(update);
  SteadyTime due = std::chrono::steady_clock::now();
  for (;;) {
    const SteadyTime now = std::chrono::steady_clock::now();
    due = std::max(due + milliseconds(interval_), now);
    conversation_.sleep(std::chrono::ceil<milliseconds>(due - now).count());
    refresh(update);
  }
}

void RefreshedDiscovery::refresh(const GroupUpdate& update) {
  const SteadyTime start = std::chrono::steady_clock::now();
  std::vector<TargetGroup> groups;
  try {
    groups = ask_(conversation_);
    metrics_.duration.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  } catch (const std::exception& error) {
    metrics_.duration.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    conversation_.check();
    metrics_.failures.add();
    log_error("Unable to refresh target groups", "component", "discovery manager scrape",
              "discovery", mechanism_, "config", job_, "err", error.what());
    return;
  }
  conversation_.check();
  std::set<std::string> sources;
  for (const TargetGroup& group : groups) sources.insert(group.source);
  for (const std::string& source : sources_) {
    if (sources.contains(source)) continue;
    groups.emplace_back();
    groups.back().source = source;
  }
  sources_ = std::move(sources);
  guard("discovery", [&] { update(std::move(groups)); });
}

}  // namespace

std::unique_ptr<Discovery> make_refreshed_discovery(const DiscoveryContext& context,
                                                    const std::string& mechanism,
                                                    DurationMs interval, AskForGroups ask) {
  return std::make_unique<RefreshedDiscovery>(context, mechanism, interval, std::move(ask));
}

}  // namespace hearth
