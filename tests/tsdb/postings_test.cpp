#include "tsdb/postings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include "core/bytes.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

Postings random_list(std::mt19937& random, size_t count, uint32_t max) {
  std::set<uint32_t> refs;
  for (size_t i = 0; i < count; ++i) refs.insert(static_cast<uint32_t>(random()) % max);
  return {refs.begin(), refs.end()};
}

std::string big_endian(const Postings& refs) {
  std::string bytes;
  ByteWriter out(bytes);
  for (const uint32_t ref : refs) out.be32(ref);
  return bytes;
}

}  // namespace

TEST_CASE("the algebra of lists agrees with sets") {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const uint32_t max = round % 2 == 0 ? 50 : 4'000'000'000u;
    std::vector<Postings> owned;
    std::vector<std::string> bytes;
    const size_t lists = 1 + random() % 5;
    for (size_t i = 0; i < lists; ++i) {
      owned.push_back(random_list(random, random() % 600, max));
      bytes.push_back(big_endian(owned.back()));
    }
    std::vector<PostingsView> views;
    for (size_t i = 0; i < lists; ++i) {
      views.push_back(random() % 2 == 0 ? PostingsView(owned[i])
                                        : PostingsView::big_endian(bytes[i]));
    }
    Postings all;
    Postings common = owned[0];
    Postings rest = owned[0];
    for (size_t i = 0; i < lists; ++i) {
      Postings next;
      std::set_union(all.begin(), all.end(), owned[i].begin(), owned[i].end(),
                     std::back_inserter(next));
      all.swap(next);
      if (i == 0) continue;
      next.clear();
      std::set_intersection(common.begin(), common.end(), owned[i].begin(), owned[i].end(),
                            std::back_inserter(next));
      common.swap(next);
      next.clear();
      std::set_difference(rest.begin(), rest.end(), owned[i].begin(), owned[i].end(),
                          std::back_inserter(next));
      rest.swap(next);
    }
    CHECK(unite(views) == all);
    CHECK(intersect(views) == common);
    CHECK(subtract(views[0], std::span(views).subspan(1)) == rest);
    if (lists == 2) CHECK(intersects(views[0], views[1]) == !common.empty());
  }
}

TEST_CASE("no list and empty lists give the empty set") {
  const Postings some{1, 2, 3};
  CHECK(intersect({}).empty());
  CHECK(unite({}).empty());
  CHECK(intersect({PostingsView(some), PostingsView()}).empty());
  CHECK_FALSE(intersects(PostingsView(some), PostingsView()));
  CHECK(subtract(some, {}) == some);
}
