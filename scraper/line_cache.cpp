#include "scraper/line_cache.h"

#include <algorithm>

namespace hearth {
namespace {

constexpr size_t kLookAhead = 8;
constexpr size_t kScratchKept = size_t{1} << 20;  // entries; a larger scratch is freed after use
constexpr size_t kIncompleteMore = 1000;  // entries that bodies which end in the middle may always add

}  // namespace

// ---- the cache ---------------------------------------------------------------------------------

void LineCache::forget(const std::vector<SeriesRef>& refs) {
  std::erase_if(entries_, [&](const LineEntry& entry) {
    return !entry.is(LineEntry::kComment) && std::binary_search(refs.begin(), refs.end(), entry.ref);
  });
  index_ = LineIndex();
}

size_t LineCache::count_series() const {
  return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(), [](const LineEntry& entry) {
    return entry.ref != 0 && (entry.flags & (LineEntry::kComment | LineEntry::kDuplicate)) == 0;
  }));
}

void LineCache::forget_lines() {
  // An entry that no line can match is seen as vanished by the next walk, unless its series is there.
  std::erase_if(entries_, [](const LineEntry& entry) { return !entry.is(LineEntry::kTracked); });
  for (LineEntry& entry : entries_) {
    entry.fingerprint = 0;
    entry.length = 0;
    entry.flags |= LineEntry::kLong;
  }
  index_ = LineIndex();
}

// ---- the walk ----------------------------------------------------------------------------------

LineWalk::~LineWalk() {
  if (diverged_ && !finished_) {
    for (LineEntry& entry : cache_) entry.flags &= static_cast<uint16_t>(~LineEntry::kSeen);
    if (unordered_ && cache_.size() > begun_with_) {
      cache_.resize(begun_with_);
      owner_.index_ = LineIndex();
    }
  }
  scratch_.next.clear();
  if (scratch_.next.capacity() > kScratchKept) scratch_ = LineScratch();
}

const LineEntry* LineWalk::look_ahead(const char* p, const char* end) {
  if (misses_ahead_ >= kGiveUpLookingAhead) return nullptr;
  const size_t stop = std::min(cache_.size(), cursor_ + 1 + kLookAhead);
  for (size_t i = cursor_ + 1; i < stop; ++i) {
    const LineEntry& entry = cache_[i];
    if ((entry.flags & kUnfit) != 0 || !matches(entry, p, end)) continue;
    if (!diverged_) diverge();
    cursor_ = i;
    misses_ahead_ = 0;
    return &entry;
  }
  ++misses_ahead_;
  return nullptr;
}

LineWalk::Outcome LineWalk::find(std::string_view text) {
  found_ = LineEntry();
  found_.fingerprint = fingerprint(text.data(), text.size(), seed_);
  if (text.size() > 0xffff) {
    found_.flags = LineEntry::kLong;
  } else {
    found_.length = static_cast<uint16_t>(text.size());
  }
  return look_up();
}

LineWalk::Outcome LineWalk::find(uint64_t print) {
  found_ = LineEntry();
  found_.fingerprint = print;
  found_.flags = LineEntry::kLong;  // no text is it
  return look_up();
}

// Looks for found_.
LineWalk::Outcome LineWalk::look_up() {
  if (!diverged_) {
    if (cursor_ < cache_.size() && cache_[cursor_].fingerprint == found_.fingerprint) {
      found_.ref = cache_[cursor_].ref;
      return cache_[cursor_].is(LineEntry::kDuplicate) ? Outcome::kRepeated : Outcome::kKnown;
    }
    diverge();
  }
  const uint32_t place = slot(found_.fingerprint);
  if (place == LineIndex::kFree) return Outcome::kNew;
  const LineEntry& entry = at(place);
  found_.ref = entry.ref;
  if ((place & LineIndex::kInNext) != 0 || entry.is(LineEntry::kSeen)) return Outcome::kRepeated;
  cursor_ = place;
  return Outcome::kKnown;
}

void LineWalk::repeat() {
  if (!diverged_) {
    ++cursor_;
    return;
  }
  if (unordered_) return;
  found_.flags |= LineEntry::kDuplicate;
  scratch_.next.push_back(found_);
}

void LineWalk::add(SeriesRef ref, bool comment, bool tracked) {
  added_ = true;
  found_.ref = ref;
  if (comment) found_.flags |= LineEntry::kComment;
  if (tracked) found_.flags |= LineEntry::kTracked;
  uint32_t place = static_cast<uint32_t>(cache_.size());
  if (unordered_) {
    found_.flags |= LineEntry::kSeen;
    cache_.push_back(found_);
  } else {
    place = static_cast<uint32_t>(scratch_.next.size()) | LineIndex::kInNext;
    scratch_.next.push_back(found_);
  }
  insert(found_.fingerprint, place);
}

void LineWalk::diverge() {
  diverged_ = true;
  if (unordered_) {
    if (index_.slots.empty()) {
      std::erase_if(cache_, [](const LineEntry& entry) { return entry.is(LineEntry::kDuplicate); });
      index_all();
    }
    begun_with_ = cache_.size();
    return;
  }
  in_place_ = cursor_;
  scratch_.next.assign(cache_.begin(), cache_.begin() + static_cast<ptrdiff_t>(cursor_));
  index_all();
}

void LineWalk::index_all() {
  size_t size = 64;
  while (size < 4 * cache_.size() + 64) size *= 2;
  index_.slots.assign(size, LineIndex::kFree);
  index_.used = 0;
  for (size_t i = 0; i < cache_.size(); ++i) {
    if (cache_[i].is(LineEntry::kDuplicate)) continue;
    const uint32_t where = i < in_place_ ? LineIndex::kInNext : 0;
    insert(cache_[i].fingerprint, static_cast<uint32_t>(i) | where);
  }
}

