// The label sets of the head's series, as integers: 4 bytes a label, and the names once per shape.
#pragma once

#include <string>

#include "core/byte_pool.h"
#include "core/epoch.h"
#include "core/labels.h"
#include "core/symbols.h"

namespace hearth::tsdb {

// A set lies in the pool as {u32 shape, then a u32 value symbol per label}; the shape is a symbol
// whose text is the list of name symbols. Names and shapes are few and stay for good; values go
// with the last set that has them. Thread-safe; reading takes no lock.
class LabelSets {
 public:
  using Handle = BytePool::Handle;

  LabelSets(BytePool& pool, Epoch& epoch)
      : pool_(pool), epoch_(epoch), names_(pool, epoch), values_(pool, epoch) {}

  Handle add(LabelsView labels);  // Requires: not empty
  void remove(Handle set);        // freed through the epoch
  bool equal(Handle set, LabelsView labels) const;
  void append_flat(Handle set, std::string& flat) const;
  bool less(Handle a, Handle b) const;  // in the order of Labels
  size_t size(Handle set) const { return shape(set).size() / sizeof(SymbolId); }

  // Calls visit(name symbol, value symbol) in the order of the names.
  template <class Visit>
  void for_each(Handle set, Visit visit) const {
    const std::string_view names = shape(set);
    for (size_t i = 0; i * sizeof(SymbolId) < names.size(); ++i)
      visit(id_at(names, i), value(set, i));
  }

  const Symbols& names() const { return names_; }
  const Symbols& values() const { return values_; }

 private:
  static SymbolId id_at(std::string_view ids, size_t i) {
    SymbolId id;
    std::memcpy(&id, ids.data() + i * sizeof id, sizeof id);
    return id;
  }
  std::string_view shape(Handle set) const { return names_.text(id_at({pool_.at(set), 4}, 0)); }
  SymbolId value(Handle set, size_t i) const { return id_at({pool_.at(set), 4}, i + 1); }

  BytePool& pool_;
  Epoch& epoch_;
  Symbols names_;  // names and shapes
  Symbols values_;
};

}  // namespace hearth::tsdb
