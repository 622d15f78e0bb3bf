// file_sd: target groups from files, re-read when inotify tells of a change and every refresh_interval.
#include <fmt/format.h>
#include <glob.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "scraper/discovery/discovery.h"
#include "scraper/discovery/watcher.h"

namespace hearth {
namespace {

constexpr uint32_t kChanges = IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM;

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::vector<std::string> expand(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  return paths;
}

class FileDiscovery final : public Discovery {
 public:
  FileDiscovery(const FileSdConfig& config, const DiscoveryContext& context)
      : interval_(config.refresh_interval),
        registry_(context.registry),
        watcher_(context.watcher),
        read_errors_(registry_.counter("prometheus_sd_file_read_errors_total",
                                       "The number of File-SD read errors.")),
        watcher_errors_(
            registry_.counter("prometheus_sd_file_watcher_errors_total",
                              "The number of File-SD errors caused by filesystem watch failures.")),
        scan_duration_(registry_.summary("prometheus_sd_file_scan_duration_seconds",
                                         "The duration of the File-SD scan in seconds.",
                                         {0.5, 0.9, 0.99})),
        inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    for (const std::string& pattern : config.files) {
      patterns_.push_back(pattern.starts_with('/') ? pattern : context.dir + "/" + pattern);
    }
    if (inotify_ < 0) watcher_errors_.add();  // the refresh interval still holds
  }
  ~FileDiscovery() override {
    watch_.reset();
    if (inotify_ >= 0) close(inotify_);
    for (const auto& [path, groups] : files_) remove_time(path);
  }

  void start(GroupUpdate update) override {
    update_ = std::move(update);
    read_all();
    watch_ = watcher_.watch(inotify_, interval_, [this] { read_all(); });
  }

 private:
  std::vector<TargetGroup> read_groups(const std::string& path);
  void read_all();
  void watch_directories();
  void tell_changes(std::map<std::string, std::vector<TargetGroup>> now);
  void set_time(const std::string& path);
  void remove_time(const std::string& path);

  std::vector<std::string> patterns_;
  const DurationMs interval_;
  Registry& registry_;
  DiscoveryWatcher& watcher_;
  Counter read_errors_, watcher_errors_;
  Observer scan_duration_;
  const int inotify_;
  std::map<std::string, std::vector<TargetGroup>> files_;  // as last read well
  std::set<std::string> with_time_;
  GroupUpdate update_;
  std::unique_ptr<DiscoveryWatcher::Watch> watch_;
};

void FileDiscovery::read_all() {
  const auto start = std::chrono::steady_clock::now();
  watch_directories();  // before reading, so that no change is missed
  std::map<std::string, std::vector<TargetGroup>> now;
  for (const std::string& pattern : patterns_) {
    for (const std::string& path : expand(pattern)) {
      try {
        now[path] = read_groups(path);
        set_time(path);
      } catch (const Error& error) {
        read_errors_.add();
        log_error("Error reading file", "component", "discovery manager scrape", "discovery", "file", "path",
                  path, "err", error.what());
        if (const auto before = files_.find(path); before != files_.end()) now[path] = before->second;
      }
    }
  }
  for (const auto& [path, before] : files_) {
    if (!now.contains(path)) remove_time(path);
  }
  scan_duration_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  tell_changes(std::move(now));
}

void FileDiscovery::tell_changes(std::map<std::string, std::vector<TargetGroup>> now) {
  std::vector<TargetGroup> changed;
  for (const auto& [path, groups] : now) {
    const std::vector<TargetGroup>& before = files_[path];
    for (size_t i = 0; i < groups.size(); ++i) {
      if (i >= before.size() || !(groups[i] == before[i])) changed.push_back(groups[i]);
    }
  }
  for (const auto& [path, before] : files_) {
    const auto left = now.find(path);
    for (size_t i = left == now.end() ? 0 : left->second.size(); i < before.size(); ++i) {
      changed.push_back({before[i].source, {}, {}});
    }
  }
  files_ = std::move(now);
  if (!changed.empty()) update_(std::move(changed));
}

std::vector<TargetGroup> FileDiscovery::read_groups(const std::string& path) {
  std::string extension = path.substr(path.rfind('.') + 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string text = read_file(path);
  std::vector<TargetGroup> groups =
      extension == "json" ? parse_target_groups_json(text) : parse_target_groups_yaml(text);
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].source = fmt::format("{}:{}", path, i);
    LabelsBuilder labels(groups[i].labels);
    labels.set("__meta_filepath", path);
    groups[i].labels = labels.build();
  }
  return groups;
}

void FileDiscovery::watch_directories() {
  if (inotify_ < 0) return;
  for (const std::string& pattern : patterns_) {
    const std::string directory = directory_of(pattern);
    if (inotify_add_watch(inotify_, directory.c_str(), kChanges) < 0) {
      watcher_errors_.add();
      log_error("Error adding file watch", "component", "discovery manager scrape", "discovery", "file",
                "path", directory);
    }
  }
}

void FileDiscovery::set_time(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return;
  registry_
      .gauge("prometheus_sd_file_mtime_seconds",
             "Timestamp (mtime) of files read by FileSD. Timestamp is set at read time.",
             {{"filename", path}})
      .set(static_cast<double>(info.st_mtime));
  with_time_.insert(path);
}

void FileDiscovery::remove_time(const std::string& path) {
  if (with_time_.erase(path) > 0) registry_.remove("prometheus_sd_file_mtime_seconds", {{"filename", path}});
}

}  // namespace

std::unique_ptr<Discovery> make_file_discovery(const FileSdConfig& config, const DiscoveryContext& context) {
  return std::make_unique<FileDiscovery>(config, context);
}

}  // namespace hearth
