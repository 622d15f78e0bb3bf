// Keeps up with one resource of one API server: lists it page by page, then watches what changes
// from there on, and begins anew where that fails.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/http_client.h"
#include "core/metrics.h"
#include "scraper/discovery/kubernetes_message.h"

namespace hearth {

struct KubernetesTiming {
  DurationMs first_backoff = 800,
             longest_backoff = 30'000;  // doubled each time; each up to twice as long by chance
  DurationMs shortest_watch = 300'000;  // the server ends a watch after this, or up to twice that
  DurationMs list_timeout = 60'000;
  size_t page = 500;  // objects
};

// Of whom what is asked.
struct KubernetesResource {
  KubernetesKind kind = KubernetesKind::kPod;
  std::string url;    // "https://host:6443/api/v1/pods"
  std::string query;  // selectors: "&labelSelector=app%3Dweb"
  std::shared_ptr<HttpAuthority> authority;
  std::string user_agent;
};

class KubernetesSink {
 public:
  virtual ~KubernetesSink() = default;
  virtual void replace(std::vector<KubernetesObject> all) = 0;
  virtual void put(KubernetesObject object) = 0;
  virtual void remove(const KubernetesObject& object) = 0;
};

// One thread: that of the client's poll().
class KubernetesWatch {
 public:
  // All references must outlive it.
  KubernetesWatch(HttpClient& client, KubernetesResource resource, const KubernetesTiming& timing,
                  const Clock& clock, Counter failures, KubernetesSink& sink);

  int64_t due_nanos() const {
    return due_nanos_;
  }            // monotonic; INT64_MAX while a request is under way
  void run();  // Requires: it is due
  const std::shared_ptr<HttpAuthority>& authority() const { return resource_.authority; }

 private:
  void list();
  void listed(HttpResponse response);
  void watch();
  bool take_piece(int status, std::string_view piece);
  bool take_line(std::string_view line);
  void watched(HttpResponse response);
  HttpRequest request(const std::string& query) const;
  void again(DurationMs wait);
  void fail(const char* what, const HttpResponse& response, const std::string& why);

  HttpClient& client_;
  const KubernetesResource resource_;
  const KubernetesTiming timing_;
  const Clock& clock_;
  const Counter failures_;
  KubernetesSink& sink_;
  std::unique_ptr<HttpClient::Slot> slot_;
  std::minstd_rand random_;
  int64_t due_nanos_ = 0;
  unsigned failed_in_a_row_ = 0;

  bool must_list_ = true;
  bool paged_ = true;
  std::vector<KubernetesObject> pages_;  // of the list that is under way
  std::string more_;                     // its next page
  std::string version_;                  // to watch from

  // Of the watch that is under way.
  int64_t watch_start_nanos_ = 0;
  LineCutter lines_;
  bool heard_ = false;    // an event
  int error_status_ = 0;  // told by an event
  std::string error_;     // that ended it: of an event, or of what could not be read
  std::string refusal_;   // the body of an answer that is no stream
};

}  // namespace hearth
