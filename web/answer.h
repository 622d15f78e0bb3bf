// From a complete request to the bytes of its answer, with cpp-httplib as the engine.
//
// The library's reader is not used for what a client sent: it takes no URL, header or form above
// 8 KiB, any number of header lines, and both framings at once. The front has read the request
// under our own rules; the engine gets it ready-made, runs the handler and writes the answer.
#pragma once

#include <functional>

#include "web/connection.h"
#include "web/exchange.h"
#include "web/outbox.h"

namespace hearth::web {

// What it throws becomes a 500.
using Handle = std::function<void(Exchange&)>;

struct AnswerContext {
  const Services& services;
  const Options& options;
  bool ready;
};

struct AnswerSummary {
  int status;
  size_t body_bytes;  // as sent
};

// Runs `handle` and writes the answer, gzipped where the client takes that and it is worth it.
// Thread-safe.
AnswerSummary answer_request(Incoming& incoming, const AnswerContext& context, const Handle& handle,
                             Outbox& out);

// Whether an Accept-Encoding field allows gzip: named, with a weight above 0.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace hearth::web
