// What clients put into requests of the API beside queries is read or refused: remote read, times
// and durations, Accept and Accept-Encoding, escaped names. The first byte says which.
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/go_text.h"
#include "remote/read_message.h"
#include "web/accept.h"
#include "web/api_search.h"
#include "web/federate_format.h"
#include "web/go_time.h"
#include "web/name_escaping.h"

namespace {

using namespace hearth;

void check(bool holds) {
  if (!holds) __builtin_trap();
}

template <class Work>
void refusing(Work work) {
  try {
    work();
  } catch (const Error& error) {
    check(error.kind() == ErrorKind::kBadData);
  }
}

void read_names(const std::string& text) {
  using web::NameEscaping;
  for (const NameEscaping escaping :
       {NameEscaping::kUnderscores, NameEscaping::kDots, NameEscaping::kValues}) {
    check(text.empty() || web::is_legacy_name(web::escape_name(text, escaping)));
  }
  const std::string escaped = web::escape_name(text, NameEscaping::kValues);
  const bool was_escaped = text.starts_with("U__");
  if (valid_utf8(text) && !was_escaped) check(web::unescape_name(escaped) == text);
  web::unescape_name(text);
}

void read_scores(std::string_view text) {
  const std::string_view a = text.substr(0, text.size() / 2), b = text.substr(text.size() / 2);
  for (const double score : {web::subsequence_score(a, b), web::jaro_winkler_score(a, b)}) {
    check(score >= 0 && score <= 1.000001);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      refusing([&] { remote::parse_read_request(text); });
      break;
    case 1:
      refusing([&] {
        const web::GoTime time = web::parse_time(text);
        check(time.nanos >= 0 && time.nanos < 1'000'000'000);
        check(time.nanos_since(time) == 0 && !time.before(time));
        time.query_time(), time.storage_time();
      });
      refusing([&] { web::parse_duration_nanos(text); });
      break;
    case 2:
      content_type(web::choose_federate_format(text));
      break;
    case 3:
      check(web::choose_packing(text) != web::Packing::kGzip || web::accepts_gzip(text));
      break;
    case 4:
      read_names(text);
      break;
    case 5:
      read_scores(text);
      break;
  }
  return 0;
}
