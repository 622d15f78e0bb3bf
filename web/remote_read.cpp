#include "web/remote_read.h"

#include "core/error.h"
#include "remote/read_in.h"

namespace hearth::web {
namespace {

class Chunks final : public BodySource {
 public:
  explicit Chunks(std::unique_ptr<remote::ChunkStream> stream) : stream_(std::move(stream)) {}
  bool next(std::string& out) override { return stream_->next(out); }

 private:
  const std::unique_ptr<remote::ChunkStream> stream_;
};

}  // namespace

void remote_read(Exchange& exchange) {
  remote::ReadServer& server = *exchange.services.remote_read;
  const auto config = exchange.services.config();
  const Labels& external = config->global.external_labels;
  try {
    remote::ReadRequest request = server.parse(exchange.body());
    if (!request.streamed) {
      exchange.answer(200, server.read_samples(request, external, exchange.canceled),
                      "application/x-protobuf");
      return exchange.set_header("Content-Encoding", "snappy");
    }
    exchange.stream(200, "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse",
                    std::make_unique<Chunks>(
                        server.stream_chunks(std::move(request), external, exchange.canceled)));
  } catch (const Error& e) {
    exchange.answer_error_text(e.kind() == ErrorKind::kBadData ? 400 : 500, e.what());
  }
}

}  // namespace hearth::web
