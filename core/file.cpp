#include "core/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

#include "core/error.h"
#include "core/mapped_fault.h"
#include "core/read_fault.h"

namespace hearth {

namespace fs = std::filesystem;

namespace {

std::atomic<bool> disk_sync{true};

// Threads that write in the background ask it too: one after the other.
std::atomic<bool> g_hooked{false};
std::recursive_mutex g_hook_mutex;
FileHook g_hook;
std::atomic<bool> g_read_hooked{false};
ReadHook g_read_hook;

void call_hook(FileOp op, const std::string& path, size_t* bytes) {
  const std::lock_guard lock(g_hook_mutex);
  if (g_hook) g_hook(op, path, bytes);
}

[[noreturn]] void fail(std::string_view what, const std::string& path, int code = errno) {
  throw Error(ErrorKind::kIo, fmt::format("{} {}: {}", what, path, std::strerror(code)));
}

// Lets a test stop this operation.
void ask_hook(FileOp op, const std::string& path) {
  size_t none = 0;
  if (g_hooked) call_hook(op, path, &none);
}

void ask_read_hook(const std::string& path) {
  if (!g_read_hooked) return;
  const std::lock_guard lock(g_hook_mutex);
  if (g_read_hook) g_read_hook(path);
}

// Lets a test stop a write, also in its middle: then `write_part` gets what is still written.
template <class WritePart>
void ask_hook_to_write(const std::string& path, std::string_view bytes, WritePart write_part) {
  if (!g_hooked) return;
  size_t allowed = bytes.size();
  try {
    call_hook(FileOp::kWrite, path, &allowed);
  } catch (...) {
    if (allowed < bytes.size()) write_part(bytes.substr(0, allowed));
    throw;
  }
}

void write_fully(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      fail("write", path);
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void pwrite_fully(int fd, std::string_view bytes, uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0) {
      if (errno == EINTR) continue;
      fail("write", path);
    }
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
}

std::string parent_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

template <class Work>
void checked(std::string_view what, const std::string& path, Work work) {
  std::error_code code;
  work(code);
  if (code) fail(what, path, code.value());
}

}  // namespace

void set_disk_sync(bool on) { disk_sync = on; }

void set_file_hook(FileHook hook) {
  const std::lock_guard lock(g_hook_mutex);
  g_hook = std::move(hook);
  g_hooked = static_cast<bool>(g_hook);
}

void set_read_hook(ReadHook hook) {
  const std::lock_guard lock(g_hook_mutex);
  g_read_hook = std::move(hook);
  g_read_hooked = static_cast<bool>(g_read_hook);
}

File::File(std::string path, Mode mode) : path_(std::move(path)) {
  int flags = O_CLOEXEC;
  if (mode == Mode::kRead) {
    ask_read_hook(path_);
    flags |= O_RDONLY;
  } else {
    ask_hook(FileOp::kCreate, path_);
    flags |= O_RDWR | O_CREAT | (mode == Mode::kCreate ? O_TRUNC : O_APPEND);
  }
  fd_ = ::open(path_.c_str(), flags, 0666);
  if (fd_ < 0) fail("open", path_);
}

File::~File() { close(); }
File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
File& File::operator=(File&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  path_ = std::move(other.path_);
  return *this;
}

void File::write(std::string_view bytes) {
  ask_hook_to_write(path_, bytes, [&](std::string_view part) { write_fully(fd_, part, path_); });
  write_fully(fd_, bytes, path_);
}

void File::pwrite(std::string_view bytes, uint64_t offset) {
  ask_hook_to_write(path_, bytes, [&](std::string_view part) { pwrite_fully(fd_, part, offset, path_); });
  pwrite_fully(fd_, bytes, offset, path_);
}

size_t File::pread(char* out, size_t count, uint64_t offset) const {
  ask_read_hook(path_);
  size_t got = 0;
  while (got < count) {
    const ssize_t n = ::pread(fd_, out + got, count - got, static_cast<off_t>(offset + got));
    if (n == 0) break;
    if (n < 0) {
      if (errno == EINTR) continue;
      fail("read", path_);
    }
    got += static_cast<size_t>(n);
  }
  return got;
}

void File::sync() {
  ask_hook(FileOp::kSync, path_);
  if (disk_sync && ::fdatasync(fd_) != 0) fail("sync", path_);
}

void File::write_back(uint64_t from, uint64_t to) const {
  const auto range = [&](uint64_t begin, uint64_t end, unsigned flags) {
    (void)::sync_file_range(fd_, static_cast<off_t>(begin), static_cast<off_t>(end - begin), flags);
  };
  const uint64_t before = from - std::min(from, to - from);
  if (from > before)
    range(before, from,
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  range(from, to, SYNC_FILE_RANGE_WRITE);
}

void File::truncate(uint64_t size) {
  ask_hook(FileOp::kTruncate, path_);
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) fail("truncate", path_);
}

uint64_t File::size() const {
  struct stat info;
  if (::fstat(fd_, &info) != 0) fail("stat", path_);
  return static_cast<uint64_t>(info.st_size);
}

void File::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

MappedFile::MappedFile(const std::string& path) {
  const File file(path, File::Mode::kRead);
  size_ = file.size();
  if (size_ == 0) return;  // nothing to map
  ask_read_hook(path);
  void* const p = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (p == MAP_FAILED) fail("map", path);
  data_ = static_cast<const char*>(p);
  watched_ = watch_mapping(data_, size_);
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  unwatch_mapping(watched_);
  ::munmap(const_cast<char*>(data_), size_);
}
MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      watched_(std::exchange(other.watched_, nullptr)) {}
MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(watched_, other.watched_);
  return *this;
}

