// Protobuf expositions.
#include "tests/fuzz/exposition.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hearth::read_twice(data, size, hearth::ExpositionFormat::kProtobuf);
  return 0;
}
