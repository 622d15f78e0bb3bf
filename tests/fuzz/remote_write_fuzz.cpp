// A remote write request of any bytes, 1.0 and 2.0, is read or refused; what was read, a storage takes.
#include <string_view>

#include "core/error.h"
#include "core/log.h"
#include "remote/write_batch.h"

namespace {

using namespace hearth;

class TakesAll final : public Appender {
 public:
  SeriesRef intern(LabelsView labels, SeriesSource*) override {
    size_t bytes = 0;
    for (const Label& label : labels) bytes += label.name.size() + label.value.size();
    return bytes % 5 == 0 ? 0 : 1;
  }
  AppendResult append(const Batch& batch) override {
    AppendResult result;
    for (uint32_t i = 0; i < batch.size(); i += 3) {
      if (batch.refs[i] == 0) __builtin_trap();
      result.refused.push_back({i, false, Refusal::kDuplicate});
    }
    for (uint32_t i = 0; i < batch.exemplars.size(); i += 2) result.exemplars_out_of_order.push_back(i);
    return result;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = (set_log_sink([](std::string_view) {}), true);
  (void)quiet;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool is_v2 : {false, true}) {
    TakesAll appender;
    remote::SeriesCache cache{appender};
    SeriesSource source("fuzz");
    remote::WireRequest request;
    remote::WriteBatch batch;
    try {
      is_v2 ? remote::read_v2(bytes, request) : remote::read_v1(bytes, request);
      (void)batch.store(request, {appender, cache, source, {true, true}}, 1'700'000'000'000);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
    }
  }
  return 0;
}
