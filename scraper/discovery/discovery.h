// Where targets come from. Each mechanism has a file of its own here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/metrics.h"

namespace hearth {

// One thread at a time.
class Discovery {
 public:
  virtual ~Discovery() = default;

  // All groups as they are now. Parts that cannot be read are logged and keep what they had.
  virtual std::vector<TargetGroup> groups() = 0;

  virtual DurationMs refresh_interval() const = 0;  // between calls of groups(); 0 = never again
  virtual int event_fd() const { return -1; }       // becomes readable when there may be news
  virtual void drain_events() {}
};

std::unique_ptr<Discovery> make_static_discovery(const std::vector<TargetGroup>& groups);

// Relative paths are below `dir`.
std::unique_ptr<Discovery> make_file_discovery(const FileSdConfig& config, const std::string& dir,
                                               Registry& registry);

// Groups of a file_sd file: a JSON or YAML list of {targets, labels}. Throws Error(kBadData).
std::vector<TargetGroup> parse_target_groups_json(const std::string& text);
std::vector<TargetGroup> parse_target_groups_yaml(const std::string& text);

}  // namespace hearth
