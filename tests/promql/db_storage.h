// The real storage under the scripts: a database in a directory of its own.
#pragma once

#include <memory>

#include "tests/promql/runner.h"

namespace hearth::promql::script {

// Start times come to it in blocks, everything else through the head.
std::unique_ptr<ScriptStorage> db_script_storage();

}  // namespace hearth::promql::script
