// A response of any bytes is read or refused, and the same in however many pieces it comes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/http_response_reader.h"

namespace {

using hearth::HttpResponseReader;
using Result = HttpResponseReader::Result;

constexpr size_t kMaxBody = 1000;

Result read(HttpResponseReader& reader, std::string_view bytes, size_t step) {
  reader.begin(kMaxBody, 10);
  Result result = Result::kMore;
  for (size_t i = 0; i < bytes.size() && result == Result::kMore; i += step)
    result = reader.read(bytes.substr(i, step));
  return result == Result::kMore ? reader.end() : result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  HttpResponseReader whole, pieces;
  const Result result = read(whole, bytes, std::max<size_t>(size, 1));
  for (const size_t step : {size_t{1}, size_t{7}}) {
    if (read(pieces, bytes, step) != result) std::abort();
    if (result == Result::kMalformed && pieces.fault() != whole.fault()) std::abort();
    if (result != Result::kComplete) continue;
    if (pieces.response().body != whole.response().body ||
        pieces.response().status != whole.response().status)
      std::abort();
    if (whole.response().body.size() > kMaxBody) std::abort();
  }
  return 0;
}
