#include "web/packer.h"

#include <zlib.h>
#include <zstd.h>

#include "core/compress.h"
#include "core/error.h"

namespace hearth::web {
namespace {

constexpr size_t kRoom = 32 * 1024;
constexpr int kGzipLevel = 1, kZstdLevel = 1;
constexpr int kZstdWindowLog = 17;  // 128 KiB: what a slow reader costs

class GzipPacker final : public Packer {
 public:
  GzipPacker() {
    constexpr int kWithGzipHeader = MAX_WBITS + 16, kMemoryLevel = 8;
    if (deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kWithGzipHeader, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw Error(ErrorKind::kInternal, "gzip: no memory to compress an answer");
    }
  }
  ~GzipPacker() override { deflateEnd(&stream_); }
  GzipPacker(const GzipPacker&) = delete;
  GzipPacker& operator=(const GzipPacker&) = delete;

  void add(std::string_view bytes, std::string& out) override { run(bytes, Z_NO_FLUSH, out); }
  void end(std::string& out) override { run({}, Z_FINISH, out); }

 private:
  void run(std::string_view bytes, int flush, std::string& out) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      const size_t before = out.size();
      out.resize(before + kRoom);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(kRoom);
      deflate(&stream_, flush);
      out.resize(before + kRoom - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

class ZstdPacker final : public Packer {
 public:
  ZstdPacker() : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) {
      throw Error(ErrorKind::kInternal, "zstd: no memory to compress an answer");
    }
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, kZstdWindowLog);
  }

  void add(std::string_view bytes, std::string& out) override { run(bytes, ZSTD_e_continue, out); }
  void end(std::string& out) override { run({}, ZSTD_e_end, out); }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  void run(std::string_view bytes, ZSTD_EndDirective how, std::string& out) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    size_t left = 0;
    do {
      const size_t before = out.size();
      out.resize(before + kRoom);
      ZSTD_outBuffer to{out.data() + before, kRoom, 0};
      left = ZSTD_compressStream2(context_.get(), &to, &in, how);
      if (ZSTD_isError(left)) {
        throw Error(ErrorKind::kInternal, std::string("zstd: ") + ZSTD_getErrorName(left));
      }
      out.resize(before + to.pos);
    } while (in.pos < in.size || (how == ZSTD_e_end && left != 0));
  }

  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

}  // namespace

std::unique_ptr<Packer> make_packer(Packing packing) {
  switch (packing) {
    case Packing::kGzip:
      return std::make_unique<GzipPacker>();
    case Packing::kZstd:
      return std::make_unique<ZstdPacker>();
    case Packing::kNone:
      break;
  }
  return nullptr;
}

std::string pack(Packing packing, std::string_view body) {
  std::string packed;
  if (packing == Packing::kZstd) {
    zstd_compress(body, packed, kZstdLevel);
  } else {
    gzip_compress(body, packed, kGzipLevel);
  }
  return packed;
}

}  // namespace hearth::web
