#include "cmd/retention.h"

#include <doctest/doctest.h>

#include "config/load.h"

using namespace hearth;

namespace {

std::string kept(const std::vector<std::string>& arguments, const std::string& yaml) {
  const ServerFlags flags = parse_server_flags(arguments);
  return retention_text(retention_limits(flags, load_config(yaml, "").storage));
}

}  // namespace

TEST_CASE("the configuration file's retention counts, else the flags', else 15 days") {
  const std::string time = "storage: {tsdb: {retention: {time: 3d}}}";
  const std::string size = "storage: {tsdb: {retention: {size: 5GB}}}";
  const std::string percentage = "storage: {tsdb: {retention: {percentage: 12.5}}}";
  const std::string flag_time = "--storage.tsdb.retention.time=40d";
  const std::string flag_size = "--storage.tsdb.retention.size=1GB";
  CHECK(kept({}, "") == "15d");
  CHECK(kept({}, "storage: {tsdb: {out_of_order_time_window: 1h}}") == "15d");
  CHECK(kept({flag_time}, "") == "40d");
  CHECK(kept({flag_size}, "") == "1GiB");
  CHECK(kept({}, time) == "3d");
  CHECK(kept({flag_time, flag_size}, time) == "3d or 1GiB");
  CHECK(kept({}, size) == "5GiB");
  CHECK(kept({flag_time}, size) == "40d or 5GiB");
  CHECK(kept({}, percentage) == "12.5%");
  CHECK(kept({flag_time}, percentage) == "40d or 12.5%");
}
