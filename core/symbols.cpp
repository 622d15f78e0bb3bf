#include "core/symbols.h"

#include "core/hash.h"

namespace hearth {
namespace {

uint64_t hash_of(std::string_view text) { return xxhash64(text, process_seed()); }

// The count of holders; changed under the shard's mutex only.
uint32_t& holders(char* symbol) { return *reinterpret_cast<uint32_t*>(symbol); }

}  // namespace

SymbolId Symbols::intern(std::string_view text) {
  const uint64_t hash = hash_of(text);
  const auto tag = static_cast<uint32_t>(hash);
  Shard& home = shard(hash);
  MutexLock lock(home.mutex);
  SymbolId id = home.table.find(tag, [&](SymbolId other) { return this->text(other) == text; });
  if (id == 0) {
    id = pool_.allocate(kHeaderBytes + text.size());
    char* p = pool_.at(id);
    const auto length = static_cast<uint32_t>(text.size());
    holders(p) = 0;
    std::memcpy(p + sizeof length, &length, sizeof length);
    if (length != 0) std::memcpy(p + kHeaderBytes, text.data(), length);
    home.table.insert(tag, id);
  }
  ++holders(pool_.at(id));
  return id;
}

void Symbols::release(SymbolId id) {
  const uint64_t hash = hash_of(text(id));
  Shard& home = shard(hash);
  MutexLock lock(home.mutex);
  if (--holders(pool_.at(id)) > 0) return;
  home.table.erase(static_cast<uint32_t>(hash), id);
  epoch_.defer([this, id] { pool_.free(id); });
}

SymbolId Symbols::find(std::string_view text) const {
  const uint64_t hash = hash_of(text);
  const Shard& home = shard(hash);
  MutexLock lock(home.mutex);
  return home.table.find(static_cast<uint32_t>(hash),
                         [&](SymbolId other) { return this->text(other) == text; });
}

size_t Symbols::size() const {
  size_t size = 0;
  for (const Shard& home : shards_) {
    MutexLock lock(home.mutex);
    size += home.table.size();
  }
  return size;
}

}  // namespace hearth
