// Checks a data directory that nobody uses: every checksum, and what its files promise each other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tsdb/block_meta.h"
#include "tsdb/wal_repair.h"

namespace hearth::tsdb {

enum class Repair {
  kSalvage,       // the block is put aside and written anew with what of it can be read
  kWriteMeta,     // numbers in meta.json are corrected
  kDropDeletes,   // the tombstones are put aside: what they deleted is back
  kCutLog,        // the log ends before the damage
  kFillGaps,      // empty segments take the place of missing ones
  kCutHeadChunks  // the file ends before the damage; the log has its samples
};

struct Damage {
  std::string path;  // within the directory
  std::string what;
  Repair repair;
  uint64_t good_bytes = 0;         // kCutHeadChunks: what is kept
  std::optional<WalDamage> log{};  // kCutLog
  BlockStats counted{};            // kWriteMeta
};
std::string repair_text(const Damage& damage);  // what a repair does

struct VerifyReport {
  std::vector<Damage> damages;
  uint64_t blocks = 0, series = 0, chunks = 0, samples = 0;
  uint64_t log_segments = 0, head_chunks = 0;
};

// Called now and then with how many bytes of the directory are checked, and in which part of it the
// check is; what it throws ends the check.
using OnVerified = std::function<void(uint64_t bytes, const std::string& part)>;

// Changes nothing. Requires: no process uses the directory.
VerifyReport verify_directory(const std::string& dir, const OnVerified& on_verified = {});

// Repairs what was found, in the order in which it was found. What it changes it copies or moves to
// <dir>/...-damaged-<stamp> first. Throws Error(kIo).
void repair_directory(const std::string& dir, const std::vector<Damage>& damages,
                      const std::string& stamp);

// The part of verify_directory() for one block. `name`: of its directory within `dir`. Calls
// `on_share` with the share of the block that is checked, from 0 to 1.
void verify_block(const std::string& dir, const std::string& name, VerifyReport& report,
                  const std::function<void(double share)>& on_share = {});

}  // namespace hearth::tsdb
