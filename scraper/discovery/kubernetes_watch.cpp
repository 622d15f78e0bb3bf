#include "scraper/discovery/kubernetes_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "core/uri.h"

namespace hearth {
namespace {

constexpr int kOk = 200, kGone = 410, kTooMany = 429;
constexpr int64_t kNanosPerMs = 1'000'000;
constexpr int64_t kNever = INT64_MAX;
constexpr DurationMs kShortWatch = 1000;    // one that ends sooner and brought nothing has failed
constexpr DurationMs kAnswerTime = 15'000;  // for the server to end a watch when its time is over
constexpr DurationMs kLongestRetryAfter = 300'000;
constexpr size_t kMaxListBytes = size_t{1} << 30;
constexpr size_t kMaxLineBytes = size_t{64}
                                 << 20;  // the server's own limit for an object is near 1.5 MiB
constexpr size_t kMaxRefusalBytes = 65536;

bool is_gone(const HttpResponse& response) {
  return response.error.empty() && response.status == kGone;
}

DurationMs retry_after(const HttpResponse& response) {
  const std::string seconds(response.header("Retry-After"));
  return std::clamp<DurationMs>(std::strtol(seconds.c_str(), nullptr, 10) * 1000, 0,
                                kLongestRetryAfter);
}

}  // namespace

KubernetesWatch::KubernetesWatch(HttpClient& client, KubernetesResource resource,
                                 const KubernetesTiming& timing, const Clock& clock,
                                 Counter failures, KubernetesSink& sink)
    : client_(client),
      resource_(std::move(resource)),
      timing_(timing),
      clock_(clock),
      failures_(failures),
      sink_(sink),
      slot_(client.slot()),
      random_(std::random_device()()),
      lines_(kMaxLineBytes) {}

void KubernetesWatch::run() {
  due_nanos_ = kNever;
  if (must_list_) {
    list();
  } else {
    watch();
  }
}

HttpRequest KubernetesWatch::request(const std::string& query) const {
  HttpRequest request;
  request.url = resource_.url + "?" + query + resource_.query;
  request.headers = {"Accept: application/json", "User-Agent: " + resource_.user_agent};
  request.keep_headers = true;
  request.authority = resource_.authority;
  return request;
}

void KubernetesWatch::again(DurationMs wait) {
  due_nanos_ = clock_.monotonic_nanos() + wait * kNanosPerMs;
}

// Logs, and waits the longer the more often it has failed.
void KubernetesWatch::fail(const char* what, const HttpResponse& response, const std::string& why) {
  failures_.add();
  log_error(what, "component", "k8s_client_runtime", "resource", resource_.url, "err", why);
  const unsigned doublings = std::min(failed_in_a_row_++, 10u);
  const DurationMs wait = std::min(timing_.first_backoff << doublings, timing_.longest_backoff);
  std::uniform_int_distribution<DurationMs> chance(0, wait);
  again(std::max(wait + chance(random_), response.status == kTooMany ? retry_after(response) : 0));
}

// ---- list --------------------------------------------------------------------------------------

void KubernetesWatch::list() {
  std::string query = paged_ ? fmt::format("limit={}", timing_.page) : "resourceVersion=0";
  if (!more_.empty()) query += "&continue=" + query_escape(more_);
  HttpRequest list = request(query);
  list.timeout = timing_.list_timeout;
  list.max_body_bytes = kMaxListBytes;
  client_.start(*slot_, list, [this](HttpResponse response) { listed(std::move(response)); });
}

void KubernetesWatch::listed(HttpResponse response) {
  std::string why = response.error;
  if (why.empty() && response.body_too_large) why = "the list is larger than 1 GiB";
  if (why.empty() && response.status != kOk) {
    why = response.status_text + " " + kubernetes_refusal(response.body);
  }
  KubernetesList list;
  if (why.empty()) {
    try {
      list = read_kubernetes_list(response.body, resource_.kind);
    } catch (const Error& error) {
      why = error.what();
    }
  }
  if (!why.empty()) {
    paged_ = !(is_gone(response) && !more_.empty());  // pages expire: then all at once
    pages_.clear();
    more_.clear();
    fail("Failed to list", response, why);
    return;
  }
  std::move(list.objects.begin(), list.objects.end(), std::back_inserter(pages_));
  more_ = list.more;
  if (more_.empty()) {
    version_ = list.version;
    must_list_ = false;
    paged_ = true;
    sink_.replace(std::exchange(pages_, {}));
  }
  again(0);
}

// ---- watch -------------------------------------------------------------------------------------

void KubernetesWatch::watch() {
  std::uniform_int_distribution<DurationMs> chance(timing_.shortest_watch,
                                                   2 * timing_.shortest_watch);
  const DurationMs time = chance(random_);
  HttpRequest watch =
      request(fmt::format("watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                          query_escape(version_), std::max<DurationMs>(time / 1000, 1)));
  watch.timeout = time + kAnswerTime;
  watch.on_data = [this](int status, std::string_view piece) { return take_piece(status, piece); };
  watch_start_nanos_ = clock_.monotonic_nanos();
  lines_.clear();
  heard_ = false;
  error_status_ = 0;
  error_.clear();
  refusal_.clear();
  client_.start(*slot_, watch, [this](HttpResponse response) { watched(std::move(response)); });
}

bool KubernetesWatch::take_piece(int status, std::string_view piece) {
  if (status != kOk) {
    refusal_.append(
        piece.substr(0, kMaxRefusalBytes - std::min(refusal_.size(), kMaxRefusalBytes)));
    return true;
  }
  if (lines_.feed(piece, [this](std::string_view line) { return take_line(line); })) return true;
  if (error_.empty()) error_ = "a line of the watch is longer than 64 MiB";
  return false;
}

bool KubernetesWatch::take_line(std::string_view line) {
  try {
    KubernetesEvent event = read_kubernetes_event(line, resource_.kind);
    if (event.type == KubernetesEvent::Type::kError) {
      error_status_ = event.status;
      error_ = event.message.empty() ? fmt::format("an error event of status {}", event.status)
                                     : event.message;
      return false;
    }
    heard_ = true;
    failed_in_a_row_ = 0;
    if (!event.object.version.empty()) version_ = event.object.version;
    if (event.type == KubernetesEvent::Type::kDeleted) {
      sink_.remove(event.object);
    } else if (event.type != KubernetesEvent::Type::kBookmark) {
      sink_.put(std::move(event.object));
    }
    return true;
  } catch (const Error& error) {
    error_ = fmt::format("a line of the watch cannot be read: {}", error.what());
    return false;
  }
}

void KubernetesWatch::watched(HttpResponse response) {
  const DurationMs lived = (clock_.monotonic_nanos() - watch_start_nanos_) / kNanosPerMs;
  const bool useful = heard_ || (response.status == kOk && lived >= kShortWatch);
  if (useful) failed_in_a_row_ = 0;
  // What happened meanwhile is no longer known to the server, or was not understood: all is asked
  // for again.
  const bool gone = error_status_ == kGone || is_gone(response);
  const bool refused =
      response.error.empty() && response.status != kOk && response.status != kTooMany;
  must_list_ = gone || refused || !error_.empty();
  if (useful && (gone || error_.empty())) return again(0);
  std::string why = error_.empty() ? response.error : error_;
  if (why.empty() && response.status != kOk) {
    why = response.status_text + " " + kubernetes_refusal(refusal_);
  } else if (why.empty()) {
    why = "the watch ended at once without an event";
  }
  fail("Failed to watch", response, why);
}

}  // namespace hearth
