// The files of chunks_head/ that are there when the head is opened.
#include <algorithm>
#include <charconv>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"
#include "core/log.h"
#include "tsdb/head_chunk_file.h"
#include "tsdb/head_chunks.h"

namespace hearth::tsdb {
namespace {

struct NumberedFile {
  uint32_t number;
  std::string path;
};

// In the order of their numbers. Other names are not ours.
std::vector<NumberedFile> numbered_files(const std::string& dir) {
  std::vector<NumberedFile> files;
  for (const std::string& name : list_dir(dir)) {
    uint32_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, code] = std::from_chars(name.data(), end, number);
    if (code == std::errc() && stop == end) files.push_back({number, dir + "/" + name});
  }
  std::sort(files.begin(), files.end(),
            [](const NumberedFile& a, const NumberedFile& b) { return a.number < b.number; });
  return files;
}

// The newest first: of a series there is never a later chunk without the earlier ones.
void remove_from(std::vector<NumberedFile>& files, size_t first) {
  while (files.size() > first) {
    remove_file(files.back().path);
    files.pop_back();
  }
}

struct Scan {
  MappedFile file;
  std::vector<FoundChunk> chunks;  // places: only the offsets
  std::string error;               // "" when the file is whole
};

Scan scan(const std::string& path) {
  Scan result;
  result.file = MappedFile(path);
  HeadChunkFileReader reader(result.file.bytes());
  for (;;) {
    switch (reader.next()) {
      case HeadChunkFileReader::Outcome::kEnd:
        return result;
      case HeadChunkFileReader::Outcome::kCorrupt:
        result.error = fmt::format("at {}: {}", reader.offset(), reader.error());
        return result;
      case HeadChunkFileReader::Outcome::kChunk:
        break;
    }
    const HeadChunk& chunk = reader.chunk();
    const bool too_large = reader.offset() >= kHeadChunkFileBytes;
    if (too_large || (!chunk.out_of_order && !SealedChunk::fits(chunk.min_time, chunk.max_time))) {
      result.error = fmt::format("at {}: {}", reader.offset(),
                                 too_large ? "the file is larger than 128 MiB"
                                           : "times out of bounds, or too far apart for a chunk");
      return result;
    }
    result.chunks.push_back({chunk.series, chunk.min_time, chunk.max_time, reader.offset(),
                             load_be16(chunk.bytes.data()), chunk.encoding, chunk.out_of_order});
  }
}

// Until the first gap; what follows one is of no use.
size_t without_gap(const std::vector<NumberedFile>& files) {
  size_t count = std::min<size_t>(files.size(), 1);
  while (count < files.size() && files[count].number == files[count - 1].number + 1) ++count;
  return count;
}

}  // namespace

void HeadChunks::clear() {
  std::vector<NumberedFile> files = numbered_files(dir_);
  if (files.empty()) return;
  {
    MutexLock lock(mutex_);
    next_number_ = files.back().number + 1;
  }
  remove_from(files, 0);
}

void HeadChunks::keep(uint32_t number, MappedFile found, const std::vector<FoundChunk>& chunks) {
  auto file = std::make_shared<LiveFile>();
  file->number = number;
  file->used = found.bytes().size();
  file->chunks = chunks.size();
  file->has_named_late = std::any_of(chunks.begin(), chunks.end(), [](const FoundChunk& chunk) {
    return chunk.out_of_order && chunk.series != kOfNoSeries;
  });
  file->found = std::move(found);
  file->found.forget(0, file->used);  // read for its checksums, it need not stay resident
  MutexLock lock(mutex_);
  publish(*file);
  files_.push_back(std::move(file));
  next_number_ = number + 1;
}

FoundChunks HeadChunks::load() {
  FoundChunks found;
  std::vector<NumberedFile> files = numbered_files(dir_);
  if (!files.empty() && is_unfinished_head_chunk_file(MappedFile(files.back().path).bytes())) {
    remove_from(files, files.size() - 1);
  }
  const size_t usable = std::min(without_gap(files), kMaxFiles / 2);
  size_t good = 0;
  std::string error;
  while (good < usable && error.empty()) {
    const size_t first = good;
    std::vector<Scan> scans(std::min(usable - first, pool_.threads() + 1));
    pool_.parallel_slices(scans.size(), [&](size_t i) { scans[i] = scan(files[first + i].path); });
    for (Scan& scanned : scans) {
      error = std::move(scanned.error);
      if (!error.empty()) break;
      const uint32_t number = files[good++].number;
      keep(number, std::move(scanned.file), scanned.chunks);
      if (scanned.chunks.empty()) continue;
      for (FoundChunk& chunk : scanned.chunks) {
        chunk.place |= uint64_t{number % kMaxFiles} << kOffsetBits;
      }
      found.files.push_back(std::move(scanned.chunks));
    }
  }
  if (good == files.size()) return found;
  found.damaged = true;
  if (error.empty()) error = "a file is missing before this one, or there are too many";
  corruptions_.add();
  log_warn(
      "A file of finished head chunks is damaged: it and those after it are removed, their "
      "samples come from the log",
      "file", files[good].path, "err", error, "removed", files.size() - good);
  if (good == 0) {
    MutexLock lock(mutex_);
    next_number_ = files.back().number + 1;
  }
  remove_from(files, good);
  return found;
}

}  // namespace hearth::tsdb
