#include "core/memory.h"

#include <unistd.h>

#include <mimalloc.h>

#include <algorithm>
#include <cstdio>

// The programs are linked with mimalloc; tests and benchmarks are not.
extern "C" {
__attribute__((weak)) void mi_collect(bool force) noexcept;
__attribute__((weak)) long mi_option_get(mi_option_t option);
__attribute__((weak)) void mi_option_set(mi_option_t option, long value);
}

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

// Bytes; 0 where they are not known.
struct Resident {
  uint64_t all = 0, of_files = 0;
};

Resident read_resident() {
  // proc(5): statm counts pages; the second field is resident, the third is what files back of it.
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return {};
  unsigned long long total = 0, resident = 0, shared = 0;
  const int fields = std::fscanf(file, "%llu %llu %llu", &total, &resident, &shared);
  std::fclose(file);
  if (fields != 3) return {};
  return {resident * page_bytes(), shared * page_bytes()};
}

}  // namespace

uint64_t anonymous_memory() {
  const Resident resident = read_resident();
  return resident.all > resident.of_files ? resident.all - resident.of_files : 0;
}

uint64_t mapped_memory() { return read_resident().of_files; }

uint64_t memory_limit() {
  uint64_t limit = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes();
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (const uint64_t cgroup = read_number(path); cgroup != 0) limit = std::min(limit, cgroup);
  }
  return limit;
}

void release_free_memory() {
  if (mi_collect == nullptr || mi_option_set == nullptr) return;
  // Pages are given back some time after they are freed, by a thread that frees others; this one
  // does not.
  static const long delay = mi_option_get(mi_option_decommit_delay);
  mi_option_set(mi_option_decommit_delay, 0);
  mi_collect(true);
  mi_option_set(mi_option_decommit_delay, delay);
}

}  // namespace hearth
