#include "tsdb/chunked_set.h"

#include <algorithm>

#include "core/bytes.h"
#include "tsdb/chunk_xor_run.h"

namespace hearth::tsdb {
namespace {

// One of the series that are decoded together.
struct Member {
  size_t place;       // among those that were asked for
  size_t begin, end;  // its pieces, and their jobs
};

// How many samples all pieces have together; 0 where it is better to decode one after another.
size_t count_samples(std::span<const ChunkList::Piece> pieces) {
  size_t samples = 0, bytes = 0;
  for (const ChunkList::Piece& piece : pieces) {
    const size_t of_chunk = xor_samples(piece.chunk);
    if (of_chunk == 0) return 0;
    samples += of_chunk;
    bytes += piece.chunk.bytes.size();
  }
  // Where samples hardly differ the processor foresees their bits, and one after another is faster.
  return bytes < samples ? 0 : samples;
}

// Leaves the samples that are wanted of each piece. Times ascend; where a damaged chunk breaks
// that, any cut is as good.
void cut(std::span<const ChunkList::Piece> pieces, std::span<const XorJob> jobs, Columns& out) {
  const bool whole = std::all_of(pieces.begin(), pieces.end(), [](const ChunkList::Piece& piece) {
    return piece.wanted.min <= piece.chunk.min_time && piece.chunk.max_time <= piece.wanted.max;
  });
  if (whole) return;
  size_t kept = 0, begin = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto from = out.t.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto to = from + static_cast<std::ptrdiff_t>(jobs[i].samples);
    const auto first = std::lower_bound(from, to, pieces[i].wanted.min);
    const auto end = std::upper_bound(first, to, pieces[i].wanted.max);
    const auto at = first - out.t.begin();
    const auto count = static_cast<size_t>(end - first);
    if (static_cast<size_t>(at) != kept) {
      std::copy(first, end, out.t.begin() + static_cast<std::ptrdiff_t>(kept));
      std::copy_n(out.v.begin() + at, count, out.v.begin() + static_cast<std::ptrdiff_t>(kept));
    }
    kept += count;
    begin += jobs[i].samples;
  }
  out.t.resize(kept);
  out.v.resize(kept);
}

}  // namespace

void ChunkedSet::read_many(size_t first, TimeRange range, std::span<Columns> out) const {
  static thread_local ChunkList list;
  static thread_local std::vector<Member> members;
  static thread_local std::vector<XorJob> jobs;
  list.clear();
  members.clear();
  jobs.clear();
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t begin = list.size();
    const bool in_chunks = has_xor_run() && chunks(first + i, range, list);
    const size_t samples = in_chunks ? count_samples(list.from(begin)) : 0;
    if (samples == 0) {
      list.cut_to(begin);
      read(first + i, range, out[i]);
      continue;
    }
    out[i].clear();
    out[i].t.resize(samples);
    out[i].v.resize(samples);
    size_t placed = 0;
    for (const ChunkList::Piece& piece : list.from(begin)) {
      jobs.push_back({piece.chunk.bytes, piece.behind, xor_samples(piece.chunk),
                      out[i].t.data() + placed, out[i].v.data() + placed});
      placed += jobs.back().samples;
    }
    members.push_back({i, begin, list.size()});
  }
  decode_xor_jobs(jobs);
  for (const Member& member : members) {
    const std::span<const XorJob> own =
        std::span(jobs).subspan(member.begin, member.end - member.begin);
    if (std::all_of(own.begin(), own.end(), [](const XorJob& job) { return job.good; })) {
      cut(list.part(member.begin, member.end), own, out[member.place]);
    } else {
      read(first + member.place, range, out[member.place]);
    }
  }
  end_read();
}

}  // namespace hearth::tsdb
