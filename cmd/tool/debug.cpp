// hearthtool debug pprof|metrics|all: what a server knows of itself, in debug.tar.gz.
#include <fmt/format.h>

#include <cstdio>

#include "cmd/tool/api_client.h"
#include "cmd/tool/commands.h"
#include "core/compress.h"
#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

struct Part {
  const char* path;
  const char* file;
};
constexpr Part kProfiles[] = {{"/debug/pprof/threadcreate", "threadcreate.pb"},
                              {"/debug/pprof/profile?seconds=30", "cpu.pb"},
                              {"/debug/pprof/block", "block.pb"},
                              {"/debug/pprof/goroutine", "goroutine.pb"},
                              {"/debug/pprof/heap", "heap.pb"},
                              {"/debug/pprof/mutex", "mutex.pb"},
                              {"/debug/pprof/trace?seconds=30", "trace.pb"}};
constexpr Part kMetrics[] = {{"/metrics", "metrics.txt"}};

// One entry of a tar archive, in the old form that everything reads.
void append_tar_entry(std::string& tar, const std::string& name, const std::string& content) {
  std::string head(512, '\0');
  const auto put = [&](size_t at, const std::string& text) { head.replace(at, text.size(), text); };
  put(0, name);
  put(100, "0000666");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", content.size()));
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  tar += head + content;
  tar.resize((tar.size() + 511) / 512 * 512);
}

int collect(const CommandInput& input, std::initializer_list<std::span<const Part>> parts) {
  try {
    ApiClient client(input.arguments[0], "", {});
    std::string tar, packed;
    for (const std::span<const Part> group : parts) {
      for (const Part& part : group) {
        fmt::print("collecting: {}\n", client.url() + part.path);
        std::fflush(stdout);
        append_tar_entry(tar, part.file, client.get_for_debug(part.path));
      }
    }
    tar.append(1024, '\0');
    gzip_compress(tar, packed, 6);
    write_file("debug.tar.gz", packed);
    fmt::print("Compiling debug information complete, all files written in \"debug.tar.gz\".\n");
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "error completing debug command: {}\n", error.what());
    return 1;
  }
}

int pprof(const CommandInput& input) { return collect(input, {kProfiles}); }
int metrics(const CommandInput& input) { return collect(input, {kMetrics}); }
int all(const CommandInput& input) { return collect(input, {kProfiles, kMetrics}); }

Command command(std::string_view path, std::string_view help,
                int (*run)(const CommandInput& input)) {
  return {path,
          help,
          {},
          {{.name = "server", .help = "Prometheus server to get debug data from."}},
          run};
}

}  // namespace

std::vector<Command> debug_commands() {
  return {command("debug pprof", "Fetch profiling debug information.", pprof),
          command("debug metrics", "Fetch metrics debug information.", metrics),
          command("debug all", "Fetch all debug information.", all)};
}

}  // namespace hearth
