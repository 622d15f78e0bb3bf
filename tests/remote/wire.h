// Requests of remote write as senders make them.
#pragma once

#include <map>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/compress.h"

namespace hearth::remote::wire {

using protozero::pbf_writer;
using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Sample {
  double v;
  int64_t t;
  int64_t start = 0;
};

template <class Fill>
std::string message(Fill fill) {
  std::string bytes;
  pbf_writer writer(bytes);
  fill(writer);
  return bytes;
}

inline std::string sample(const Sample& s) {
  return message([&](pbf_writer& w) {
    w.add_double(1, s.v);
    w.add_int64(2, s.t);
    if (s.start != 0) w.add_int64(3, s.start);
  });
}

// An integer histogram of one bucket, well formed where count is that of the bucket.
inline std::string histogram(int64_t t, uint64_t count, int64_t bucket, int32_t schema = 0) {
  return message([&](pbf_writer& w) {
    w.add_uint64(1, count);
    w.add_double(3, 1.5);
    w.add_sint32(4, schema);
    w.add_double(5, 1e-128);
    w.add_uint64(6, 0);
    w.add_message(11, message([](pbf_writer& s) {
                    s.add_sint32(1, 2);
                    s.add_uint32(2, 1);
                  }));
    const int64_t deltas[] = {bucket};
    w.add_packed_sint64(12, std::begin(deltas), std::end(deltas));
    w.add_int64(15, t);
  });
}

inline std::string label_v1(const std::string& name, const std::string& value) {
  return message([&](pbf_writer& l) {
    l.add_string(1, name);
    l.add_string(2, value);
  });
}

struct Series {
  Pairs labels;
  std::vector<Sample> samples;
  std::vector<std::string> histograms;
  std::vector<Sample> exemplars;  // with trace_id="t"
  int64_t created = 0;
  std::string help;
};

inline std::string v1(const std::vector<Series>& all) {
  return message([&](pbf_writer& request) {
    for (const Series& series : all) {
      request.add_message(1, message([&](pbf_writer& s) {
        for (const auto& [name, value] : series.labels) s.add_message(1, label_v1(name, value));
        for (const Sample& one : series.samples) s.add_message(2, sample(one));
        for (const Sample& one : series.exemplars) {
          s.add_message(3, message([&](pbf_writer& e) {
                          e.add_message(1, label_v1("trace_id", "t"));
                          e.add_double(2, one.v);
                          e.add_int64(3, one.t);
                        }));
        }
        for (const std::string& one : series.histograms) s.add_message(4, one);
      }));
    }
  });
}

inline std::string v2(const std::vector<Series>& all) {
  std::vector<std::string> symbols{""};
  std::map<std::string, uint32_t> places{{"", 0}};
  const auto place = [&](const std::string& text) {
    const auto [it, is_new] = places.try_emplace(text, static_cast<uint32_t>(symbols.size()));
    if (is_new) symbols.push_back(text);
    return it->second;
  };
  const std::string series_bytes = message([&](pbf_writer& request) {
    for (const Series& series : all) {
      request.add_message(5, message([&](pbf_writer& s) {
        std::vector<uint32_t> refs;
        for (const auto& [name, value] : series.labels) {
          refs.push_back(place(name));
          refs.push_back(place(value));
        }
        s.add_packed_uint32(1, refs.begin(), refs.end());
        for (const Sample& one : series.samples) s.add_message(2, sample(one));
        for (const std::string& one : series.histograms) s.add_message(3, one);
        for (const Sample& one : series.exemplars) {
          s.add_message(4, message([&](pbf_writer& e) {
                          const uint32_t trace[] = {place("trace_id"), place("t")};
                          e.add_packed_uint32(1, std::begin(trace), std::end(trace));
                          e.add_double(2, one.v);
                          e.add_int64(3, one.t);
                        }));
        }
        if (!series.help.empty()) {
          s.add_message(5, message([&](pbf_writer& m) {
                          m.add_int32(1, 1);
                          m.add_uint32(3, place(series.help));
                        }));
        }
        if (series.created != 0) s.add_int64(6, series.created);
      }));
    }
  });
  return message([&](pbf_writer& request) {
           for (const std::string& symbol : symbols) request.add_string(4, symbol);
         }) +
         series_bytes;
}

inline std::string packed(const std::string& bytes) {
  std::string out;
  snappy_compress(bytes, out);
  return out;
}

}  // namespace hearth::remote::wire
