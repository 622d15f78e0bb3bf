// hearthtool tsdb create-blocks-from openmetrics: a text of samples -> blocks.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <span>
#include <unordered_map>

#include "cmd/tool/block_import.h"
#include "cmd/tool/commands.h"
#include "cmd/tool/create_blocks.h"
#include "cmd/tool/progress.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/hash.h"
#include "scraper/number.h"
#include "scraper/openmetrics_parser.h"

namespace hearth {
namespace {

constexpr size_t kPiece = 4 << 20;  // of the file, read at a time

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

// The numbers of series by their text as written: 24 bytes a series at least. One thread.
class SeriesTable {
 public:
  SeriesTable() : slots_(1024) {}

  // The number of this text, or kNone. Texts are told apart by 128 bits of hash.
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t find(const Hash128& hash) const {
    for (size_t i = hash.low & mask();; i = (i + 1) & mask()) {
      if (slots_[i].number == kNone || slots_[i].hash == hash) return slots_[i].number;
    }
  }
  // It is asked for soon.
  void expect(const Hash128& hash) const { __builtin_prefetch(&slots_[hash.low & mask()]); }
  void insert(const Hash128& hash, uint32_t number) {
    if (++used_ * 2 > slots_.size()) grow();
    put(hash, number);
  }

 private:
  struct Slot {
    Hash128 hash;
    uint32_t number = kNone;
  };
  size_t mask() const { return slots_.size() - 1; }
  void put(const Hash128& hash, uint32_t number) {
    size_t i = hash.low & mask();
    while (slots_[i].number != kNone) i = (i + 1) & mask();
    slots_[i] = {hash, number};
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != kNone) put(slot.hash, slot.number);
    }
  }
  std::vector<Slot> slots_;
  size_t used_ = 0;
};

