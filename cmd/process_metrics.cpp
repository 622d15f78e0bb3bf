#include "cmd/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "core/file.h"

namespace hearth {

namespace {

// The fields of /proc/self/stat after the command's name (which may hold spaces); field 3 of
// proc(5) is the first.
std::vector<std::string> stat_fields() {
  const std::string stat = read_file("/proc/self/stat");
  std::istringstream in(stat.substr(stat.rfind(')') + 1));
  std::vector<std::string> fields;
  for (std::string field; in >> field;) fields.push_back(field);
  return fields;
}

double boot_time_seconds() {
  std::istringstream in(read_file("/proc/stat"));
  for (std::string word; in >> word;) {
    double seconds = 0;
    if (word == "btime" && in >> seconds) return seconds;
  }
  return 0;
}

}  // namespace

void add_process_metrics(Registry& registry) {
  const Counter cpu = registry.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
  const Gauge resident = registry.gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  const Gauge virtual_memory = registry.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");
  const Gauge open_files = registry.gauge("process_open_fds", "Number of open file descriptors.");
  const Gauge max_files = registry.gauge("process_max_fds", "Maximum number of open file descriptors.");
  const Gauge start = registry.gauge("process_start_time_seconds",
                                     "Start time of the process since unix epoch in seconds.");
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  registry.on_collect([=] {
    if (!path_exists("/proc/self/stat")) return;  // a bare chroot
    // Positions in proc(5), less the three fields before.
    constexpr size_t kUserTicks = 14 - 3, kSystemTicks = 15 - 3, kStartTicks = 22 - 3, kVirtualBytes = 23 - 3, kResidentPages = 24 - 3;
    const std::vector<std::string> fields = stat_fields();
    if (fields.size() <= kResidentPages) return;
    const auto field = [&](size_t i) { return std::strtod(fields[i].c_str(), nullptr); };
    cpu.add((field(kUserTicks) + field(kSystemTicks)) / ticks - cpu.value());
    start.set(boot_time_seconds() + field(kStartTicks) / ticks);
    virtual_memory.set(field(kVirtualBytes));
    resident.set(field(kResidentPages) * page);
    open_files.set(static_cast<double>(list_dir("/proc/self/fd").size()));
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) max_files.set(static_cast<double>(limit.rlim_cur));
  });
}

}  // namespace hearth
