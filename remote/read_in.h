// Remote read: what a Prometheus, a Thanos sidecar and the like ask this storage.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "core/budget.h"
#include "core/labels.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "core/storage.h"
#include "remote/read_message.h"

namespace hearth::remote {

struct ReadOptions {
  size_t sample_limit = 50'000'000;      // of one query answered with samples; 0 = none
  size_t concurrent_limit = 10;          // requests that read at one time; others wait; 0 = none
  size_t max_frame_bytes = 1024 * 1024;  // of chunks, in one frame
  size_t max_memory_bytes = 0;           // of one request; 0 = none
  size_t max_body_bytes = 32 << 20;      // of a request, uncompressed
};

// Lets so many through at one time. Thread-safe.
class Gate {
 public:
  explicit Gate(size_t limit) : limit_(limit) {}
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) { gate_.enter(); }
    ~Pass() { gate_.leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

 private:
  void enter();
  void leave();
  const size_t limit_;
  Mutex mutex_;
  CondVar left_;
  size_t inside_ GUARDED_BY(mutex_) = 0;
};

// The frames of an answer in chunks, made as they are taken. Chunks hold exactly the samples that
// were asked for, in the encodings that every reader knows. One thread at a time.
class ChunkStream {
 public:
  virtual ~ChunkStream() = default;
  // Appends the next frames; false: there are no more, and nothing was appended.
  virtual bool next(std::string& out) = 0;
};

// Thread-safe.
class ReadServer {
 public:
  // All references must outlive it and the streams that it makes.
  ReadServer(const ReadOptions& options, Queryable& storage, Registry& registry);

  // A request as it was sent. Throws Error(kBadData) for one that cannot be answered.
  ReadRequest parse(std::string_view body) const;

  // `external` are added to every series, and equal ones are no condition. Throw Error; kBadData
  // where the limit of samples is exceeded, kCanceled when `canceled`, which may be null, is set.
  std::string read_samples(const ReadRequest& request, const Labels& external,
                           const std::atomic<bool>* canceled = nullptr);
  std::unique_ptr<ChunkStream> stream_chunks(ReadRequest request, const Labels& external,
                                             const std::atomic<bool>* canceled = nullptr);

 private:
  const ReadOptions options_;
  Queryable& storage_;
  Gate gate_;
  Gauge queries_;
};

}  // namespace hearth::remote
