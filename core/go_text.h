// Numbers and strings as Go's strconv writes and reads them: JSON answers, label values and printed
// expressions of Prometheus are made of these, and must be equal to the last byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth {

// Each appends to `out`; special values read "NaN", "+Inf", "-Inf".
void append_float_f(std::string& out, double value);     // FormatFloat(v, 'f', -1, 64)
void append_float_e(std::string& out, double value);     // FormatFloat(v, 'e', -1, 64): 1e+00
void append_float_g(std::string& out, double value);     // FormatFloat(v, 'g', -1, 64): %v, federation
void append_float_json(std::string& out, double value);  // 'f', but 'e' below 1e-6 and from 1e21 on

std::string float_f(double value);
std::string float_g(double value);
std::string float_json(double value);

// strconv.ParseFloat(text, 64): decimal, hex floats with p, underscores, Inf, NaN, a sign.
// nullopt on a syntax error or a value out of range; underflow gives 0.
std::optional<double> parse_go_float(std::string_view text);

// strconv.Quote(text): double quotes, Go escapes, invalid UTF-8 as \xNN.
std::string go_quote(std::string_view text);

// strconv.Unquote of what stands between the quotes, with PromQL's rules for `quote`, one of " ' `.
// nullopt where the escape is invalid.
std::optional<std::string> go_unquote(std::string_view body, char quote);

// html.EscapeString(text).
std::string html_escape(std::string_view text);

bool valid_utf8(std::string_view text);

}  // namespace hearth