// Where what identifies a series ends: at the space before the value. nullptr: not on this line.
const char* series_end(const char* p, const char* end) {
  for (bool quoted = false, inside = false; p < end; ++p) {
    const char c = *p;
    if (quoted) {
      if (c == '\\') {
        ++p;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      inside = true;
    } else if (c == '}') {
      return p + 1;
    } else if (c == ' ' && !inside) {
      return p;
    }
  }
  return nullptr;
}

// Seconds with a fraction, as almost all times are written, followed by a newline or a space.
const char* read_time(const char* p, const char* end, TimeMs& time) {
  double seconds = 0;
  const char* after = read_plain_number(p, end, seconds);
  if (after == nullptr || std::fabs(seconds) > 9e15) return nullptr;
  time = static_cast<TimeMs>(seconds * 1000);
  return after;
}

// A label set, by 128 bits of hash.
using Key = Hash128;
struct HashOfKey {
  size_t operator()(const Key& key) const { return key.low; }
};

// Reads a file line by line. Lines of known series are read here, all others by the parser of
// scrapes. One thread.
class Importer {
 public:
  Importer(const std::string& path, BlockImport& import, const Labels& extra)
      : path_(path), import_(import), extra_(extra), file_(path, File::Mode::kRead) {}

  void run() {
    const uint64_t size = file_.size();
    if (size == 0) fail("mmap, size 0: invalid argument");
    check_end(size);
    Progress progress("importing", size);
    std::string piece;
    uint64_t offset = 0;
    while (offset < size) {
      piece.resize(kPiece + Body::kPadding);
      const size_t got = file_.pread(piece.data(), kPiece, offset);
      size_t used = got;
      if (offset + got < size) {
        used = std::string_view(piece.data(), got).rfind('\n') + 1;
        if (used == 0) fail_at("a line is longer than 4 MiB");
      }
      std::memset(piece.data() + used, 0, Body::kPadding);
      lines(piece.data(), piece.data() + used);
      offset += used;
      progress.at(offset,
                  fmt::format("{} samples of {} series", import_.stored(), import_.series()));
    }
  }

 private:
  struct Line {
    const char *begin = nullptr, *end = nullptr;
    const char* text_end = nullptr;  // of what identifies the series; nullptr: not found here
    Hash128 hash;
    uint32_t number = SeriesTable::kNone;
  };

  static std::string first_words() { return "getting min and max timestamp: "; }
  [[noreturn]] void fail_at(const std::string& what) const {
    fail(first_words() + what + " (" + path_ + ", line " + std::to_string(line_) + ")");
  }

  // Prometheus wants the end to be there before it stores anything.
  void check_end(uint64_t size) const {
    char tail[8] = {};
    const uint64_t from = size > 7 ? size - 7 : 0;
    const std::string_view end(tail, file_.pread(tail, 7, from));
    if (!end.ends_with("# EOF\n") && !end.ends_with("# EOF")) {
      fail(first_words() + "next: data does not end with # EOF (" + path_ + ")");
    }
  }

  // Some lines at once: what is far in memory is fetched for all of them together.
  void lines(const char* p, const char* end) {
    while (p < end) {
      size_t count = 0;
      while (p < end && count < ahead_.size()) p = look(p, end, ahead_[count++]);
      const std::span<Line> found(ahead_.data(), count);
      for (Line& line : found) {
        if (line.text_end != nullptr) line.number = table_.find(line.hash);
        if (line.number != SeriesTable::kNone) import_.expect(line.number);
      }
      for (const Line& line : found) {
        if (line.number != SeriesTable::kNone) import_.expect_chunk(line.number);
      }
      for (const Line& line : found) {
        if (line.number != SeriesTable::kNone) import_.expect_end(line.number);
      }
      for (const Line& line : found) {
        ++line_;
        if (!known_line(line)) slow_line(std::string_view(line.begin, line.end));
      }
    }
    last_ = {};
  }

  // Returns where the next line begins.
  const char* look(const char* p, const char* end, Line& line) {
    const void* newline = std::memchr(p, '\n', static_cast<size_t>(end - p));
    line = {p, newline == nullptr ? end : static_cast<const char*>(newline), nullptr, {}};
    const auto room = static_cast<size_t>(line.end - p);
    if (*p == '#') return line.end + 1;
    if (room > last_.size() && p[last_.size()] == ' ' && !last_.empty() &&
        std::memcmp(p, last_.data(), last_.size()) == 0) {
      line.text_end = p + last_.size();
    } else {
      line.text_end = series_end(p, line.end);
      if (line.text_end == nullptr || *line.text_end != ' ') {
        line.text_end = nullptr;
        return line.end + 1;
      }
      last_hash_ = xxh3_128(p, static_cast<size_t>(line.text_end - p), seed_);
      table_.expect(last_hash_);
    }
    last_ = std::string_view(p, line.text_end);
    line.hash = last_hash_;
    return line.end + 1;
  }

  bool known_line(const Line& line) {
    if (line.text_end == nullptr) return false;
    // Perhaps a line since has made it known.
    const uint32_t number =
        line.number != SeriesTable::kNone ? line.number : table_.find(line.hash);
    if (number == SeriesTable::kNone) return false;
    double value = 0;
    const char* const space = read_plain_number(line.text_end + 1, line.end, value);
    TimeMs time = 0;
    if (space == nullptr || *space != ' ') return false;
    const char* const rest = read_time(space + 1, line.end, time);
    if (rest != line.end) return false;
    import_.append(number, time, value);
    return true;
  }

  void slow_line(std::string_view line) {
    try {
      const Body body(std::string(line) + (line == "# EOF" ? "" : "\n# EOF"));
      OpenMetricsParser parser(body);
      if (parser.next() != EntryKind::kSeries) return;
      if (!parser.has_time()) fail_at("expected timestamp for series got none");
      import_.append(number_of(parser), parser.time(), parser.value());
    } catch (const Error& error) {
      const std::string text = error.what();
      if (text.starts_with(first_words())) throw;
      fail_at("next: " + text);
    }
  }

  uint32_t number_of(OpenMetricsParser& parser) {
    const std::string_view text = parser.text();
    const Hash128 hash = xxh3_128(text.data(), text.size(), seed_);
    if (const uint32_t number = table_.find(hash); number != SeriesTable::kNone) return number;
    LabelsBuilder labels;
    for (const Label& label : parser.labels()) labels.set(label.name, label.value);
    for (const Label& label : extra_) labels.set(label.name, label.value);
    const Labels built = labels.build();
    // Two texts may mean one series: {a="1",b="2"} and {b="2",a="1"}.
    const auto [known, made] =
        by_labels_.try_emplace(Key(xxh3_128(built.flat().data(), built.flat().size(), seed_)), 0);
    if (made) known->second = import_.add_series(built);
    table_.insert(hash, known->second);
    return known->second;
  }

  const std::string& path_;
  BlockImport& import_;
  const Labels& extra_;
  File file_;
  SeriesTable table_;
  std::unordered_map<Key, uint32_t, HashOfKey> by_labels_;
  const uint64_t seed_ = process_seed();
  std::array<Line, 32> ahead_;
  std::string_view last_;  // the series of the line before, as written; of these lines()
  Hash128 last_hash_;
  uint64_t line_ = 0;
};

int create_blocks(const CommandInput& input) {
  const Labels extra = Labels::from_pairs(key_value_pairs(input.texts("label")));
  const std::string path = input.arguments[0];
  if (!path_exists(path)) {
    fmt::print(stderr, "stat {}: no such file or directory\n", path);
    return 1;
  }
  return create_blocks_in(input, input.argument(1, "data/"),
                          [&](BlockImport& import) { Importer(path, import, extra).run(); });
}

}  // namespace

Command create_blocks_openmetrics_command() {
  return {"tsdb create-blocks-from openmetrics",
          "Import samples from OpenMetrics input and produce TSDB blocks. Please refer to the "
          "storage docs for more details.",
          {{.name = "label",
            .value_name = "LABEL",
            .help = "Label to attach to metrics. Can be specified multiple times. Example "
                    "--label=label_name=label_value",
            .repeatable = true}},
          {{.name = "input file", .help = "OpenMetrics file to read samples from."},
           {.name = "output directory",
            .help = "Output directory for generated blocks.",
            .optional = true}},
          create_blocks};
}

}  // namespace hearth
