#include "core/memory.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace hearth {
namespace {

// The number in a file; 0 where it has none ("max" in a cgroup's file, say).
uint64_t read_number(const char* path) {
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return 0;
  unsigned long long number = 0;
  const bool found = std::fscanf(file, "%llu", &number) == 1;
  std::fclose(file);
  return found ? number : 0;
}

uint64_t page_bytes() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

uint64_t anonymous_memory() {
  // proc(5): statm counts pages; the second field is resident, the third is what files back of it.
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long total = 0, resident = 0, shared = 0;
  const int fields = std::fscanf(file, "%llu %llu %llu", &total, &resident, &shared);
  std::fclose(file);
  return fields == 3 && resident > shared ? (resident - shared) * page_bytes() : 0;
}

uint64_t memory_limit() {
  uint64_t limit = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes();
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (const uint64_t cgroup = read_number(path); cgroup != 0) limit = std::min(limit, cgroup);
  }
  return limit;
}

}  // namespace hearth
