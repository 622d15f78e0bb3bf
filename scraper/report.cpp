#include "scraper/report.h"

#include "scraper/sample_labels.h"

namespace hearth {
namespace {

constexpr std::array<std::string_view, kReportSeries> kNames = {
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes"};
constexpr size_t kAlways = 5;  // the others come with extra_scrape_metrics

}  // namespace

void append_report(const ScrapeReport& report, LabelsView target, const ScrapeConfig& config, TimeMs time,
                   Appender& appender, std::array<SeriesRef, kReportSeries>& refs, Batch& batch) {
  const std::array<double, kReportSeries> values = {report.up ? 1.0 : 0.0,
                                                    report.duration_seconds,
                                                    static_cast<double>(report.counts.total),
                                                    static_cast<double>(report.counts.added),
                                                    static_cast<double>(report.counts.series_added),
                                                    static_cast<double>(report.timeout) / 1000,
                                                    static_cast<double>(config.sample_limit),
                                                    report.body_bytes};
  const size_t count = config.extra_scrape_metrics ? kReportSeries : kAlways;
  for (size_t i = 0; i < count; ++i) {
    if (refs[i] == 0) refs[i] = appender.intern(report_labels(kNames[i], target));
    batch.push(refs[i], time, values[i]);
  }
}

}  // namespace hearth
