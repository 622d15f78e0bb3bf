#include "tsdb/wal_writer.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crc32c.h"

namespace hearth::tsdb {

WalWriter::WalWriter(std::string dir, uint32_t segment, size_t segment_bytes, WalSync* sync)
    : dir_(std::move(dir)),
      pages_per_segment_(std::max<size_t>(segment_bytes / kWalPageBytes, 1)),
      sync_(sync) {
  open(segment);
}

void WalWriter::open(uint32_t segment) {
  file_ = std::make_shared<File>(wal_segment_path(dir_, segment), File::Mode::kCreate);
  segment_ = segment;
  written_ = 0;
  buffer_.clear();
  page_used_ = 0;
  pages_done_ = 0;
  pages_in_buffer_ = 0;
}

void WalWriter::end_page() {
  buffer_.append(kWalPageBytes - page_used_, '\0');
  page_used_ = 0;
  ++pages_done_;
  ++pages_in_buffer_;
  ++work_.completed_pages;
}

void WalWriter::add_fragment(WalFragment type, uint8_t flag, std::string_view part) {
  ByteWriter writer(buffer_);
  writer.u8(static_cast<uint8_t>(static_cast<uint8_t>(type) | flag));
  writer.be16(static_cast<uint16_t>(part.size()));
  writer.be32(crc32c(part));
  writer.bytes(part);
  page_used_ += kWalHeaderBytes + part.size();
  ++work_.record_parts;
  work_.record_part_bytes += kWalHeaderBytes + part.size();
  if (kWalPageBytes - page_used_ < kWalHeaderBytes) end_page();
}

void WalWriter::add(const WalRecord& record) {
  constexpr size_t kPageRoom = kWalPageBytes - kWalHeaderBytes;
  const size_t pages_left =
      pages_done_ + 1 < pages_per_segment_ ? pages_per_segment_ - pages_done_ - 1 : 0;
  const size_t page_left = pages_done_ < pages_per_segment_ ? kPageRoom - page_used_ : 0;
  // A record larger than a whole segment makes the segment larger.
  const bool fresh = pages_done_ == 0 && page_used_ == 0;
  if (record.bytes.size() > page_left + pages_left * kPageRoom && !fresh) next_segment();

  std::string_view rest = record.bytes;
  for (bool first = true; first || !rest.empty(); first = false) {
    const std::string_view part = rest.substr(0, kPageRoom - page_used_);
    rest.remove_prefix(part.size());
    const WalFragment type = first ? (rest.empty() ? WalFragment::kFull : WalFragment::kFirst)
                                   : (rest.empty() ? WalFragment::kLast : WalFragment::kMiddle);
    add_fragment(type, record.flag, part);
  }
}

void WalWriter::flush() {
  if (buffer_.empty()) return;
  file_->write(buffer_);
  written_ += buffer_.size();
  buffer_.clear();
  work_.page_flushes += pages_in_buffer_ + (page_used_ > 0 ? 1 : 0);
  pages_in_buffer_ = 0;
  if (sync_ != nullptr) sync_->written(file_);
}

void WalWriter::end_segment(std::shared_ptr<File> file) {
  if (sync_ != nullptr) {
    sync_->ended(std::move(file));
  } else {
    file->sync();
  }
}

void WalWriter::close() {
  flush();
  end_segment(std::move(file_));
}

void WalWriter::next_segment() {
  if (page_used_ > 0) end_page();
  flush();
  std::shared_ptr<File> ended = file_;
  open(segment_ + 1);
  end_segment(std::move(ended));
}

void WalWriter::rollback(Mark mark) {
  buffer_.clear();
  if (sync_ != nullptr && file_ != nullptr) sync_->ended(std::move(file_));
  for (const uint32_t segment : wal_segments(dir_)) {
    if (segment > mark.segment) remove_file(wal_segment_path(dir_, segment));
  }
  auto ended = std::make_shared<File>(wal_segment_path(dir_, mark.segment), File::Mode::kAppend);
  ended->truncate(mark.bytes);
  // One that stayed empty is used again, or a full disk would fill with empty segments.
  open(mark.bytes == 0 ? mark.segment : mark.segment + 1);
  if (mark.bytes > 0) end_segment(std::move(ended));
}

}  // namespace hearth::tsdb
