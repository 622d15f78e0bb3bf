// hearthtool tsdb verify: every checksum and invariant of a data directory, and repairs.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

#include "cmd/tool/commands.h"
#include "cmd/tool/data_dir.h"
#include "cmd/tool/exit_code.h"
#include "cmd/tool/progress.h"
#include "core/file.h"
#include "tsdb/verify.h"

namespace hearth {
namespace {

std::string stamp() {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", std::chrono::time_point_cast<std::chrono::seconds>(
                                              std::chrono::system_clock::now()));
}

tsdb::VerifyReport checked(const std::string& dir) {
  Progress progress("verifying", dir_bytes(dir));
  return tsdb::verify_directory(
      dir, [&](uint64_t bytes, const std::string& part) { progress.at(bytes, part); });
}

int verify(const CommandInput& input) {
  return exit_code_of([&] {
    const std::string dir = data_dir_argument(input);
    const DirLock lock(dir);  // refuses while a server uses it
    const tsdb::VerifyReport report = checked(dir);
    fmt::print(
        "{}: {} blocks with {} series, {} chunks and {} samples; {} log segments; {} head "
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
      return kToolFailed;
    }
    const std::string when = stamp();
    tsdb::repair_directory(dir, report.damages, when);
    fmt::print("repaired; what was changed is kept in {}/*-damaged-{}\n", dir, when);
    return kToolFailed;
  });
}

}  // namespace

Command tsdb_verify_command() {
  return {
      "tsdb verify",
      "Check every checksum and invariant of a data directory that no server uses. Exit code 1 "
      "when something is damaged.",
      {{.name = "repair", .help = "Repair what is damaged, keeping a copy of what is changed."}},
      {{.name = "db path", .help = "Database path (default is data/).", .optional = true}},
      verify};
}

}  // namespace hearth
