#include "core/tag_table.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace hearth;

TEST_CASE("a table finds what was put in and not taken out, also among equal tags") {
  std::mt19937_64 random(1);
  for (const uint32_t tags : {3u, 50u, 100'000u}) {  // many names share a tag, some, almost none
    TagTable table;
    std::map<uint32_t, uint32_t> tag_of;  // by name
    uint32_t next = 1;
    for (int step = 0; step < 5000; ++step) {
      if (!tag_of.empty() && random() % 5 < 2) {
        auto victim = tag_of.lower_bound(static_cast<uint32_t>(random() % next));
        if (victim == tag_of.end()) victim = tag_of.begin();
        table.erase(victim->second, victim->first);
        tag_of.erase(victim);
      } else {
        const auto tag = static_cast<uint32_t>(random() % tags * 0x9e3779b1u);
        table.insert(tag, next);
        tag_of[next++] = tag;
      }
      const auto wanted = static_cast<uint32_t>(random() % next + 1);
      const auto known = tag_of.find(wanted);
      const uint32_t tag = known == tag_of.end() ? 7 : known->second;
      const uint32_t found = table.find(tag, [&](uint32_t name) { return name == wanted; });
      REQUIRE(found == (known == tag_of.end() ? 0 : wanted));
    }
    CHECK(table.size() == tag_of.size());
    size_t seen = 0;
    table.for_each([&](uint32_t name) { seen += tag_of.count(name); });
    CHECK(seen == tag_of.size());
  }
}
