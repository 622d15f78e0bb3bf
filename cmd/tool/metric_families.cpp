#include "cmd/tool/metric_families.h"

#include <algorithm>

#include "core/error.h"
#include "scraper/text_parser.h"

namespace hearth {
namespace {

// The family of a series: that of its name, or of the histogram or summary it is a part of.
ReadFamily& family_of(std::map<std::string, ReadFamily>& families, const std::string& name) {
  for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
    if (!name.ends_with(suffix) || families.count(name) != 0) continue;
    const auto found = families.find(name.substr(0, name.size() - suffix.size()));
    if (found == families.end()) continue;
    const bool histogram = found->second.type == MetricType::kHistogram;
    if (histogram || (found->second.type == MetricType::kSummary && suffix != "_bucket")) {
      return found->second;
    }
  }
  return families[name];
}

}  // namespace

std::map<std::string, ReadFamily> read_families(const std::string& text) {
  const Body body(text);
  TextParser parser(body);
  std::map<std::string, ReadFamily> families;
  const char* const begin = parser.position();
  const char* at = begin;
  try {
    while (true) {
      at = parser.position();
      const EntryKind kind = parser.next();
      if (kind == EntryKind::kEnd) break;
      if (kind == EntryKind::kType) {
        families[std::string(parser.family())].type = parser.type();
      } else if (kind == EntryKind::kHelp) {
        ReadFamily& family = families[std::string(parser.family())];
        family.has_help = true;
        family.help = parser.help();
      } else if (kind == EntryKind::kSeries) {
        LabelsBuilder labels;
        for (const Label& label : parser.labels()) labels.set(label.name, label.value);
        FamilySample sample{labels.build(), parser.value(), std::nullopt};
        if (parser.has_time()) sample.t = parser.time();
        family_of(families, std::string(sample.labels.metric_name())).samples.push_back(sample);
      }
    }
  } catch (const Error& error) {
    const auto line = 1 + std::count(begin, at, '\n');
    throw Error(ErrorKind::kBadData,
                "text format parsing error in line " + std::to_string(line) + ": " + error.what());
  }
  std::erase_if(families, [](const auto& item) { return item.second.samples.empty(); });
  return families;
}

}  // namespace hearth
