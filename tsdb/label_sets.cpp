#include "tsdb/label_sets.h"

#include <algorithm>

namespace hearth::tsdb {
namespace {

// Held for good at the first use, never again.
SymbolId intern_once(Symbols& symbols, std::string_view text) {
  const SymbolId id = symbols.find(text);
  return id != 0 ? id : symbols.intern(text);
}

void append_id(std::string& ids, SymbolId id) {
  ids.append(reinterpret_cast<const char*>(&id), sizeof id);
}

}  // namespace

LabelSets::Handle LabelSets::add(LabelsView labels) {
  std::string names;
  std::string set(sizeof(SymbolId), '\0');
  for (const Label& label : labels) {
    append_id(names, intern_once(names_, label.name));
    append_id(set, values_.intern(label.value));
  }
  const SymbolId shape = intern_once(names_, names);
  std::memcpy(set.data(), &shape, sizeof shape);
  const Handle handle = pool_.allocate(set.size());
  std::memcpy(pool_.at(handle), set.data(), set.size());
  return handle;
}

void LabelSets::remove(Handle set) {
  for_each(set, [this](SymbolId, SymbolId value) { values_.release(value); });
  epoch_.defer([this, set] { pool_.free(set); });
}

bool LabelSets::equal(Handle set, LabelsView labels) const {
  const std::string_view names = shape(set);
  size_t i = 0;
  for (const Label& label : labels) {
    if (i * sizeof(SymbolId) == names.size() || values_.text(value(set, i)) != label.value ||
        names_.text(id_at(names, i)) != label.name) {
      return false;
    }
    ++i;
  }
  return i * sizeof(SymbolId) == names.size();
}

bool LabelSets::less(Handle a, Handle b) const {
  const std::string_view a_names = shape(a);
  const std::string_view b_names = shape(b);
  const size_t common = std::min(a_names.size(), b_names.size()) / sizeof(SymbolId);
  for (size_t i = 0; i < common; ++i) {
    // Equal symbols are equal texts, so almost all of the walk compares integers.
    const SymbolId a_name = id_at(a_names, i);
    const SymbolId b_name = id_at(b_names, i);
    if (a_name != b_name) return names_.text(a_name) < names_.text(b_name);
    const SymbolId a_value = value(a, i);
    const SymbolId b_value = value(b, i);
    if (a_value != b_value) return values_.text(a_value) < values_.text(b_value);
  }
  return a_names.size() < b_names.size();
}

void LabelSets::append_flat(Handle set, std::string& flat) const {
  for_each(set, [&](SymbolId name, SymbolId value) {
    append_flat_label(flat, names_.text(name), values_.text(value));
  });
}

}  // namespace hearth::tsdb
