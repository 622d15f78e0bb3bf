#include "scraper/negotiation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

constexpr int kFirstWeight = 6;  // tenths

std::string_view media_type_of(ScrapeProtocol protocol) {
  switch (protocol) {
    case ScrapeProtocol::kPrometheusProto: return "application/vnd.google.protobuf";
    case ScrapeProtocol::kOpenMetricsText0_0_1:
    case ScrapeProtocol::kOpenMetricsText1_0_0: return "application/openmetrics-text";
    case ScrapeProtocol::kPrometheusText0_0_4:
    case ScrapeProtocol::kPrometheusText1_0_0: break;
  }
  return "text/plain";
}

std::string_view header_of(ScrapeProtocol protocol) {
  switch (protocol) {
    case ScrapeProtocol::kOpenMetricsText0_0_1: return "application/openmetrics-text;version=0.0.1";
    case ScrapeProtocol::kOpenMetricsText1_0_0: return "application/openmetrics-text;version=1.0.0";
    case ScrapeProtocol::kPrometheusText0_0_4: return "text/plain;version=0.0.4";
    case ScrapeProtocol::kPrometheusText1_0_0: return "text/plain;version=1.0.0";
    case ScrapeProtocol::kPrometheusProto: break;
  }
  return "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
  });
}

// Past "; name=value" pairs as Go's mime package takes them; false where they are malformed.
bool valid_parameters(std::string_view rest) {
  while (!(rest = trimmed(rest)).empty()) {
    if (rest.front() != ';') return false;
    rest = trimmed(rest.substr(1));
    if (rest.empty()) return true;  // a trailing semicolon is fine
    const size_t equal = rest.find('=');
    if (equal == std::string_view::npos || !is_token(trimmed(rest.substr(0, equal)))) return false;
    rest = trimmed(rest.substr(equal + 1));
    size_t length = 0;
    if (rest.starts_with('"')) {
      length = 1;
      while (length < rest.size() && rest[length] != '"') length += rest[length] == '\\' ? 2 : 1;
      if (length++ >= rest.size()) return false;
    } else {
      length = std::min(rest.find_first_of("; \t"), rest.size());
      if (!is_token(rest.substr(0, length))) return false;
    }
    rest = rest.substr(length);
  }
  return true;
}

// What Go's mime package finds wrong with "type/subtype".
const char* media_type_fault(std::string_view type) {
  size_t length = 0;
  while (length < type.size() && is_token(type.substr(length, 1))) ++length;
  if (length == 0) return "mime: no media type";
  if (length == type.size()) return nullptr;
  if (type[length] != '/') return "mime: expected slash after first token";
  const std::string_view subtype = type.substr(length + 1);
  if (subtype.empty() || !is_token(subtype.substr(0, 1))) return "mime: expected token after slash";
  return is_token(subtype) ? nullptr : "mime: unexpected content after media subtype";
}

struct MediaType {
  std::string type;   // lower case
  std::string error;  // why it cannot be read; ""
};

MediaType parse_media_type(std::string_view text) {
  const size_t semicolon = std::min(text.find(';'), text.size());
  std::string type(trimmed(text.substr(0, semicolon)));
  for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (type.empty()) return {"", "mime: no media type"};
  const char* fault = media_type_fault(type);
  if (fault != nullptr) return {"", fault};
  if (!valid_parameters(text.substr(semicolon))) return {"", "mime: invalid media parameter"};
  return {type, ""};
}

std::optional<ExpositionFormat> readable(std::string_view media_type) {
  if (media_type == "text/plain") return ExpositionFormat::kText;
  if (media_type == "application/openmetrics-text") return ExpositionFormat::kOpenMetrics;
  if (media_type == "application/vnd.google.protobuf") return ExpositionFormat::kProtobuf;
  return std::nullopt;
}

}  // namespace

std::vector<ScrapeProtocol> asked_protocols(const ScrapeConfig& config, const HistogramOptions& options,
                                            bool created) {
  static const std::vector<ScrapeProtocol> kByDefault = {
      ScrapeProtocol::kOpenMetricsText1_0_0, ScrapeProtocol::kOpenMetricsText0_0_1,
      ScrapeProtocol::kPrometheusText1_0_0, ScrapeProtocol::kPrometheusText0_0_4};
  std::vector<ScrapeProtocol> protocols = config.scrape_protocols;
  if ((options.native || created) && protocols == kByDefault) {
    protocols.insert(protocols.begin(), ScrapeProtocol::kPrometheusProto);
  }
  return protocols;
}

std::string accept_header(const std::vector<ScrapeProtocol>& protocols, const std::string& escaping) {
  std::string header;
  int weight = kFirstWeight;
  for (const ScrapeProtocol protocol : protocols) {
    header += header_of(protocol);
    if (protocol == ScrapeProtocol::kPrometheusText1_0_0 ||
        protocol == ScrapeProtocol::kOpenMetricsText1_0_0) {
      header += ";escaping=" + escaping;
    }
    header += fmt::format(";q=0.{},", weight--);
  }
  return header + fmt::format("*/*;q=0.{}", weight);
}

ExpositionFormat body_format(std::string_view content_type, std::optional<ScrapeProtocol> fallback) {
  std::string problem;
  if (content_type.empty()) {
    problem =
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified "
        "for target";
  } else {
    const MediaType parsed = parse_media_type(content_type);
    if (!parsed.error.empty()) {
      problem = fmt::format("cannot parse Content-Type {} and no fallback_scrape_protocol for target\n{}",
                            go_quote(content_type), parsed.error);
    } else if (const auto format = readable(parsed.type)) {
      return *format;
    } else {
      problem = fmt::format(
          "received unsupported Content-Type {} and no fallback_scrape_protocol specified for target",
          go_quote(content_type));
    }
  }
  if (fallback) {
    if (const auto format = readable(media_type_of(*fallback))) return *format;
  }
  throw Error(ErrorKind::kBadData, problem);
}

}  // namespace hearth
