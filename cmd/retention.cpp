#include "cmd/retention.h"

#include "config/scalar.h"
#include "core/duration.h"
#include "core/go_text.h"

namespace hearth {

tsdb::RetentionLimits retention_limits(const ServerFlags& flags, const StorageConfig& config) {
  tsdb::RetentionLimits limits;
  limits.time = config.retention_time > 0 ? config.retention_time : flags.retention_time;
  limits.bytes = config.retention_bytes > 0 ? config.retention_bytes : flags.retention_bytes;
  limits.percentage = config.retention_percentage;
  const bool others = limits.bytes > 0 || limits.percentage > 0;
  if (others && flags.retention_is_default && config.retention_time == 0) limits.time = 0;
  return limits;
}

std::string retention_text(const tsdb::RetentionLimits& limits) {
  std::string text;
  const auto add = [&](const std::string& limit) { text += (text.empty() ? "" : " or ") + limit; };
  if (limits.time > 0) add(duration_text(limits.time));
  if (limits.bytes > 0) add(bytes_text(static_cast<int64_t>(limits.bytes)));
  if (limits.percentage > 0) add(float_g(limits.percentage) + "%");
  return text;
}

}  // namespace hearth
