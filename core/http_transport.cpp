#include "core/http_transport.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "core/http_error.h"
#include "core/http_proxy.h"

namespace hearth {
namespace {

constexpr long kSpareConnections = 16;  // per shard, beyond one for each slot

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void init_curl_once() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw Error(ErrorKind::kInternal, "libcurl does not start");
}

constexpr long kKeepAliveSeconds = 15;  // a peer that vanished is noticed by idle streams, too

long tls_version(const std::string& name, long otherwise) {
  if (name == "TLS10") return CURL_SSLVERSION_TLSv1_0;
  if (name == "TLS11") return CURL_SSLVERSION_TLSv1_1;
  if (name == "TLS12") return CURL_SSLVERSION_TLSv1_2;
  if (name == "TLS13") return CURL_SSLVERSION_TLSv1_3;
  return otherwise;
}
long max_tls_version(const std::string& name) {
  constexpr long kAny = CURL_SSLVERSION_TLSv1;
  return tls_version(name, kAny) << 16;
}

struct Shard {
  CURLM* multi = nullptr;
  int epoll = -1;
  size_t index = 0;
  long slots = 0;
  int64_t due_ms = -1;  // steady clock; -1 = no timer
};

}  // namespace

struct HttpTransport::State {
  int epoll = -1;
  std::vector<Shard> shards;
  size_t next_shard = 0;

  static int on_socket(CURL*, curl_socket_t fd, int what, void* shard, void* known);
  static int on_timer(CURLM*, long timeout_ms, void* shard);
  void finish_done(Shard& shard);
};

namespace {

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Callbacks of C: they record and never throw.
class CurlSlot final : public HttpTransport::Slot {
 public:
  explicit CurlSlot(Shard& shard) : shard_(shard), easy_(curl_easy_init()) {
    if (easy_ == nullptr) throw Error(ErrorKind::kInternal, "libcurl gives no handle");
    curl_multi_setopt(shard_.multi, CURLMOPT_MAXCONNECTS, ++shard_.slots + kSpareConnections);
  }
  ~CurlSlot() override {
    if (running_) curl_multi_remove_handle(shard_.multi, easy_);
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
    curl_slist_free_all(proxy_headers_);
    curl_slist_free_all(connect_to_);
    --shard_.slots;
  }

  void start(const HttpRequest& request, HttpTransport::Done done);
  void finish(CURLcode code);

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_, option, value);
  }
  void set_text(CURLoption option, const std::string& text) {
    if (!text.empty()) curl_easy_setopt(easy_, option, text.c_str());
  }
  void set_blob(CURLoption option, const std::string& text) {
    if (text.empty()) return;
    curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
    curl_easy_setopt(easy_, option, &blob);
  }
  void set_options(const HttpRequest& request);
  void set_tls(const HttpOptions& options);
  void set_server_name(const std::string& url, const std::string& server_name);
  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  int status() const;
  void header(std::string_view line);
  bool body(std::string_view piece);

  Shard& shard_;
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  curl_slist* proxy_headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  bool running_ = false;
  bool headers_complete_ = false;
  bool keep_headers_ = false;
  bool follow_redirects_ = false;
  bool is_redirect_ = false;  // the body that comes belongs to nobody
  bool ended_ = false;  // by on_data
  size_t body_bytes_ = 0, max_body_bytes_ = 0;
  std::function<bool(int, std::string_view)> on_data_;
  std::string method_, url_;
  std::string request_body_;
  HttpResponse response_;
  HttpTransport::Done done_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::string peer_;  // the address that was tried last
};

void CurlSlot::set_tls(const HttpOptions& options) {
  set_blob(CURLOPT_CAINFO_BLOB, options.ca);
  set_text(CURLOPT_CAINFO, options.ca_file);
  if (!options.ca.empty() || !options.ca_file.empty()) set(CURLOPT_CAPATH, nullptr);  // no others
  set_blob(CURLOPT_SSLCERT_BLOB, options.cert);
  set_text(CURLOPT_SSLCERT, options.cert_file);
  set_blob(CURLOPT_SSLKEY_BLOB, options.key);
  set_text(CURLOPT_SSLKEY, options.key_file);
  set(CURLOPT_CA_CACHE_TIMEOUT, 0L);  // a rotated CA counts at the next connection
  if (options.insecure_skip_verify) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  set(CURLOPT_SSLVERSION, tls_version(options.min_tls_version, CURL_SSLVERSION_TLSv1_2) |
                              max_tls_version(options.max_tls_version));
}

// The URL gets the name that TLS shall see; the connection goes to the host that it named before.
void CurlSlot::set_server_name(const std::string& url, const std::string& server_name) {
  CURLU* parts = curl_url();
  char *host = nullptr, *port = nullptr, *renamed = nullptr;
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
      curl_url_set(parts, CURLUPART_HOST, server_name.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_URL, &renamed, 0) == CURLUE_OK) {
    connect_to_ = curl_slist_append(connect_to_, fmt::format("::{}:{}", host, port).c_str());
    headers_ = curl_slist_append(headers_, fmt::format("Host: {}:{}", host, port).c_str());
    set(CURLOPT_URL, renamed);
    set(CURLOPT_CONNECT_TO, connect_to_);
  }
  curl_free(host);
  curl_free(port);
  curl_free(renamed);
  curl_url_cleanup(parts);
}

