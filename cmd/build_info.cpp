#include "cmd/build_info.h"

#include <fmt/format.h>

namespace hearth {

namespace {

constexpr const char* kPrometheusVersion = "3.14.0";
#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

}  // namespace

web::BuildInfo build_info() {
  web::BuildInfo info;
  info.version = kPrometheusVersion;
  info.revision = HEARTH_REVISION;
  info.branch = HEARTH_BRANCH;
  info.build_user = fmt::format("hearth@{}", HEARTH_VERSION);
  info.compiler = kCompiler;
  return info;
}

std::string hearth_version() { return HEARTH_VERSION; }

std::string version_text(const std::string& program) {
  return fmt::format("{}, version {} (branch: {}, revision: {})\n  compatible with:  Prometheus {}\n  compiler:         {}\n  platform:         linux/amd64\n",
                     program, HEARTH_VERSION, HEARTH_BRANCH, HEARTH_REVISION, kPrometheusVersion, kCompiler);
}

}  // namespace hearth
