#include "scraper/discovery/discovery.h"

namespace hearth {
namespace {

class StaticDiscovery final : public Discovery {
 public:
  explicit StaticDiscovery(std::vector<TargetGroup> groups) : groups_(std::move(groups)) {
    for (size_t i = 0; i < groups_.size(); ++i) groups_[i].source = std::to_string(i);
  }
  void start(GroupUpdate update) override { update(std::move(groups_)); }

 private:
  std::vector<TargetGroup> groups_;
};

}  // namespace

std::unique_ptr<Discovery> make_static_discovery(const std::vector<TargetGroup>& groups) {
  return std::make_unique<StaticDiscovery>(groups);
}

}  // namespace hearth
