#include "core/mapped_fault.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "core/mutex.h"

namespace hearth {
namespace {

// The handler walks through these without a lock: slabs are added and never removed.
struct Slab {
  std::array<WatchedMapping, 1024> places;
  std::atomic<Slab*> next{nullptr};
};
Slab g_first;
std::atomic<uint64_t> g_faults{0};
uintptr_t g_page_bytes = 4096;
Mutex g_mutex;  // of those who look for a free place

WatchedMapping* find_watched(uintptr_t address) {
  for (Slab* slab = &g_first; slab != nullptr; slab = slab->next.load()) {
    for (WatchedMapping& place : slab->places) {
      const uintptr_t begin = place.begin.load();
      if (begin != 0 && address >= begin && address < place.end.load()) return &place;
    }
  }
  return nullptr;
}

// Uses nothing but atomics and system calls.
void on_sigbus(int, siginfo_t* info, void*) {
  if (info->si_code > 0) {  // from the kernel, about an address
    const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    WatchedMapping* const mapping = find_watched(address);
    void* const page = reinterpret_cast<void*>(address & ~(g_page_bytes - 1));
    if (mapping != nullptr && ::mmap(page, g_page_bytes, PROT_READ,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page) {
      mapping->damaged = true;
      ++g_faults;
      return;
    }
  }
  ::signal(SIGBUS, SIG_DFL);
  if (info->si_code <= 0) ::raise(SIGBUS);  // else the instruction is tried again
}

void handle_sigbus() {
  g_page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = on_sigbus;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

WatchedMapping* watch_mapping(const void* data, size_t size) {
  static const bool handled = (handle_sigbus(), true);
  (void)handled;
  const auto begin = reinterpret_cast<uintptr_t>(data);
  MutexLock lock(g_mutex);
  for (Slab* slab = &g_first;; slab = slab->next.load()) {
    for (WatchedMapping& place : slab->places) {
      if (place.begin.load() != 0) continue;
      place.damaged = false;
      place.end = begin + size;
      place.begin = begin;
      return &place;
    }
    if (slab->next.load() == nullptr) slab->next = new Slab;  // for good: the handler may be in it
  }
}

void unwatch_mapping(WatchedMapping* mapping) { mapping->begin = 0; }

uint64_t mapped_faults() { return g_faults.load(std::memory_order_relaxed); }

}  // namespace hearth
