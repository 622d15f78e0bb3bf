// How a verb that failed ends: the reason on standard error, as it is, and exit code 1.
#pragma once

#include <fmt/format.h>

#include <cstdio>

#include "core/error.h"

namespace hearth {

inline constexpr int kToolFailed = 1;

inline int fail_with(const std::string& text) {
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", text);
  return kToolFailed;
}

// What `work` returns; where it throws, its Error is told.
template <class Work>
int exit_code_of(Work work) {
  try {
    return work();
  } catch (const Error& error) {
    return fail_with(error.what());
  }
}

}  // namespace hearth
