#include "tsdb/wal_reader.h"

#include <fmt/format.h>

#include "core/bytes.h"
#include "core/compress.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "tsdb/wal_format.h"
#include "tsdb/wal_record.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kMaxRecordBytes = 1u << 30;

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr size_t kPageBytes = 256;  // so that small inputs span several pages
#else
constexpr size_t kPageBytes = kWalPageBytes;
#endif

// Where the segment would end if its last page were whole: what is missing counts as zeros.
uint64_t padded_size(std::string_view bytes) {
  return (bytes.size() + kPageBytes - 1) / kPageBytes * kPageBytes;
}

bool is_series_or_metadata(char type) {
  return type == static_cast<char>(RecordType::kSeries) ||
         type == static_cast<char>(RecordType::kMetadata);
}

// Judged from the beginning of a record's compressed form: a snappy block is its length, then a
// literal, which is a tag, up to four bytes of length, and bytes as they were.
bool may_be_series_or_metadata(std::string_view raw, uint8_t flags) {
  if (raw.empty() || (flags & kWalZstdFlag) != 0) return true;
  if ((flags & kWalSnappyFlag) == 0) return is_series_or_metadata(raw[0]);
  size_t tag = 0;
  while (tag < raw.size() && (raw[tag] & 0x80) != 0) ++tag;
  if (++tag >= raw.size() || (raw[tag] & 3) != 0) return true;
  const size_t length = static_cast<uint8_t>(raw[tag]) >> 2;
  const size_t first = tag + 1 + (length < 60 ? 0 : length - 59);
  return first >= raw.size() || is_series_or_metadata(raw[first]);
}

}  // namespace

WalReader::Outcome WalReader::fail(std::string what) {
  error_ = std::move(what);
  return Outcome::kCorrupt;
}

std::string_view WalReader::slice(uint64_t position, size_t count) {
  if (position + count <= bytes_.size()) return bytes_.substr(position, count);
  padded_.assign(position < bytes_.size() ? bytes_.substr(position) : std::string_view());
  padded_.resize(count, '\0');
  return padded_;
}

// From a page's end mark to the next page; false when there is something after the mark.
bool WalReader::skip_page_end() {
  const uint64_t end = (position_ / kPageBytes + 1) * kPageBytes;
  for (++position_; position_ < end && position_ < bytes_.size(); ++position_) {
    if (bytes_[position_] != 0) return false;
  }
  position_ = end;
  return true;
}

bool WalReader::is_wanted(std::string_view raw, uint8_t flags) const {
  return wanted_ == Wanted::kAll || may_be_series_or_metadata(raw, flags);
}

WalReader::Outcome WalReader::uncompress(std::string_view raw, uint8_t flags) {
  record_ = raw;
  if (!is_wanted(raw, flags)) {
    record_ = {};
    return Outcome::kRecord;
  }
  try {
    if (flags & kWalSnappyFlag) {
      if (!raw.empty()) snappy_uncompress(raw, uncompressed_, kMaxRecordBytes);
    } else if (flags & kWalZstdFlag) {
      if (!raw.empty()) zstd_uncompress(raw, uncompressed_, kMaxRecordBytes);
    } else {
      return Outcome::kRecord;
    }
  } catch (const Error& error) {
    return fail(error.what());
  }
  if (!raw.empty()) record_ = uncompressed_;
  return Outcome::kRecord;
}

WalReader::Outcome WalReader::next() {
  if (!error_.empty()) return Outcome::kCorrupt;
  fragments_.clear();
  const uint64_t end = padded_size(bytes_);
  bool skipped = false;
  for (size_t fragments = 0;;) {
    if (position_ >= end) {
      return fragments == 0 ? Outcome::kEnd : fail("last record is torn");
    }
    const std::string_view type_byte = slice(position_, 1);
    const auto flags = static_cast<uint8_t>(type_byte[0]);
    const auto type = static_cast<WalFragment>(flags & kWalTypeMask);
    if (type == WalFragment::kPageEnd) {
      if (!skip_page_end()) return fail("unexpected non-zero byte in padded page");
      continue;
    }
    if (end - position_ < kWalHeaderBytes) return fail("read remaining header: unexpected EOF");
    const std::string_view header = slice(position_, kWalHeaderBytes);
    const size_t length = load_be16(header.data() + 1);
    const uint32_t wanted = load_be32(header.data() + 3);
    if (length > kPageBytes - kWalHeaderBytes || length > end - position_ - kWalHeaderBytes) {
      return fail(fmt::format("invalid record size {}", length));
    }
    const std::string_view part = slice(position_ + kWalHeaderBytes, length);
    if (const uint32_t found = crc32c(part); found != wanted) {
      return fail(fmt::format("unexpected checksum {:x}, expected {:x}", found, wanted));
    }
    const bool begins = type == WalFragment::kFull || type == WalFragment::kFirst;
    if (type > WalFragment::kLast) {
      return fail(fmt::format("unexpected record type {}", flags & kWalTypeMask));
    }
    if (!begins && amid_) {
      position_ += kWalHeaderBytes + length;
      continue;
    }
    amid_ = false;
    if (begins != (fragments == 0)) {
      return fail(begins ? "a record begins within another" : "a record has no beginning");
    }
    if (begins) begin_ = position_;
    position_ += kWalHeaderBytes + length;
    if (type == WalFragment::kFull) return uncompress(part, flags);
    if (begins) skipped = !is_wanted(part, flags);
    if (!skipped) fragments_.append(part);
    if (type == WalFragment::kLast && !skipped) return uncompress(fragments_, flags);
    if (type == WalFragment::kLast) {
      record_ = {};
      return Outcome::kRecord;
    }
    ++fragments;
  }
}

}  // namespace hearth::tsdb
