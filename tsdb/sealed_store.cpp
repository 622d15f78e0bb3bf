#include "tsdb/sealed_store.h"

#include <cstring>

#include "core/error.h"

namespace hearth::tsdb {
namespace {

struct Header {
  uint16_t length;
  Encoding encoding;
  uint8_t unused;
};
static_assert(sizeof(Header) == 4);

}  // namespace

SealedStore::SealedStore(Epoch& epoch, const std::string& dir)
    : epoch_(epoch), memory_(dir, kPageBytes, kMaxPages), pages_(std::make_unique<Page[]>(kMaxPages)) {}

SealedStore::~SealedStore() {
  for (uint32_t page = 0; page < kMaxPages; ++page) free_page(page);
}

void SealedStore::free_page(uint32_t page) {
  char* const bytes = pages_[page].bytes.load(std::memory_order_relaxed);
  if (bytes == nullptr) return;
  memory_.free(page, bytes);
  // Only now: another thread may take the number as soon as the page is gone.
  pages_[page].bytes.store(nullptr, std::memory_order_release);
  bytes_.fetch_sub(kPageBytes, std::memory_order_relaxed);
}

uint32_t SealedStore::unused_page() {
  for (uint32_t step = 1; step <= kMaxPages; ++step) {
    const auto page = static_cast<uint32_t>((open_page_ + step) % kMaxPages);
    if (pages_[page].bytes.load(std::memory_order_acquire) == nullptr) return page;
  }
  throw Error(ErrorKind::kUnavailable,
              "the head holds 16 GiB of finished chunks: none can be added");
}

uint32_t SealedStore::add(Encoding encoding, std::string_view bytes) {
  const size_t needed = (sizeof(Header) + bytes.size() + kUnit - 1) / kUnit * kUnit;
  MutexLock lock(mutex_);
  if (open_used_ + needed > kPageBytes) {
    const uint32_t full = open_page_;
    open_page_ = unused_page();
    open_used_ = 0;
    pages_[open_page_].bytes.store(memory_.allocate(open_page_), std::memory_order_release);
    bytes_.fetch_add(kPageBytes, std::memory_order_relaxed);
    if (char* const settled = pages_[full].bytes.load(std::memory_order_relaxed); settled != nullptr) {
      memory_.settle(full, settled);
    }
    drop_if_empty(full);
  }
  char* p = pages_[open_page_].bytes.load(std::memory_order_relaxed) + open_used_;
  const Header header{static_cast<uint16_t>(bytes.size()), encoding, 0};
  std::memcpy(p, &header, sizeof header);
  std::memcpy(p + sizeof header, bytes.data(), bytes.size());
  const auto place = static_cast<uint32_t>(open_page_ * kUnitsPerPage + open_used_ / kUnit);
  open_used_ += needed;
  ++pages_[open_page_].chunks;
  return place;
}

void SealedStore::remove(uint32_t place) {
  const uint32_t page = place / kUnitsPerPage;
  MutexLock lock(mutex_);
  --pages_[page].chunks;
  if (page != open_page_) drop_if_empty(page);
}

void SealedStore::drop_if_empty(uint32_t page) {
  if (pages_[page].chunks != 0) return;
  // Until then the page keeps its number, because readers may still come with a place in it.
  epoch_.defer([this, page] { free_page(page); });
}

ChunkView SealedStore::read(const SealedChunk& chunk) const {
  const char* p = pages_[chunk.place / kUnitsPerPage].bytes.load(std::memory_order_acquire) +
                  size_t{chunk.place % kUnitsPerPage} * kUnit;
  Header header;
  std::memcpy(&header, p, sizeof header);
  return {chunk.min_time, chunk.max_time(), header.encoding, {p + sizeof header, header.length}};
}

}  // namespace hearth::tsdb
