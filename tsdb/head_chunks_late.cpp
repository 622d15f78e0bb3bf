// Chunks of late samples that Prometheus left in chunks_head/: what is deleted must not be in them.
#include <algorithm>

#include "tsdb/head_chunk_file.h"
#include "tsdb/head_chunks.h"

namespace hearth::tsdb {
namespace {

constexpr std::string_view kUnfinished = ".tmp";

// A file with its late chunks under kOfNoSeries; nothing else changes, no offset either.
std::string without_names(std::string_view file) {
  std::string bytes(file);
  std::string encoded;
  HeadChunkFileReader reader(file);
  while (reader.next() == HeadChunkFileReader::Outcome::kChunk) {
    HeadChunk chunk = reader.chunk();
    if (!chunk.out_of_order) continue;
    chunk.series = kOfNoSeries;
    encode_head_chunk(chunk, encoded);
    bytes.replace(reader.offset(), encoded.size(), encoded);
  }
  return bytes;
}

}  // namespace

bool HeadChunks::has_named_late() const {
  MutexLock lock(mutex_);
  return std::any_of(files_.begin(), files_.end(),
                     [](const FilePtr& file) { return file->has_named_late; });
}

// Readers go on with what is mapped, whose place another file takes.
void HeadChunks::disown_late() {
  const Writing writing(*this);
  std::vector<FilePtr> files;
  {
    MutexLock lock(mutex_);
    std::copy_if(files_.begin(), files_.end(), std::back_inserter(files),
                 [](const FilePtr& file) { return file->has_named_late; });
  }
  for (const FilePtr& file : files) {
    const std::string final_path = path(file->number);
    const std::string unfinished = final_path + std::string(kUnfinished);
    {
      File anew(unfinished, File::Mode::kCreate);
      anew.write(without_names(file->found.bytes()));
      anew.sync();
    }
    rename_path(unfinished, final_path);
    sync_dir(dir_);
    MutexLock lock(mutex_);
    file->has_named_late = false;
  }
}

void HeadChunks::remove_unfinished_files() {
  for (const std::string& name : list_dir(dir_)) {
    if (name.ends_with(kUnfinished)) remove_file(dir_ + "/" + name);
  }
}

}  // namespace hearth::tsdb
