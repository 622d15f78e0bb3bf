// Each distinct string once: text <-> u32.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/byte_pool.h"
#include "core/epoch.h"
#include "core/mutex.h"
#include "core/tag_table.h"

namespace hearth {

using SymbolId = uint32_t;  // 0 is no symbol

// Symbols are counted: each intern() needs its release(). Thread-safe; text() takes no lock.
class Symbols {
 public:
  // A symbol released for the last time is freed through `epoch`.
  Symbols(BytePool& pool, Epoch& epoch) : pool_(pool), epoch_(epoch) {}

  SymbolId intern(std::string_view text);
  void release(SymbolId id);
  SymbolId find(std::string_view text) const;  // 0 when it was never interned or is gone

  // Valid while the symbol is held, and as long as an epoch guard of the reader.
  std::string_view text(SymbolId id) const {
    const char* p = pool_.at(id);
    uint32_t length;
    std::memcpy(&length, p + sizeof length, sizeof length);
    return {p + kHeaderBytes, length};
  }
  size_t size() const;

 private:
  static constexpr size_t kHeaderBytes = 8;  // u32 holders, u32 length, then the text
  static constexpr size_t kShards = 16;
  struct Shard {
    mutable Mutex mutex;
    TagTable table GUARDED_BY(mutex);
  };
  Shard& shard(uint64_t hash) { return shards_[hash >> 60]; }
  const Shard& shard(uint64_t hash) const { return shards_[hash >> 60]; }

  BytePool& pool_;
  Epoch& epoch_;
  std::array<Shard, kShards> shards_;
};

}  // namespace hearth
