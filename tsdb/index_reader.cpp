#include "tsdb/index_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/crc32c.h"
#include "core/error.h"
#include "core/labels.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kMaxLabelsBytes = 16 << 20;   // of one series; more is damage
constexpr size_t kAlwaysVerifiedBytes = 4096;  // shorter lists are checked at each use

}  // namespace

IndexReader::IndexReader(const std::string& path) : path_(path), file_(path) {
  read_toc();
  read_symbols();
  read_postings_table();
}

void IndexReader::corrupt(const std::string& what) const {
  throw Error(ErrorKind::kCorrupt, fmt::format("corrupt index {}: {}", path_, what));
}

void IndexReader::read_toc() {
  const std::string_view bytes = file_.bytes();
  if (bytes.size() < 5 + kIndexTocBytes) corrupt("too short");
  if (load_be32(bytes.data()) != kIndexMagic) corrupt("invalid magic number");
  version_ = static_cast<uint8_t>(bytes[4]);
  if (version_ < 1 || version_ > 3) corrupt(fmt::format("unknown version {}", version_));

  const std::string_view toc = bytes.substr(bytes.size() - kIndexTocBytes);
  if (crc32c(toc.substr(0, kIndexTocBytes - 4)) != load_be32(toc.data() + kIndexTocBytes - 4))
    corrupt("checksum mismatch in the table of contents");
  ByteReader in(toc);
  toc_.symbols = in.be64();
  toc_.series = in.be64();
  toc_.label_indices = in.be64();
  toc_.label_table = in.be64();
  toc_.postings = in.be64();
  toc_.postings_table = in.be64();
}

// The content of [length][content][checksum] at `offset`.
std::string_view IndexReader::section(uint64_t offset, bool verify) const {
  const std::string_view bytes = file_.bytes();
  if (offset < 5 || offset > bytes.size() || bytes.size() - offset < 8)
    corrupt(fmt::format("offset {} is outside of the file", offset));
  const uint64_t length = load_be32(bytes.data() + offset);
  if (length > bytes.size() - offset - 8)
    corrupt(fmt::format("the section at {} ends outside of the file", offset));
  const std::string_view content = bytes.substr(offset + 4, length);
  if (verify && crc32c(content) != load_be32(content.data() + length))
    corrupt(fmt::format("checksum mismatch at offset {}", offset));
  return content;
}

void IndexReader::read_symbols() {
  const std::string_view content = section(toc_.symbols, true);
  ByteReader in(content);
  symbol_count_ = in.be32();
  symbols_ = in.rest();
  if (symbol_count_ > symbols_.size()) corrupt("more symbols than bytes");
  symbol_at_.reserve(symbol_count_ / kEvery + 1);
  for (uint64_t i = 0; i < symbol_count_; ++i) {
    if (i % kEvery == 0) symbol_at_.push_back(static_cast<uint32_t>(symbols_.size() - in.left()));
    in.uvarint_string();
  }
  if (in.failed()) corrupt("the symbol table ends early");
}

IndexReader::Entry IndexReader::next_entry(ByteReader& table) const {
  Entry entry;
  const bool pair = table.uvarint() == 2;
  entry.name = table.uvarint_string();
  entry.value = table.uvarint_string();
  entry.list = table.uvarint();
  entry.ok = pair && !table.failed();
  return entry;
}

ByteReader IndexReader::table_from(uint64_t at) const { return ByteReader(table_.substr(at)); }

void IndexReader::read_postings_table() {
  const std::string_view content = section(toc_.postings_table, true);
  ByteReader in(content);
  const uint64_t count = in.be32();
  table_ = in.rest();
  Entries* entries = nullptr;
  std::string_view name;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t at = table_.size() - in.left();
    const Entry entry = next_entry(in);
    if (!entry.ok) corrupt("malformed postings table");
    if (entry.name.empty()) {
      if (entry.value.empty()) all_at_ = entry.list;
      continue;
    }
    if (entries == nullptr || entry.name != name) {
      entries = &names_[std::string(entry.name)];
      name = entry.name;
    }
    if (entries->count++ % step() == 0) entries->at.push_back(at);
  }
  if (version_ != 1) return;
  for (auto& [unused, all] : names_) {
    std::sort(all.at.begin(), all.at.end(), [&](uint64_t a, uint64_t b) {
      ByteReader at_a = table_from(a);
      ByteReader at_b = table_from(b);
      return next_entry(at_a).value < next_entry(at_b).value;
    });
  }
}

