// The bytes of a connection, in pieces of any size, are requests, or are refused with a status. However they are cut,
// the same requests come of them.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "web/connection.h"

using namespace hearth::web;

namespace {

struct Outcome {
  std::vector<std::string> requests;
  int refusal = 0;
  bool operator==(const Outcome&) const = default;
};

RequestLimits small_limits() {
  RequestLimits limits;
  limits.max_request_line = 200;
  limits.max_fields_bytes = 400;
  limits.max_body_bytes = 300;
  return limits;
}

// `piece` 0: all at once.
Outcome read_all(std::string_view bytes, size_t piece) {
  static const RequestLimits limits = small_limits();
  Connection c(-1, "peer", nullptr);
  Outcome outcome;
  while (true) {
    const Connection::Progress progress = c.advance(limits);
    if (progress == Connection::Progress::kRefused) {
      outcome.refusal = c.refusal;
      if (c.refusal < 400 || c.refusal > 599) std::abort();
      return outcome;
    }
    if (progress == Connection::Progress::kComplete) {
      const RequestHead& head = c.request.head;
      if (head.method.empty() || head.path.empty()) std::abort();
      if (c.request.body.size() > limits.max_body_bytes) std::abort();
      outcome.requests.push_back(head.method + " " + head.path + "?" + head.query + "|" + c.request.body);
      c.next_request();
      continue;
    }
    if (bytes.empty()) return outcome;
    const size_t size = piece == 0 ? bytes.size() : std::min(piece, bytes.size());
    c.in.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read_all(bytes, 0);
  if (read_all(bytes, 1) != whole || read_all(bytes, 7) != whole) std::abort();
  return 0;
}
