#include "core/relabel.h"

#include <locale.h>
#include <wctype.h>

#include <optional>

#include "core/bytes.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/hash.h"
#include "core/utf8.h"

namespace hearth {
namespace {

constexpr std::string_view kActionNames[] = {"replace",   "keep",      "drop",     "keepequal",
                                             "dropequal", "hashmod",   "labelmap", "labeldrop",
                                             "labelkeep", "lowercase", "uppercase"};

bool is_one_of(RelabelAction action, std::initializer_list<RelabelAction> actions) {
  for (const RelabelAction a : actions) {
    if (a == action) return true;
  }
  return false;
}

bool valid_name(const RelabelRule& rule, std::string_view name) {
  return rule.utf8_names ? !name.empty() && valid_utf8(name) : is_legacy_label_name(name);
}

// A legacy name in which $1, $name and ${name} stand for anything; UTF-8 names may contain $ and
// {}.
bool valid_name_template(const RelabelRule& rule, const std::string& text) {
  if (rule.utf8_names) return valid_name(rule, text);
  static const Regex legacy(R"((?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+)");
  return legacy.matches(text);
}

// The last eight bytes of the MD5, big endian, as Prometheus has it: sharded operators rely on it.
uint64_t md5_tail(std::string_view text) { return load_be64(md5(text).data() + 8); }

std::string change_case(std::string_view text, bool upper) {
  // glibc's built-in locale: Unicode's simple mappings, which Go uses too.
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string out;
  while (!text.empty()) {
    const unsigned char first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) {
      const bool change = upper ? first >= 'a' && first <= 'z' : first >= 'A' && first <= 'Z';
      out += static_cast<char>(change ? first ^ 0x20 : first);
      text.remove_prefix(1);
      continue;
    }
    const DecodedRune c = decode_rune(text);
    const wint_t wide = static_cast<wint_t>(c.rune);
    const wint_t changed = unicode == nullptr ? wide
                           : upper            ? towupper_l(wide, unicode)
                                              : towlower_l(wide, unicode);
    append_rune(out, static_cast<char32_t>(changed));
    text.remove_prefix(c.size);
  }
  return out;
}

std::string joined_values(const RelabelRule& rule, const LabelsBuilder& labels) {
  std::string out;
  for (size_t i = 0; i < rule.source_labels.size(); ++i) {
    if (i > 0) out += rule.separator;
    out += labels.get(rule.source_labels[i]);
  }
  return out;
}

void replace(const RelabelRule& rule, const std::string& value, LabelsBuilder& labels) {
  const std::optional<std::string> target = rule.regex.expand(value, rule.target_label);
  if (!target || !valid_name(rule, *target)) return;
  labels.set(*target, *rule.regex.expand(value, rule.replacement));
}

void map_names(const RelabelRule& rule, LabelsBuilder& labels) {
  const auto before = labels.labels();  // what the rule adds is not mapped again
  for (const auto& [name, value] : before) {
    if (const auto mapped = rule.regex.expand(name, rule.replacement)) labels.set(*mapped, value);
  }
}

bool apply(const RelabelRule& rule, LabelsBuilder& labels) {
  const std::string value = joined_values(rule, labels);
  switch (rule.action) {
    case RelabelAction::kReplace:
      replace(rule, value, labels);
      break;
    case RelabelAction::kKeep:
      return rule.regex.matches(value);
    case RelabelAction::kDrop:
      return !rule.regex.matches(value);
    case RelabelAction::kKeepEqual:
      return labels.get(rule.target_label) == value;
    case RelabelAction::kDropEqual:
      return labels.get(rule.target_label) != value;
    case RelabelAction::kHashMod:
      labels.set(rule.target_label, std::to_string(md5_tail(value) % rule.modulus));
      break;
    case RelabelAction::kLabelMap:
      map_names(rule, labels);
      break;
    case RelabelAction::kLabelDrop:
      labels.retain([&](std::string_view name) { return !rule.regex.matches(name); });
      break;
    case RelabelAction::kLabelKeep:
      labels.retain([&](std::string_view name) { return rule.regex.matches(name); });
      break;
    case RelabelAction::kLowercase:
      labels.set(rule.target_label, change_case(value, false));
      break;
    case RelabelAction::kUppercase:
      labels.set(rule.target_label, change_case(value, true));
      break;
  }
  return true;
}

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

}  // namespace

std::string_view relabel_action_name(RelabelAction action) {
  return kActionNames[static_cast<size_t>(action)];
}

bool RelabelRule::operator==(const RelabelRule& other) const {
  return source_labels == other.source_labels && separator == other.separator &&
         regex_text == other.regex_text && modulus == other.modulus &&
         target_label == other.target_label && replacement == other.replacement &&
         action == other.action && utf8_names == other.utf8_names;
}

void validate_relabel_rule(const RelabelRule& rule) {
  using A = RelabelAction;
  const RelabelRule defaults;
  const std::string action(relabel_action_name(rule.action));
  const bool equality = is_one_of(rule.action, {A::kKeepEqual, A::kDropEqual});
  const bool changes_case = is_one_of(rule.action, {A::kLowercase, A::kUppercase});

  if (rule.action == A::kHashMod && rule.modulus == 0) {
    refuse("relabel configuration for hashmod requires non-zero modulus");
  }
  if (equality || changes_case || is_one_of(rule.action, {A::kReplace, A::kHashMod})) {
    if (rule.target_label.empty()) {
      refuse("relabel configuration for " + action + " action requires 'target_label' value");
    }
    const bool is_template =
        rule.action == A::kReplace && rule.target_label.find('$') != std::string::npos;
    if (is_template ? !valid_name_template(rule, rule.target_label)
                    : !valid_name(rule, rule.target_label)) {
      refuse(go_quote(rule.target_label) + " is invalid 'target_label' for " + action + " action");
    }
  }
  if ((equality || changes_case) && rule.replacement != defaults.replacement) {
    refuse("'replacement' can not be set for " + action + " action");
  }
  if (rule.action == A::kLabelMap && !valid_name_template(rule, rule.replacement)) {
    refuse(go_quote(rule.replacement) + " is invalid 'replacement' for " + action + " action");
  }
  const bool others_default = rule.modulus == defaults.modulus &&
                              rule.separator == defaults.separator &&
                              rule.replacement == defaults.replacement;
  if (equality && (!others_default || rule.regex_text != defaults.regex_text)) {
    refuse(action +
           " action requires only 'source_labels' and `target_label`, and no other fields");
  }
  if (is_one_of(rule.action, {A::kLabelDrop, A::kLabelKeep}) &&
      (!others_default || !rule.source_labels.empty() || !rule.target_label.empty())) {
    refuse(action + " action requires only 'regex', and no other fields");
  }
}

bool relabel(std::span<const RelabelRule> rules, LabelsBuilder& labels) {
  for (const RelabelRule& rule : rules) {
    if (!apply(rule, labels)) return false;
  }
  return true;
}

}  // namespace hearth
