// What the door knows of one request.
#pragma once

#include <memory>
#include <string>

namespace hearth {
struct WebConfig;
}

namespace hearth::web {

// One thread at a time.
struct Visit {
  enum class State {
    kNew,
    kUnchecked,  // a password that has to be checked, which takes its time
    kWelcome,
    kRefused  // with `refusal`
  };
  State state = State::kNew;
  int refusal = 0;                          // an HTTP status
  std::shared_ptr<const WebConfig> config;  // nullptr where it cannot be read
  std::string user, password, hash;         // kUnchecked
};

}  // namespace hearth::web
