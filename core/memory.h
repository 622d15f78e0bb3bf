// How much memory this process has, and how much it may have.
#pragma once

#include <chrono>
#include <cstdint>

namespace hearth {

// Resident bytes that no file backs: what cannot be dropped to make room.
uint64_t anonymous_memory();
// Resident bytes of files that are mapped, programs and libraries among them.
uint64_t mapped_memory();

// Bytes that this process may use: the machine's, or its cgroup's where that is less.
uint64_t memory_limit();

// Gives back to the system what the calling thread has freed and its allocator keeps for it. For a
// thread that has nothing to do: what it allocates next comes from the system again.
void release_free_memory();
// A thread without work for so long should.
inline constexpr std::chrono::seconds kReleaseMemoryAfter{1};

}  // namespace hearth
