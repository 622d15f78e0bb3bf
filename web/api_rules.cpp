#include "web/api_rules.h"

#include <charconv>

#include "core/error.h"
#include "core/go_text.h"
#include "web/params.h"

namespace hearth::web {
namespace {

bool is_go_bool(std::string_view text) {
  for (const std::string_view known :
       {"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"}) {
    if (text == known) return true;
  }
  return false;
}

// strconv.ParseInt(text, 10, 32).
int32_t parse_int32(const std::string& text) {
  const std::string failure = "strconv.ParseInt: parsing " + go_quote(text) + ": ";
  const bool plus = text.starts_with('+') && !text.starts_with("+-");
  int32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + (plus ? 1 : 0), end, number);
  if (error == std::errc::result_out_of_range && stop == end) {
    throw Error(ErrorKind::kBadData, failure + "value out of range");
  }
  if (error != std::errc() || stop != end) {
    throw Error(ErrorKind::kBadData, failure + "invalid syntax");
  }
  return number;
}

void check_paging(const Exchange& exchange) {
  const std::string limit = exchange.param("group_limit"),
                    token = exchange.param("group_next_token");
  if (limit.empty()) {
    if (token.empty()) return;
    bad_param("group_next_token",
              "group_limit needs to be present in order to paginate over the groups");
  }
  int32_t most = 0;
  try {
    most = parse_int32(limit);
  } catch (const Error& e) {
    bad_param("group_limit", std::string("group_limit needs to be a valid number: ") + e.what());
  }
  if (most <= 0) bad_param("group_limit", "group_limit needs to be greater than 0");
  if (token.empty()) return;
  bad_param("group_next_token",
            "invalid group_next_token '" + token + "'. were rule groups changed?");
}

}  // namespace

void api_rules(const Exchange& exchange, ApiAnswer& answer) {
  if (!exchange.form_error.empty()) {
    throw Error(ErrorKind::kBadData, "error parsing form values: " + exchange.form_error);
  }
  match_params(exchange);
  std::string type = exchange.param("type");
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (!type.empty() && type != "alert" && type != "record") {
    bad_param("type", "not supported value " + go_quote(type));
  }
  const std::string exclude = exchange.param("exclude_alerts");
  if (!exclude.empty() && !is_go_bool(exclude)) {
    bad_param("exclude_alerts", "error converting exclude_alerts: strconv.ParseBool: parsing " +
                                    go_quote(exclude) + ": invalid syntax");
  }
  check_paging(exchange);
  answer.data += R"({"groups":[]})";
}

void api_alerts(const Exchange&, ApiAnswer& answer) { answer.data += R"({"alerts":[]})"; }

void api_alertmanagers(const Exchange&, ApiAnswer& answer) {
  answer.data += R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})";
}

void api_notifications(const Exchange&, ApiAnswer& answer) { answer.data += "[]"; }

void api_live_notifications(const Exchange&, ApiAnswer& answer) { answer.no_content = true; }

void otlp_off(Exchange& exchange) {
  exchange.answer_error_text(
      404, "otlp write receiver needs to be enabled with --web.enable-otlp-receiver");
}

}  // namespace hearth::web
