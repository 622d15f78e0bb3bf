// The main function of a fuzzer outside of libFuzzer: runs it on every file of the folders given, and on
// each of them cut short and with a byte changed.
#include <cstdint>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "core/file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void run(const std::string& input) {
  // A copy of exact size, so that a sanitizer sees a read past the end.
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[input.size()]);
  std::copy(input.begin(), input.end(), bytes.get());
  LLVMFuzzerTestOneInput(bytes.get(), input.size());
}

}  // namespace

int main(int count, char** words) {
  size_t runs = 0;
  for (int i = 1; i < count; ++i) {
    for (const std::string& name : hearth::list_dir(words[i])) {
      const std::string input = hearth::read_file(std::string(words[i]) + "/" + name);
      run(input);
      ++runs;
      const size_t step = input.size() / 200 + 1;
      for (size_t at = 0; at < input.size(); at += step) {
        std::string changed = input;
        changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1u << at % 8));
        run(changed);
        run(input.substr(0, at));
        runs += 2;
      }
    }
  }
  std::printf("%zu inputs\n", runs);
  return runs > 0 ? 0 : 1;
}
