// The logs of a data directory for who only reads, also while a server writes them: their files as
// they are at one moment, mapped. What a server deletes afterwards stays readable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/file.h"

namespace hearth::tsdb {

struct LogFile {
  std::string path;
  MappedFile file;
  bool in_checkpoint = false;
};

// Called now and then with how much of the logs one walk has read; what it throws ends the walk.
using OnLogRead = std::function<void(uint64_t bytes, uint64_t of_bytes)>;

struct LogFiles {
  std::vector<LogFile> in_order;  // the newest checkpoint, then the segments of wal/ behind it
  std::vector<LogFile> late;      // wbl/
  OnLogRead on_read;              // may be empty
};

// Empty where there is no log. Throws Error(kIo).
LogFiles map_log_files(const std::string& data_dir);

}  // namespace hearth::tsdb
