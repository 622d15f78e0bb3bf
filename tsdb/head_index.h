// The head's label index: label name -> value -> refs, for readers that take no lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/byte_pool.h"
#include "core/epoch.h"
#include "core/mutex.h"
#include "core/threads.h"
#include "tsdb/label_sets.h"
#include "tsdb/select.h"
#include "tsdb/series.h"

namespace hearth::tsdb {

// Where lists have their refs: short ones in the pool, whatever thread makes them grow. What growing
// leaves behind is freed through the epoch.
struct ListMemory {
  BytePool& pool;
  Epoch& epoch;
};

// A sorted list of refs that grows. Writers take turns; a reader sees a list that was whole when it
// looked.
class RefList {
 public:
  void add(uint32_t ref, const ListMemory& memory);
  // Removes those that `dead`, sorted, has.
  void remove(std::span<const uint32_t> dead, const ListMemory& memory);
  // Valid as long as the reader's epoch guard.
  PostingsView view() const;
  void take_over(const RefList& other);  // its array too: only one of the two may go on
  void destroy(BytePool& pool);
  size_t bytes() const;

  std::atomic<uint32_t> key{0};  // the owner's

 private:
  struct Array;
  void replace(Array* array, const ListMemory& memory);
  // Most lists have one ref, which lies here while array_ is null. 0: the list is empty.
  std::atomic<uint32_t> only_{0};
  std::atomic<Array*> array_{nullptr};
};
static_assert(sizeof(RefList) == 16);

// Lists come into being with the first ref and go with the last. Thread-safe.
class HeadIndex {
 public:
  HeadIndex(const LabelSets& sets, BytePool& pool, Epoch& epoch);
  ~HeadIndex();

  void add(SeriesRef ref, LabelSets::Handle labels);
  // Many series on several threads, each of which has some of the names. Requires: `refs` ascend.
  void add(std::span<const SeriesRef> refs, const SeriesTable& table, Pool& pool);
  struct Removed {
    SeriesRef ref;
    LabelSets::Handle labels;
  };
  void remove(std::span<const Removed> series);

  PostingsView all() const { return all_.view(); }
  PostingsView postings(std::string_view name, std::string_view value) const;
  // visit(value, list) for each value of `name`, in any order.
  void for_each_value(std::string_view name,
                      const std::function<void(std::string_view, PostingsView)>& visit) const;
  std::vector<std::string> names() const;
  size_t bytes() const;

 private:
  struct Values;
  struct Name;
  Name* find(SymbolId name) const;
  Name& find_or_add(SymbolId name);
  void add(Name& name, SymbolId value, SeriesRef ref);

  const LabelSets& sets_;
  const ListMemory memory_;
  mutable SharedMutex mutex_;  // of the map, not of what is in it; names stay for good
  std::map<SymbolId, std::unique_ptr<Name>> names_ GUARDED_BY(mutex_);
  Mutex all_mutex_;
  RefList all_;  // changed under all_mutex_
};

// The head as one reader's index: an epoch guard keeps alive what it hands out.
class HeadIndexReader final : public LabelIndex {
 public:
  HeadIndexReader(const HeadIndex& index, const LabelSets& sets, const SeriesTable& table)
      : index_(index), sets_(sets), table_(table) {}
  PostingsView all() const override { return index_.all(); }
  PostingsView postings(std::string_view name, std::string_view value) const override {
    return index_.postings(name, value);
  }
  void postings_where(std::string_view name, std::string_view prefix,
                      const std::function<bool(std::string_view value)>& wanted,
                      std::vector<PostingsView>& lists) const override;
  std::vector<std::string> names() const override { return index_.names(); }
  void names_of(std::span<const uint32_t> refs, std::set<std::string>& names) const override;

 private:
  const HeadIndex& index_;
  const LabelSets& sets_;
  const SeriesTable& table_;
};

}  // namespace hearth::tsdb
