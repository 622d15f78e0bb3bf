// The remote-write receiver: one HTTP request, 1.0 or 2.0, into the storage.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "core/storage.h"
#include "remote/write_batch.h"

namespace hearth::remote {

inline constexpr std::string_view kMessageV1 = "prometheus.WriteRequest";
inline constexpr std::string_view kMessageV2 = "io.prometheus.write.v2.Request";

struct WriteOptions {
  bool accepts_v1 = true, accepts_v2 = true;
  size_t max_body_bytes = 64 << 20;  // uncompressed
  StoreOptions store;
};

struct WriteAnswer {
  int status = 204;
  std::string text;  // of an error
  bool has_counts = false;  // 2.0: of what was written, told in headers
  size_t samples = 0, histograms = 0, exemplars = 0;
};

// Thread-safe.
class WriteReceiver {
 public:
  // `appender` and `clock` must outlive it, and it the `registry`'s last text().
  WriteReceiver(const WriteOptions& options, Appender& appender, const Clock& clock, Registry& registry);
  ~WriteReceiver();

  // "" for a header that was not sent. Throws nothing: every failure is an answer.
  WriteAnswer write(std::string_view content_type, std::string_view content_encoding,
                    std::string_view body);

 private:
  struct Workspace;
  static constexpr size_t kMaxIdleBytes = 8 << 20;
  WriteAnswer store(std::string_view body, bool is_v2, Workspace& work);
  WriteAnswer answer_of(StoreResult result, bool is_v2) const;
  std::unique_ptr<Workspace> borrow();
  void give_back(std::unique_ptr<Workspace> work);

  const WriteOptions options_;
  Appender& appender_;
  const Clock& clock_;
  SeriesCache cache_{appender_};
  SeriesSource source_{"remote write"};
  Counter invalid_labels_;
  Counter without_metadata_;  // stays 0: the storage takes whatever metadata comes

  Mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> idle_ GUARDED_BY(mutex_);
  size_t idle_bytes_ GUARDED_BY(mutex_) = 0;  // of these, at most kMaxIdleBytes
};

}  // namespace hearth::remote
