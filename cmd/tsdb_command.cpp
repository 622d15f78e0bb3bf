#include "cmd/tsdb_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cmd/tool/block_table.h"
#include "core/error.h"
#include "core/file.h"
#include "tsdb/block_meta.h"
#include "tsdb/verify.h"

namespace hearth {
namespace {

std::string directory(const CommandInput& input) {
  const std::string dir = input.arguments.empty() ? "data/" : input.arguments.front();
  if (!is_directory(dir)) throw Error(ErrorKind::kBadData, dir + " is not a directory");
  return dir.size() > 1 && dir.ends_with('/') ? dir.substr(0, dir.size() - 1) : dir;
}

std::string stamp() {
  return fmt::format("{:%Y%m%dT%H%M%SZ}",
                     std::chrono::time_point_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now()));
}

int verify(const CommandInput& input) {
  const std::string dir = directory(input);
  const DirLock lock(dir);  // refuses while a server uses it
  const tsdb::VerifyReport report = tsdb::verify_directory(dir);
  fmt::print("{}: {} blocks with {} series, {} chunks and {} samples; {} log segments; {} head "
             "chunks\n",
             dir, report.blocks, report.series, report.chunks, report.samples, report.log_segments,
             report.head_chunks);
  for (const tsdb::Damage& damage : report.damages) {
    fmt::print("{}: {}\n  repair: {}\n", damage.path, damage.what, tsdb::repair_text(damage));
  }
  if (report.damages.empty()) {
    fmt::print("nothing is damaged\n");
    return 0;
  }
  if (!input.on("repair")) {
    fmt::print("{} damages; --repair does what is said above, keeping copies\n",
               report.damages.size());
    return 1;
  }
  const std::string when = stamp();
  tsdb::repair_directory(dir, report.damages, when);
  fmt::print("repaired; what was changed is kept in {}/*-damaged-{}\n", dir, when);
  return 1;
}

int list(const CommandInput& input) {
  const std::string dir = directory(input);
  std::vector<BlockLine> blocks;
  for (const std::string& name : list_dir(dir)) {
    const std::string path = dir + "/" + name;
    if (!tsdb::parse_ulid(name) || !is_directory(path)) continue;
    blocks.push_back({tsdb::read_block_meta(path), dir_bytes(path)});
  }
  std::stable_sort(blocks.begin(), blocks.end(), [](const BlockLine& a, const BlockLine& b) {
    return a.meta.min_time < b.meta.min_time;
  });
  fmt::print("{}", block_table(blocks, input.on("human-readable")));
  return 0;
}

}  // namespace

std::vector<Command> tsdb_commands() {
  const std::vector<CommandArgument> where = {
      {.name = "db path", .help = "Database path (default is data/).", .optional = true}};
  return {{"tsdb verify",
           "Check every checksum and invariant of a data directory that no server uses. Exit code 1 "
           "when something is damaged.",
           {{.name = "repair", .help = "Repair what is damaged, keeping a copy of what is changed."}},
           where,
           verify},
          {"tsdb list",
           "List tsdb blocks.",
           {{.name = "human-readable", .help = "Print human readable values.", .letter = 'r'}},
           where,
           list}};
}

}  // namespace hearth
