// A block's index of any bytes answers every question, or is corrupt.
#include <optional>
#include <set>

#include "core/error.h"
#include "tests/fuzz/fuzz_file.h"
#include "tsdb/index_reader.h"

using namespace hearth;
using namespace hearth::tsdb;

namespace {

template <class Ask>
void ask(Ask question) {
  try {
    question();
  } catch (const Error&) {
  }
}

void read_series(const IndexReader& index, PostingsView refs) {
  NeighbourLabels labels;
  std::vector<ChunkMeta> chunks, again;
  for (size_t i = 0; i < refs.size() && i < 100; ++i) {
    ask([&] {
      const uint32_t at = index.series(refs[i], labels, chunks);
      if (LabelsView(labels.flat()).size() > labels.flat().size()) __builtin_trap();
      NeighbourLabels alone;
      index.series(refs[i], alone, again);
      if (labels.flat() != alone.flat()) __builtin_trap();
      index.chunks(refs[i], at, again);
      if (chunks.size() != again.size()) __builtin_trap();
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string path = fuzz_file({reinterpret_cast<const char*>(data), size});
  std::optional<IndexReader> index;
  ask([&] { index.emplace(path); });
  if (!index) return 0;
  ask([&] { read_series(*index, index->all()); });
  std::vector<std::string> names;
  ask([&] { names = index->names(); });
  for (const std::string& name : names) {
    ask([&] {
      std::vector<std::string> values;
      std::vector<PostingsView> lists;
      index->postings_where(
          name, "", [&](std::string_view value) { return values.emplace_back(value), true; }, lists);
      for (const PostingsView list : lists) read_series(*index, list);
      for (const std::string& value : values) (void)index->postings(name, value).size();
      index->postings_where(name, "1", [](std::string_view) { return false; }, lists);
    });
  }
  ask([&] {
    const std::vector<uint32_t> refs{1, 2, 0xffffffff};
    std::set<std::string> of_refs;
    index->names_of(refs, of_refs);
  });
  return 0;
}
