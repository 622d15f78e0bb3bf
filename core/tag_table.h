// A hash table of 8 bytes a slot for things that lie elsewhere and are named by a u32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hearth {

// Maps 32 bits of a hash (the tag) to a name that is not 0; what the name means, and whether it is
// equal to what is sought, only the caller knows. Open addressing, at most 4/5 full. One thread.
class TagTable {
 public:
  // The name with this tag for which equal(name) is true; 0 when there is none.
  template <class Equal>
  uint32_t find(uint32_t tag, Equal equal) const {
    if (slots_.empty()) return 0;
    for (size_t i = tag & mask();; i = (i + 1) & mask()) {
      const Slot slot = slots_[i];
      if (slot.name == 0) return 0;
      if (slot.tag == tag && equal(slot.name)) return slot.name;
    }
  }
  // Requires: name is not 0 and not in the table.
  void insert(uint32_t tag, uint32_t name) {
    if ((size_ + 1) * 5 > slots_.size() * 4) grow();
    place(Slot{tag, name});
    ++size_;
  }
  // Requires: the pair is in the table.
  void erase(uint32_t tag, uint32_t name) {
    size_t hole = tag & mask();
    while (slots_[hole].name != name) hole = (hole + 1) & mask();
    // Moves back what could not be found any more if a gap stayed before it.
    for (size_t i = (hole + 1) & mask(); slots_[i].name != 0; i = (i + 1) & mask()) {
      const size_t wanted = slots_[i].tag & mask();
      if (((i - wanted) & mask()) >= ((i - hole) & mask())) {
        slots_[hole] = slots_[i];
        hole = i;
      }
    }
    slots_[hole] = Slot{};
    --size_;
  }
  size_t size() const { return size_; }
  size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.name != 0) visit(slot.name);
    }
  }

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t name = 0;
  };
  size_t mask() const { return slots_.size() - 1; }
  void place(Slot slot) {
    size_t i = slot.tag & mask();
    while (slots_[i].name != 0) i = (i + 1) & mask();
    slots_[i] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 8 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.name != 0) place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two of them
  size_t size_ = 0;
};

}  // namespace hearth
