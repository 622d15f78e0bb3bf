#include "web/front.h"

#include "web/front_loop.h"

namespace hearth::web {

Front::Front(const FrontOptions& options, std::vector<int> listeners, Answer answer, Weigh weigh,
             MakeWire make_wire, Admit admit)
    : loop_(std::make_unique<Loop>(options, std::move(listeners), std::move(answer),
                                   std::move(weigh), std::move(make_wire), std::move(admit))) {}

Front::~Front() { stop(); }

void Front::start() {
  loop_->workers = std::make_unique<Workers>(loop_->options.workers);
  loop_->thread = std::thread([loop = loop_.get()] { loop->run(); });
}

void Front::stop() {
  if (!loop_->thread.joinable()) return;
  loop_->stopping.store(true, std::memory_order_release);
  loop_->wake();
  loop_->thread.join();
  loop_->workers.reset();
}

size_t Front::connections() const { return loop_->open.load(std::memory_order_relaxed); }

}  // namespace hearth::web
