// Any text is a web configuration or is refused with words; what is accepted has hashes that can be checked and
// headers of one line.
#include <cstdlib>
#include <string>

#include "config/web_config.h"
#include "core/bcrypt.h"
#include "core/error.h"

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const WebConfig config = parse_web_config({reinterpret_cast<const char*>(data), size}, "/etc");
    for (const auto& [name, hash] : config.users) {
      if (bcrypt_cost(hash) < 4 || bcrypt_cost(hash) > 31) std::abort();
    }
    for (const auto& [name, value] : config.headers) {
      if (value.find_first_of("\r\n") != std::string::npos) std::abort();
    }
    for (const std::string& path : {config.tls.cert_file, config.tls.key_file, config.tls.client_ca_file}) {
      if (!path.empty() && path.front() != '/') std::abort();
    }
  } catch (const Error&) {
  }
  return 0;
}
