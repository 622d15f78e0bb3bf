// The event thread: starts scrapes when they are due, moves their transfers on, hands the bodies to the
// work pool. A few small ones it works on itself, for waking another thread would cost half as much again;
// should that take long, a second thread stands in for it. So the loop never waits for the
// storage. Bodies for one that takes nothing yet are held back, so that no scrape is left out meanwhile.
#pragma once

#include <memory>

#include "core/threads.h"
#include "scraper/scrape.h"
#include "scraper/target.h"

namespace hearth {

// Thread-safe. Makes two threads.
class ScrapeLoop {
 public:
  ScrapeLoop(const ScraperOptions& options, const ScrapeSink& sink, Pool& pool);
  ~ScrapeLoop();  // stops

  // Scrapes the target from now on, at the times that its hash and `seed` give. It must live until it is
  // retired or the loop has stopped.
  void add(Target& target, uint64_t seed);

  // Scrapes it no more. As the target may come back at once, its series are marked stale only after two
  // more intervals, with the time of the scrape that would have come next.
  void retire(std::unique_ptr<Target> target);

  // Ends running transfers at once and waits for the bodies that are being worked on. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
