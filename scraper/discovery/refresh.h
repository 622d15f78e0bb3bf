// The common base of mechanisms that ask a server for all targets again and again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/http_client.h"
#include "scraper/discovery/discovery.h"

namespace hearth {

constexpr size_t kMaxAnswerBytes = size_t{256} << 20;

// The answer, decompressed. Throws Error(kIo) where there is none, Error(kBadData)
// where it is too large.
HttpResponse whole_answer(HttpResponse response);

// How a mechanism asks and waits, with code that blocks. Once its discovery ends, every call here
// ends at once by an exception that only the base catches. One thread, but for end().
class Conversation {
 public:
  Conversation();
  ~Conversation();

  // The whole answer, decompressed; headers of it are kept. Throws Error(kIo) where there is none.
  HttpResponse send(HttpRequest request);
  // The answers in the order of their requests, eight under way at a time.
  std::vector<HttpResponse> send_all(std::vector<HttpRequest> requests);

  void sleep(DurationMs duration);
  int end_fd() const;  // readable from end() on, for those who poll() sockets of their own
  void check() const;  // throws once it has ended

  void end();  // from any thread

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// All groups as they are now. Throws Error: the groups stay as they are.
using AskForGroups = std::function<std::vector<TargetGroup>(Conversation& conversation)>;

// Asks at once and then every interval, on a thread of its own. Groups that an answer no longer has
// are told to be empty. Failures are logged and counted.
std::unique_ptr<Discovery> make_refreshed_discovery(const DiscoveryContext& context,
                                                    const std::string& mechanism,
                                                    DurationMs interval, AskForGroups ask);

}  // namespace hearth
