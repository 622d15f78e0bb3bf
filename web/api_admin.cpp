#include "web/api_admin.h"

#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "query/parser.h"
#include "web/params.h"

namespace hearth::web {
namespace {

void require_enabled(const Exchange& exchange) {
  if (!exchange.options.enable_admin_api)
    throw Error(ErrorKind::kUnavailable, "admin APIs disabled");
}

// strconv.ParseBool.
bool bool_param(const Exchange& exchange, const std::string& name) {
  const std::string text = exchange.param(name);
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"", "0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  bad_param(name, "unable to parse boolean: strconv.ParseBool: parsing " + go_quote(text) +
                      ": invalid syntax");
}

}  // namespace

void api_delete_series(const Exchange& exchange, ApiAnswer& answer) {
  require_enabled(exchange);
  const std::vector<std::string> texts = exchange.params("match[]");
  if (texts.empty()) throw Error(ErrorKind::kBadData, "no match[] parameter provided");
  const TimeRange range = range_params(exchange);
  std::vector<std::vector<Matcher>> selectors;
  checking_param("match[]", [&] {
    for (const std::string& text : texts) selectors.push_back(promql::parse_metric_selector(text));
  });
  exchange.services.db->delete_series(selectors, range);
  answer.no_content = true;
}

void api_clean_tombstones(const Exchange& exchange, ApiAnswer& answer) {
  require_enabled(exchange);
  exchange.services.db->clean_tombstones();
  answer.no_content = true;
}

void api_snapshot(const Exchange& exchange, ApiAnswer& answer) {
  require_enabled(exchange);
  const bool skip_head = bool_param(exchange, "skip_head");
  const auto make = [&] {
    try {
      return exchange.services.db->snapshot(!skip_head);
    } catch (const Error& e) {
      throw Error(ErrorKind::kInternal, std::string("create snapshot: ") + e.what());
    }
  };
  answer.data += "{\"name\":";
  append_json_string(answer.data, make());
  answer.data.push_back('}');
}

}  // namespace hearth::web
