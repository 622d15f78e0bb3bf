// Which build this is.
#pragma once

#include <string>

#include "web/server.h"

namespace hearth {

// `version` is that of the Prometheus whose behaviour this build follows: Grafana and Thanos read it
// to know which API they talk to.
web::BuildInfo build_info();

std::string hearth_version();  // "0.1.0"

// What --version prints, in Prometheus' form.
std::string version_text(const std::string& program);

}  // namespace hearth
