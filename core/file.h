// Files: everything Hearth writes goes through here, so that tests can make any step fail.
// All functions throw Error(kIo) with the path and the system's text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

struct WatchedMapping;

// An open file. Move-only. One thread at a time; pread() and sync() are thread-safe.
class File {
 public:
  enum class Mode { kRead, kCreate, kAppend };  // kCreate truncates; kAppend creates if missing

  File() = default;
  File(std::string path, Mode mode);
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  void write(std::string_view bytes);                    // all of them, at the end
  void pwrite(std::string_view bytes, uint64_t offset);  // all of them
  size_t pread(char* out, size_t count, uint64_t offset) const;  // fewer only at the end
  void sync();                                           // fsync
  // Asks for [from, to) to be brought to the disk, and waits for as much before it: so that a later
  // sync() finds little to do. A hint, which never fails. Requires: from < to.
  void write_back(uint64_t from, uint64_t to) const;
  void truncate(uint64_t size);
  uint64_t size() const;
  void close();  // without an error nobody could handle: sync() first where it matters
  bool is_open() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  std::string path_;
};

// A whole file mapped for reading. Immutable; thread-safe. The bytes live as long as the object.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::string_view bytes() const { return {data_, size_}; }
  // Takes pages inside of [from, to) out of this process' memory; they come back when read.
  void forget(size_t from, size_t to) const;
  // A page of it could not be read and was taken for zeros (core/mapped_fault.h).
  bool damaged() const;

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
  WatchedMapping* watched_ = nullptr;
};

// Holds <dir>/lock (flock, with our pid inside) until destroyed. Throws Error(kUnavailable) naming
// the holder's pid when another process has it.
class DirLock {
 public:
  explicit DirLock(const std::string& dir);
  ~DirLock();
  DirLock(const DirLock&) = delete;
  DirLock& operator=(const DirLock&) = delete;
  // Whether a file was left there by a holder that did not end cleanly.
  bool replaced() const { return replaced_; }

 private:
  File file_;
  bool replaced_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view bytes);  // create or replace; no sync
std::vector<std::string> list_dir(const std::string& path);        // names, sorted; no "." and ".."
bool path_exists(const std::string& path);
bool is_directory(const std::string& path);
void make_dirs(const std::string& path);
void remove_file(const std::string& path);
void remove_all(const std::string& path);  // no error when it is not there
void rename_path(const std::string& from, const std::string& to);
void hard_link(const std::string& from, const std::string& to);
void sync_dir(const std::string& path);
uint64_t file_system_bytes(const std::string& path);  // its whole size; 0 when it is not known
uint64_t dir_bytes(const std::string& path);  // sum of the sizes of all files below

// Makes a finished directory visible: syncs its files and itself, renames it to `to` (replacing an
// empty one), syncs the parent.
void publish_dir(const std::string& from, const std::string& to);

// A directory that vanishes with the object; for tests.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// ---- fault injection (tests only) --------------------------------------------------------------

enum class FileOp { kCreate, kWrite, kSync, kRename, kTruncate, kRemove };

// Called before each operation that changes the disk. Throwing Error(kIo) makes it fail with no
// effect; for kWrite, *bytes may be lowered first: then that much is written before the failure.
// Threads call it one after the other.
using FileHook = std::function<void(FileOp op, const std::string& path, size_t* bytes)>;
void set_file_hook(FileHook hook);  // an empty hook removes it

// Off: what is to be synced is not forced to the disk, which a test need not wait for. The hook is called
// all the same.
void set_disk_sync(bool on);

}  // namespace hearth
