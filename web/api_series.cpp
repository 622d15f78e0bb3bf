#include "web/api_series.h"

#include <algorithm>

#include "core/error.h"
#include "core/go_text.h"
#include "core/json.h"
#include "core/storage.h"
#include "web/json_list.h"
#include "web/name_escaping.h"
#include "web/params.h"

namespace hearth::web {
namespace {

void append_string(std::string& out, const std::string& text) { append_json_string(out, text); }
void append_labels(std::string& out, const Labels& labels) { append_json_labels(out, labels); }

// One more than is shown tells whether something was left out.
size_t limit_with_probe(size_t limit) { return limit == 0 ? 0 : limit + 1; }

template <class T>
void truncate(std::vector<T>& items, size_t limit, ApiAnswer& answer) {
  if (limit == 0 || items.size() <= limit) return;
  items.resize(limit);
  answer.warnings.emplace_back(kTruncated);
}

void add_warnings(const Querier& querier, ApiAnswer& answer) {
  for (std::string& text : querier.warnings()) answer.warnings.push_back(std::move(text));
}

// Names or values for each set of matchers, or for all series where there is none; merged.
template <class Ask>
void answer_strings(const Exchange& exchange, ApiAnswer& answer, Ask ask) {
  const size_t limit = limit_param(exchange);
  const TimeRange range = range_params(exchange);
  std::vector<std::vector<Matcher>> sets = match_params(exchange);
  if (sets.empty()) sets.emplace_back();
  std::vector<std::string> found;
  // A range that ends before it begins has the names of what lies across it, as in Prometheus.
  const auto querier = exchange.services.storage->querier(range);
  for (const std::vector<Matcher>& matchers : sets) {
    std::vector<std::string> more = ask(*querier, matchers, limit_with_probe(limit));
    if (found.empty()) {
      found = std::move(more);
    } else {
      std::vector<std::string> merged;
      std::set_union(found.begin(), found.end(), more.begin(), more.end(),
                     std::back_inserter(merged));
      found = std::move(merged);
    }
  }
  add_warnings(*querier, answer);
  truncate(found, limit, answer);
  answer.rest = std::make_unique<JsonList<std::string>>("[", std::move(found), append_string, "]");
}

}  // namespace

void api_labels(const Exchange& exchange, ApiAnswer& answer) {
  answer_strings(exchange, answer,
                 [](Querier& querier, const std::vector<Matcher>& matchers, size_t limit) {
                   return querier.label_names(matchers, limit);
                 });
}

void api_label_values(const Exchange& exchange, ApiAnswer& answer) {
  const std::string name = unescape_name(exchange.name);
  if (name.empty() || !valid_utf8(name)) {
    throw Error(ErrorKind::kBadData, "invalid label name: " + go_quote(name));
  }
  answer_strings(exchange, answer,
                 [&](Querier& querier, const std::vector<Matcher>& matchers, size_t limit) {
                   return querier.label_values(name, matchers, limit);
                 });
}

void api_series(const Exchange& exchange, ApiAnswer& answer) {
  if (!exchange.form_error.empty()) {
    throw Error(ErrorKind::kBadData, "error parsing form values: " + exchange.form_error);
  }
  if (!exchange.has_param("match[]")) {
    throw Error(ErrorKind::kBadData, "no match[] parameter provided");
  }
  const size_t limit = limit_param(exchange);
  const TimeRange range = range_params(exchange);
  const auto sets = checking_param("match[]", [&] { return match_params(exchange); });
  std::vector<Labels> found;
  if (range.min <= range.max) {
    const promql::EngineOptions& bounds = exchange.services.engine->options();
    Budget budget(bounds.max_memory_bytes, "series request");
    const auto querier = exchange.services.storage->querier(range);
    const SelectHints hints{range, sets.size() == 1, limit_with_probe(limit), true};
    for (const std::vector<Matcher>& matchers : sets) {
      const auto series = querier->select(matchers, hints, budget);
      for (size_t i = 0; i < series->size(); ++i) {
        found.emplace_back(series->labels(i));
        budget.charge(sizeof(Labels) + found.back().view().flat().size());
      }
    }
    if (sets.size() > 1) {
      std::sort(found.begin(), found.end());
      found.erase(std::unique(found.begin(), found.end()), found.end());
    }
    add_warnings(*querier, answer);
  }
  truncate(found, limit, answer);
  answer.rest = std::make_unique<JsonList<Labels>>("[", std::move(found), append_labels, "]");
}

void api_drop_series(const Exchange&, ApiAnswer&) {
  throw Error(ErrorKind::kInternal, "not implemented");
}

}  // namespace hearth::web
