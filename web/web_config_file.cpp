#include "web/web_config_file.h"

#include <algorithm>

namespace hearth::web {
namespace {

constexpr DurationMs kTicketLife = 24 * 60 * 60'000;  // then sessions get keys of a new context

FileStamp stamp_if_named(const std::string& path) {
  return path.empty() ? FileStamp{0, 0, 0} : file_stamp(path);
}

}  // namespace

std::shared_ptr<const WebConfig> WebConfigFile::config() {
  const FileStamp stamp = file_stamp(path_);
  {
    MutexLock lock(mutex_);
    if (config_ && stamp.same_as(stamp_)) return config_;
  }
  auto loaded = std::make_shared<const WebConfig>(load_web_config(path_));
  MutexLock lock(mutex_);
  stamp_ = stamp;
  config_ = loaded;
  return loaded;
}

std::shared_ptr<const TlsContext> WebConfigFile::tls() {
  const FileStamp own = file_stamp(path_);
  const std::shared_ptr<const WebConfig> current = config();
  const TlsServerConfig& tls = current->tls;
  const TlsStamps stamps = {own, stamp_if_named(tls.cert_file), stamp_if_named(tls.key_file),
                            stamp_if_named(tls.client_ca_file)};
  const TimeMs now = system_clock().now();
  {
    MutexLock lock(mutex_);
    if (tls_ && now - tls_made_ < kTicketLife &&
        std::equal(stamps.begin(), stamps.end(), tls_stamps_.begin(),
                   [](const FileStamp& a, const FileStamp& b) { return a.same_as(b); })) {
      return tls_;
    }
  }
  auto made = std::make_shared<const TlsContext>(tls);
  MutexLock lock(mutex_);
  tls_stamps_ = stamps;
  tls_made_ = now;
  tls_ = made;
  return made;
}

void check_web_config(const std::string& path) {
  const WebConfig config = load_web_config(path);
  if (config.tls.enabled()) TlsContext{config.tls};
}

}  // namespace hearth::web
