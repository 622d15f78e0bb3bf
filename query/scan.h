// Passes over many values that look for what is rare, as wide as the processor can.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth::promql {

// The place of the first stale marker, or `count`.
size_t find_stale(const double* values, size_t count);

// How many are absent (rows.h).
size_t count_absent(const double* values, size_t count);

// How many values, from the first on, are no more than their bars; or no less than them. NaN is
// neither.
size_t count_up_to(const double* values, const double* bars, size_t count);
size_t count_down_to(const double* values, const double* bars, size_t count);

// Appends the places i with values[i] < values[i - 1].
void find_falls(const double* values, size_t count, std::vector<uint32_t>& at);

}  // namespace hearth::promql