bool MappedFile::damaged() const {
  return watched_ != nullptr && mapped_faults() > 0 && watched_->damaged.load();
}

void MappedFile::forget(size_t from, size_t to) const {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  from = (from + page - 1) / page * page;
  to = std::min(to, size_) / page * page;
  if (from < to) (void)::madvise(const_cast<char*>(data_) + from, to - from, MADV_DONTNEED);
}

DirLock::DirLock(const std::string& dir) {
  const std::string path = dir + "/lock";
  replaced_ = path_exists(path);
  for (;;) {
    file_ = File(path, File::Mode::kAppend);
    if (::flock(file_.fd(), LOCK_EX | LOCK_NB) != 0) {
      char text[32] = {};
      file_.pread(text, sizeof text - 1, 0);
      const long pid = std::strtol(text, nullptr, 10);
      throw Error(ErrorKind::kUnavailable,
                  fmt::format("data directory {} is in use by another process{}; stop it first, or choose "
                              "another --storage.tsdb.path",
                              dir, pid > 0 ? fmt::format(" (pid {})", pid) : ""));
    }
    // The holder before us may have removed the file between our open and our lock: then we hold a
    // file that nobody else sees.
    struct stat held {}, named {};
    if (::fstat(file_.fd(), &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino) break;
  }
  file_.truncate(0);
  file_.write(fmt::format("{}\n", ::getpid()));
}

DirLock::~DirLock() {
  // Prometheus takes a file that is still there for the sign of a crash.
  ::unlink(file_.path().c_str());
}

std::string read_file(const std::string& path) {
  const File file(path, File::Mode::kRead);
  std::string bytes(file.size(), '\0');
  bytes.resize(file.pread(bytes.data(), bytes.size(), 0));
  // Files of /proc and pipes say size 0: read on until the end.
  char more[4096];
  while (const size_t n = bytes.empty() || file.size() == 0 ? file.pread(more, sizeof more, bytes.size()) : 0) {
    bytes.append(more, n);
  }
  return bytes;
}

void write_file(const std::string& path, std::string_view bytes) {
  File file(path, File::Mode::kCreate);
  file.write(bytes);
}

std::vector<std::string> list_dir(const std::string& path) {
  std::vector<std::string> names;
  checked("list", path, [&](std::error_code& code) {
    for (fs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
      names.push_back(it->path().filename().string());
    }
  });
  std::sort(names.begin(), names.end());
  return names;
}

bool path_exists(const std::string& path) {
  std::error_code code;
  return fs::exists(path, code);
}

bool is_directory(const std::string& path) {
  std::error_code code;
  return fs::is_directory(path, code);
}

void make_dirs(const std::string& path) {
  ask_hook(FileOp::kCreate, path);
  checked("create directory", path, [&](std::error_code& code) { fs::create_directories(path, code); });
}

void remove_file(const std::string& path) {
  ask_hook(FileOp::kRemove, path);
  if (::unlink(path.c_str()) != 0) fail("remove", path);
}

void remove_all(const std::string& path) {
  ask_hook(FileOp::kRemove, path);
  checked("remove", path, [&](std::error_code& code) { fs::remove_all(path, code); });
}

void rename_path(const std::string& from, const std::string& to) {
  ask_hook(FileOp::kRename, to);
  if (::rename(from.c_str(), to.c_str()) != 0) fail("rename", from + " to " + to);
}

void hard_link(const std::string& from, const std::string& to) {
  ask_hook(FileOp::kCreate, to);
  if (::link(from.c_str(), to.c_str()) != 0) fail("link", from + " to " + to);
}

void sync_dir(const std::string& path) {
  ask_hook(FileOp::kSync, path);
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("open", path);
  const int result = disk_sync ? ::fsync(fd) : 0;
  const int code = errno;
  ::close(fd);
  if (result != 0) fail("sync", path, code);
}

uint64_t file_system_bytes(const std::string& path) {
  struct statvfs info;
  if (::statvfs(path.c_str(), &info) != 0) return 0;
  return uint64_t{info.f_blocks} * info.f_frsize;
}

uint64_t dir_bytes(const std::string& path) {
  uint64_t bytes = 0;
  std::error_code code;
  for (fs::recursive_directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
    std::error_code gone;  // a file may vanish while we look
    if (it->is_regular_file(gone) && !gone) {
      const auto size = it->file_size(gone);
      if (!gone) bytes += size;
    }
  }
  return bytes;
}

void publish_dir(const std::string& from, const std::string& to) {
  checked("list", from, [&](std::error_code& code) {
    for (fs::recursive_directory_iterator it(from, code), end; !code && it != end; it.increment(code)) {
      if (it->is_directory()) {
        sync_dir(it->path().string());
      } else {
        File(it->path().string(), File::Mode::kRead).sync();
      }
    }
  });
  sync_dir(from);
  rename_path(from, to);
  sync_dir(parent_of(to));
}

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");
  path_ = std::string(base != nullptr ? base : "/tmp") + "/hearth-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) fail("create directory", path_);
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace hearth
