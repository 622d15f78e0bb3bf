#include "tsdb/index_writer.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/bytes.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/tag_table.h"
#include "tsdb/postings.h"
#include "tsdb/section_file.h"

namespace hearth::tsdb {
namespace {

constexpr size_t kRefsAtOnce = 4 << 20;

// A label of any series. Until finish() ranks them, symbols are numbered as they come.
struct Pair {
  uint32_t name = 0;
  uint32_t value = 0;
  uint32_t series = 0;  // that have it
};

uint32_t tag_of(std::string_view bytes) {
  return static_cast<uint32_t>(xxhash64(bytes, process_seed()) >> 32);
}

// Gives each distinct text a number. The texts live in the arena. One thread.
class Numbering {
 public:
  uint32_t number(std::string_view text) {
    const uint32_t tag = tag_of(text);
    const uint32_t found = table_.find(tag, [&](uint32_t n) { return texts_[n - 1] == text; });
    if (found != 0) return found - 1;
    texts_.push_back(arena_.copy(text));
    table_.insert(tag, static_cast<uint32_t>(texts_.size()));
    return static_cast<uint32_t>(texts_.size() - 1);
  }
  const std::vector<std::string_view>& texts() const { return texts_; }
  // The texts stay; no number can be asked for any more.
  void end() { table_ = {}; }

 private:
  Arena arena_;
  TagTable table_;  // of numbers + 1
  std::vector<std::string_view> texts_;
};

// What a list of so many series takes in the file.
uint64_t list_bytes(uint64_t series) { return 4 + 4 + 4 * series + 4; }

// Gives the memory back as well.
void forget(std::vector<uint32_t>& numbers) { std::vector<uint32_t>().swap(numbers); }

// A label's bytes in the flat form of a set: they name the pair without being put together.
std::string_view flat_bytes(const Label& label) {
  const char* begin = label.name.data() - (label.name.size() < 255 ? 1 : 4);
  return {begin, static_cast<size_t>(label.value.data() + label.value.size() - begin)};
}

void write_chunks(std::span<const ChunkMeta> chunks, std::string& out) {
  ByteWriter w(out);
  w.uvarint(chunks.size());
  const ChunkMeta* before = nullptr;
  for (const ChunkMeta& c : chunks) {
    if (before == nullptr) {
      w.varint(c.min_time);
    } else {
      w.uvarint(static_cast<uint64_t>(c.min_time) - static_cast<uint64_t>(before->max_time));
    }
    w.uvarint(static_cast<uint64_t>(c.max_time) - static_cast<uint64_t>(c.min_time));
    if (before == nullptr) {
      w.uvarint(c.ref);
    } else {
      w.varint(static_cast<int64_t>(c.ref - before->ref));
    }
    before = &c;
  }
}

}  // namespace

struct IndexWriter::State {
  explicit State(std::string index_path)
      : path(std::move(index_path)), spill(path + ".series", File::Mode::kCreate) {
    symbols.number("");  // of the pair that lists all series; so that the bytes are Prometheus'
  }

  std::string path;
  Numbering symbols;
  TagTable pair_numbers;  // + 1
  std::vector<Pair> pairs;
  std::string last_labels;  // flat
  uint64_t series = 0;

  File spill;  // for each series: number of labels, pair numbers, the chunks' text with its length
  std::string spill_buffer;
  std::string chunks_text;

  // Known once all series are there, each until nothing needs it any more.
  std::vector<uint32_t> symbol_order;  // symbol numbers by text
  std::vector<uint32_t> rank;          // symbol number -> place in that order
  std::vector<uint32_t> pair_order;    // pair numbers by name, then value
  std::vector<uint32_t> place;         // pair number -> place in that order
  Postings all;                        // refs of all series

  void spill_all() {
    spill.write(spill_buffer);
    spill_buffer.clear();
  }
  uint32_t pair_number(const Label& label);
  std::string_view name_of(uint32_t pair) const { return symbols.texts()[pairs[pair].name]; }
  std::string_view value_of(uint32_t pair) const { return symbols.texts()[pairs[pair].value]; }

