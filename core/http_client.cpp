#include "core/http_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/http_authority.h"
#include "core/http_error.h"
#include "core/http_transport.h"
#include "core/plain_http.h"

namespace hearth {
namespace {

constexpr int kMaxRedirects = 10;
constexpr DurationMs kFirstTimeout = 30'000;  // to fetch what an authority asks for

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The host itself, or one below it.
bool is_same_host(const std::string& host, const std::string& original) {
  if (host == original) return true;
  return host.size() > original.size() && host.find(':') == std::string::npos && host.ends_with("." + original);
}

bool is_credential(const std::string& header) {
  constexpr std::array<std::string_view, 6> kNames = {"Authorization", "Cookie", "Cookie2", "Www-Authenticate",
                                                      "Proxy-Authorization", "Proxy-Authenticate"};
  const std::string_view name = std::string_view(header).substr(0, header.find(':'));
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view known) { return equals_ignoring_case(known, name); });
}

class Exchange;

// What the exchanges of a client have in common.
struct Shared {
  explicit Shared(size_t shards) : shards_(shards) {}

  // Made for the first request that is not plain.
  HttpTransport& transport() {
    if (!transport_) {
      transport_.emplace(shards_);
      plain.also_return_for(transport_->fd());
    }
    return *transport_;
  }
  void poll(DurationMs wait_ms) {
    const bool ready = plain.poll(transport_ ? transport_->wait(wait_ms) : wait_ms);
    if (transport_) transport_->work(ready);
  }

  PlainHttp plain;
  // Who fetches for an authority, and who waits for it.
  struct Fetch {
    Exchange* by;
    std::vector<Exchange*> waiting;
  };
  std::map<HttpAuthority*, Fetch> fetches;
  std::vector<Exchange*> failed;  // told by the next poll()

 private:
  const size_t shards_;
  std::optional<HttpTransport> transport_;
};

// One request and all that has to be sent for it.
class Exchange final : public HttpClient::Slot {
 public:
  explicit Exchange(Shared& client) : client_(client) {}
  ~Exchange() override;

  void start(const HttpRequest& request, HttpClient::Done done);
  void repeat(const HttpRequest& request, HttpClient::Done done);
  void tell_failure() { finish(std::move(failure_)); }

 private:
  void begin(const HttpRequest& request, HttpClient::Done&& done);
  void finish(HttpResponse&& response);
  void complete();
  void fetch(HttpRequest first);
  void fetched(const HttpResponse& response);
  void send();
  void send_plain();
  void received(HttpResponse&& response);
  void redirect(const HttpResponse& response);
  void fail(const std::string& reason);
  DurationMs left(DurationMs otherwise) const;
  HttpTransport::Slot& wire();
  void stop_waiting();

  Shared& client_;
  std::unique_ptr<PlainHttp::Slot> plain_;
  std::unique_ptr<HttpTransport::Slot> wire_;   // of the request
  std::unique_ptr<HttpTransport::Slot> first_;  // of what is fetched before it; only meanwhile
  HttpRequest asked_;    // as it was given, where there is an authority
  HttpRequest request_;  // what goes out next
  HttpClient::Done done_;
  HttpResponse failure_;
  int64_t due_ms_ = 0;  // steady clock; 0 = never
  int redirects_ = 0;
  bool left_host_ = false;
  bool repeatable_ = false;  // what went out last would go out again
  std::string original_host_;
};

Exchange::~Exchange() {
  stop_waiting();
  std::erase(client_.failed, this);
}

void Exchange::stop_waiting() {
  const auto found = client_.fetches.find(asked_.authority.get());
  if (found == client_.fetches.end()) return;
  std::erase(found->second.waiting, this);
  if (found->second.by != this) return;
  // Nobody fetches any more: the others begin anew.
  const std::vector<Exchange*> waiting = std::move(found->second.waiting);
  client_.fetches.erase(found);
  for (Exchange* other : waiting) other->complete();
}

void Exchange::begin(const HttpRequest& request, HttpClient::Done&& done) {
  done_ = std::move(done);
  due_ms_ = request.timeout > 0 ? steady_ms() + request.timeout : 0;
  redirects_ = 0;
  left_host_ = false;
  original_host_.clear();
}

void Exchange::start(const HttpRequest& request, HttpClient::Done done) {
  begin(request, std::move(done));
  repeatable_ = request.authority == nullptr || request.authority->is_constant();
  if (request.authority == nullptr) {
    request_ = request;
    send();
  } else {
    asked_ = request;
    complete();
  }
}

void Exchange::repeat(const HttpRequest& request, HttpClient::Done done) {
  if (!repeatable_) return start(request, std::move(done));
  begin(request, std::move(done));
  client_.plain.repeat(*plain_, request, [this](HttpResponse&& response) { received(std::move(response)); });
}

// ---- what the authority has to say -------------------------------------------------------------

