// Executes .test scripts against the engine and tells which evaluations do not answer as expected.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/storage.h"
#include "tests/promql/script.h"

namespace hearth::promql::script {

// Where a script loads its samples and its queries read them.
class ScriptStorage {
 public:
  virtual ~ScriptStorage() = default;
  virtual void clear() = 0;
  virtual void load(const Load& load) = 0;
  // Where it is false, the evaluations up to the next clear are left out.
  virtual bool can_hold(const Load&) const { return true; }
  virtual Queryable& queryable() = 0;
};

std::unique_ptr<ScriptStorage> memory_script_storage();

struct Failure {
  int line;
  std::string text;  // the query, what was expected and what was seen
};

struct Report {
  std::string name;
  size_t total = 0;
  size_t passed = 0;
  std::vector<Failure> failures;
};

// Every instant query is run as a range query around its time as well; both must answer alike.
// slices: into how many parts work is cut (1 = not at all).
Report run_script(const Script& script, ScriptStorage& storage, size_t slices);

}  // namespace hearth::promql::script
