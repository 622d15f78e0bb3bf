#include "rules/template.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace hearth;
using namespace hearth::rules;

namespace {

std::string expanded(const std::string& text, TemplateValue value = 1.5) {
  TemplateData data{{{"job", "a"}, {"port", "80"}}, {{"dc", "x"}}, "http://h/p", std::move(value)};
  TemplateWorld world;
  world.now = 1'600'000'000'250;
  world.external_url = "http://h/p";
  world.query = [](const std::string& query) {
    std::vector<TemplateSample> out;
    if (query == "two") out = {{{{"i", "b"}}, 2, ""}, {{{"i", "a"}}, 1, ""}};
    return out;
  };
  try {
    return alert_template("A", text).expand(data, world);
  } catch (const Error& error) {
    return std::string("error: ") + error.what();
  }
}
std::string refused(const std::string& text) {
  try {
    (void)alert_template("A", text);
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("templates have the data of their alert") {
  CHECK(expanded("{{ $labels.job }}:{{ $labels.port }}{{ $labels.none }}") == "a:80");
  CHECK(expanded("{{ $value }} {{ .Value }} {{ $externalLabels.dc }} {{ $externalURL }}") ==
        "1.5 1.5 x http://h/p");
  CHECK(expanded("{{ pathPrefix }} {{ externalURL }} {{ now }}") ==
        "/p http://h/p 1.60000000025e+09");
  CHECK(expanded("{{ $value }}", HistogramText{"{count:1}"}) == "{count:1}");
}

TEST_CASE("control structures, variables and templates inside templates") {
  CHECK(expanded("{{ if gt $value 1.0 }}big{{ else if true }}x{{ else }}small{{ end }}") == "big");
  CHECK(expanded(
            "{{ range $i, $s := query \"two\" }}{{ $i }}{{ .Labels.i }}{{ $s.Value }} {{ end }}") ==
        "0b2 1a1 ");
  CHECK(expanded("{{ range query \"none\" }}x{{ else }}nothing{{ end }}") == "nothing");
  CHECK(expanded("{{ range 5 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}") == "012");
  CHECK(expanded("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}") == "2");
  CHECK(expanded("{{ define \"t\" }}<{{ .arg0 }}>{{ end }}{{ template \"t\" (args \"v\") }}") ==
        "<v>");
  CHECK(expanded("a {{- 1 -}} b") == "a1b");
}

TEST_CASE("numbers for people") {
  CHECK(humanize(0) == "0");
  CHECK(humanize(1234567) == "1.235M");
  CHECK(humanize(-0.00012) == "-120u");
  CHECK(humanize_1024(1048576) == "1Mi");
  CHECK(humanize_duration(0.0123) == "12.3ms");
  CHECK(humanize_duration(59.5) == "59.5s");
  CHECK(humanize_duration(-90061) == "-1d 1h 1m 1s");
  CHECK(humanize_percentage(0.1234) == "12.34%");
  CHECK(expanded("{{ humanizeTimestamp 1.5 }} {{ humanize \"1e3\" }} {{ toDuration 90.5 }}") ==
        "1970-01-01 00:00:01.5 +0000 UTC 1k 1m30.5s");
  CHECK(expanded("{{ (toTime 1600000000).Format \"02 Jan 06 15:04 MST\" }}") ==
        "13 Sep 20 12:26 UTC");
}

TEST_CASE("what fails while it runs names the place") {
  CHECK(expanded("{{ query \"none\" | first }}") ==
        "error: error executing template __alert_A: template: __alert_A:1:130: executing "
        "\"__alert_A\" at <first>: error calling first: first() called on vector with no elements");
  CHECK(expanded("x\n{{ toUpper 5 }}")
            .find("__alert_A:2:11: executing \"__alert_A\" at <5>: expected "
                  "string; found 5") != std::string::npos);
  CHECK(expanded("{{ template \"t\" }}{{ define \"t\" }}{{ template \"t\" }}{{ end }}")
            .find("exceeded maximum template depth") != std::string::npos);
  CHECK(expanded("{{ range 1000000000 }}aaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{ end }}")
            .find("the output is too large") != std::string::npos);
}

TEST_CASE("what does not parse is refused in Go's words") {
  CHECK(refused("{{ bogus }}") == "template: __alert_A:1: function \"bogus\" not defined");
  CHECK(refused("\n{{ $x }}") == "template: __alert_A:2: undefined variable \"$x\"");
  CHECK(refused("{{ if }}{{ end }}") == "template: __alert_A:1: missing value for if");
  CHECK(refused("{{ range 1 }}") == "template: __alert_A:1: unexpected EOF");
  CHECK(refused("{{ end }}") == "template: __alert_A:1: unexpected {{end}}");
  CHECK(refused("{{ $value") == "template: __alert_A:1: unclosed action");
  CHECK(refused("{{ \"a }}") == "template: __alert_A:1: unterminated quoted string");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "(";
  CHECK(refused("{{ " + deep + " }}") == "template: __alert_A:1: nested too deep");
}

TEST_CASE("Sprintf as in Go") {
  const TemplateValue values[] = {1.5, 42, "x"};
  CHECK(go_sprintf("%.2f|%05d|%-3s|", values) == "1.50|00042|x  |");
  CHECK(go_sprintf("%d %v", values) == "%!d(float64=1.5) 42%!(EXTRA string=x)");
  CHECK(go_sprintf("%v %v %v %s %%", values) == "1.5 42 x %!s(MISSING) %");
}
