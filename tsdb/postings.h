// Sets of series refs as sorted lists of u32, and the algebra that selectors need. A list lies in
// the head as native integers, in a block's index as big endian ones; both are read where they lie.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace hearth::tsdb {

// Sorted, unique.
using Postings = std::vector<uint32_t>;

// A list that somebody else owns and keeps alive. Sorted, unique (a damaged block may break that:
// results are then wrong, but nothing is read outside of the list). Immutable.
class PostingsView {
 public:
  PostingsView() = default;
  PostingsView(std::span<const uint32_t> refs)
      : data_(reinterpret_cast<const char*>(refs.data())), size_(refs.size()) {}
  PostingsView(const Postings& refs) : PostingsView(std::span<const uint32_t>(refs)) {}
  // Requires: bytes.size() is a multiple of 4. No alignment is needed.
  static PostingsView big_endian(std::string_view bytes) {
    PostingsView view;
    view.data_ = bytes.data();
    view.size_ = bytes.size() / 4;
    view.big_endian_ = true;
    return view;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  uint32_t operator[](size_t i) const {
    uint32_t ref;
    std::memcpy(&ref, data_ + 4 * i, 4);
    return big_endian_ ? __builtin_bswap32(ref) : ref;
  }
  void append_to(Postings& out) const;

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
  bool big_endian_ = false;
};

// The refs in all of the lists; begins with the smallest and gallops through the others.
// No list at all gives the empty set.
Postings intersect(std::vector<PostingsView> lists);

// The refs in any of the lists.
Postings unite(std::span<const PostingsView> lists);

// The refs of `from` that are in none of the lists.
Postings subtract(PostingsView from, std::span<const PostingsView> lists);

// Whether the lists have a ref in common.
bool intersects(PostingsView a, PostingsView b);

}  // namespace hearth::tsdb
