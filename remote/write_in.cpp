#include "remote/write_in.h"

#include <fmt/format.h>

#include "core/compress.h"
#include "core/error.h"
#include "core/log.h"

namespace hearth::remote {
namespace {

constexpr std::string_view kMediaType = "application/x-protobuf";

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Takes what stands before the next `separator` off `text`.
std::string_view take_until(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// The message that a content type names. Throws Error(kBadData) with the reason of a 415.
std::string_view message_of(std::string_view content_type) {
  const std::string_view whole = trim(content_type);
  std::string_view rest = whole;
  const bool has_parameters = rest.find(';') != std::string_view::npos;
  if (take_until(rest, ';') != kMediaType) {
    throw Error(ErrorKind::kBadData, fmt::format("expected {} as the first (media) part, got {} content-type",
                                                 kMediaType, whole));
  }
  for (bool more = has_parameters; more;) {
    more = rest.find(';') != std::string_view::npos;
    const std::string_view parameter = take_until(rest, ';');
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || parameter.find('=', equals + 1) != std::string_view::npos) {
      throw Error(ErrorKind::kBadData,
                  fmt::format("as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be "
                              "key-values, got {} in {} content-type",
                              parameter, whole));
    }
    if (parameter.substr(0, equals) != "proto") continue;
    const std::string_view message = parameter.substr(equals + 1);
    if (message == kMessageV1) return kMessageV1;
    if (message == kMessageV2) return kMessageV2;
    throw Error(ErrorKind::kBadData,
                fmt::format("got {} content type; unknown type for remote write protobuf message {}, supported: {}, {}",
                            whole, message, kMessageV1, kMessageV2));
  }
  return kMessageV1;
}

bool is_snappy(std::string_view encoding) {
  constexpr std::string_view kSnappy = "snappy";
  return encoding.size() == kSnappy.size() &&
         std::equal(encoding.begin(), encoding.end(), kSnappy.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
         });
}

WriteAnswer refuse(int status, std::string text) {
  log_error("Remote write request refused", "status", status, "err", text);
  WriteAnswer answer;
  answer.status = status;
  answer.text = std::move(text);
  return answer;
}

}  // namespace

// What one request needs, kept for the next. One thread.
struct WriteReceiver::Workspace {
  std::string body;
  WireRequest request;
  WriteBatch batch;
  size_t bytes() const { return body.capacity() + request.bytes() + batch.bytes(); }
};

WriteReceiver::WriteReceiver(const WriteOptions& options, Appender& appender, const Clock& clock,
                             Registry& registry)
    : options_(options),
      appender_(appender),
      clock_(clock),
      invalid_labels_(registry.counter(
          "prometheus_api_remote_write_invalid_labels_samples_total",
          "The total number of received remote write samples and histogram samples which were rejected "
          "due to invalid labels.")),
      without_metadata_(registry.counter(
          "prometheus_api_remote_write_without_metadata_appended_samples_total",
          "The total number of received remote write samples (and histogram samples) which were ingested "
          "without corresponding metadata.")) {
  const Gauge cached = registry.gauge("hearth_remote_write_cached_series",
                                      "Series whose labels the remote write receiver knows by their bytes.");
  registry.on_collect([this, cached] { cached.set(static_cast<double>(cache_.size())); });
}

WriteReceiver::~WriteReceiver() = default;

WriteAnswer WriteReceiver::write(std::string_view content_type, std::string_view content_encoding,
                                 std::string_view body) {
  bool is_v2 = false;
  try {
    const std::string_view message = content_type.empty() ? kMessageV1 : message_of(content_type);
    is_v2 = message == kMessageV2;
    if (!(is_v2 ? options_.accepts_v2 : options_.accepts_v1)) {
      return refuse(415, fmt::format("{} protobuf message is not accepted by this server; only accepts {}",
                                     message, is_v2 ? kMessageV1 : kMessageV2));
    }
  } catch (const Error& error) {
    return refuse(415, error.what());
  }
  if (!content_encoding.empty() && !is_snappy(content_encoding)) {
    return refuse(415, fmt::format("{} encoding (compression) is not accepted by this server; only snappy is acceptable",
                                   content_encoding));
  }
  std::unique_ptr<Workspace> work = borrow();
  WriteAnswer answer = store(body, is_v2, *work);
  give_back(std::move(work));
  return answer;
}

WriteAnswer WriteReceiver::store(std::string_view body, bool is_v2, Workspace& work) {
  try {
    snappy_uncompress(body, work.body, options_.max_body_bytes);
  } catch (const Error& error) {
    return refuse(error.kind() == ErrorKind::kBadData ? 413 : 400, error.what());
  }
  try {
    is_v2 ? read_v2(work.body, work.request) : read_v1(work.body, work.request);
    const Store to{appender_, cache_, source_, options_.store};
    return answer_of(work.batch.store(work.request, to, clock_.now()), is_v2);
  } catch (const Error& error) {
    const bool bad = error.kind() == ErrorKind::kBadData;
    return refuse(bad ? 400 : error.kind() == ErrorKind::kUnavailable ? 503 : 500, error.what());
  } catch (const std::exception& error) {
    return refuse(500, error.what());
  }
}

WriteAnswer WriteReceiver::answer_of(StoreResult result, bool is_v2) const {
  if (result.invalid_series > 0) {
    // In 1.0 Prometheus counts series, whatever the name says.
    invalid_labels_.add(static_cast<double>(is_v2 ? result.invalid_samples : result.invalid_series));
  }
  WriteAnswer answer;
  answer.has_counts = is_v2;
  answer.samples = result.samples;
  answer.histograms = result.histograms;
  answer.exemplars = result.exemplars;
  for (const std::string& fault : result.faults) {
    answer.text.append(answer.text.empty() ? "" : "\n").append(fault);
  }
  if (result.more_faults > 0) answer.text += fmt::format("\n... and {} more", result.more_faults);
  if (!result.faults.empty()) {
    answer.status = 400;
    log_error("Samples from remote write were refused", "count", result.faults.size() + result.more_faults,
              "err", result.faults.front());
  }
  if (result.refused_series > 0) {
    answer.status = 429;
    answer.text.append(answer.text.empty() ? "" : "\n")
        .append(fmt::format("memory is short: {} new series were refused, known series were written; raise "
                            "--storage.max-memory or send fewer series",
                            result.refused_series));
  }
  return answer;
}

std::unique_ptr<WriteReceiver::Workspace> WriteReceiver::borrow() {
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Workspace> work = std::move(idle_.back());
      idle_.pop_back();
      idle_bytes_ -= work->bytes();
      return work;
    }
  }
  return std::make_unique<Workspace>();
}

void WriteReceiver::give_back(std::unique_ptr<Workspace> work) {
  work->request.clear();
  work->batch.clear();
  const size_t bytes = work->bytes();
  MutexLock lock(mutex_);
  if (idle_bytes_ + bytes > kMaxIdleBytes) return;
  idle_bytes_ += bytes;
  idle_.push_back(std::move(work));
}

}  // namespace hearth::remote
