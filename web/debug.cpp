#include "web/debug.h"

#include <unistd.h>

#include <array>
#include <protozero/pbf_writer.hpp>

#include "core/compress.h"
#include "core/file.h"

namespace hearth::web {
namespace {

using protozero::pbf_writer;

// Resident memory of the process, in bytes.
int64_t resident_bytes() {
  const std::string statm = read_file("/proc/self/statm");
  const size_t space = statm.find(' ');
  return space == std::string::npos ? 0 : std::stoll(statm.substr(space + 1)) * getpagesize();
}

int64_t threads() { return static_cast<int64_t>(list_dir("/proc/self/task").size()); }

void add_value_type(pbf_writer& profile, protozero::pbf_tag_type tag, int64_t type, int64_t unit) {
  pbf_writer out(profile, tag);
  out.add_int64(1, type);
  out.add_int64(2, unit);
}

// A profile in pprof's format (perftools.profiles.Profile) with one sample: the whole process.
std::string one_sample(const std::string& type, const std::string& unit, int64_t value) {
  enum : int64_t { kType = 1, kUnit = 2, kName = 3 };  // places in the table of strings
  std::string message;
  pbf_writer profile(message);
  add_value_type(profile, 1, kType, kUnit);
  {
    pbf_writer sample(profile, 2);
    const std::array<uint64_t, 1> locations{1};
    const std::array<int64_t, 1> values{value};
    sample.add_packed_uint64(1, locations.begin(), locations.end());
    sample.add_packed_int64(2, values.begin(), values.end());
  }
  {
    pbf_writer location(profile, 4);
    location.add_uint64(1, 1);
    pbf_writer line(location, 4);
    line.add_uint64(1, 1);
  }
  {
    pbf_writer function(profile, 5);
    function.add_uint64(1, 1);
    function.add_int64(2, kName);
    function.add_int64(3, kName);
  }
  for (const std::string& text : {std::string(), type, unit, std::string("hearth")}) {
    profile.add_string(6, text);
  }
  add_value_type(profile, 11, kType, kUnit);
  profile.add_int64(12, 1);
  std::string packed;
  gzip_compress(message, packed);
  return packed;
}

}  // namespace

void debug_index(Exchange& exchange) {
  exchange.set_header("X-Content-Type-Options", "nosniff");
  exchange.answer(200,
                  "<html><head><title>/debug/pprof/</title></head><body><p>This server is not "
                  "written in Go. For tools that collect them, <a href=\"heap\">heap</a>, <a "
                  "href=\"goroutine\">goroutine</a> and <a href=\"threadcreate\">threadcreate</a> "
                  "tell memory and threads of the whole process; <a "
                  "href=\"cmdline\">cmdline</a> its command line. Use <code>perf</code> for "
                  "profiles of the processor.</p></body></html>\n",
                  "text/html; charset=utf-8");
}

void debug_profile(Exchange& exchange) {
  std::string_view name = exchange.name;
  exchange.set_header("X-Content-Type-Options", "nosniff");
  if (name == "cmdline") {
    std::string line = read_file("/proc/self/cmdline");
    if (!line.empty() && line.back() == '\0') line.pop_back();
    return exchange.answer_text(200, std::move(line));
  }
  std::string profile;
  if (name == "heap" || name == "allocs")
    profile = one_sample("inuse_space", "bytes", resident_bytes());
  if (name == "goroutine") profile = one_sample("goroutine", "count", threads());
  if (name == "threadcreate") profile = one_sample("threadcreate", "count", threads());
  if (name == "block" || name == "mutex") profile = one_sample("contentions", "count", 0);
  if (name == "profile") profile = one_sample("cpu", "nanoseconds", 0);
  if (profile.empty()) {
    exchange.set_header("X-Go-Pprof", "1");
    return exchange.answer_text(404, "Unknown profile\n");
  }
  exchange.set_header("Content-Disposition", "attachment; filename=\"" + std::string(name) + "\"");
  exchange.answer(200, std::move(profile), "application/octet-stream");
}

}  // namespace hearth::web
