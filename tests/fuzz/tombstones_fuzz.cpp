// A tombstones file of any bytes is refused, or gives sorted ranges that lie apart.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/error.h"
#include "tests/fuzz/fuzz_file.h"
#include "tsdb/tombstones.h"

using namespace hearth;

namespace {

// A folder where the file in memory is named "tombstones".
const std::string& block_dir(const std::string& file) {
  static const std::string dir = [&] {
    std::string name = "/tmp/tombstones_fuzz-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr || ::symlink(file.c_str(), (name + "/tombstones").c_str()) != 0) __builtin_trap();
    return name;
  }();
  static const bool removed_at_end = std::atexit([] {
    ::unlink((block_dir("") + "/tombstones").c_str());
    ::rmdir(block_dir("").c_str());
  }) == 0;
  (void)removed_at_end;
  return dir;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = fuzz_file({reinterpret_cast<const char*>(data), size});
  tsdb::Tombstones tombstones;
  try {
    tombstones = tsdb::read_tombstones(block_dir(file));
  } catch (const Error&) {
    return 0;
  }
  for (const auto& [ref, intervals] : tombstones.by_series) {
    for (size_t i = 0; i < intervals.size(); ++i) {
      if (intervals[i].max < intervals[i].min) __builtin_trap();
      if (i > 0 && (intervals[i - 1].max == kMaxTime || intervals[i - 1].max + 1 >= intervals[i].min)) __builtin_trap();
    }
  }
  return 0;
}