// The remembered entry from which to look for `value`: the last one that is not after it.
size_t IndexReader::first_entry(const Entries& entries, std::string_view value) const {
  const auto after = std::upper_bound(entries.at.begin(), entries.at.end(), value,
                                      [&](std::string_view wanted, uint64_t at) {
                                        ByteReader table = table_from(at);
                                        return wanted < next_entry(table).value;
                                      });
  return after == entries.at.begin() ? 0 : static_cast<size_t>(after - entries.at.begin()) - 1;
}

PostingsView IndexReader::list_at(uint64_t offset) const {
  const std::string_view unverified = section(offset, false);
  bool verify = true;
  if (unverified.size() > kAlwaysVerifiedBytes) {
    MutexLock lock(mutex_);
    verify = verified_.count(offset) == 0;
  }
  const std::string_view content = verify ? section(offset, true) : unverified;
  if (content.size() < 4 || content.size() % 4 != 0 ||
      load_be32(content.data()) != content.size() / 4 - 1)
    corrupt(fmt::format("malformed postings at {}", offset));
  if (verify && content.size() > kAlwaysVerifiedBytes) {
    MutexLock lock(mutex_);
    verified_.insert(offset);
  }
  return PostingsView::big_endian(content.substr(4));
}

PostingsView IndexReader::all() const { return all_at_ == 0 ? PostingsView() : list_at(all_at_); }

PostingsView IndexReader::postings(std::string_view name, std::string_view value) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return {};
  const Entries& entries = found->second;
  ByteReader table = table_from(entries.at[first_entry(entries, value)]);
  for (size_t i = 0; i < step() && !table.at_end(); ++i) {
    const Entry entry = next_entry(table);
    if (entry.name != name || entry.value > value) break;
    if (entry.value == value) return list_at(entry.list);
  }
  return {};
}

void IndexReader::postings_where(std::string_view name, std::string_view prefix,
                                 const std::function<bool(std::string_view value)>& wanted,
                                 std::vector<PostingsView>& lists) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return;
  const Entries& entries = found->second;
  for (size_t i = first_entry(entries, prefix); i < entries.at.size(); ++i) {
    ByteReader table = table_from(entries.at[i]);
    for (size_t k = 0; k < step() && !table.at_end(); ++k) {
      const Entry entry = next_entry(table);
      if (entry.name != name) break;
      if (!entry.value.starts_with(prefix)) {
        if (entry.value > prefix) return;
        continue;
      }
      if (wanted(entry.value)) lists.push_back(list_at(entry.list));
    }
  }
}

std::vector<std::string> IndexReader::names() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : names_) names.push_back(name);
  return names;
}

std::string_view IndexReader::symbol_text(uint64_t position) const {
  ByteReader in(symbols_.substr(symbol_at_[position / kEvery]));
  for (uint64_t i = 0; i < position % kEvery; ++i) in.uvarint_string();
  return in.uvarint_string();
}

void IndexReader::for_each_list(
    const std::function<void(std::string_view name, std::string_view value, PostingsView list)>&
        visit) const {
  ByteReader table(table_);
  while (!table.at_end()) {
    const Entry entry = next_entry(table);
    if (!entry.ok) corrupt("malformed postings table");
    visit(entry.name, entry.value, list_at(entry.list));
  }
}

void IndexReader::check_label_indices() const {
  if (toc_.label_table == 0) return;
  ByteReader table(section(toc_.label_table, true));
  for (uint64_t left = table.be32(); left > 0; --left) {
    const bool one_name = table.uvarint() == 1;
    table.uvarint_string();
    const uint64_t at = table.uvarint();
    if (table.failed() || !one_name) corrupt("malformed table of label indices");
    section(at, true);
  }
}

std::string_view IndexReader::symbol(uint64_t number) const {
  if (version_ == 1) {  // there a symbol is named by its place in the file
    if (number >= file_.bytes().size()) corrupt(fmt::format("unknown symbol {}", number));
    ByteReader in(file_.bytes().substr(number));
    const std::string_view text = in.uvarint_string();
    if (in.failed()) corrupt(fmt::format("unknown symbol {}", number));
    return text;
  }
  if (number >= symbol_count_) corrupt(fmt::format("unknown symbol {}", number));
  ByteReader in(symbols_.substr(symbol_at_[number / kEvery]));
  for (uint64_t i = 0; i < number % kEvery; ++i) in.uvarint_string();
  return in.uvarint_string();
}

