// The server: connects storage, scraper, engine and web, and runs them until it is told to end.
#pragma once

#include <memory>

#include "cmd/flags.h"

namespace hearth {

// One thread (main's). Signals: SIGTERM and SIGINT end it, SIGHUP reloads the configuration.
class Application {
 public:
  // Throws Error for a configuration that does not load, a data directory that is in use, an
  // address that cannot be bound.
  explicit Application(const ServerFlags& flags);
  ~Application();

  // Serves until a signal or POST /-/quit; the exit code.
  int run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
