#include "core/byte_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <thread>

using namespace hearth;

TEST_CASE("pieces of all sizes keep their bytes while others come and go") {
  BytePool pool;
  std::mt19937_64 random(1);
  std::map<BytePool::Handle, std::string> pieces;
  for (int step = 0; step < 20'000; ++step) {
    if (pieces.size() > 500 || (!pieces.empty() && random() % 3 == 0)) {
      auto piece = pieces.lower_bound(static_cast<uint32_t>(random()));
      if (piece == pieces.end()) piece = pieces.begin();
      REQUIRE(std::string(pool.at(piece->first), piece->second.size()) == piece->second);
      pool.free(piece->first);
      pieces.erase(piece);
    } else {
      const size_t size = random() % 100 == 0 ? random() % 300'000 : random() % 1200;
      const BytePool::Handle handle = pool.allocate(size);
      REQUIRE(handle != 0);
      REQUIRE(pool.capacity(handle) >= size);
      REQUIRE(reinterpret_cast<uintptr_t>(pool.at(handle)) % 16 == 0);
      const std::string bytes(size, static_cast<char>(random() % 256));
      std::copy(bytes.begin(), bytes.end(), pool.at(handle));
      REQUIRE(pieces.emplace(handle, bytes).second);
    }
  }
  for (const auto& [handle, bytes] : pieces) {
    CHECK(std::string(pool.at(handle), bytes.size()) == bytes);
  }
}

TEST_CASE("memory goes back when the pieces are freed") {
  BytePool pool;
  std::vector<BytePool::Handle> handles;
  for (int i = 0; i < 50'000; ++i) handles.push_back(pool.allocate(100));
  handles.push_back(pool.allocate(1'000'000));
  CHECK(pool.bytes() > 6'000'000);
  CHECK(pool.bytes() < 7'500'000);
  for (const BytePool::Handle handle : handles) pool.free(handle);
  CHECK(pool.bytes() <= 64 << 10);
  for (int i = 0; i < 100; ++i) CHECK(pool.allocate(100) != 0);
}

TEST_CASE("pieces that are soon given up do not keep slabs of those that stay, nor the reverse") {
  BytePool pool;
  std::vector<BytePool::Handle> short_lived;
  for (int i = 0; i < 50'000; ++i) {
    CHECK(pool.allocate(64) != 0);
    short_lived.push_back(pool.allocate(64, BytePool::Lifetime::kShort));
  }
  CHECK(pool.bytes() > 6'400'000);
  for (const BytePool::Handle handle : short_lived) pool.free(handle);
  CHECK(pool.bytes() < 3'500'000);
}

TEST_CASE("threads share a pool") {
  BytePool pool;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      std::mt19937_64 random(static_cast<uint64_t>(t));
      std::vector<std::pair<BytePool::Handle, size_t>> mine;
      for (int i = 0; i < 5000; ++i) {
        const size_t size = random() % 200 + 1;
        mine.emplace_back(pool.allocate(size), size);
        std::fill_n(pool.at(mine.back().first), size, static_cast<char>(t));
        if (random() % 2 == 0) {
          std::swap(mine[random() % mine.size()], mine.back());
          const auto [handle, bytes] = mine.back();
          for (size_t k = 0; k < bytes; ++k) {
            if (pool.at(handle)[k] != static_cast<char>(t)) std::abort();
          }
          pool.free(handle);
          mine.pop_back();
        }
      }
      for (const auto& [handle, size] : mine) pool.free(handle);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(pool.bytes() <= 20u * (64 << 10));
}
