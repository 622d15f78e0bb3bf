// For fuzzers whose time goes into allocations: stacks of these and filling them cost more than
// what is fuzzed, and nothing leaks by input. Included once in a program.
#pragma once

extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=0:detect_leaks=0:quarantine_size_mb=1:thread_local_quarantine_size_"
         "kb=64:"
         "max_malloc_fill_size=0";
}
