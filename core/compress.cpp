#include "core/compress.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/bytes.h"
#include "core/error.h"

namespace hearth {

namespace {

[[noreturn]] void corrupt(std::string_view format) {
  throw Error(ErrorKind::kCorrupt, fmt::format("{}: corrupt input", format));
}

void check_size(std::string_view format, uint64_t size, size_t max_bytes) {
  if (size > max_bytes) {
    throw Error(ErrorKind::kBadData, fmt::format("{}: uncompressed size {} exceeds the limit of {} bytes",
                                                 format, size, max_bytes));
  }
}

// Throws what is wrong with a gzip file in Go's words, which scrapes show. Reads it once more, as only that tells.
[[noreturn]] void gzip_fault(std::string_view in) {
  const auto fail = [](const char* text) { throw Error(ErrorKind::kCorrupt, text); };
  constexpr size_t kHeader = 10;
  if (in.empty()) fail("EOF");
  if (in.size() < kHeader) fail("unexpected EOF");
  if (!in.starts_with("\x1f\x8b\x08")) fail("gzip: invalid header");
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) corrupt("gzip");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, &inflateEnd);
  std::array<Bytef, 1 << 14> plain;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = plain.data();
    stream.avail_out = static_cast<uInt>(plain.size());
    result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END && stream.avail_in > 0) result = inflateReset(&stream);  // the next member
  }
  const std::string_view why = stream.msg == nullptr ? "" : stream.msg;
  if (result == Z_BUF_ERROR) fail("unexpected EOF");
  if (why == "incorrect data check" || why == "incorrect length check") fail("gzip: invalid checksum");
  if (why == "incorrect header check") fail("gzip: invalid header");
  throw Error(ErrorKind::kCorrupt, fmt::format("flate: corrupt input before offset {}",
                                               stream.total_in > kHeader ? stream.total_in - kHeader : 0));
}

// What a gzip file says of its size, of which 32 bits are there, where that is not absurd. Room that is too small
// costs the whole work again.
size_t gzip_expected_size(std::string_view in) {
  constexpr size_t kFirstGuess = 10, kMostBelieved = 64;
  constexpr size_t kRoom = 128;  // for what the caller adds, without another copy
  const size_t said = in.size() < 4 ? 0 : __builtin_bswap32(load_be32(in.data() + in.size() - 4));
  const bool believed = said >= in.size() / 2 && said <= in.size() * kMostBelieved;
  return (believed ? said : in.size() * kFirstGuess) + kRoom;
}

struct FreeCompressor {
  void operator()(libdeflate_compressor* p) const { libdeflate_free_compressor(p); }
};
struct FreeDecompressor {
  void operator()(libdeflate_decompressor* p) const { libdeflate_free_decompressor(p); }
};

}  // namespace

void snappy_compress(std::string_view in, std::string& out) {
  out.resize(snappy::MaxCompressedLength(in.size()));
  size_t length = 0;
  snappy::RawCompress(in.data(), in.size(), out.data(), &length);
  out.resize(length);
}

void snappy_uncompress(std::string_view in, std::string& out, size_t max_bytes) {
  size_t length = 0;
  if (!snappy::GetUncompressedLength(in.data(), in.size(), &length)) corrupt("snappy");
  check_size("snappy", length, max_bytes);
  // A claim that no input of this size can keep (a copy yields 64 bytes from 3) is not believed, so
  // that a few bytes cannot make us allocate gigabytes.
  if (length > in.size() * 32 + 64) corrupt("snappy");
  out.resize(length);
  if (!snappy::RawUncompress(in.data(), in.size(), out.data())) corrupt("snappy");
}

void zstd_compress(std::string_view in, std::string& out, int level) {
  out.resize(ZSTD_compressBound(in.size()));
  const size_t length = ZSTD_compress(out.data(), out.size(), in.data(), in.size(), level);
  if (ZSTD_isError(length)) throw Error(ErrorKind::kInternal, fmt::format("zstd: {}", ZSTD_getErrorName(length)));
  out.resize(length);
}

void zstd_uncompress(std::string_view in, std::string& out, size_t max_bytes) {
  struct FreeContext {
    void operator()(ZSTD_DCtx* p) const { ZSTD_freeDCtx(p); }
  };
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  // The size that is claimed saves copies, but is not believed further than usual ratios go. Where
  // it fits, one call does it all.
  const unsigned long long claimed = ZSTD_getFrameContentSize(in.data(), in.size());
  const bool is_known = claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed != ZSTD_CONTENTSIZE_ERROR;
  if (is_known) check_size("zstd", claimed, max_bytes);
  const size_t usual = in.size() * 16 + 64;
  size_t room = is_known ? std::min<size_t>(claimed, usual) : usual;
  out.clear();
  ZSTD_inBuffer source{in.data(), in.size(), 0};
  size_t produced = 0;
  size_t state = 1;
  while (source.pos < source.size || state != 0) {
    if (out.size() - produced < room) out.resize(produced + room);
    ZSTD_outBuffer target{out.data(), out.size(), produced};
    const size_t consumed = source.pos;
    state = ZSTD_decompressStream(context.get(), &target, &source);
    if (ZSTD_isError(state)) corrupt("zstd");
    check_size("zstd", target.pos, max_bytes);
    const bool stuck = target.pos == produced && source.pos == consumed && target.size > target.pos;
    if (stuck) corrupt("zstd");  // cut short
    produced = target.pos;
    room = std::max(ZSTD_DStreamOutSize(), produced);
  }
  out.resize(produced);
}

void gzip_compress(std::string_view in, std::string& out, int level) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(libdeflate_alloc_compressor(level));
  out.resize(libdeflate_gzip_compress_bound(compressor.get(), in.size()));
  out.resize(libdeflate_gzip_compress(compressor.get(), in.data(), in.size(), out.data(), out.size()));
}

void gzip_uncompress(std::string_view in, std::string& out, size_t max_bytes) {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  const std::string_view whole = in;
  if (in.empty()) gzip_fault(whole);
  size_t produced = 0;
  out.resize(std::min(max_bytes, std::max(gzip_expected_size(in), out.size())));
  while (!in.empty()) {
    size_t consumed = 0;
    size_t written = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor.get(), in.data(), in.size(), out.data() + produced, out.size() - produced, &consumed, &written);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      check_size("gzip", out.size() + 1, max_bytes);
      out.resize(std::min(max_bytes, out.size() * 2 + 1024));
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) gzip_fault(whole);
    produced += written;
    in.remove_prefix(consumed);
  }
  out.resize(produced);
}

}  // namespace hearth
