#include "core/growing_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <string_view>
#include <utility>

namespace hearth {
namespace {

constexpr size_t kStep = 1 << 20;  // memory is taken in such pieces
constexpr size_t kWrittenLast = 24;

size_t page_bytes() {
  static const auto bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

char* reserve(size_t bytes) {
  void* const p =
      ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(p);
}

}  // namespace

GrowingFile::GrowingFile(std::string path, size_t capacity)
    : path_(std::move(path)), capacity_(capacity), data_(reserve(capacity)) {}

GrowingFile::~GrowingFile() { ::munmap(data_, capacity_); }

char* GrowingFile::extend(size_t count) {
  assert(size_ + count <= capacity_);
  const size_t needed = (size_ + count + kStep - 1) / kStep * kStep;
  if (needed > writable_) {
    if (::mprotect(data_ + writable_, std::min(needed, capacity_) - writable_,
                   PROT_READ | PROT_WRITE) != 0) {
      throw std::bad_alloc();
    }
    writable_ = needed;
  }
  char* const room = data_ + size_;
  size_ += count;
  return room;
}

void GrowingFile::write_out(size_t end) {
  if (!file_.is_open()) file_ = File(path_, File::Mode::kCreate);
  if (end > written_) {
    const std::string_view fresh(data_ + written_, end - written_);
    const size_t last = std::min(kWrittenLast, fresh.size());
    if (fresh.size() > last) file_.pwrite(fresh.substr(last), written_ + last);
    file_.pwrite(fresh.substr(0, last), written_);
    written_ = end;
  }
  map_written();
}

// Where the file cannot be mapped its bytes stay in memory. The mapping is made elsewhere and then
// moved, so that a failure costs nothing.
void GrowingFile::map_written() {
  const size_t whole_pages = written_ / page_bytes() * page_bytes();
  if (whole_pages == mapped_) return;
  const size_t length = whole_pages - mapped_;
  void* const fresh =
      ::mmap(nullptr, length, PROT_READ, MAP_SHARED, file_.fd(), static_cast<off_t>(mapped_));
  if (fresh == MAP_FAILED) return;
  if (::mremap(fresh, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, data_ + mapped_) ==
      MAP_FAILED) {
    ::munmap(fresh, length);
    return;
  }
  mapped_ = whole_pages;
}

void GrowingFile::sync() { file_.sync(); }

void GrowingFile::finish() {
  file_.sync();
  file_.close();
}

}  // namespace hearth
