// A body as readable lines, for tests of the parsers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/go_text.h"
#include "scraper/exposition.h"

namespace hearth {

using Lines = std::vector<std::string>;

inline std::string exposed_text(const std::vector<Label>& labels) {
  std::string text;
  for (const Label& label : labels) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", label.name, go_quote(label.value));
  }
  return "{" + text + "}";
}

// Each entry on one line; the last is "error: ..." where the body is malformed.
template <class Parser>
Lines parsed_body(std::string_view text) {
  const Body body{std::string(text)};
  Parser parser(body);
  Lines lines;
  try {
    for (;;) {
      switch (parser.next()) {
        case EntryKind::kEnd: return lines;
        case EntryKind::kComment: lines.emplace_back("comment"); break;
        case EntryKind::kType:
          lines.push_back(fmt::format("type {} {}", parser.family(), metric_type_name(parser.type())));
          break;
        case EntryKind::kHelp:
          lines.push_back(fmt::format("help {} {}", parser.family(), go_quote(parser.help())));
          break;
        case EntryKind::kUnit: lines.push_back(fmt::format("unit {} {}", parser.family(), parser.help())); break;
        case EntryKind::kSeries: {
          std::string line = exposed_text(parser.labels()) + " " + float_g(parser.value());
          if (parser.has_time()) line += fmt::format(" @{}", parser.time());
          if (parser.has_exemplar()) {
            const Exemplar exemplar = parser.exemplar();
            line += fmt::format(" # {} {}", labels_text(exemplar.labels), float_g(exemplar.value));
            if (exemplar.has_time) line += fmt::format(" @{}", exemplar.t);
          }
          lines.push_back(std::move(line));
        }
      }
    }
  } catch (const Error& error) {
    lines.push_back(std::string("error: ") + error.what());
  }
  return lines;
}

}  // namespace hearth
