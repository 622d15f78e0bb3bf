#include "tsdb/head_index.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/large_memory.h"

namespace hearth::tsdb {

// ---- RefList -----------------------------------------------------------------------------------

struct RefList::Array {
  std::atomic<uint32_t> count;
  uint32_t capacity;
  // The refs follow.
  uint32_t* refs() { return reinterpret_cast<uint32_t*>(this + 1); }

  static size_t bytes(uint32_t capacity) {
    return sizeof(Array) + size_t{capacity} * sizeof(uint32_t);
  }
  static bool is_short(uint32_t capacity) { return bytes(capacity) <= BytePool::kMaxShared; }

  static Array* make(uint32_t capacity, BytePool& pool) {
    if (!is_short(capacity)) return new (allocate_large(bytes(capacity))) Array{0, capacity};
    const BytePool::Handle handle = pool.allocate(bytes(capacity));
    const size_t room = (pool.capacity(handle) - sizeof(Array)) / sizeof(uint32_t);
    return new (pool.at(handle)) Array{0, static_cast<uint32_t>(room)};
  }
  static void free(Array* array, BytePool& pool) {
    if (array == nullptr) return;
    if (is_short(array->capacity)) {
      pool.free(pool.handle(reinterpret_cast<const char*>(array)));
    } else {
      free_large(array, bytes(array->capacity));
    }
  }
};

PostingsView RefList::view() const {
  Array* array = array_.load(std::memory_order_acquire);
  if (array == nullptr) {
    // The place itself is lent: once not 0 it changes only when the owner throws the list away.
    if (only_.load(std::memory_order_acquire) == 0) return {};
    return std::span<const uint32_t>(reinterpret_cast<const uint32_t*>(&only_), 1);
  }
  return std::span<const uint32_t>(array->refs(), array->count.load(std::memory_order_acquire));
}

void RefList::replace(Array* array, const ListMemory& memory) {
  Array* old = array_.exchange(array, std::memory_order_acq_rel);
  if (old == nullptr) return;
  memory.epoch.defer([old, pool = &memory.pool] { Array::free(old, *pool); });
}

void RefList::add(uint32_t ref, const ListMemory& memory) {
  Array* array = array_.load(std::memory_order_relaxed);
  if (array == nullptr && only_.load(std::memory_order_relaxed) == 0) {
    only_.store(ref, std::memory_order_release);
    return;
  }
  const PostingsView old = view();
  const auto size = static_cast<uint32_t>(old.size());
  const bool ascending = size == 0 || old[size - 1] < ref;
  if (array != nullptr && ascending && size < array->capacity) {
    array->refs()[size] = ref;
    array->count.store(size + 1, std::memory_order_release);
    return;
  }
  Array* grown = Array::make(size < 4 ? size + 2 : size + size / 4 + 1, memory.pool);
  uint32_t* out = grown->refs();
  uint32_t i = 0;
  for (; i < size && old[i] < ref; ++i) *out++ = old[i];
  *out++ = ref;
  for (; i < size; ++i) *out++ = old[i];
  grown->count.store(size + 1, std::memory_order_relaxed);
  replace(grown, memory);
}

void RefList::remove(std::span<const uint32_t> dead, const ListMemory& memory) {
  const PostingsView old = view();
  std::vector<uint32_t> living;
  auto next_dead = dead.begin();
  for (size_t i = 0; i < old.size(); ++i) {
    next_dead = std::lower_bound(next_dead, dead.end(), old[i]);
    if (next_dead == dead.end() || *next_dead != old[i]) living.push_back(old[i]);
  }
  const auto count = static_cast<uint32_t>(living.size());
  Array* kept = Array::make(count, memory.pool);
  std::copy(living.begin(), living.end(), kept->refs());
  kept->count.store(count, std::memory_order_relaxed);
  replace(kept, memory);
}

void RefList::take_over(const RefList& other) {
  only_.store(other.only_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  array_.store(other.array_.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void RefList::destroy(BytePool& pool) { Array::free(array_.exchange(nullptr), pool); }

size_t RefList::bytes() const {
  const Array* array = array_.load(std::memory_order_acquire);
  return array == nullptr ? 0 : Array::bytes(array->capacity);
}

// ---- HeadIndex ---------------------------------------------------------------------------------

// The values of one name, as an open-addressed table that readers walk while it is filled.
struct HeadIndex::Values {
  explicit Values(size_t slot_count)
      : mask(slot_count - 1), slots(std::make_unique<RefList[]>(slot_count)) {}

  // The list of the value, or the empty slot where it belongs.
  RefList& slot(SymbolId value) const {
    size_t i = (value * 0x9e3779b1u >> 7) & mask;
    for (;; i = (i + 1) & mask) {
      const uint32_t key = slots[i].key.load(std::memory_order_acquire);
      if (key == 0 || key == value) return slots[i];
    }
  }

  const size_t mask;  // a power of two, less one
  const std::unique_ptr<RefList[]> slots;
};

struct HeadIndex::Name {
  std::atomic<Values*> values{nullptr};
  Mutex mutex;  // of those who change it
  size_t used GUARDED_BY(mutex) = 0;

  // To a table with room for `wanted` values; empty lists are left behind.
  void resize(size_t wanted, const ListMemory& memory) REQUIRES(mutex) {
    size_t slot_count = 4;
    while (slot_count * 4 < wanted * 5) slot_count *= 2;
    Values* old = values.load(std::memory_order_relaxed);
    Values* grown = std::make_unique<Values>(slot_count).release();
    std::vector<RefList*> emptied;
    used = 0;
    for (size_t i = 0; old != nullptr && i <= old->mask; ++i) {
      RefList& list = old->slots[i];
      const uint32_t key = list.key.load(std::memory_order_relaxed);
      if (key == 0) continue;
      if (list.view().empty()) {
        emptied.push_back(&list);
        continue;
      }
      RefList& place = grown->slot(key);
      place.take_over(list);
      place.key.store(key, std::memory_order_relaxed);
      ++used;
    }
    values.store(grown, std::memory_order_release);
    memory.epoch.defer([old, emptied = std::move(emptied), pool = &memory.pool] {
      const std::unique_ptr<Values> gone(old);
      for (RefList* list : emptied) list->destroy(*pool);
    });
  }
};

HeadIndex::HeadIndex(const LabelSets& sets, BytePool& pool, Epoch& epoch)
    : sets_(sets), memory_{pool, epoch} {}

HeadIndex::~HeadIndex() {
  WriterLock lock(mutex_);
  for (auto& [symbol, name] : names_) {
    const std::unique_ptr<Values> values(name->values.load());
    for (size_t i = 0; values != nullptr && i <= values->mask; ++i) values->slots[i].destroy(memory_.pool);
  }
  all_.destroy(memory_.pool);
}

HeadIndex::Name* HeadIndex::find(SymbolId name) const {
  ReaderLock lock(mutex_);
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second.get();
}

HeadIndex::Name& HeadIndex::find_or_add(SymbolId name) {
  if (Name* found = find(name)) return *found;
  WriterLock lock(mutex_);
  std::unique_ptr<Name>& added = names_[name];
  if (added == nullptr) added = std::make_unique<Name>();
  return *added;
}

void HeadIndex::add(Name& name, SymbolId value, SeriesRef ref) {
  MutexLock lock(name.mutex);
  const Values* values = name.values.load(std::memory_order_relaxed);
  if (values == nullptr || (name.used + 1) * 5 > (values->mask + 1) * 4) {
    name.resize(name.used + 1, memory_);
    values = name.values.load(std::memory_order_relaxed);
  }
  RefList& list = values->slot(value);
  list.add(ref, memory_);
  if (list.key.load(std::memory_order_relaxed) == 0) {
    list.key.store(value, std::memory_order_release);
    ++name.used;
  }
}

void HeadIndex::add(SeriesRef ref, LabelSets::Handle labels) {
  sets_.for_each(labels, [&](SymbolId name, SymbolId value) { add(find_or_add(name), value, ref); });
  MutexLock lock(all_mutex_);
  all_.add(ref, memory_);
}

void HeadIndex::add(std::span<const SeriesRef> refs, const SeriesTable& table, Pool& pool) {
  const size_t parts = pool.threads() + 1;
  pool.parallel_slices(parts, [&](size_t part) {
    std::vector<std::pair<SymbolId, Name*>> names;  // of this part, which are few
    for (const SeriesRef ref : refs) {
      sets_.for_each(table.find(ref)->labels, [&](SymbolId id, SymbolId value) {
        if ((id * 0x9e3779b1u >> 16) % parts != part) return;
        auto known = std::find_if(names.begin(), names.end(),
                                  [&](const auto& name) { return name.first == id; });
        if (known == names.end()) known = names.insert(known, {id, &find_or_add(id)});
        add(*known->second, value, ref);
      });
      if (part != 0) continue;
      MutexLock lock(all_mutex_);
      all_.add(ref, memory_);
    }
  });
}

void HeadIndex::remove(std::span<const Removed> series) {
  // By name, then value, the refs to take out.
  std::map<SymbolId, std::map<SymbolId, std::vector<uint32_t>>> by_name;
  std::vector<uint32_t> refs;
  for (const Removed& removed : series) {
    refs.push_back(removed.ref);
    sets_.for_each(removed.labels, [&](SymbolId name, SymbolId value) {
      by_name[name][value].push_back(removed.ref);
    });
  }
  for (auto& [name_id, by_value] : by_name) {
    Name& name = find_or_add(name_id);
    MutexLock lock(name.mutex);
    size_t emptied = 0;
    for (auto& [value, dead] : by_value) {
      std::sort(dead.begin(), dead.end());
      RefList& list = name.values.load(std::memory_order_relaxed)->slot(value);
      list.remove(dead, memory_);
      emptied += list.view().empty() ? 1 : 0;
    }
    if (emptied > 0) name.resize(name.used - emptied, memory_);
  }
  std::sort(refs.begin(), refs.end());
  MutexLock lock(all_mutex_);
  all_.remove(refs, memory_);
}

PostingsView HeadIndex::postings(std::string_view name, std::string_view value) const {
  const SymbolId name_id = sets_.names().find(name);
  const SymbolId value_id = sets_.values().find(value);
  const Name* found = name_id == 0 || value_id == 0 ? nullptr : find(name_id);
  const Values* values = found == nullptr ? nullptr : found->values.load(std::memory_order_acquire);
  return values == nullptr ? PostingsView() : values->slot(value_id).view();
}

void HeadIndex::for_each_value(
    std::string_view name, const std::function<void(std::string_view, PostingsView)>& visit) const {
  const SymbolId name_id = sets_.names().find(name);
  const Name* found = name_id == 0 ? nullptr : find(name_id);
  const Values* values = found == nullptr ? nullptr : found->values.load(std::memory_order_acquire);
  for (size_t i = 0; values != nullptr && i <= values->mask; ++i) {
    const SymbolId value = values->slots[i].key.load(std::memory_order_acquire);
    if (value == 0) continue;
    const PostingsView list = values->slots[i].view();
    if (!list.empty()) visit(sets_.values().text(value), list);
  }
}

std::vector<std::string> HeadIndex::names() const {
  std::vector<std::string> names;
  ReaderLock lock(mutex_);
  for (const auto& [symbol, name] : names_) {
    MutexLock name_lock(name->mutex);
    if (name->used > 0) names.emplace_back(sets_.names().text(symbol));
  }
  return names;
}

size_t HeadIndex::bytes() const {
  ReaderLock lock(mutex_);
  size_t bytes = all_.bytes();
  for (const auto& [symbol, name] : names_) {
    MutexLock name_lock(name->mutex);
    const Values* values = name->values.load();
    for (size_t i = 0; values != nullptr && i <= values->mask; ++i) {
      bytes += sizeof(RefList) + values->slots[i].bytes();
    }
  }
  return bytes;
}

// ---- HeadIndexReader ---------------------------------------------------------------------------

void HeadIndexReader::postings_where(std::string_view name, std::string_view prefix,
                                     const std::function<bool(std::string_view value)>& wanted,
                                     std::vector<PostingsView>& lists) const {
  index_.for_each_value(name, [&](std::string_view value, PostingsView list) {
    if (value.starts_with(prefix) && wanted(value)) lists.push_back(list);
  });
}

void HeadIndexReader::names_of(std::span<const uint32_t> refs, std::set<std::string>& names) const {
  std::set<SymbolId> symbols;
  for (const uint32_t ref : refs) {
    const Series* series = table_.find(ref);
    if (series == nullptr || series->labels == 0) continue;
    sets_.for_each(series->labels, [&](SymbolId name, SymbolId) { symbols.insert(name); });
  }
  for (const SymbolId symbol : symbols) names.emplace(sets_.names().text(symbol));
}

}  // namespace hearth::tsdb
