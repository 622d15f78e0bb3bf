#include "scraper/report.h"

#include "scraper/sample_labels.h"
#include "scraper/scrape.h"

namespace hearth {
namespace {

struct OwnSeries {
  std::string_view name, unit, help;
};

constexpr std::array<OwnSeries, kReportSeries> kOwn = {{
    {"up", "targets",
     "Health of the scrape target. 1 means the target is healthy, 0 if the scrape failed."},
    {"scrape_duration_seconds", "seconds", "Duration of the last scrape in seconds."},
    {"scrape_samples_scraped", "samples", "Number of samples last scraped."},
    {"scrape_samples_post_metric_relabeling", "samples",
     "Number of samples remaining after metric relabeling was applied."},
    {"scrape_series_added", "series", "Number of series in the last scrape."},
    {"scrape_timeout_seconds", "seconds", "The configured scrape timeout for a target."},
    {"scrape_sample_limit", "samples",
     "The configured sample limit for a target. Returns zero if there is no limit configured."},
    {"scrape_body_size_bytes", "bytes",
     "The uncompressed size of the last scrape response, if successful. Scrapes failing because "
     "body_size_limit is exceeded report -1, other scrape failures report 0."},
}};
constexpr size_t kAlways = 5;  // the others come with extra_scrape_metrics
constexpr size_t kSeriesAdded = 4;

}  // namespace

void append_report(const ScrapeReport& report, LabelsView target, const ScrapeConfig& config, TimeMs time,
                   const ScrapeSink& sink, std::array<SeriesRef, kReportSeries>& refs, Batch& batch) {
  const std::array<double, kReportSeries> values = {report.up ? 1.0 : 0.0,
                                                    report.duration_seconds,
                                                    static_cast<double>(report.counts.total),
                                                    static_cast<double>(report.counts.added),
                                                    static_cast<double>(report.counts.series_added),
                                                    static_cast<double>(report.timeout) / 1000,
                                                    static_cast<double>(config.sample_limit),
                                                    report.body_bytes};
  const size_t count = config.extra_scrape_metrics || sink.extra_metrics ? kReportSeries : kAlways;
  for (size_t i = 0; i < count; ++i) {
    if (refs[i] == 0) {
      refs[i] = sink.appender.intern(report_labels(kOwn[i].name, target));
      if (sink.tell_metadata) {
        batch.metadata.push_back(
            {refs[i],
             {MetricType::kGauge, std::string(kOwn[i].unit), std::string(kOwn[i].help)}});
      }
    }
    if (i != kSeriesAdded || !report.added_later) batch.push(refs[i], time, values[i]);
  }
}

void append_series_added(const ScrapeReport& report, TimeMs time,
                         const std::array<SeriesRef, kReportSeries>& refs, Batch& batch) {
  batch.push(refs[kSeriesAdded], time, static_cast<double>(report.counts.series_added));
}

}  // namespace hearth
