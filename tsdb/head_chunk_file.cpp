#include "tsdb/head_chunk_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/bytes.h"
#include "core/crc32c.h"
#include "core/error.h"

namespace hearth::tsdb {
namespace {

constexpr uint32_t kMagic = 0x0130bc91;
constexpr uint8_t kVersion = 1;
constexpr uint8_t kOutOfOrderBit = 0x80;
constexpr size_t kCrcBytes = 4;
constexpr size_t kIdentityBytes = 24;  // ref and times

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

struct Parsed {
  HeadChunk chunk;
  size_t bytes = 0;   // in the file
  std::string error;  // "" when it is whole
};

Parsed parse(std::string_view from) {
  Parsed parsed;
  ByteReader reader(from);
  parsed.chunk.series = reader.be64();
  parsed.chunk.min_time = static_cast<TimeMs>(reader.be64());
  parsed.chunk.max_time = static_cast<TimeMs>(reader.be64());
  const uint8_t encoding = reader.u8();
  parsed.chunk.encoding = static_cast<Encoding>(encoding & ~kOutOfOrderBit);
  parsed.chunk.out_of_order = (encoding & kOutOfOrderBit) != 0;
  parsed.chunk.bytes = reader.uvarint_string();
  const std::string_view summed = from.substr(0, from.size() - reader.left());
  const uint32_t expected = reader.be32();
  parsed.bytes = summed.size() + kCrcBytes;
  if (reader.failed()) {
    parsed.error = "the file ends in the middle of a chunk";
  } else if (const uint32_t actual = crc32c(summed); actual != expected) {
    parsed.error = fmt::format("checksum mismatch expected:{:x}, actual:{:x}", expected, actual);
  } else if (parsed.chunk.encoding == Encoding::kNone ||
             parsed.chunk.encoding > Encoding::kFloatHistogramSt) {
    parsed.error = fmt::format("unknown chunk encoding {}", encoding);
  } else if (parsed.chunk.bytes.size() < 2 || parsed.chunk.max_time < parsed.chunk.min_time) {
    parsed.error = "a chunk that cannot be: it has no samples";
  }
  return parsed;
}

}  // namespace

std::string head_chunk_file_header() {
  std::string header;
  ByteWriter writer(header);
  writer.be32(kMagic);
  writer.u8(kVersion);
  header.resize(kHeadChunkHeaderBytes);
  return header;
}

void encode_head_chunk(const HeadChunk& chunk, std::string& out) {
  out.clear();
  ByteWriter writer(out);
  writer.be64(chunk.series);
  writer.be64(static_cast<uint64_t>(chunk.min_time));
  writer.be64(static_cast<uint64_t>(chunk.max_time));
  writer.u8(static_cast<uint8_t>(static_cast<uint8_t>(chunk.encoding) |
                                 (chunk.out_of_order ? kOutOfOrderBit : 0)));
  writer.uvarint_string(chunk.bytes);
  writer.be32(crc32c(out));
}

HeadChunk read_head_chunk(std::string_view file, size_t offset) {
  if (offset >= file.size()) {
    throw Error(ErrorKind::kCorrupt,
                fmt::format("head chunk at {} of a file of {} bytes", offset, file.size()));
  }
  Parsed parsed = parse(file.substr(offset));
  if (!parsed.error.empty()) {
    throw Error(ErrorKind::kCorrupt, fmt::format("head chunk at {}: {}", offset, parsed.error));
  }
  return parsed.chunk;
}

HeadChunkFileReader::Outcome HeadChunkFileReader::next() {
  if (next_ == 0) {
    ByteReader header(file_.substr(0, kHeadChunkHeaderBytes));
    const uint32_t magic = header.be32();
    const uint8_t version = header.u8();
    header.skip(3);
    if (header.failed() || magic != kMagic || version != kVersion) {
      error_ = header.failed() ? "invalid head chunk file header"
                               : fmt::format("invalid magic number {:x} or chunk format version {}",
                                             magic, version);
      return Outcome::kCorrupt;
    }
    next_ = kHeadChunkHeaderBytes;
  }
  offset_ = next_;
  const std::string_view rest = file_.substr(offset_);
  if (all_zero(rest.substr(0, kIdentityBytes))) return Outcome::kEnd;
  Parsed parsed = parse(rest);
  if (!parsed.error.empty()) {
    error_ = std::move(parsed.error);
    return Outcome::kCorrupt;
  }
  chunk_ = parsed.chunk;
  next_ = offset_ + parsed.bytes;
  return Outcome::kChunk;
}

bool is_unfinished_head_chunk_file(std::string_view file) {
  return file.size() < kHeadChunkHeaderBytes || all_zero(file.substr(0, sizeof kMagic));
}

}  // namespace hearth::tsdb
