#include "tsdb/head_chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "core/log.h"
#include "core/prefetch.h"
#include "tsdb/columns.h"
#include "tsdb/head_chunk_file.h"

namespace hearth::tsdb {

static_assert(kHeadChunkFileBytes == size_t{1} << 27);

HeadChunks::Writing::Writing(HeadChunks& chunks) : chunks_(chunks) {
  MutexLock lock(chunks_.mutex_);
  while (chunks_.writing_) chunks_.written_.wait(chunks_.mutex_);
  chunks_.writing_ = true;
}
HeadChunks::Writing::~Writing() {
  MutexLock lock(chunks_.mutex_);
  chunks_.writing_ = false;
  chunks_.written_.notify_all();
}

HeadChunks::HeadChunks(std::string dir, Epoch& epoch, Pool& pool, Registry& registry)
    : dir_(std::move(dir)),
      epoch_(epoch),
      pool_(pool),
      corruptions_(registry.counter("prometheus_tsdb_mmap_chunk_corruptions_total",
                                    "Total number of memory-mapped chunk corruptions.")),
      written_chunks_(registry.counter("prometheus_tsdb_mmap_chunks_total",
                                       "Total number of chunks that were memory-mapped.")),
      bytes_(std::make_unique<Bytes[]>(kMaxFiles)) {
  make_dirs(dir_);
  remove_unfinished_files();
}

HeadChunks::~HeadChunks() {
  guard("write head chunks", [&] { flush(); });
}

std::string HeadChunks::path(uint32_t number) const {
  return fmt::format("{}/{:06}", dir_, number);
}

// ---- adding and reading ------------------------------------------------------------------------

void HeadChunks::publish(const LiveFile& file) {
  Bytes& bytes = bytes_[file.number % kMaxFiles];
  bytes.size.store(static_cast<uint32_t>(file.used), std::memory_order_relaxed);
  bytes.data.store(file.made ? file.made->data() : file.found.bytes().data(),
                   std::memory_order_release);
}

void HeadChunks::begin_file() {
  if (bytes_[next_number_ % kMaxFiles].data.load(std::memory_order_acquire) != nullptr) {
    throw Error(ErrorKind::kUnavailable,
                "the head holds 1 TiB of finished chunks: none can be added");
  }
  auto file = std::make_shared<LiveFile>();
  file->number = next_number_;
  file->made = std::make_unique<GrowingFile>(path(next_number_), kHeadChunkFileBytes);
  const std::string header = head_chunk_file_header();
  std::memcpy(file->made->extend(header.size()), header.data(), header.size());
  file->used = header.size();
  files_.push_back(file);
  ++next_number_;
  publish(*file);
}

uint64_t HeadChunks::add(uint64_t series, TimeMs min_time, TimeMs max_time, Encoding encoding,
                         bool out_of_order, std::string_view bytes) {
  thread_local std::string encoded;
  encode_head_chunk({series, min_time, max_time, encoding, out_of_order, bytes}, encoded);
  uint64_t place = 0;
  bool begin_writing = false;
  {
    MutexLock lock(mutex_);
    if (files_.empty() || !files_.back()->made ||
        files_.back()->used + encoded.size() > kHeadChunkFileBytes) {
      begin_file();
    }
    LiveFile& file = *files_.back();
    std::memcpy(file.made->extend(encoded.size()), encoded.data(), encoded.size());
    place = uint64_t{file.number % kMaxFiles} << kOffsetBits | file.used;
    file.used += encoded.size();
    bytes_[file.number % kMaxFiles].size.store(static_cast<uint32_t>(file.used),
                                               std::memory_order_release);
    ++file.chunks;
    unwritten_ += encoded.size();
    if (unwritten_ >= kWriteBytes && !writing_) begin_writing = writing_ = true;
  }
  written_chunks_.add();
  if (begin_writing) pool_.submit(Pool::Lane::kQuery, [this] { write_behind(); });
  return place;
}

ChunkView HeadChunks::read(const SealedChunk& chunk) const {
  const uint64_t place = chunk.place();
  const Bytes& bytes = bytes_[place >> kOffsetBits];
  const char* const data = bytes.data.load(std::memory_order_acquire);
  const HeadChunk found = read_head_chunk({data, bytes.size.load(std::memory_order_acquire)},
                                          place & kOffsetMask);
  return {found.min_time, found.max_time, found.encoding, found.bytes};
}

size_t HeadChunks::readable_behind(const SealedChunk& chunk, const ChunkView& read) const {
  const Bytes& bytes = bytes_[chunk.place() >> kOffsetBits];
  const char* const end = bytes.data.load(std::memory_order_relaxed) +
                          bytes.size.load(std::memory_order_acquire);
  return static_cast<size_t>(end - (read.bytes.data() + read.bytes.size()));
}

void HeadChunks::prefetch(const SealedChunk& chunk) const {
  constexpr size_t kUsualBytes = 384;
  const Bytes& bytes = bytes_[chunk.place() >> kOffsetBits];
  const uint64_t offset = chunk.place() & kOffsetMask;
  const size_t size = bytes.size.load(std::memory_order_relaxed);
  if (offset >= size) return;
  hearth::prefetch(bytes.data.load(std::memory_order_relaxed) + offset,
                   std::min<size_t>(kUsualBytes, size - offset));
}

void HeadChunks::decode(const SealedChunk& chunk, TimeRange range, Columns& out,
                        ReadWarnings& warnings) const {
  const size_t floats = out.t.size();
  const size_t histograms = out.histogram_t.size();
  try {
    const ChunkView view = read(chunk);
    decode_chunk(view.encoding, view.bytes, range, out);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kCorrupt) throw;
    cut_to(floats_of(out), floats);
    cut_to(histograms_of(out), histograms);
    if (!damage_logged_.exchange(true)) {
      log_error(
          "A chunk of the head is damaged and left out of answers; after a restart its samples come "
          "from the write-ahead log",
          "dir", dir_, "err", e.what());
    }
    warnings.add("the head is damaged, what could not be read is left out: " + dir_ + ": " + e.what());
  }
}

