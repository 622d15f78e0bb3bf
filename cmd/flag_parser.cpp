#include "cmd/flag_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "config/scalar.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"

namespace hearth {

namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

// Levenshtein's distance: insertions, deletions and replacements from one text to the other.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t corner = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, corner + 1});
    }
  }
  return row.back();
}

[[noreturn]] void refuse_unknown(std::span<const FlagSpec> table, std::string_view name) {
  std::string_view nearest;
  size_t smallest = name.size();
  for (const FlagSpec& spec : table) {
    const size_t distance = edit_distance(name, spec.name);
    if (distance < smallest) {
      smallest = distance;
      nearest = spec.name;
    }
  }
  std::string text = fmt::format("unknown long flag '--{}'", name);
  if (!nearest.empty()) text += fmt::format("; the nearest known one is '--{}'", nearest);
  refuse(text);
}

// The value in the form that /api/v1/status/flags shows.
std::string normalised(const FlagSpec& spec, const std::string& value) {
  switch (spec.kind) {
    case FlagKind::kBool:
    case FlagKind::kText: return value;
    case FlagKind::kNumber: {
      const auto number = parse_go_float(value);
      if (!number) refuse(fmt::format("strconv.ParseFloat: parsing {}: invalid syntax", go_quote(value)));
      return float_f(*number);
    }
    case FlagKind::kDuration: return value == "0" ? "0s" : duration_text(parse_duration(value));
    case FlagKind::kBytes: return bytes_text(parse_bytes(value));
    case FlagKind::kChoice: break;
  }
  const std::string choices = fmt::format(",{},", spec.choices);
  if (value.find(',') != std::string::npos || choices.find("," + value + ",") == std::string::npos) {
    refuse(fmt::format("enum value must be one of {}, got '{}'", spec.choices, value));
  }
  return value;
}

const FlagSpec* find(std::span<const FlagSpec> table, std::string_view name) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const FlagSpec& spec) { return spec.name == name; });
  return it == table.end() ? nullptr : &*it;
}

void append_wrapped(std::string& out, std::string_view text) {
  constexpr size_t kColumn = 31, kWidth = 80;
  size_t at = kColumn;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (at > kColumn && at + 1 + end > kWidth) {
      out += "\n" + std::string(kColumn, ' ');
      at = kColumn;
    } else if (at > kColumn) {
      out += ' ';
      ++at;
    }
    out += text.substr(0, end);
    at += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

bool ParsedFlags::is_given(const std::string& name) const {
  return std::find(given.begin(), given.end(), name) != given.end();
}

ParsedFlags parse_flags(std::span<const FlagSpec> table, std::span<const std::string> arguments) {
  ParsedFlags parsed;
  for (const FlagSpec& spec : table) parsed.values[std::string(spec.name)] = {std::string(spec.default_text)};

  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument == "-h" || argument == "--help" || argument == "--help-long" || argument == "--help-man") {
      parsed.help = true;
      continue;
    }
    if (argument.size() > 1 && argument[0] == '-' && argument[1] != '-') {
      refuse(fmt::format("unknown short flag '{}'", argument.substr(0, 2)));
    }
    if (!argument.starts_with("--") || argument == "--") refuse(fmt::format("unexpected {}", argument));
    argument.remove_prefix(2);
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    bool negated = false;
    const FlagSpec* spec = find(table, name);
    if (spec == nullptr && name.starts_with("no-")) {
      spec = find(table, name.substr(3));
      negated = spec != nullptr && spec->kind == FlagKind::kBool;
      if (!negated) spec = nullptr;
    }
    if (spec == nullptr) refuse_unknown(table, name);

    std::string value;
    if (spec->kind == FlagKind::kBool) {
      if (equals != std::string_view::npos) refuse(fmt::format("unexpected {}", argument.substr(equals + 1)));
      value = negated ? "false" : "true";
    } else if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      refuse(fmt::format("expected argument for flag '--{}'", name));
    }

    const std::string key(spec->name);
    const bool again = parsed.is_given(key);
    if (again && !spec->repeatable) refuse(fmt::format("flag '{}' cannot be repeated", key));
    try {
      value = normalised(*spec, value);
    } catch (const Error& error) {
      refuse(fmt::format("invalid value for --{}: {}", key, error.what()));
    }
    auto& values = parsed.values[key];
    if (!again) values.clear();
    values.push_back(std::move(value));
    parsed.given.push_back(key);
  }
  return parsed;
}

std::string flags_help(std::string_view program, std::string_view about, std::span<const FlagSpec> table) {
  std::string out = fmt::format("usage: {} [<flags>]\n\n{}\n\n\nFlags:\n  -h, --help                   ", program, about);
  append_wrapped(out, "Show this help.");
  for (const FlagSpec& spec : table) {
    if (spec.hidden) continue;
    std::string form = fmt::format("      --{}{}", spec.kind == FlagKind::kBool ? "[no-]" : "", spec.name);
    if (spec.kind != FlagKind::kBool) form += fmt::format("={}", spec.default_text.empty() ? "\"\"" : spec.default_text);
    if (spec.repeatable) form += " ...";
    out += "\n" + form + (form.size() < 30 ? std::string(31 - form.size(), ' ') : "\n" + std::string(31, ' '));
    append_wrapped(out, spec.help);
    if (!spec.has_effect) {
      out += "\n" + std::string(31, ' ');
      append_wrapped(out, "(Accepted for Prometheus' sake; has no effect in this version.)");
    }
  }
  return out + "\n";
}

}  // namespace hearth
