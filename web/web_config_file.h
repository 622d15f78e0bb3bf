// --web.config.file as it is now: read again when it, or a file that it names, has changed. So
// passwords and certificates are replaced without a restart.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "config/web_config.h"
#include "core/clock.h"
#include "core/file_stamp.h"
#include "core/mutex.h"
#include "web/tls_context.h"

namespace hearth::web {

// Thread-safe; no lock is held while a file is read.
class WebConfigFile {
 public:
  explicit WebConfigFile(std::string path) : path_(std::move(path)) {}

  // Each throws Error when what is there now cannot be used.
  std::shared_ptr<const WebConfig> config();
  std::shared_ptr<const TlsContext> tls();

 private:
  using TlsStamps =
      std::array<FileStamp, 4>;  // of the configuration, certificate, key, authorities

  const std::string path_;
  Mutex mutex_;
  FileStamp stamp_ GUARDED_BY(mutex_);
  std::shared_ptr<const WebConfig> config_ GUARDED_BY(mutex_);
  TlsStamps tls_stamps_ GUARDED_BY(mutex_);
  TimeMs tls_made_ GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const TlsContext> tls_ GUARDED_BY(mutex_);
};

// What `promtool check web-config` checks: the file, hashes, certificates and keys. Throws Error in
// its words.
void check_web_config(const std::string& path);

}  // namespace hearth::web