void CurlSlot::set_options(const HttpRequest& request) {
  const HttpOptions& options = request.options;
  curl_easy_reset(easy_);  // keeps the connection
  curl_slist_free_all(headers_);
  curl_slist_free_all(proxy_headers_);
  curl_slist_free_all(connect_to_);
  headers_ = proxy_headers_ = connect_to_ = nullptr;

  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, detail_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name lookup that hangs does not hold up the end
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlSlot::on_open);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_HEADERFUNCTION, &CurlSlot::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlSlot::on_body);
  set(CURLOPT_WRITEDATA, this);

  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_DNS_CACHE_TIMEOUT, 5L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  set(CURLOPT_TCP_KEEPINTVL, kKeepAliveSeconds);
  set_text(CURLOPT_UNIX_SOCKET_PATH, options.unix_socket);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout));
  set(CURLOPT_HTTP_VERSION, options.enable_http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
  if (request.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    request_body_ = request.body;
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_body_.size()));
    set(CURLOPT_POSTFIELDS, request_body_.c_str());
  }
  for (const std::string& header : request.headers) headers_ = curl_slist_append(headers_, header.c_str());
  if (!options.server_name.empty()) set_server_name(request.url, options.server_name);
  set(CURLOPT_HTTPHEADER, headers_);

  const std::string proxy = proxy_for(options, url_);
  set(CURLOPT_PROXY, proxy.c_str());  // also when it is none: not what the environment says
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!options.proxy_connect_headers.empty() && url_.starts_with("https:")) {
    for (const std::string& header : options.proxy_connect_headers) {
      proxy_headers_ = curl_slist_append(proxy_headers_, header.c_str());
    }
    set(CURLOPT_PROXYHEADER, proxy_headers_);
  }
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  set_tls(options);
}

void CurlSlot::start(const HttpRequest& request, HttpTransport::Done done) {
  method_ = request.method;
  url_ = request.url;
  follow_redirects_ = request.options.follow_redirects;
  set_options(request);
  max_body_bytes_ = request.max_body_bytes;
  body_bytes_ = 0;
  keep_headers_ = request.keep_headers;
  on_data_ = request.on_data;
  headers_complete_ = ended_ = is_redirect_ = false;
  detail_[0] = '\0';
  response_ = HttpResponse();
  response_.body.reserve(request.expected_body_bytes);
  done_ = std::move(done);
  running_ = true;
  curl_multi_add_handle(shard_.multi, easy_);
}

curl_socket_t CurlSlot::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  char ip[INET6_ADDRSTRLEN] = "";
  std::string& peer = static_cast<CurlSlot*>(self)->peer_;
  if (address->family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address->addr);
    inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
    peer = fmt::format("{}:{}", ip, ntohs(v4->sin_port));
  } else if (address->family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address->addr);
    inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
    peer = fmt::format("[{}]:{}", ip, ntohs(v6->sin6_port));
  } else if (address->family == AF_UNIX) {
    peer = reinterpret_cast<const sockaddr_un*>(&address->addr)->sun_path;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t CurlSlot::on_header(char* data, size_t size, size_t count, void* self) {
  static_cast<CurlSlot*>(self)->header({data, size * count});
  return size * count;
}

int CurlSlot::status() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

void CurlSlot::header(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.empty()) {
    headers_complete_ = true;
    return;
  }
  if (line.starts_with("HTTP/")) {  // also after a 100
    response_.content_type.clear();
    response_.content_encoding.clear();
    response_.headers.clear();
    response_.body.clear();
    body_bytes_ = 0;
    headers_complete_ = is_redirect_ = false;
    const size_t space = line.find(' ');
    response_.status_text = space == std::string_view::npos ? "" : line.substr(space + 1);
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  if (equals_ignoring_case(name, "Location")) is_redirect_ = follow_redirects_ && is_redirect(status());
  if (keep_headers_) response_.headers.emplace_back(line);
  if (equals_ignoring_case(name, "Content-Type")) response_.content_type = value;
  if (equals_ignoring_case(name, "Content-Encoding")) response_.content_encoding = value;
}

size_t CurlSlot::on_body(char* data, size_t size, size_t count, void* self) {
  return static_cast<CurlSlot*>(self)->body({data, size * count}) ? size * count : 0;
}

bool CurlSlot::body(std::string_view piece) {
  if (is_redirect_) return true;
  body_bytes_ += piece.size();
  response_.body_too_large = max_body_bytes_ > 0 && body_bytes_ > max_body_bytes_;
  if (response_.body_too_large) return false;
  try {
    if (on_data_) {
      ended_ = !on_data_(status(), piece);
      return !ended_;
    }
    response_.body.append(piece);
    return true;
  } catch (const std::bad_alloc&) {
    response_.body_too_large = true;
  } catch (const std::exception& error) {
    response_.error = error.what();
  }
  return false;
}

void CurlSlot::finish(CURLcode code) {
  curl_multi_remove_handle(shard_.multi, easy_);
  running_ = false;
  response_.status = status();
  const char* redirect = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) response_.redirect_url = redirect;
  // HTTP/2 has no reason phrase; HTTP/1 may lack it.
  if (response_.status_text.find(' ') == std::string::npos || response_.status_text.ends_with(' ')) {
    response_.status_text = fmt::format("{} {}", response_.status, http_status_name(response_.status));
  }
  if (code != CURLE_OK && !response_.body_too_large && !ended_ && response_.error.empty()) {
    HttpFailure failure;
    failure.code = static_cast<int>(code);
    failure.method = method_;
    failure.url = url_;
    failure.detail = detail_.data();
    failure.headers_complete = headers_complete_;
    long os_error = 0;
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
    failure.os_error = static_cast<int>(os_error);
    failure.peer = peer_;
    response_.error = http_failure_text(failure);
  }
  on_data_ = nullptr;
  HttpTransport::Done done = std::move(done_);
  done(std::move(response_));  // may start this slot again, or destroy it
}

}  // namespace