std::string_view IndexReader::series_content(uint32_t ref, bool verify) const {
  const std::string_view bytes = file_.bytes();
  const uint64_t offset = version_ == 1 ? ref : uint64_t{ref} * kSeriesAlignment;
  if (offset < toc_.series || offset >= bytes.size())
    corrupt(fmt::format("series {} is outside of the file", ref));
  ByteReader in(bytes.substr(offset));
  const std::string_view content = in.uvarint_string();
  const uint32_t crc = in.be32();
  if (in.failed()) corrupt(fmt::format("series {} ends outside of the file", ref));
  if (verify && crc32c(content) != crc) corrupt(fmt::format("checksum mismatch in series {}", ref));
  return content;
}

uint32_t IndexReader::series(uint32_t ref, NeighbourLabels& labels,
                             std::vector<ChunkMeta>& chunks) const {
  const std::string_view content = series_content(ref, true);
  ByteReader in(content);
  try {
    read_labels(in, ref, labels);
  } catch (...) {
    labels.labels_.clear();
    throw;
  }
  const auto at = static_cast<uint32_t>(content.size() - in.left());
  read_chunks(in, ref, chunks);
  return at;
}

void IndexReader::chunks(uint32_t ref, uint32_t at, std::vector<ChunkMeta>& chunks) const {
  const std::string_view content = series_content(ref, false);
  ByteReader in(content.substr(std::min<size_t>(at, content.size())));
  read_chunks(in, ref, chunks);
}

void IndexReader::read_labels(ByteReader& in, uint32_t ref, NeighbourLabels& labels) const {
  auto& known = labels.labels_;
  std::string& flat = labels.flat_;
  const uint64_t count = in.uvarint();
  uint64_t same = 0;       // labels of the one before
  bool same_names = true;  // whose order has been checked
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t name = in.uvarint();
    const uint64_t value = in.uvarint();
    if (in.failed()) corrupt(fmt::format("series {} is malformed", ref));
    const bool has_neighbour = i < known.size();
    if (same == i && has_neighbour && known[i].name == name && known[i].value == value) {
      ++same;
      continue;
    }
    if (same == i) flat.resize(i == 0 ? 0 : known[i - 1].end);
    same_names = same_names && has_neighbour && known[i].name == name;
    NeighbourLabels::Label& label = labels.of(name, value);
    if (label.name != name || label.value != value) {
      const std::string_view name_text = symbol(name), value_text = symbol(value);
      if (value_text.empty() || name_text.size() + value_text.size() > kMaxLabelsBytes)
        corrupt(fmt::format("malformed labels in series {}", ref));
      label.name = label.value = ~uint64_t{0};
      label.flat.clear();
      append_flat_label(label.flat, name_text, value_text);
      label.name = name;
      label.value = value;
    }
    if (flat.size() > kMaxLabelsBytes ||
        (!same_names && symbol(name) <= (i == 0 ? std::string_view() : symbol(known[i - 1].name))))
      corrupt(fmt::format("malformed labels in series {}", ref));
    flat.append(label.flat);
    if (!has_neighbour) known.emplace_back();
    known[i] = {name, value, flat.size()};
  }
  known.resize(count);
  flat.resize(count == 0 ? 0 : known.back().end);
}

void IndexReader::read_chunks(ByteReader& in, uint32_t ref, std::vector<ChunkMeta>& chunks) const {
  chunks.clear();
  const uint64_t count = in.uvarint();
  ChunkMeta chunk;
  for (uint64_t i = 0; i < count && !in.failed(); ++i) {
    // Unsigned, so that hostile numbers wrap instead of being undefined.
    const uint64_t min = i == 0 ? static_cast<uint64_t>(in.varint())
                                : static_cast<uint64_t>(chunk.max_time) + in.uvarint();
    chunk.min_time = static_cast<TimeMs>(min);
    chunk.max_time = static_cast<TimeMs>(min + in.uvarint());
    chunk.ref = i == 0 ? in.uvarint() : chunk.ref + static_cast<uint64_t>(in.varint());
    if (chunk.max_time < chunk.min_time) in.fail();
    chunks.push_back(chunk);
  }
  if (in.failed()) corrupt(fmt::format("series {} is malformed", ref));
}

void IndexReader::names_of(std::span<const uint32_t> refs, std::set<std::string>& names) const {
  std::unordered_set<uint64_t> symbols;
  for (const uint32_t ref : refs) {
    ByteReader in(series_content(ref, true));
    const uint64_t labels = in.uvarint();
    for (uint64_t i = 0; i < labels && !in.failed(); ++i) {
      symbols.insert(in.uvarint());
      in.uvarint();
    }
    if (in.failed()) corrupt(fmt::format("series {} is malformed", ref));
  }
  for (const uint64_t number : symbols) names.emplace(symbol(number));
}

}  // namespace hearth::tsdb