void HeadChunks::remove(uint64_t place) {
  MutexLock lock(mutex_);
  const auto slot = static_cast<uint32_t>(place >> kOffsetBits);
  --files_[(slot - files_.front()->number) % kMaxFiles]->chunks;
}

// ---- files -------------------------------------------------------------------------------------

void HeadChunks::write_behind() {
  guard("write head chunks", [&] { write_files(false); });
  MutexLock lock(mutex_);
  writing_ = false;
  written_.notify_all();
}

// Requires: writing_ is the caller's. A file is complete, and synced, before the next one is begun.
void HeadChunks::write_files(bool all_complete) {
  struct Job {
    FilePtr file;
    size_t end;
    bool is_last;
  };
  std::vector<Job> jobs;
  {
    MutexLock lock(mutex_);
    unwritten_ = 0;
    for (const FilePtr& file : files_) {
      if (file->made && !file->complete) jobs.push_back({file, file->used, file == files_.back()});
    }
  }
  for (const Job& job : jobs) {
    GrowingFile& made = *job.file->made;
    if (!made.is_made()) made.write_out(kHeadChunkHeaderBytes);
    made.write_out(job.end);
    if (!job.is_last) {
      made.finish();
      job.file->complete = true;
    } else if (all_complete) {
      made.sync();
    }
  }
}

void HeadChunks::flush() {
  const Writing writing(*this);
  write_files(true);
}

void HeadChunks::truncate() {
  const Writing writing(*this);
  {
    MutexLock lock(mutex_);
    if (!files_.empty() && files_.back()->used > kHeadChunkHeaderBytes) begin_file();
  }
  guard("write head chunks", [&] { write_files(false); });
  guard("delete head chunks", [&] {
    while (delete_oldest_file()) {
    }
  });
}

// Whether there was one to delete. Of the files without chunks only the oldest may go: Prometheus
// refuses a sequence with a gap.
bool HeadChunks::delete_oldest_file() {
  FilePtr oldest;
  {
    MutexLock lock(mutex_);
    if (files_.size() < 2 || files_.front()->chunks > 0) return false;
    oldest = files_.front();
  }
  if (!oldest->made || oldest->made->is_made()) remove_file(path(oldest->number));
  {
    MutexLock lock(mutex_);
    files_.pop_front();
  }
  // Until then the bytes stay where they are, because readers may still come with a place in them.
  epoch_.defer([this, oldest] {
    bytes_[oldest->number % kMaxFiles].data.store(nullptr, std::memory_order_release);
  });
  return true;
}

}  // namespace hearth::tsdb
