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
#include "web/visit.h"

namespace hearth::web {

struct Route;

// Returns the route that answered; nullptr where there was none. What it throws becomes a 500.
using Handle = std::function<const Route*(Exchange&)>;

struct AnswerContext {
  const Services& services;
  const Options& options;
  bool ready;
  const WebConfig* web_config;  // has headers for every answer; nullptr: none
};

struct AnswerSummary {
  const Route* route;
  int status;
  size_t body_bytes;  // as sent
};
// Called once, when the whole answer has been made or given up; on any thread.
using Answered = std::function<void(const AnswerSummary&)>;

// Runs `handle` and writes the answer, compressed where the client takes that and it is worth it.
// Of a streamed answer the first piece only; the rest is left in the outbox. Thread-safe.
void answer_request(Incoming& incoming, const AnswerContext& context, const Handle& handle,
                    const Answered& answered, Outbox& out);

}  // namespace hearth::web
