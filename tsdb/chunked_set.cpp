#include "tsdb/chunked_set.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/bytes.h"
#include "core/error.h"
#include "tsdb/chunk_xor_run.h"

namespace hearth::tsdb {
namespace {

// One of the series that are decoded together.
struct Member {
  size_t place;       // among those that were asked for
  size_t begin, end;  // its pieces
  size_t job;         // of the first of them
  // Where its second piece stands. The first one stands behind all others when some of it is not
  // wanted, so that only what is wanted of it must be moved.
  size_t second;
};

// Whether all pieces have their bytes: none is damaged.
bool all_fetched(std::span<ChunkList::Piece> pieces) {
  try {
    for (ChunkList::Piece& piece : pieces) {
      if (piece.from != nullptr) piece.from->fetch(piece);
    }
    return true;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kCorrupt) throw;
    return false;
  }
}

// How many samples all pieces have together; 0 where it is better to decode one after another.
size_t count_samples(std::span<const ChunkList::Piece> pieces) {
  size_t samples = 0;
  for (const ChunkList::Piece& piece : pieces) {
    const size_t of_chunk = xor_samples(piece.chunk);
    if (of_chunk == 0) return 0;
    samples += of_chunk;
  }
  return samples;
}

// Makes room for samples; what is there need not be.
void make_room(size_t samples, Columns& out) {
  out.histogram_t.clear();
  out.histograms.clear();
  out.start_t.clear();
  out.histogram_start_t.clear();
  out.t.resize(samples);
  out.v.resize(samples);
}

bool is_wanted_whole(const ChunkList::Piece& piece) {
  return piece.wanted.min <= piece.chunk.min_time && piece.chunk.max_time <= piece.wanted.max;
}

// How many samples of the piece are wanted, if they follow at one pace.
size_t guess_wanted(const ChunkList::Piece& piece, size_t samples) {
  if (piece.wanted.min <= piece.chunk.min_time || samples < 2) return samples;
  const TimeMs first = piece.chunk.min_time, last = piece.chunk.max_time;
  if (last <= first) return samples;
  const double pace = static_cast<double>(last - first) / static_cast<double>(samples - 1);
  const double before = std::ceil(static_cast<double>(piece.wanted.min - first) / pace);
  return samples - std::min(samples, static_cast<size_t>(before));
}

// Makes the pieces of a series jobs whose samples stand one after another, but perhaps the first.
// Returns where those of the second stand.
size_t place(std::span<const ChunkList::Piece> pieces, size_t samples, Columns& out,
             std::vector<XorJob>& jobs) {
  const size_t of_first = xor_samples(pieces[0].chunk);
  const bool apart = pieces.size() > 1 && !is_wanted_whole(pieces[0]);
  const size_t second = apart ? guess_wanted(pieces[0], of_first) : of_first;
  make_room(apart ? samples + second : samples, out);
  size_t at = second;
  const auto add = [&](const ChunkList::Piece& piece, size_t to, size_t count) {
    jobs.push_back({piece.chunk.bytes, piece.behind, count, out.t.data() + to, out.v.data() + to});
  };
  add(pieces[0], apart ? second + samples - of_first : 0, of_first);
  for (const ChunkList::Piece& piece : pieces.subspan(1)) {
    add(piece, at, xor_samples(piece.chunk));
    at += jobs.back().samples;
  }
  return second;
}

// Moves `count` samples within their columns.
void move_samples(Columns& out, size_t from, size_t count, size_t to) {
  if (from == to || count == 0) return;
  std::memmove(out.t.data() + to, out.t.data() + from, count * sizeof out.t[0]);
  std::memmove(out.v.data() + to, out.v.data() + from, count * sizeof out.v[0]);
}

struct Part {
  size_t first, count;
};

// The samples of a piece, at `from`, that are wanted. Times ascend; where a damaged chunk breaks
// that, any cut is as good.
Part wanted_part(const ChunkList::Piece& piece, size_t from, size_t samples, const Columns& out) {
  if (is_wanted_whole(piece)) return {from, samples};
  const auto begin = out.t.begin() + static_cast<std::ptrdiff_t>(from);
  const auto end = begin + static_cast<std::ptrdiff_t>(samples);
  const auto first = std::lower_bound(begin, end, piece.wanted.min);
  const auto last = std::upper_bound(first, end, piece.wanted.max);
  return {static_cast<size_t>(first - out.t.begin()), static_cast<size_t>(last - first)};
}

// Leaves the samples that are wanted of each piece, one after another.
void cut(std::span<const ChunkList::Piece> pieces, std::span<const XorJob> jobs, size_t second,
         Columns& out) {
  const auto at = [&](size_t i) { return static_cast<size_t>(jobs[i].t - out.t.data()); };
  const Part head = wanted_part(pieces[0], at(0), jobs[0].samples, out);
  size_t kept = head.count, shift = 0;
  if (at(0) == 0) {
    move_samples(out, head.first, head.count, 0);
  } else {
    static thread_local Columns some;  // what is wanted of the first
    const auto first = static_cast<std::ptrdiff_t>(head.first);
    const auto end = first + static_cast<std::ptrdiff_t>(head.count);
    some.t.assign(out.t.begin() + first, out.t.begin() + end);
    some.v.assign(out.v.begin() + first, out.v.begin() + end);
    move_samples(out, second, at(0) - second, head.count);
    shift = head.count - second;  // perhaps less than 0, which unsigned numbers add as well
    std::copy(some.t.begin(), some.t.end(), out.t.begin());
    std::copy(some.v.begin(), some.v.end(), out.v.begin());
  }
  for (size_t i = 1; i < pieces.size(); ++i) {
    const Part part = wanted_part(pieces[i], at(i) + shift, jobs[i].samples, out);
    move_samples(out, part.first, part.count, kept);
    kept += part.count;
  }
  out.t.resize(kept);
  out.v.resize(kept);
}

}  // namespace

void ChunkedSet::read_many(size_t first, TimeRange range, std::span<Columns> out) const {
  static thread_local ChunkList list;
  static thread_local std::vector<Member> members;
  static thread_local std::vector<XorJob> jobs;
  static thread_local std::vector<size_t> ends;  // of each series' pieces
  list.clear();
  ends.clear();
  members.clear();
  jobs.clear();
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t begin = list.size();
    if (!has_xor_run() || !chunks(first + i, range, list)) list.cut_to(begin);
    ends.push_back(list.size());
  }
  for (size_t i = 0, begin = 0; i < out.size(); begin = ends[i++]) {
    const auto pieces = list.part(begin, ends[i]);
    const size_t samples = all_fetched(pieces) ? count_samples(pieces) : 0;
    if (samples == 0) {
      read(first + i, range, out[i]);
      continue;
    }
    const size_t job = jobs.size();
    const size_t second = place(pieces, samples, out[i], jobs);
    members.push_back({i, begin, ends[i], job, second});
  }
  decode_xor_jobs(jobs);
  for (const Member& member : members) {
    const std::span<const XorJob> own =
        std::span(jobs).subspan(member.job, member.end - member.begin);
    if (std::all_of(own.begin(), own.end(), [](const XorJob& job) { return job.good; })) {
      cut(list.part(member.begin, member.end), own, member.second, out[member.place]);
    } else {
      read(first + member.place, range, out[member.place]);
    }
  }
  end_read();
}

}  // namespace hearth::tsdb
