// Takes a segment of a write-ahead log apart into its records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::tsdb {

// Reads the bytes of one segment, of any origin. The bytes must outlive it. One thread.
class WalReader {
 public:
  enum class Outcome { kRecord, kEnd, kCorrupt };
  // Records of types that are not wanted are given as "", and cost little.
  enum class Wanted { kAll, kSeriesAndMetadata };

  // From the first record on that begins at `from` or later, which must be the begin of a page.
  explicit WalReader(std::string_view segment, Wanted wanted = Wanted::kAll, uint64_t from = 0)
      : bytes_(segment), wanted_(wanted), position_(from), amid_(from > 0) {}

  // After kCorrupt, error() says what is wrong; nothing more can be read then.
  Outcome next();

  // Uncompressed; valid until the next call of next().
  std::string_view record() const { return record_; }
  uint64_t begin() const { return begin_; }      // where the last record began
  uint64_t offset() const { return position_; }  // and where it ended
  const std::string& error() const { return error_; }

 private:
  Outcome fail(std::string what);
  bool skip_page_end();
  std::string_view slice(uint64_t position, size_t count);
  bool is_wanted(std::string_view raw, uint8_t flags) const;
  Outcome uncompress(std::string_view raw, uint8_t flags);

  std::string_view bytes_;
  const Wanted wanted_;
  uint64_t position_;
  uint64_t begin_ = 0;
  bool amid_;  // perhaps within a record that began before `from`
  std::string_view record_;
  std::string fragments_;  // of a record of several
  std::string padded_;     // a fragment that ends after the file, in the zeros we think there
  std::string uncompressed_;
  std::string error_;
};

}  // namespace hearth::tsdb
