#include "tsdb/section_file.h"

#include <limits>

#include "core/crc32c.h"
#include "core/error.h"

namespace hearth::tsdb {

void SectionFile::begin_section() {
  section_ = position();
  out().be32(0);
  checksummed_ = buffer_.size();
  crc_ = 0;
}

void SectionFile::end_section() {
  checksum();
  const uint64_t length = position() - section_ - 4;
  if (length > std::numeric_limits<uint32_t>::max())
    throw Error(ErrorKind::kIo, file_.path() + ": a section would exceed 4 GiB");
  std::string text;
  ByteWriter(text).be32(static_cast<uint32_t>(length));
  if (section_ >= flushed_) {
    buffer_.replace(static_cast<size_t>(section_ - flushed_), 4, text);
  } else {
    flush();
    file_.pwrite(text, section_);
  }
  section_ = 0;
  out().be32(crc_);
}

void SectionFile::pad(uint64_t alignment) {
  const uint64_t over = position() % alignment;
  if (over != 0) buffer_.append(static_cast<size_t>(alignment - over), '\0');
}

void SectionFile::close() {
  flush();
  file_.close();
}

void SectionFile::checksum() {
  crc_ = crc32c(std::string_view(buffer_).substr(checksummed_), crc_);
  checksummed_ = buffer_.size();
}

void SectionFile::flush() {
  if (section_ != 0) checksum();
  file_.write(buffer_);
  flushed_ += buffer_.size();
  buffer_.clear();
  checksummed_ = 0;
}

}  // namespace hearth::tsdb
