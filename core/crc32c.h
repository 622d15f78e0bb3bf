// CRC-32C (Castagnoli), in hardware where the processor has it.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth {

// Continues from `crc` (0 to begin).
uint32_t crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace hearth
