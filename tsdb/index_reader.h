// Reads a block's index where it lies mapped, versions 1, 2 and 3 (which is 2 to
// a reader). Of its symbols and of each label's
// values every 32nd is remembered in memory, as an offset; the rest is found from there.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/bytes.h"
#include "core/file.h"
#include "core/mutex.h"
#include "tsdb/index_format.h"
#include "tsdb/select.h"

namespace hearth::tsdb {

// The labels of series that are read one after another in one index: what a series has in common
// with the one before stays, and texts are looked up once, for neighbours share most of them.
// One thread.
class NeighbourLabels {
 public:
  std::string_view flat() const { return flat_; }

 private:
  friend class IndexReader;
  struct Label {
    uint64_t name = ~uint64_t{0}, value = ~uint64_t{0};  // symbols
    std::string flat;
  };
  struct Place {
    uint64_t name, value;
    size_t end;  // in flat_
  };
  Label& of(uint64_t name, uint64_t value) { return texts_[(name * 31 + value) % texts_.size()]; }
  std::array<Label, 128> texts_;  // looked up lately
  std::vector<Place> labels_;     // of the series that was read last
  std::string flat_;
};

// A file that breaks the format gives Error(kCorrupt), here or in a later call; nothing is read
// outside of it. Thread-safe.
class IndexReader final : public LabelIndex {
 public:
  explicit IndexReader(const std::string& path);

  // One series: `labels` and `chunks` become its own. Returns where in its entry the chunks are
  // told, ...
  uint32_t series(uint32_t ref, NeighbourLabels& labels, std::vector<ChunkMeta>& chunks) const;
  // ... for who asks for them again.
  void chunks(uint32_t ref, uint32_t at, std::vector<ChunkMeta>& chunks) const;

  PostingsView all() const override;  // in label order
  PostingsView postings(std::string_view name, std::string_view value) const override;
  void postings_where(std::string_view name, std::string_view prefix,
                      const std::function<bool(std::string_view value)>& wanted,
                      std::vector<PostingsView>& lists) const override;
  std::vector<std::string> names() const override;
  void names_of(std::span<const uint32_t> refs, std::set<std::string>& names) const override;

  uint64_t bytes() const { return file_.bytes().size(); }
  void forget_pages() const { file_.forget(0, file_.bytes().size()); }
  bool lost_pages() const { return file_.damaged(); }
  uint64_t symbol_table_bytes() const { return symbol_at_.size() * sizeof(uint32_t); }

  // ---- for who checks the whole file
  uint64_t symbol_count() const { return symbol_count_; }
  std::string_view symbol_text(uint64_t position) const;  // the table is sorted by them
  // Each list with its label, in the order of the table; that of all series has an empty one.
  void for_each_list(const std::function<void(std::string_view name, std::string_view value,
                                              PostingsView list)>& visit) const;
  // The sections that no reader uses any more. Throws Error(kCorrupt).
  void check_label_indices() const;

 private:
  struct Toc {
    uint64_t symbols, series, label_indices, label_table, postings, postings_table;
  };
  // Where the entries of a label name stand in the postings table: each 32nd, in order of the
  // values (version 1 promises no order: there it is every one, sorted).
  struct Entries {
    std::vector<uint64_t> at;
    size_t count = 0;
  };
  struct Entry {
    std::string_view name, value;
    uint64_t list = 0;
    bool ok = false;
  };

  [[noreturn]] void corrupt(const std::string& what) const;
  std::string_view section(uint64_t offset, bool verify) const;
  void read_toc();
  void read_symbols();
  void read_postings_table();
  Entry next_entry(ByteReader& table) const;
  ByteReader table_from(uint64_t at) const;
  size_t step() const { return version_ == 1 ? 1 : kEvery; }
  size_t first_entry(const Entries& entries, std::string_view value) const;
  PostingsView list_at(uint64_t offset) const;
  std::string_view symbol(uint64_t number) const;
  std::string_view series_content(uint32_t ref, bool verify) const;
  void read_labels(ByteReader& in, uint32_t ref, NeighbourLabels& labels) const;
  void read_chunks(ByteReader& in, uint32_t ref, std::vector<ChunkMeta>& chunks) const;

  static constexpr size_t kEvery = 32;

  std::string path_;
  MappedFile file_;
  uint8_t version_ = 2;
  Toc toc_{};
  std::string_view symbols_;  // the section's entries
  uint64_t symbol_count_ = 0;
  std::vector<uint32_t> symbol_at_;  // of each 32nd, within symbols_
  std::string_view table_;           // the postings table's entries
  std::map<std::string, Entries, std::less<>> names_;
  uint64_t all_at_ = 0;

  // Long lists whose checksum has been found right, so that it is computed once only.
  mutable Mutex mutex_;
  mutable std::unordered_set<uint64_t> verified_ GUARDED_BY(mutex_);
};

}  // namespace hearth::tsdb
