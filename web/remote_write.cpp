#include "web/remote_write.h"

#include "remote/write_in.h"
#include "web/health.h"

namespace hearth::web {

void remote_write(Exchange& exchange) {
  remote::WriteReceiver* const receiver = exchange.services.remote_write;
  if (receiver == nullptr) {
    return exchange.answer_error_text(
        404, "remote write receiver needs to be enabled with --web.enable-remote-write-receiver");
  }
  // Samples cannot be judged before the log is read again; senders keep them and come back.
  if (exchange.services.db != nullptr && !exchange.services.db->is_replayed()) return answer_not_ready(exchange);
  const remote::WriteAnswer answer =
      receiver->write(exchange.header("Content-Type"), exchange.header("Content-Encoding"), exchange.body());
  if (answer.has_counts) {
    const auto tell = [&](const char* what, size_t count) {
      exchange.set_header(std::string("X-Prometheus-Remote-Write-") + what + "-Written", std::to_string(count));
    };
    tell("Samples", answer.samples);
    tell("Histograms", answer.histograms);
    tell("Exemplars", answer.exemplars);
  }
  if (answer.status == 204) return exchange.answer_empty(204);
  exchange.answer_error_text(answer.status, answer.text);
}

}  // namespace hearth::web