void Exchange::complete() {
  const auto found = client_.fetches.find(asked_.authority.get());
  if (found != client_.fetches.end()) {
    found->second.waiting.push_back(this);
    return;
  }
  request_ = asked_;
  try {
    std::optional<HttpRequest> first = asked_.authority->complete(request_);
    if (first) {
      fetch(std::move(*first));
    } else {
      send();
    }
  } catch (const Error& error) {
    fail(error.what());
  }
}

void Exchange::fetch(HttpRequest first) {
  client_.fetches[asked_.authority.get()].by = this;
  first.timeout = std::min(left(kFirstTimeout), kFirstTimeout);
  first_ = client_.transport().slot();
  client_.transport().start(*first_, first, [this](HttpResponse&& response) { fetched(response); });
}

void Exchange::fetched(const HttpResponse& response) {
  const std::unique_ptr<HttpTransport::Slot> over = std::move(first_);
  const auto found = client_.fetches.find(asked_.authority.get());
  std::vector<Exchange*> waiting = std::move(found->second.waiting);
  client_.fetches.erase(found);
  waiting.insert(waiting.begin(), this);
  try {
    asked_.authority->learn(response);
  } catch (const Error& error) {
    for (Exchange* each : waiting) each->fail(error.what());
    return;
  }
  for (Exchange* each : waiting) each->complete();
}

// ---- the request itself ------------------------------------------------------------------------

DurationMs Exchange::left(DurationMs otherwise) const {
  return due_ms_ == 0 ? otherwise : std::max<DurationMs>(due_ms_ - steady_ms(), 0);
}

HttpTransport::Slot& Exchange::wire() {
  if (wire_ == nullptr) wire_ = client_.transport().slot();
  return *wire_;
}

void Exchange::send() {
  request_.timeout = left(0);
  if (due_ms_ != 0 && request_.timeout == 0) {
    fail("context deadline exceeded");
    return;
  }
  if (PlainHttp::fits(request_)) {
    send_plain();
    return;
  }
  repeatable_ = false;
  try {
    client_.transport().start(wire(), request_,
                              [this](HttpResponse&& response) { received(std::move(response)); });
  } catch (const Error& error) {
    fail(error.what());
  }
}

void Exchange::send_plain() {
  if (plain_ == nullptr) plain_ = client_.plain.slot();
  client_.plain.start(*plain_, request_, [this](HttpResponse&& response) { received(std::move(response)); });
}

void Exchange::received(HttpResponse&& response) {
  const bool whole = response.error.empty() && !response.body_too_large;
  if (whole && request_.options.follow_redirects && !response.redirect_url.empty()) {
    redirect(response);
    return;
  }
  if (whole && response.status == 401 && request_.authority != nullptr && !left_host_) {
    request_.authority->refused();
  }
  finish(std::move(response));
}

void Exchange::redirect(const HttpResponse& response) {
  if (++redirects_ > kMaxRedirects) {
    fail("stopped after 10 redirects");
    return;
  }
  repeatable_ = false;
  if (original_host_.empty()) original_host_ = url_host(request_.url);
  request_.url = response.redirect_url;
  // Once elsewhere, never again: whoever redirects decides where to.
  left_host_ = left_host_ || !is_same_host(url_host(request_.url), original_host_);
  if (left_host_) std::erase_if(request_.headers, is_credential);
  if (response.status <= 303 && request_.method != "GET" && request_.method != "HEAD") {
    request_.method = "GET";
    request_.body.clear();
  }
  send();
}

void Exchange::fail(const std::string& reason) {
  failure_ = HttpResponse();
  repeatable_ = false;
  failure_.error = http_error_text(request_.method, request_.url, reason);
  client_.failed.push_back(this);
}

void Exchange::finish(HttpResponse&& response) {
  request_.authority = nullptr;
  asked_.authority = nullptr;
  HttpClient::Done done = std::move(done_);
  done(std::move(response));  // may start this slot again, or destroy it
}

}  // namespace

struct HttpClient::State : Shared {
  using Shared::Shared;
};

HttpClient::HttpClient(size_t shards) : state_(std::make_unique<State>(shards)) {}
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Slot> HttpClient::slot() { return std::make_unique<Exchange>(*state_); }

void HttpClient::start(Slot& slot, const HttpRequest& request, Done done) {
  static_cast<Exchange&>(slot).start(request, std::move(done));
}

void HttpClient::repeat(Slot& slot, const HttpRequest& request, Done done) {
  static_cast<Exchange&>(slot).repeat(request, std::move(done));
}

void HttpClient::poll(DurationMs wait_ms) {
  state_->Shared::poll(state_->failed.empty() ? wait_ms : 0);
  for (size_t left = state_->failed.size(); left > 0 && !state_->failed.empty(); --left) {
    Exchange* exchange = state_->failed.front();
    state_->failed.erase(state_->failed.begin());
    exchange->tell_failure();
  }
}

void HttpClient::wake() { state_->plain.wake(); }

}  // namespace hearth
