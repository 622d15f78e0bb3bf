// Recognises the lines of a target's body: almost always the same lines stand in the same order as in
// the last body, so a line is known by its position and a fingerprint, without being parsed.
//
// 16 bytes per line. Invariants: (1) entries stand in the order of the last body, followed by those that
// it did not come to; (2) of equal lines the first is the one that counts, later ones are marked kDuplicate.
//
// A target whose lines come in another order each time is read unordered: its entries stay where they are,
// and an index that is kept (16 to 32 bytes more per line) finds them. Now and then it is tried whether an
// order has come back.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/storage.h"
#include "scraper/exposition.h"

namespace hearth {

// 64 bits of `length` bytes at `p`; reads up to 32 bytes, never past the padding of a Body.
__attribute__((always_inline)) inline uint64_t fingerprint(const char* p, size_t length, uint64_t seed) {
  constexpr uint64_t k0 = 0xa0761d6478bd642f, k1 = 0xe7037ed1a0b428db, k2 = 0x8ebc6af09c88c6e3,
                     k3 = 0x589965cc75374cc3;
  const auto load = [](const char* from) {
    uint64_t x;
    std::memcpy(&x, from, 8);
    return x;
  };
  const auto mix = [](uint64_t a, uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  uint64_t state = seed ^ length * k0;
  if (length > 32) {  // two at a time; the last 32 bytes once more, or partly
    uint64_t other = state ^ k2;
    const auto both = [&](const char* from) {
      state = mix(load(from) ^ k1, load(from + 8) ^ state);
      other = mix(load(from + 16) ^ k3, load(from + 24) ^ other);
    };
    for (size_t i = 0; i + 32 < length; i += 32) both(p + i);
    both(p + length - 32);
    return mix(state ^ k0, other ^ k1);
  }
  size_t i = 0;
  for (; i + 16 < length; i += 16) state = mix(load(p + i) ^ k1, load(p + i + 8) ^ state);
  uint64_t low = load(p + i), high = load(p + i + 8);  // the last 0..16 bytes, the rest masked away
  const size_t left = length - i;
  if (left < 8) low &= (uint64_t{1} << (8 * left)) - 1;
  if (left <= 8) {
    high = 0;
  } else if (left < 16) {
    high &= (uint64_t{1} << (8 * (left - 8))) - 1;
  }
  return mix(mix(low ^ k1, high ^ state), k0);
}

struct LineEntry {
  // kTracked: the series gets a stale marker when it vanishes. kLong: the line is longer than length
  // can say; it is recognised after parsing only.
  enum Flags : uint16_t { kSeen = 1, kDuplicate = 2, kComment = 4, kTracked = 8, kLong = 16 };

  uint64_t fingerprint = 0;
  SeriesRef ref = 0;  // 0: dropped by relabelling. Of a comment: its EntryKind << 8 | MetricType
  uint16_t length = 0;
  uint16_t flags = 0;

  bool is(Flags flag) const { return (flags & flag) != 0; }
  static SeriesRef comment(EntryKind kind, MetricType type) {
    return static_cast<SeriesRef>(kind) << 8 | static_cast<SeriesRef>(type);
  }
  EntryKind comment_kind() const { return static_cast<EntryKind>(ref >> 8); }
  MetricType comment_type() const { return static_cast<MetricType>(ref & 0xff); }
};
static_assert(sizeof(LineEntry) == 16);

// Where the entry of a fingerprint is. One thread.
struct LineIndex {
  static constexpr uint32_t kFree = 0xffffffff;
  static constexpr uint32_t kInNext = 0x80000000;  // the place is one of LineScratch::next, else of the cache

  // Places. Open addressing, a power of two, a quarter full: mostly the first look finds. Empty: it is to be made.
  std::vector<uint32_t> slots;
  size_t used = 0;
};

// What a walk over a body needs only while it lasts; one per worker. One thread.
struct LineScratch {
  std::vector<LineEntry> next;
  LineIndex index;
};

// The lines of one target. One thread at a time.
class LineCache {
 public:
  const std::vector<LineEntry>& entries() const { return entries_; }
  // Whether two lines with different texts name the same series.
  bool has_aliases() const { return has_aliases_; }
  size_t count_series() const;  // lines of a series that stand once
  size_t bytes() const {
    return entries_.capacity() * sizeof(LineEntry) + index_.slots.capacity() * sizeof(uint32_t);
  }
  // Forgets the lines of these series (sorted): they died in the storage.
  void forget(const std::vector<SeriesRef>& refs);
  // Forgets all lines but keeps which series are to be marked stale.
  void forget_lines();
  // Calls mark(ref) for each series that is tracked, and tracks it no longer.
  template <class Mark>
  void end_all(Mark mark) {
    for (LineEntry& entry : entries_) {
      if (entry.is(LineEntry::kTracked)) mark(entry.ref);
      entry.flags &= static_cast<uint16_t>(~LineEntry::kTracked);
    }
  }

 private:
  friend class LineWalk;
  std::vector<LineEntry> entries_;
  bool has_aliases_ = false;
  bool disordered_ = false;  // the last complete body had its lines in another order than the one before
  size_t complete_ = 0;  // how many entries the last complete body had
  unsigned unordered_left_ = 0;  // so many bodies are still read without looking at the order
  LineIndex index_;  // of entries_, while they are read unordered
};

// One walk over a body, ended by finish() or give_up(). One thread.
class LineWalk {
 public:
  enum class Outcome { kKnown, kRepeated, kNew };

  LineWalk(LineCache& cache, LineScratch& scratch, uint64_t seed)
      : owner_(cache), cache_(cache.entries_), scratch_(scratch), seed_(seed),
        unordered_(cache.unordered_left_ > 0), index_(unordered_ ? cache.index_ : scratch.index),
        misses_ahead_(cache.disordered_ ? kGiveUpLookingAhead : 0) {
    if (unordered_) diverge();
  }
  ~LineWalk();
  LineWalk(const LineWalk&) = delete;
  LineWalk& operator=(const LineWalk&) = delete;

  // The entry that is expected next, if the line at `p` begins with it; else nullptr. Either take() it,
  // or leave it and use find().
  const LineEntry* expected(const char* p, const char* end) const {
    if (unordered_ || cursor_ >= cache_.size()) return nullptr;
    const LineEntry& entry = cache_[cursor_];
    return (entry.flags & kUnfit) == 0 && matches(entry, p, end) ? &entry : nullptr;
  }
  // Looks a few entries further for the line at `p` and moves there.
  const LineEntry* look_ahead(const char* p, const char* end);
  // The current entry is in the body; its series is tracked or not.
  void take(bool tracked) {
    LineEntry& entry = cache_[cursor_];
    if (tracked != entry.is(LineEntry::kTracked)) {
      entry.flags ^= LineEntry::kTracked;
      if (!tracked) untracked_.push_back(entry.ref);
    }
    if (diverged_) {
      if (!unordered_) scratch_.next.push_back(entry);
      entry.flags |= LineEntry::kSeen;
    }
    ++cursor_;
  }

  // Whether lines stand in no order that is known, so that known() is worth asking.
  bool disordered() const { return misses_ahead_ >= kGiveUpLookingAhead; }
  uint64_t print(std::string_view text) const { return fingerprint(text.data(), text.size(), seed_); }

  // Whether entries have a place, which stays theirs while the walk lasts: they are looked for ahead.
  bool unordered() const { return unordered_; }
  // Fetches what place() will look at, while there is other work to do: first one, then the other.
  void prefetch_slot(uint64_t print) const { __builtin_prefetch(&index_.slots[first_slot(print)]); }
  void prefetch_entry(uint64_t print) const {
    const uint32_t place = index_.slots[first_slot(print)];
    if (place != LineIndex::kFree) __builtin_prefetch(&cache_[place], 1);
  }
  uint32_t place(uint64_t print) const {
    for (size_t i = first_slot(print);; i = (i + 1) & (index_.slots.size() - 1)) {
      const uint32_t place = index_.slots[i];
      if (place == LineIndex::kFree || cache_[place].fingerprint == print) return place;
    }
  }
  // The entry at a place, if this series or comment may be it. Moves there.
  const LineEntry* at(uint32_t place, size_t length, bool comment) {
    if (place == LineIndex::kFree) return nullptr;
    const LineEntry& entry = cache_[place];
    if ((entry.flags & kUnfit) != 0 || entry.length != length || entry.is(LineEntry::kComment) != comment) {
      return nullptr;
    }
    cursor_ = place;
    return &entry;
  }
  // The entry of this series or comment, wherever it is; nullptr where it has none, or stood in this body
  // before. Moves there.
  const LineEntry* known(uint64_t print, size_t length, bool comment) {
    if (!diverged_) diverge();
    const uint32_t place = slot(print);
    if ((place & LineIndex::kInNext) != 0) return nullptr;  // also of a free one
    return at(place, length, comment);
  }

  // Looks for a parsed line anywhere. kKnown: entry() is it, take() it. kRepeated: it stood in this body
  // before and names repeated_ref(); repeat() it. kNew: add() it, or nothing.
  Outcome find(std::string_view text);
  // The same for what is no line of text, by a fingerprint of the caller's.
  Outcome find(uint64_t print);
  const LineEntry& entry() const { return cache_[cursor_]; }
  SeriesRef repeated_ref() const { return found_.ref; }
  void repeat();
  void add(SeriesRef ref, bool comment, bool tracked);

  // The walk is complete: calls mark(ref) for each tracked series that this body does not have.
  template <class Mark>
  void finish(Mark mark) {
    for (const SeriesRef ref : vanished()) mark(ref);
    commit();
  }
  bool comments_lost() const { return comments_lost_; }  // after finish()

  // The body ends in the middle: lines that were seen stay known and tracked, the others stay known, too,
  // and mark(ref) is called for those that were tracked, as for vanished ones. Returns false where so many
  // lines have come since the last complete body that those not seen are forgotten.
  template <class Mark>
  bool give_up(Mark mark) {
    for (const SeriesRef ref : vanished()) mark(ref);
    return keep_what_is_known();
  }

 private:
  static constexpr unsigned kGiveUpLookingAhead = 16;  // misses in a row: the order is random
  static constexpr unsigned kUnorderedBodies = 60;     // then an order is looked for again
  static constexpr uint16_t kUnfit = LineEntry::kSeen | LineEntry::kDuplicate | LineEntry::kLong;
  bool matches(const LineEntry& entry, const char* p, const char* end) const {
    const size_t length = entry.length;
    if (static_cast<size_t>(end - p) < length) return false;
    const char after = entry.is(LineEntry::kComment) ? '\n' : ' ';
    return p[length] == after && fingerprint(p, length, seed_) == entry.fingerprint;
  }
  Outcome look_up();
  void diverge();
  void index_all();
  const LineEntry& at(uint32_t place) const {
    const bool in_next = (place & LineIndex::kInNext) != 0;
    return in_next ? scratch_.next[place & ~LineIndex::kInNext] : cache_[place];
  }
  size_t first_slot(uint64_t print) const { return print & (index_.slots.size() - 1); }
  uint32_t& slot(uint64_t print) {
    for (size_t i = first_slot(print);; i = (i + 1) & (index_.slots.size() - 1)) {
      uint32_t& place = index_.slots[i];
      if (place == LineIndex::kFree || at(place).fingerprint == print) return place;
    }
  }
  void insert(uint64_t print, uint32_t place);
  std::vector<SeriesRef> vanished();
  void commit();
  void commit_unordered();
  void forget_unseen();
  bool keep_what_is_known();
  void find_aliases();

  LineCache& owner_;
  std::vector<LineEntry>& cache_;
  LineScratch& scratch_;
  const uint64_t seed_;
  const bool unordered_;  // entries stay where they are; those of this body are kSeen, new ones at the end
  LineIndex& index_;      // once it has diverged
  size_t cursor_ = 0;
  bool diverged_ = false;  // until then every entry before cursor_ was taken in place
  size_t in_place_ = 0;    // how many were, when it diverged
  size_t begun_with_ = 0;  // unordered: how many entries there were
  bool added_ = false, comments_lost_ = false, finished_ = false;
  unsigned misses_ahead_;
  LineEntry found_;  // what find() looked for
  std::vector<SeriesRef> untracked_;  // were tracked until this body, which has them
};

}  // namespace hearth
