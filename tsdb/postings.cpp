#include "tsdb/postings.h"

#include <algorithm>

namespace hearth::tsdb {
namespace {

// The first position at or after `pos` whose ref is not less than `ref`: steps double from `pos`,
// so walking a list in order costs the logarithm of the gaps.
size_t seek(const PostingsView& list, size_t pos, uint32_t ref) {
  size_t step = 1;
  size_t low = pos;
  while (pos < list.size() && list[pos] < ref) {
    low = pos + 1;
    pos += step;
    step *= 2;
  }
  size_t high = std::min(pos, list.size());
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (list[middle] < ref) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Keeps those refs of `refs` for which being in `list` equals `wanted`.
void filter(Postings& refs, const PostingsView& list, bool wanted) {
  size_t pos = 0;
  std::erase_if(refs, [&](uint32_t ref) {
    pos = seek(list, pos, ref);
    return (pos < list.size() && list[pos] == ref) != wanted;
  });
}

// The union through a bit per possible ref.
Postings unite_dense(std::span<const PostingsView> lists, uint32_t max) {
  std::vector<uint64_t> bits(size_t{max} / 64 + 1);
  for (const PostingsView& list : lists) {
    for (size_t i = 0; i < list.size(); ++i) bits[list[i] / 64] |= uint64_t{1} << (list[i] % 64);
  }
  size_t count = 0;
  for (const uint64_t word : bits) count += static_cast<size_t>(__builtin_popcountll(word));
  Postings out;
  out.reserve(count);
  for (size_t i = 0; i < bits.size(); ++i) {
    for (uint64_t word = bits[i]; word != 0; word &= word - 1) {
      out.push_back(static_cast<uint32_t>(i * 64 + static_cast<size_t>(__builtin_ctzll(word))));
    }
  }
  return out;
}

}  // namespace

void PostingsView::append_to(Postings& out) const {
  const size_t start = out.size();
  out.resize(start + size_);
  if (size_ > 0) std::memcpy(out.data() + start, data_, size_ * 4);
  if (!big_endian_) return;
  for (size_t i = start; i < out.size(); ++i) out[i] = __builtin_bswap32(out[i]);
}

Postings intersect(std::vector<PostingsView> lists) {
  Postings out;
  if (lists.empty()) return out;
  std::sort(lists.begin(), lists.end(),
            [](const PostingsView& a, const PostingsView& b) { return a.size() < b.size(); });
  lists.front().append_to(out);
  for (size_t i = 1; i < lists.size() && !out.empty(); ++i) filter(out, lists[i], true);
  return out;
}

Postings unite(std::span<const PostingsView> lists) {
  size_t total = 0;
  uint32_t max = 0;
  for (const PostingsView& list : lists) {
    total += list.size();
    for (size_t i = 0; i < list.size(); ++i) max = std::max(max, list[i]);
  }
  // A bit set costs max/8 bytes to clear and to read; sorting costs about 50 ns a ref.
  if (lists.size() > 1 && total > 256 && max / 256 < total) return unite_dense(lists, max);

  Postings out;
  out.reserve(total);
  for (const PostingsView& list : lists) list.append_to(out);
  if (lists.size() > 1) {
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }
  return out;
}

Postings subtract(PostingsView from, std::span<const PostingsView> lists) {
  Postings out;
  from.append_to(out);
  for (const PostingsView& list : lists) {
    if (!out.empty()) filter(out, list, false);
  }
  return out;
}

bool intersects(PostingsView a, PostingsView b) {
  if (a.size() > b.size()) std::swap(a, b);
  size_t pos = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    pos = seek(b, pos, a[i]);
    if (pos == b.size()) return false;
    if (b[pos] == a[i]) return true;
  }
  return false;
}

}  // namespace hearth::tsdb
