#include "query/stats_json.h"

#include "core/go_text.h"
#include "core/json.h"

namespace hearth::promql {

void append_stats_json(std::string& out, const QueryStats& stats) {
  const auto seconds = [&out](std::string_view name, double value) {
    out.append("\"").append(name).append("\":");
    append_float_json(out, value);
    out.push_back(',');
  };
  out.append("{\"timings\":{");
  seconds("evalTotalTime", stats.eval_seconds);
  seconds("resultSortTime", stats.sort_seconds);
  seconds("queryPreparationTime", stats.prepare_seconds);
  seconds("innerEvalTime", stats.inner_eval_seconds);
  seconds("execQueueTime", stats.queue_seconds);
  seconds("execTotalTime", stats.exec_seconds);
  out.back() = '}';
  out.append(",\"samples\":{");
  if (!stats.samples_per_step.empty()) {
    out.append("\"totalQueryableSamplesPerStep\":[");
    Comma comma(out);
    for (const auto& [time, samples] : stats.samples_per_step) {
      comma.next();
      out.push_back('[');
      append_json_time(out, time);
      out.push_back(',');
      append_json_int(out, samples);
      out.push_back(']');
    }
    out.append("],");
  }
  out.append("\"totalQueryableSamples\":");
  append_json_int(out, stats.total_samples);
  out.append(",\"peakSamples\":");
  append_json_int(out, stats.peak_samples);
  out.append("}}");
}

}  // namespace hearth::promql
