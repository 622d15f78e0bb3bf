#include "cmd/tool/data_dir.h"

#include <thread>

#include "core/json.h"
#include "tsdb/read_only.h"
#include "web/json_result.h"

namespace hearth {

std::string query_data_dir(const std::string& dir, const promql::EngineOptions& options,
                           const promql::QueryRequest& request) {
  Registry registry;
  Pool pool(std::max(1u, std::thread::hardware_concurrency()));
  tsdb::ReadOnlyDb db(dir, "", pool, registry);
  promql::Engine engine(options, db, &pool, registry);
  promql::QueryResult result = engine.run(request);
  std::string out = "{\"status\":\"success\",\"warnings\":";
  append_json_strings(out, result.warnings);
  out += ",\"infos\":";
  append_json_strings(out, result.infos);
  out += ",\"data\":";
  web::JsonResult json(std::move(result), 0, false);
  while (json.next(out)) {
  }
  return out + "}";
}

}  // namespace hearth
