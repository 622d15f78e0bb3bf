#include "tsdb/block_chunks.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/bytes.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "core/prefetch.h"

namespace hearth::tsdb {
namespace {

constexpr uint32_t kMagic = 0x85BD40DD;
constexpr uint8_t kVersion = 1;
constexpr uint64_t kHeaderBytes = 8;
constexpr uint64_t kMaxLengthBytes = 5;
constexpr size_t kBufferBytes = 1 << 20;
constexpr size_t kUsualBytes = 1536;           // of a chunk: most have less
constexpr uint64_t kWriteBackBytes = 8 << 20;  // on their way to the disk at once

[[noreturn]] void corrupt(const std::string& dir, const std::string& what) {
  throw Error(ErrorKind::kCorrupt, fmt::format("corrupt chunks in {}: {}", dir, what));
}

}  // namespace

BlockChunksWriter::BlockChunksWriter(std::string dir, uint64_t segment_bytes)
    : dir_(std::move(dir)), segment_bytes_(segment_bytes) {
  make_dirs(dir_);
}

void BlockChunksWriter::next_segment() {
  finish();
  file_ = File(fmt::format("{}/{:06}", dir_, ++segments_), File::Mode::kCreate);
  ByteWriter out(buffer_);
  out.be32(kMagic);
  out.u8(kVersion);
  out.bytes(std::string_view("\0\0\0", 3));
  flushed_ = 0;
  written_back_ = 0;
}

uint64_t BlockChunksWriter::write(Encoding encoding, std::string_view bytes) {
  const uint64_t position = flushed_ + buffer_.size();
  if (segments_ == 0 || position + kMaxLengthBytes + 1 + bytes.size() + 4 > segment_bytes_)
    next_segment();
  const uint64_t offset = flushed_ + buffer_.size();
  ByteWriter out(buffer_);
  out.uvarint(bytes.size());
  const size_t checked_from = buffer_.size();
  out.u8(static_cast<uint8_t>(encoding));
  out.bytes(bytes);
  out.be32(crc32c(std::string_view(buffer_).substr(checked_from)));
  if (buffer_.size() >= kBufferBytes) flush();
  return (segments_ - 1) << 32 | offset;
}

void BlockChunksWriter::flush() {
  file_.write(buffer_);
  flushed_ += buffer_.size();
  buffer_.clear();
  if (flushed_ - written_back_ < kWriteBackBytes) return;
  file_.write_back(written_back_, flushed_);
  written_back_ = flushed_;
}

void BlockChunksWriter::finish() {
  if (!file_.is_open()) return;
  flush();
  file_.close();
}

BlockChunksReader::BlockChunksReader(const std::string& dir) : dir_(dir) {
  // Prometheus numbers the files from 1 without gaps, and so do refs.
  for (const std::string& name : list_dir(dir)) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string path = dir + "/" + name;
    if (name != fmt::format("{:06}", segments_.size() + 1)) corrupt(dir, "unexpected file " + name);
    MappedFile file(path);
    const std::string_view bytes = file.bytes();
    if (bytes.size() < kHeaderBytes || load_be32(bytes.data()) != kMagic)
      corrupt(dir, "invalid magic number in " + name);
    if (static_cast<uint8_t>(bytes[4]) != kVersion) corrupt(dir, "unknown version of " + name);
    segments_.push_back(std::move(file));
  }
}

BlockChunksReader::Chunk BlockChunksReader::chunk(uint64_t ref) const {
  const uint64_t segment = ref >> 32;
  const uint64_t offset = ref & 0xffffffff;
  if (segment >= segments_.size()) corrupt(dir_, fmt::format("no segment {}", segment));
  const std::string_view bytes = segments_[segment].bytes();
  if (offset < kHeaderBytes || offset >= bytes.size())
    corrupt(dir_, fmt::format("no chunk at {} of segment {}", offset, segment));
  ByteReader in(bytes.substr(offset));
  const uint64_t length = in.uvarint();
  if (in.failed() || length >= in.left())
    corrupt(dir_, fmt::format("the chunk at {} of segment {} ends early", offset, segment));
  const std::string_view checked = in.bytes(length + 1);
  const uint32_t crc = in.be32();
  if (in.failed() || crc32c(checked) != crc)
    corrupt(dir_, fmt::format("checksum mismatch at {} of segment {}", offset, segment));
  const auto encoding = static_cast<uint8_t>(checked[0]);
  if (encoding < static_cast<uint8_t>(Encoding::kXor) ||
      encoding > static_cast<uint8_t>(Encoding::kFloatHistogramSt))
    corrupt(dir_,
            fmt::format("unknown encoding {} at {} of segment {}", encoding, offset, segment));
  return {static_cast<Encoding>(encoding), checked.substr(1)};
}

void BlockChunksReader::prefetch(uint64_t ref) const {
  const uint64_t segment = ref >> 32, offset = ref & 0xffffffff;
  if (segment >= segments_.size()) return;
  const std::string_view bytes = segments_[segment].bytes();
  if (offset >= bytes.size()) return;
  hearth::prefetch(bytes.data() + offset, std::min<size_t>(kUsualBytes, bytes.size() - offset));
}

size_t BlockChunksReader::readable_behind(uint64_t ref, std::string_view chunk) const {
  const std::string_view bytes = segments_[ref >> 32].bytes();
  return static_cast<size_t>(bytes.data() + bytes.size() - (chunk.data() + chunk.size()));
}

bool BlockChunksReader::lost_pages() const {
  return std::any_of(segments_.begin(), segments_.end(),
                     [](const MappedFile& segment) { return segment.damaged(); });
}

void BlockChunksReader::forget(uint64_t from, uint64_t to) const {
  const uint64_t segment = from >> 32;
  if (segment != to >> 32 || segment >= segments_.size()) return;
  segments_[segment].forget(from & 0xffffffff, to & 0xffffffff);
}

void BlockChunksReader::forget_pages() const {
  for (const MappedFile& segment : segments_) segment.forget(0, segment.bytes().size());
}

uint64_t BlockChunksReader::bytes() const {
  uint64_t total = 0;
  for (const MappedFile& segment : segments_) total += segment.bytes().size();
  return total;
}

}  // namespace hearth::tsdb
