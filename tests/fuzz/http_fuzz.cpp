// The head of a request of any bytes is read or refused with a status.
#include <cstdlib>
#include <string_view>

#include "web/http_head.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hearth::web::RequestHead head;
  const int status = hearth::web::parse_head({reinterpret_cast<const char*>(data), size}, head);
  if (status == 0 && (head.method.empty() || head.path.empty())) std::abort();
  return 0;
}
