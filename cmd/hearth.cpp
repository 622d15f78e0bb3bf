// The server's main function.
#include <cstdio>
#include <string>
#include <vector>

#include "cmd/application.h"
#include "cmd/build_info.h"
#include "cmd/flags.h"
#include "core/error.h"
#include "core/log.h"

namespace {

constexpr int kFailed = 1, kBadUsage = 2;  // exit codes, as Prometheus has them

}  // namespace

int main(int count, char** words) {
  using namespace hearth;
  ServerFlags flags;
  try {
    flags = parse_server_flags(std::vector<std::string>(words + 1, words + count));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error parsing command line arguments: %s\nhearth --help lists all flags\n", error.what());
    return kBadUsage;
  }
  if (flags.help) {
    std::fputs(server_help().c_str(), stdout);
    return 0;
  }
  if (flags.version) {
    std::fputs(version_text("hearth").c_str(), stdout);
    return 0;
  }
  set_log_level(flags.log_level);
  set_log_format(flags.log_format);
  try {
    return Application(flags).run();
  } catch (const std::exception& error) {
    log_error("Hearth cannot start", "err", error.what());
    return kFailed;
  }
}
