// How much memory this process has, and how much it may have.
#pragma once

#include <cstdint>

namespace hearth {

// Resident bytes that no file backs: what cannot be dropped to make room.
uint64_t anonymous_memory();

// Bytes that this process may use: the machine's, or its cgroup's where that is less.
uint64_t memory_limit();

}  // namespace hearth
