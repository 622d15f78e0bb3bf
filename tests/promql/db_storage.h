// The real storage under the scripts: a database in a directory of its own.
#pragma once

#include <memory>

#include "tests/promql/runner.h"

namespace hearth::promql::script {

// Holds loads of floats without start times only.
std::unique_ptr<ScriptStorage> db_script_storage();

}  // namespace hearth::promql::script
