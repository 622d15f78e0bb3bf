// Any text is a configuration or is refused with words; what is accepted prints.
#include <string>

#include "config/load.h"
#include "core/error.h"

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    (void)load_config({reinterpret_cast<const char*>(data), size});
  } catch (const Error&) {
  }
  return 0;
}
