#include "cmd/tool/completion.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace hearth;
using Kind = CompletionPlace::Kind;

namespace {

// Three metrics, one of which has a name of other characters. One thread.
class FakeSource final : public QuerySource {
 public:
  std::string instant(const std::string&, double) override { return ""; }
  std::string range(const std::string&, double, double, double) override { return ""; }
  std::vector<std::string> label_names(const std::string& metric) override {
    asked += "names of " + metric + "\n";
    return {"job", "la.bel", "room"};
  }
  std::vector<std::string> label_values(const std::string& label,
                                        const std::string& metric) override {
    asked += "values of " + label + " of " + metric + "\n";
    if (down) throw Error(ErrorKind::kUnavailable, "down");
    if (label == "__name__") return {"rate_limit", "room.light", "room_temperature"};
    return {"kitchen", "my \"den\"", "my desk"};
  }
  bool down = false;
  std::string asked;
};

// What is offered: "text" or "text>end" where it is the only one.
std::vector<std::string> offered(std::string_view before) {
  FakeSource source;
  Completer completer(source, {"\\format", "\\range"});
  const Completions found = completer.complete(before);
  std::vector<std::string> out;
  for (const Candidate& one : found.candidates) out.push_back(one.text);
  if (out.size() == 1) out[0] += ">" + found.candidates[0].end;
  return out;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("where the cursor stands is told from the text before it") {
  struct Row {
    const char* before;
    Kind kind;
    const char* word;
    const char* metric;
    const char* label;
  };
  const Row rows[] = {{"", Kind::kExpression, "", "", ""},
                      {"su", Kind::kExpression, "su", "", ""},
                      {"sum(ra", Kind::kExpression, "ra", "", ""},
                      {"a + b", Kind::kExpression, "b", "", ""},
                      {"up{", Kind::kLabelName, "", "up", ""},
                      {"up {jo", Kind::kLabelName, "jo", "up", ""},
                      {"{jo", Kind::kLabelName, "jo", "", ""},
                      {"rate({jo", Kind::kLabelName, "jo", "", ""},
                      {"up{job=", Kind::kNothing, "", "up", ""},
                      {"up{job=\"a", Kind::kLabelValue, "a", "up", "job"},
                      {"up{job != 'a", Kind::kLabelValue, "a", "up", "job"},
                      {"up{job=~`a", Kind::kLabelValue, "a", "up", "job"},
                      {"up{job=\"a\",in", Kind::kLabelName, "in", "up", ""},
                      {"up{job=\"a}\\\"\", in", Kind::kLabelName, "in", "up", ""},
                      {"{\"a.b\", jo", Kind::kLabelName, "jo", "a.b", ""},
                      {"{\"a.", Kind::kLabelValue, "a.", "", "__name__"},
                      {"sum by (jo", Kind::kLabelName, "jo", "", ""},
                      {"sum by(a, jo", Kind::kLabelName, "jo", "", ""},
                      {"a / on (jo", Kind::kLabelName, "jo", "", ""},
                      {"a * ignoring(x) group_left(jo", Kind::kLabelName, "jo", "", ""},
                      {"sum by (a) (ra", Kind::kExpression, "ra", "", ""},
                      {"up{job=\"a\"} + u", Kind::kExpression, "u", "", ""},
                      {"up[5", Kind::kNothing, "5", "", ""},
                      {"rate(up[5m]) of", Kind::kExpression, "of", "", ""},
                      {"up offset 5", Kind::kNothing, "5", "", ""},
                      {"label_replace(up, \"a", Kind::kNothing, "a", "", "__name__"},
                      {"\\ra", Kind::kCommand, "\\ra", "", ""},
                      {"\\range 5", Kind::kNothing, "", "", ""},
                      {"}])", Kind::kExpression, "", "", ""}};
  for (const Row& row : rows) {
    const std::string before = row.before;
    CAPTURE(before);
    const CompletionPlace place = completion_place(before);
    CHECK(place.kind == row.kind);
    CHECK(place.word == row.word);
    if (row.kind == Kind::kNothing || row.kind == Kind::kExpression) continue;
    CHECK(place.metric == row.metric);
    CHECK(place.label == row.label);
  }
}

TEST_CASE("metrics, functions and words are offered together") {
  CHECK(offered("rate") == Texts{"rate", "rate_limit"});
  CHECK(offered("sum(rate_") == Texts{"rate_limit>"});
  CHECK(offered("count_v") == Texts{"count_values>("});
  CHECK(offered("a unl") == Texts{"unless> "});
  CHECK(offered("room") == Texts{"room_temperature", "{\"room.light\"}"});
  CHECK(offered("nothing_like_it").empty());
}

TEST_CASE("labels are followed by a matcher in braces only") {
  CHECK(offered("room_temperature{ro") == Texts{"room>=\""});
  CHECK(offered("sum by (ro") == Texts{"room>"});
  CHECK(offered("x{la") == Texts{});
  CHECK(offered("x{") == Texts{"\"la.bel\"", "job", "room"});
}

TEST_CASE("values are quoted as the text around them wants") {
  CHECK(offered("x{room=\"k") == Texts{"kitchen>\""});
  CHECK(offered("x{room='k") == Texts{"kitchen>'"});
  CHECK(offered("x{room=\"my ") == Texts{"my \\\"den\\\"", "my desk"});
  CHECK(offered("x{room=\"my \\\"") == Texts{"my \\\"den\\\">\""});
  CHECK(offered("{\"room.") == Texts{"room.light>\""});
}

TEST_CASE("commands of the prompt are offered where they can stand") {
  CHECK(offered("\\") == Texts{"\\format", "\\range"});
  CHECK(offered("\\fo") == Texts{"\\format> "});
}

TEST_CASE("what was asked once is remembered, and a source that is down offers nothing") {
  FakeSource source;
  Completer completer(source, {});
  completer.complete("up{ro");
  completer.complete("up{roo");
  CHECK(source.asked == "names of up\n");
  source.down = true;
  CHECK(completer.complete("x{room=\"").candidates.empty());
  CHECK(completer.complete("rate_l").candidates.empty());
}
