// The two messages of remote write, taken apart without copying: prometheus.WriteRequest (1.0) and
// io.prometheus.write.v2.Request (2.0), which names strings by their place in a list.
//
// protozero, which reads them, stays in the .cpp files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/histogram.h"
#include "core/labels.h"
#include "core/sample.h"

namespace hearth::remote {

// One TimeSeries. [begin, end) are places in the lists of its WireRequest.
struct WireSeries {
  struct Range {
    uint32_t begin = 0, end = 0;
    uint32_t size() const { return end - begin; }
    bool empty() const { return begin == end; }
  };
  Range labels;  // in label_bytes (1.0), in label_refs (2.0)
  Range samples;
  Range histograms;
  Range exemplars;
  // 2.0
  TimeMs created = 0;  // when the counter began; 0: not told
  uint32_t help_ref = 0, unit_ref = 0;
  MetricType type = MetricType::kUnknown;
  bool has_metadata = false;
};

struct WireHistogram {
  TimeMs t = 0;
  TimeMs start = 0;  // 2.0, 0: not told
  FloatHistogram histogram;
};

struct WireExemplar {
  std::vector<std::string_view> label_bytes;  // 1.0: runs of Label fields
  std::vector<uint32_t> label_refs;           // 2.0
  double value = 0;
  TimeMs t = 0;
};

// A whole request, read by read_v1() or read_v2(). Views last as long as the body. One thread; made
// to be used again, so that its lists keep their memory.
struct WireRequest {
  bool is_v2 = false;
  std::vector<WireSeries> series;
  std::vector<Hash128> keys;  // of the series: equal labels, written equally, have equal keys

  std::vector<TimeMs> times;  // of all samples
  std::vector<double> values;
  std::vector<TimeMs> starts;  // of all samples; empty where none is told

  std::vector<WireHistogram> histograms;
  std::vector<WireExemplar> exemplars;

  std::vector<std::string_view> label_bytes;  // 1.0: runs of Label fields, mostly one per series
  std::vector<uint32_t> label_refs;           // 2.0: name, value, name, ... in symbols
  std::vector<std::string_view> symbols;      // 2.0

  std::vector<Hash128> symbol_keys, gathered;  // 2.0: on the way to `keys`

  void clear();
  size_t bytes() const;  // that the lists keep; requires: cleared
};

// Of a list's memory.
template <class T>
size_t capacity_bytes(const std::vector<T>& list) {
  return list.capacity() * sizeof(T);
}

// Replace `request`. Throw Error(kBadData) for malformed bytes, and for so many parts that the lists
// would be many times as large as the body.
void read_v1(std::string_view body, WireRequest& request);
void read_v2(std::string_view body, WireRequest& request);

// Of a series of 2.0; empty for 1.0.
std::span<const uint32_t> label_refs(const WireRequest& request, const WireSeries& series);

// What is wrong with a set of labels.
struct LabelsFault {
  enum class Kind { kNone, kOddRefs, kUnknownSymbol, kInvalid, kDuplicate } kind = Kind::kNone;
  uint32_t name_ref = 0, value_ref = 0;  // kUnknownSymbol
  std::string_view duplicate;            // kDuplicate: the name
};

// The labels, sorted; those without a value are there too. `labels` is replaced. An exemplar's need
// no name, and may be of any kind. Throw Error(kBadData) for malformed bytes.
LabelsFault read_labels(const WireRequest& request, const WireSeries& series,
                        std::vector<Label>& labels);
LabelsFault read_labels(const WireRequest& request, const WireExemplar& exemplar,
                        std::vector<Label>& labels);

// Replaces `flat` by the labels' flat form, without those that have no value. Requires: sorted.
void flatten(std::span<const Label> labels, std::string& flat);

}  // namespace hearth::remote
