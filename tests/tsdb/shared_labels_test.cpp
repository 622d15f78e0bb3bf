#include "tsdb/shared_labels.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hearth;
using namespace hearth::tsdb;

namespace {

std::string flat_of(const std::string& value) {
  LabelsBuilder builder{LabelsView()};
  builder.set(kMetricName, value);
  return builder.build().flat();
}

class FakeSet final : public SeriesSet {
 public:
  explicit FakeSet(const std::vector<std::string>& names) {
    for (const std::string& name : names) flats_.push_back(flat_of(name));
  }
  size_t size() const override { return flats_.size(); }
  LabelsView labels(size_t i) const override { return LabelsView(flats_[i]); }
  void read(size_t, TimeRange, Columns& out) const override { out.clear(); }

 private:
  std::vector<std::string> flats_;
};

}  // namespace

TEST_CASE("labels of the set before are those of this one, others are kept") {
  const FakeSet before({"b", "d", "e", "g"});
  Arena arena;
  SharedLabels shared(&before, arena);
  const auto is_shared = [&](const std::string& name, size_t at) {
    const std::string flat = flat_of(name);
    const LabelsView kept = shared.keep(flat);
    CHECK(kept.flat() == flat);
    CHECK(kept.flat().data() != flat.data());
    return at < before.size() && kept.flat().data() == before.labels(at).flat().data();
  };
  CHECK(!is_shared("a", 0));
  CHECK(is_shared("b", 0));
  CHECK(!is_shared("c", 1));
  CHECK(is_shared("e", 2));
  CHECK(!is_shared("f", 3));
  CHECK(is_shared("g", 3));
  CHECK(!is_shared("h", 4));
}

TEST_CASE("with no set before, all labels are kept") {
  Arena arena;
  SharedLabels shared(nullptr, arena);
  const std::string flat = flat_of("a");
  CHECK(shared.keep(flat).flat() == flat);
  CHECK(arena.bytes() > 0);
}
