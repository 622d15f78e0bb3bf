// What a piece of work fails with, for tests.
#pragma once

#include <string>

#include "core/error.h"

namespace hearth {

template <class Work>
std::string error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace hearth