// ---- the event loop ----------------------------------------------------------------------------

int HttpTransport::State::on_socket(CURL*, curl_socket_t fd, int what, void* shard_pointer, void* known) {
  Shard& shard = *static_cast<Shard*>(shard_pointer);
  const int epoll = shard.epoll;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
    return 0;
  }
  epoll_event event{};
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  event.data.u64 = static_cast<uint64_t>(shard.index) << 32 | static_cast<uint32_t>(fd);
  if (known != nullptr && epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST) {
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
  }
  curl_multi_assign(shard.multi, fd, &shard);  // any value but nullptr: it is known
  return 0;
}

int HttpTransport::State::on_timer(CURLM*, long timeout_ms, void* shard_pointer) {
  Shard& shard = *static_cast<Shard*>(shard_pointer);
  shard.due_ms = timeout_ms < 0 ? -1 : steady_ms() + timeout_ms;
  return 0;
}

void HttpTransport::State::finish_done(Shard& shard) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(shard.multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CurlSlot* slot = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
    slot->finish(code);
  }
}

HttpTransport::HttpTransport(size_t shards) : state_(std::make_unique<State>()) {
  init_curl_once();
  state_->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (state_->epoll < 0) {
    throw Error(ErrorKind::kIo, fmt::format("cannot make an event loop: {}", std::strerror(errno)));
  }
  state_->shards.resize(shards);
  for (size_t i = 0; i < shards; ++i) {
    Shard& shard = state_->shards[i];
    shard.multi = curl_multi_init();
    shard.epoll = state_->epoll;
    shard.index = i;
    curl_multi_setopt(shard.multi, CURLMOPT_SOCKETFUNCTION, &State::on_socket);
    curl_multi_setopt(shard.multi, CURLMOPT_SOCKETDATA, &shard);
    curl_multi_setopt(shard.multi, CURLMOPT_TIMERFUNCTION, &State::on_timer);
    curl_multi_setopt(shard.multi, CURLMOPT_TIMERDATA, &shard);
  }
}

HttpTransport::~HttpTransport() {
  for (Shard& shard : state_->shards) curl_multi_cleanup(shard.multi);
  close(state_->epoll);
}

std::unique_ptr<HttpTransport::Slot> HttpTransport::slot() {
  Shard& shard = state_->shards[state_->next_shard++ % state_->shards.size()];
  return std::make_unique<CurlSlot>(shard);
}

void HttpTransport::start(Slot& slot, const HttpRequest& request, Done done) {
  static_cast<CurlSlot&>(slot).start(request, std::move(done));
}

int HttpTransport::fd() const { return state_->epoll; }

DurationMs HttpTransport::wait(DurationMs at_most) const {
  const int64_t now = steady_ms();
  for (const Shard& shard : state_->shards) {
    if (shard.due_ms >= 0) at_most = std::min(at_most, std::max<int64_t>(shard.due_ms - now, 0));
  }
  return at_most;
}

void HttpTransport::work(bool readable) {
  std::array<epoll_event, 256> events;
  const int count =
      readable ? epoll_wait(state_->epoll, events.data(), static_cast<int>(events.size()), 0) : 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    Shard& shard = state_->shards[event.data.u64 >> 32];
    const int what = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    int running = 0;
    curl_multi_socket_action(shard.multi, static_cast<curl_socket_t>(event.data.u64 & 0xffffffff), what,
                             &running);
    state_->finish_done(shard);
  }
  const int64_t now = steady_ms();
  for (Shard& shard : state_->shards) {
    if (shard.due_ms < 0 || shard.due_ms > now) continue;
    shard.due_ms = -1;
    int running = 0;
    curl_multi_socket_action(shard.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    state_->finish_done(shard);
  }
}

}  // namespace hearth
