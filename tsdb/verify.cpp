#include "tsdb/verify.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "tsdb/checkpoint.h"
#include "tsdb/head_chunk_file.h"
#include "tsdb/ulid.h"
#include "tsdb/wal_format.h"

namespace hearth::tsdb {
namespace {

std::string segment_name(const std::string& log, uint32_t segment) {
  return wal_segment_path(log, segment);
}

void verify_log(const std::string& dir, const std::string& log, std::optional<uint32_t> first,
                VerifyReport& report) {
  const std::string path = dir + "/" + log;
  if (!is_directory(path)) return;
  const std::vector<uint32_t> segments = wal_segments(path);
  report.log_segments += segments.size();
  const auto missing = missing_wal_segments(path, first);
  if (!missing.empty()) {
    report.damages.push_back({segment_name(log, missing.front()),
                              fmt::format("{} segments are missing", missing.size()),
                              Repair::kFillGaps});
  }
  // Segments that a checkpoint stands for are of no use any more, whatever is in them.
  if (const auto damage = find_wal_damage(path, first.value_or(0))) {
    report.damages.push_back({segment_name(log, damage->segment),
                              fmt::format("{}, at {}", damage->what, damage->good_bytes),
                              Repair::kCutLog, 0, damage});
  }
}

void verify_head_chunks(const std::string& dir, VerifyReport& report) {
  const std::string path = dir + "/chunks_head";
  if (!is_directory(path)) return;
  for (const std::string& name : list_dir(path)) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const MappedFile file(path + "/" + name);
    if (is_unfinished_head_chunk_file(file.bytes())) continue;
    HeadChunkFileReader reader(file.bytes());
    uint64_t good = kHeadChunkHeaderBytes;
    for (;;) {
      const HeadChunkFileReader::Outcome outcome = reader.next();
      if (outcome == HeadChunkFileReader::Outcome::kEnd) break;
      if (outcome == HeadChunkFileReader::Outcome::kCorrupt) {
        report.damages.push_back(
            {"chunks_head/" + name, reader.error(), Repair::kCutHeadChunks, good});
        break;
      }
      std::string encoded;
      encode_head_chunk(reader.chunk(), encoded);
      good = reader.offset() + encoded.size();
      ++report.head_chunks;
    }
  }
}

}  // namespace

std::string repair_text(const Damage& damage) {
  switch (damage.repair) {
    case Repair::kSalvage:
      return "put the block aside and write it anew with what can be read of it";
    case Repair::kWriteMeta:
      return "correct meta.json";
    case Repair::kDropDeletes:
      return "put the file aside; what it deleted is there again";
    case Repair::kCutLog:
      return fmt::format("end the log there, at byte {} of segment {}", damage.log->good_bytes,
                         damage.log->segment);
    case Repair::kFillGaps:
      return "make empty segments in their place";
    case Repair::kCutHeadChunks:
      return fmt::format("end the file at byte {}; the write-ahead log has what follows",
                         damage.good_bytes);
  }
  return "";
}

VerifyReport verify_directory(const std::string& dir, const OnVerified& on_verified) {
  VerifyReport report;
  uint64_t done = 0;
  const auto part = [&](const std::string& name, const auto& check) {
    if (!is_directory(dir + "/" + name)) return;
    const uint64_t bytes = on_verified ? dir_bytes(dir + "/" + name) : 0;
    check([&](double share) {
      if (!on_verified) return;
      on_verified(done + static_cast<uint64_t>(share * static_cast<double>(bytes)), name);
    });
    done += bytes;
    if (on_verified) on_verified(done, name);
  };
  for (const std::string& name : list_dir(dir)) {
    if (!parse_ulid(name)) continue;
    part(name, [&](const auto& on_share) { verify_block(dir, name, report, on_share); });
  }
  part("wal", [&](const auto&) {
    std::optional<uint32_t> first;
    if (const auto checkpoint = latest_checkpoint(dir + "/wal")) {
      first = checkpoint->segment + 1;
      verify_log(dir, checkpoint->path.substr(dir.size() + 1), std::nullopt, report);
    }
    verify_log(dir, "wal", first, report);
  });
  part("wbl", [&](const auto&) { verify_log(dir, "wbl", std::nullopt, report); });
  part("chunks_head", [&](const auto&) { verify_head_chunks(dir, report); });
  return report;
}

}  // namespace hearth::tsdb