  void sort_symbols();
  void sort_pairs();
  void write_symbols(SectionFile& file) const;
  void write_series(SectionFile& file);
  std::vector<uint64_t> write_label_indices(SectionFile& file) const;
  void gather(size_t from, size_t to, Postings& refs) const;
  void write_postings(SectionFile& file) const;
  void write_label_table(SectionFile& file, const std::vector<uint64_t>& at) const;
  void write_postings_table(SectionFile& file, uint64_t at) const;
};

IndexWriter::IndexWriter(std::string path) : state_(std::make_unique<State>(std::move(path))) {}
IndexWriter::~IndexWriter() = default;

void IndexWriter::add_series(LabelsView labels, std::span<const ChunkMeta> chunks) {
  State& s = *state_;
  if (s.series > 0 && labels <= LabelsView(s.last_labels)) {
    throw Error(ErrorKind::kCorrupt, "series out of order: " + labels_text(labels) + " after " +
                                         labels_text(LabelsView(s.last_labels)));
  }
  s.last_labels = labels.flat();
  ++s.series;

  ByteWriter spill(s.spill_buffer);
  spill.uvarint(labels.size());
  for (const Label& label : labels) {
    const uint32_t number = s.pair_number(label);
    ++s.pairs[number].series;
    spill.uvarint(number);
  }
  s.chunks_text.clear();
  write_chunks(chunks, s.chunks_text);
  spill.uvarint_string(s.chunks_text);
  if (s.spill_buffer.size() >= 1 << 20) s.spill_all();
}

uint32_t IndexWriter::State::pair_number(const Label& label) {
  const uint32_t tag = tag_of(flat_bytes(label));
  const uint32_t found = pair_numbers.find(tag, [&](uint32_t n) {
    return value_of(n - 1) == label.value && name_of(n - 1) == label.name;
  });
  if (found != 0) return found - 1;
  Pair pair;
  pair.name = symbols.number(label.name);
  pair.value = symbols.number(label.value);
  pairs.push_back(pair);
  pair_numbers.insert(tag, static_cast<uint32_t>(pairs.size()));
  return static_cast<uint32_t>(pairs.size() - 1);
}

void IndexWriter::State::sort_symbols() {
  const auto& texts = symbols.texts();
  symbol_order.resize(texts.size());
  std::iota(symbol_order.begin(), symbol_order.end(), 0u);
  std::sort(symbol_order.begin(), symbol_order.end(),
            [&](uint32_t a, uint32_t b) { return texts[a] < texts[b]; });
  rank.resize(texts.size());
  for (size_t i = 0; i < rank.size(); ++i) rank[symbol_order[i]] = static_cast<uint32_t>(i);
}

void IndexWriter::State::sort_pairs() {
  const auto key = [&](uint32_t pair) {
    return uint64_t{rank[pairs[pair].name]} << 32 | rank[pairs[pair].value];
  };
  pair_order.resize(pairs.size());
  std::iota(pair_order.begin(), pair_order.end(), 0u);
  std::sort(pair_order.begin(), pair_order.end(),
            [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  place.resize(pairs.size());
  for (size_t i = 0; i < place.size(); ++i) place[pair_order[i]] = static_cast<uint32_t>(i);
}

void IndexWriter::State::write_symbols(SectionFile& file) const {
  file.begin_section();
  file.out().be32(static_cast<uint32_t>(symbol_order.size()));
  for (const uint32_t symbol : symbol_order) {
    file.out().uvarint_string(symbols.texts()[symbol]);
    file.flush_if_large();
  }
  file.end_section();
}

void IndexWriter::State::write_series(SectionFile& file) {
  all.reserve(series);

  spill_all();
  const MappedFile spilled(spill.path());
  ByteReader in(spilled.bytes());
  std::string content;
  for (uint64_t i = 0; i < series; ++i) {
    file.pad(kSeriesAlignment);
    const uint64_t ref = file.position() / kSeriesAlignment;
    if (ref > std::numeric_limits<uint32_t>::max())
      throw Error(ErrorKind::kIo, path + ": the series would exceed 64 GiB");
    content.clear();
    ByteWriter w(content);
    const uint64_t labels = in.uvarint();
    w.uvarint(labels);
    for (uint64_t l = 0; l < labels; ++l) {
      const auto pair = static_cast<uint32_t>(in.uvarint());
      w.uvarint(rank[pairs[pair].name]);
      w.uvarint(rank[pairs[pair].value]);
    }
    content.append(in.uvarint_string());
    all.push_back(static_cast<uint32_t>(ref));

    file.out().uvarint(content.size());
    file.out().bytes(content);
    file.out().be32(crc32c(content));
    file.flush_if_large();
  }
}

// The values of each name. No reader needs them any more, but Thanos finds its way by the sections.
std::vector<uint64_t> IndexWriter::State::write_label_indices(SectionFile& file) const {
  std::vector<uint64_t> at;
  for (size_t i = 0; i < pair_order.size();) {
    size_t end = i;
    while (end < pair_order.size() && pairs[pair_order[end]].name == pairs[pair_order[i]].name)
      ++end;
    file.pad(4);
    at.push_back(file.position());
    file.begin_section();
    file.out().be32(1);
    file.out().be32(static_cast<uint32_t>(end - i));
    for (; i < end; ++i) file.out().be32(rank[pairs[pair_order[i]].value]);
    file.end_section();
    file.flush_if_large();
  }
  return at;
}

// Fills in the lists of the pairs at the places [from, to), one after the other.
void IndexWriter::State::gather(size_t from, size_t to, Postings& refs) const {
  std::vector<uint32_t> next;
  next.reserve(to - from);
  for (uint32_t start = 0; from + next.size() < to;) {
    next.push_back(start);
    start += pairs[pair_order[from + next.size() - 1]].series;
  }
  const MappedFile spilled(spill.path());
  ByteReader in(spilled.bytes());
  for (const uint32_t ref : all) {
    for (uint64_t labels = in.uvarint(); labels > 0; --labels) {
      const size_t p = place[in.uvarint()];
      if (p >= from && p < to) refs[next[p - from]++] = ref;
    }
    in.uvarint_string();
  }
}

// The list of all series first, then those of the pairs.
void IndexWriter::State::write_postings(SectionFile& file) const {
  const auto write = [&](std::span<const uint32_t> list) {
    file.begin_section();
    file.out().be32(static_cast<uint32_t>(list.size()));
    for (const uint32_t ref : list) file.out().be32(ref);
    file.end_section();
    file.flush_if_large();
  };
  write(all);
  // As many pairs at once as the memory allows: each time the series are walked through again.
  const size_t most = std::max<size_t>(kRefsAtOnce, all.size());
  Postings refs;
  for (size_t from = 0; from < pair_order.size();) {
    size_t to = from;
    size_t count = 0;
    while (to < pair_order.size() && count + pairs[pair_order[to]].series <= most)
      count += pairs[pair_order[to++]].series;
    refs.resize(count);
    gather(from, to, refs);
    for (size_t start = 0; from < to; ++from) {
      const size_t size = pairs[pair_order[from]].series;
      write(std::span(refs).subspan(start, size));
      start += size;
    }
  }
}

void IndexWriter::State::write_label_table(SectionFile& file,
                                           const std::vector<uint64_t>& at) const {
  file.begin_section();
  file.out().be32(static_cast<uint32_t>(at.size()));
  size_t written = 0;
  for (size_t i = 0; i < pair_order.size(); ++i) {
    if (i > 0 && pairs[pair_order[i]].name == pairs[pair_order[i - 1]].name) continue;
    file.out().uvarint(1);
    file.out().uvarint_string(name_of(pair_order[i]));
    file.out().uvarint(at[written++]);
  }
  file.end_section();
}

// The lists stand one after the other from `at` on.
void IndexWriter::State::write_postings_table(SectionFile& file, uint64_t at) const {
  const auto write = [&](std::string_view name, std::string_view value, uint64_t size) {
    file.out().uvarint(2);
    file.out().uvarint_string(name);
    file.out().uvarint_string(value);
    file.out().uvarint(at);
    file.flush_if_large();
    at += list_bytes(size);
  };
  file.begin_section();
  file.out().be32(static_cast<uint32_t>(pair_order.size() + 1));
  write("", "", series);
  for (const uint32_t pair : pair_order) write(name_of(pair), value_of(pair), pairs[pair].series);
  file.end_section();
}

void IndexWriter::finish() {
  State& s = *state_;
  s.symbols.end();
  s.pair_numbers = {};
  s.sort_symbols();
  s.sort_pairs();

  SectionFile file(s.path);
  std::string toc;
  const auto begins = [&] { ByteWriter(toc).be64(file.position()); };
  file.out().be32(kIndexMagic);
  file.out().u8(2);
  begins();
  s.write_symbols(file);
  forget(s.symbol_order);
  begins();
  s.write_series(file);
  begins();
  const std::vector<uint64_t> label_indices = s.write_label_indices(file);
  forget(s.rank);
  file.pad(4);
  const uint64_t postings_at = file.position();
  s.write_postings(file);
  begins();
  s.write_label_table(file, label_indices);
  ByteWriter(toc).be64(postings_at);
  begins();
  s.write_postings_table(file, postings_at);
  ByteWriter(toc).be32(crc32c(toc));
  file.out().bytes(toc);
  file.close();
  s.spill.close();
  remove_file(s.spill.path());
}

}  // namespace hearth::tsdb
