#include "scraper/failure_log.h"

#include "core/duration.h"
#include "core/error.h"
#include "core/json.h"
#include "core/log.h"

namespace hearth {

std::string failure_line(const ScrapeFailure& failure, TimeMs now) {
  std::string line = "{\"time\":";
  append_json_raw_string(line, rfc3339_millis_text(now));
  line += ",\"level\":\"ERROR\",\"msg\":";
  append_json_raw_string(line, failure.error);
  line += ",\"job_name\":";
  append_json_raw_string(line, failure.job);
  line += ",\"target\":";
  append_json_raw_string(line, failure.url);
  return line + "}";
}

void FailureLog::open(const std::set<std::string>& paths) {
  std::map<std::string, std::shared_ptr<File>> files;
  for (const std::string& path : paths) {
    if (!path.empty()) files[path] = std::make_shared<File>(path, File::Mode::kAppend);
  }
  MutexLock lock(mutex_);
  files_.swap(files);
}

void FailureLog::write(const std::string& path, const ScrapeFailure& failure, TimeMs now) {
  std::shared_ptr<File> file;
  {
    MutexLock lock(mutex_);
    const auto it = files_.find(path);
    if (it == files_.end()) return;
    file = it->second;
  }
  const std::string line = failure_line(failure, now) + "\n";
  // Each line is one write at the end of the file, so those of several threads do not mix.
  guard("writing the scrape failure log", [&] { file->write(line); });
}

}  // namespace hearth
