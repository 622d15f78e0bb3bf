#include "query/active_queries.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "core/log.h"

namespace hearth::promql {
namespace {

constexpr size_t kSlotBytes = 1000;

std::string entry_json(const std::string& query, TimeMs now) {
  std::string json = "{\"query\":";
  append_json_string(json, query);
  return json + fmt::format(",\"timestamp_sec\":{}}}", now / 1000);
}

}  // namespace

std::string active_entry(const std::string& query, TimeMs now) {
  std::string json = entry_json(query, now);
  for (size_t kept = query.size(); json.size() >= kSlotBytes;) {
    kept -= std::min(kept, json.size() - kSlotBytes + 1);
    while (kept > 0 && (static_cast<unsigned char>(query[kept]) & 0xC0) == 0x80) --kept;
    json = entry_json(query.substr(0, kept), now);
  }
  json.resize(kSlotBytes - 1);
  return json + ",";
}

std::string unfinished_queries(const std::string& bytes) {
  std::string list;
  std::copy_if(bytes.begin(), bytes.end(), std::back_inserter(list),
               [](char c) { return c != '\0'; });
  if (list.size() < 2) return "";
  list.back() = ']';
  return list;
}

ActiveQueries::ActiveQueries(const std::string& path, size_t slots, const Clock& clock)
    : clock_(clock) {
  if (path.empty()) return;
  try {
    const std::string left = path_exists(path) ? unfinished_queries(read_file(path)) : "";
    if (!left.empty()) {
      log_warn("These queries didn't finish in prometheus' last run:", "component",
               "activeQueryTracker", "queries", left);
    }
    file_ = File(path, File::Mode::kCreate);
    file_.write("[" + std::string(slots * kSlotBytes, '\0'));
  } catch (const Error& error) {
    log_error("Failed to create the file of active queries; queries that run at a crash will not "
              "be known",
              "err", error.what());
    file_ = {};
  }
}

void ActiveQueries::insert(size_t slot, const std::string& query) {
  if (file_.is_open()) write(slot, active_entry(query, clock_.now()));
}

void ActiveQueries::remove(size_t slot) {
  if (file_.is_open()) write(slot, std::string(kSlotBytes, '\0'));
}

void ActiveQueries::write(size_t slot, const std::string& bytes) {
  guard("writing the file of active queries",
        [&] { file_.pwrite(bytes, 1 + slot * kSlotBytes); });
}

}  // namespace hearth::promql
