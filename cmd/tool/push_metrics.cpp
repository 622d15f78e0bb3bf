// hearthtool push metrics: metrics in the text format to a remote write endpoint (version 1.0).
#include <fmt/format.h>

#include <bit>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "cmd/tool/api_client.h"
#include "cmd/tool/commands.h"
#include "cmd/tool/metric_families.h"
#include "core/clock.h"
#include "core/compress.h"
#include "core/error.h"
#include "core/file.h"

namespace hearth {
namespace {

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
// A field with a length: a text or a message.
void append_bytes(std::string& out, uint32_t field, std::string_view bytes) {
  append_varint(out, field << 3 | 2);
  append_varint(out, bytes.size());
  out += bytes;
}

// prometheus.TimeSeries with one sample.
std::string time_series(LabelsView labels, double value, TimeMs t) {
  std::string out, pair, sample;
  for (const Label& label : labels) {
    pair.clear();
    append_bytes(pair, 1, label.name);
    append_bytes(pair, 2, label.value);
    append_bytes(out, 1, pair);
  }
  sample += static_cast<char>(1 << 3 | 1);
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int i = 0; i < 64; i += 8) sample += static_cast<char>(bits >> i);
  append_varint(sample, 2 << 3);
  append_varint(sample, static_cast<uint64_t>(t));
  append_bytes(out, 2, sample);
  return out;
}

std::string write_request(const std::map<std::string, ReadFamily>& families,
                          const std::vector<std::pair<std::string, std::string>>& extra) {
  const TimeMs now = system_clock().now();
  std::string out;
  for (const auto& item : families) {
    for (const FamilySample& sample : item.second.samples) {
      LabelsBuilder labels(sample.labels);
      for (const auto& [name, value] : extra) labels.set(name, value);
      append_bytes(out, 1, time_series(labels.build(), sample.value, sample.t.value_or(now)));
    }
  }
  return out;
}

bool push(const CommandInput& input, const std::string& text) {
  try {
    std::string packed;
    snappy_compress(write_request(read_families(text), key_value_pairs(input.texts("label"))), packed);
    std::vector<std::string> headers = {"Content-Encoding: snappy",
                                        "Content-Type: application/x-protobuf",
                                        "X-Prometheus-Remote-Write-Version: 0.1.0"};
    for (const auto& [name, value] : key_value_pairs(input.texts("header"))) {
      headers.push_back(name + ": " + value);
    }
    ApiClient client(input.arguments[0], input.text("http.config.file"), {});
    client.send(packed, std::move(headers),
                static_cast<DurationMs>(input.seconds("timeout") * 1000));
    return true;
  } catch (const Error& error) {
    std::fflush(stdout);
    fmt::print(stderr, "  FAILED: {}\n", error.what());
    return false;
  }
}

int push_metrics(const CommandInput& input) {
  if (input.arguments.size() < 2) {
    fmt::print("Parsing standard input\n");
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    if (!push(input, text)) return 1;
    fmt::print("  SUCCESS: metrics pushed to remote write.\n");
    return 0;
  }
  bool good = true;
  for (size_t i = 1; i < input.arguments.size(); ++i) {
    const std::string& path = input.arguments[i];
    fmt::print("Parsing metrics file {}\n", path);
    const bool pushed = push(input, read_file(path));
    if (pushed) fmt::print("  SUCCESS: metrics file {} pushed to remote write.\n", path);
    good = good && pushed;
  }
  return good ? 0 : 1;
}

}  // namespace

Command push_metrics_command() {
  return {"push metrics",
          "Push metrics to a prometheus remote write (for testing purpose only).",
          {{.name = "label",
            .value_name = "LABEL",
            .fallback = "job=promtool",
            .help = "Label to attach to metrics. Can be specified multiple times.",
            .repeatable = true},
           {.name = "timeout",
            .value_name = "TIMEOUT",
            .fallback = "30s",
            .help = "The time to wait for pushing metrics.",
            .kind = CommandFlag::Kind::kDuration},
           {.name = "header",
            .value_name = "HEADER",
            .help = "Prometheus remote write header.",
            .repeatable = true}},
          {{.name = "remote-write-url", .help = "Prometheus remote write url to push metrics."},
           {.name = "metric-files",
            .help = "The metric files to push, default is read from standard input.",
            .repeated = true,
            .optional = true,
            .file = true}},
          push_metrics};
}

}  // namespace hearth