void LineWalk::insert(uint64_t print, uint32_t place) {
  uint32_t& free = slot(print);
  if (free != LineIndex::kFree) return;
  free = place;
  if (++index_.used * 3 < index_.slots.size()) return;
  std::vector<uint32_t> old(index_.slots.size() * 2, LineIndex::kFree);
  old.swap(index_.slots);
  for (const uint32_t moved : old) {
    if (moved != LineIndex::kFree) slot(at(moved).fingerprint) = moved;
  }
}

std::vector<SeriesRef> LineWalk::vanished() {
  std::vector<SeriesRef> refs = untracked_;
  for (size_t i = diverged_ ? in_place_ : cursor_; i < cache_.size(); ++i) {
    const LineEntry& entry = cache_[i];
    if (entry.is(LineEntry::kSeen)) continue;
    if (entry.is(LineEntry::kComment)) comments_lost_ = true;
    if (entry.is(LineEntry::kTracked) && entry.ref != 0) refs.push_back(entry.ref);
  }
  if (refs.empty()) return refs;
  std::sort(refs.begin(), refs.end());
  refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
  // A series may still be there under another text.
  std::vector<bool> there(refs.size());
  const auto look = [&](const LineEntry& entry) {
    if (!entry.is(LineEntry::kTracked)) return;
    const auto it = std::lower_bound(refs.begin(), refs.end(), entry.ref);
    if (it != refs.end() && *it == entry.ref) there[static_cast<size_t>(it - refs.begin())] = true;
  };
  if (unordered_) {
    for (const LineEntry& entry : cache_) {
      if (entry.is(LineEntry::kSeen)) look(entry);
    }
  } else if (diverged_) {
    for (const LineEntry& entry : scratch_.next) look(entry);
  } else {
    for (size_t i = 0; i < cursor_; ++i) look(cache_[i]);
  }
  size_t kept = 0;
  for (size_t i = 0; i < refs.size(); ++i) {
    if (!there[i]) refs[kept++] = refs[i];
  }
  refs.resize(kept);
  return refs;
}

void LineWalk::commit() {
  finished_ = true;
  if (unordered_) return commit_unordered();
  const bool disordered = diverged_ && this->disordered();
  if (disordered && owner_.disordered_) owner_.unordered_left_ = kUnorderedBodies;
  owner_.disordered_ = disordered;
  if (diverged_) {
    cache_.assign(scratch_.next.begin(), scratch_.next.end());
  } else {
    cache_.resize(cursor_);
  }
  owner_.complete_ = cache_.size();
  if (cache_.capacity() > 2 * cache_.size() + 16) cache_.shrink_to_fit();
  if (added_) find_aliases();
}

void LineWalk::commit_unordered() {
  forget_unseen();
  owner_.complete_ = cache_.size();
  if (--owner_.unordered_left_ == 0) {
    owner_.index_ = LineIndex();
    owner_.disordered_ = false;
  }
  if (added_) find_aliases();
}

// Unordered: forgets the entries that are not kSeen, and that the others are.
void LineWalk::forget_unseen() {
  const size_t before = cache_.size();
  std::erase_if(cache_, [](const LineEntry& entry) { return !entry.is(LineEntry::kSeen); });
  if (cache_.size() < before) owner_.index_ = LineIndex();
  for (LineEntry& entry : cache_) entry.flags &= static_cast<uint16_t>(~LineEntry::kSeen);
}

bool LineWalk::keep_what_is_known() {
  finished_ = true;
  if (unordered_) {
    const bool keep = cache_.size() <= 2 * owner_.complete_ + kIncompleteMore;
    for (LineEntry& entry : cache_) {
      if (entry.is(LineEntry::kSeen)) continue;
      entry.flags &= static_cast<uint16_t>(~LineEntry::kTracked);
      if (keep) entry.flags |= LineEntry::kSeen;
    }
    forget_unseen();
    if (added_) find_aliases();
    return keep;
  }
  if (!diverged_) {
    for (size_t i = cursor_; i < cache_.size(); ++i) cache_[i].flags &= static_cast<uint16_t>(~LineEntry::kTracked);
    return true;
  }
  const size_t seen = scratch_.next.size();
  for (size_t i = in_place_; i < cache_.size(); ++i) {
    LineEntry entry = cache_[i];
    if (entry.is(LineEntry::kSeen) || entry.is(LineEntry::kDuplicate)) continue;
    entry.flags &= static_cast<uint16_t>(~LineEntry::kTracked);
    scratch_.next.push_back(entry);
  }
  const bool keep = scratch_.next.size() <= 2 * owner_.complete_ + kIncompleteMore;
  if (!keep) scratch_.next.resize(seen);
  cache_.assign(scratch_.next.begin(), scratch_.next.end());
  if (added_) find_aliases();
  return keep;
}

void LineWalk::find_aliases() {
  std::vector<SeriesRef> refs;
  for (const LineEntry& entry : cache_) {
    if ((entry.flags & (LineEntry::kComment | LineEntry::kDuplicate)) == 0 && entry.ref != 0) {
      refs.push_back(entry.ref);
    }
  }
  if (!std::is_sorted(refs.begin(), refs.end())) std::sort(refs.begin(), refs.end());
  owner_.has_aliases_ = std::adjacent_find(refs.begin(), refs.end()) != refs.end();
}

}  // namespace hearth
