#include "config/label_selector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/go_text.h"

namespace hearth {
namespace {

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kBadData, text); }

// ---- words -------------------------------------------------------------------------------------

struct Word {
  bool special = false;  // an operator or a bracket; in and notin too where one may stand
  std::string text;      // "" at the end
  bool is(std::string_view operation) const { return special && text == operation; }
  bool is_end() const { return text.empty(); }
  bool is_keyword() const { return !special && (text == "in" || text == "notin"); }
  bool is_name() const { return !special && !text.empty(); }
};

constexpr std::string_view kSpecial = "=!(),><", kBlanks = " \t\r\n";

std::vector<Word> words_of(std::string_view text) {
  static const std::set<std::string_view> kOperators = {")", ",", "!",  "==", "=",
                                                        ">", "<", "!=", "("};
  std::vector<Word> out;
  size_t i = 0;
  while (i < text.size()) {
    if (kBlanks.find(text[i]) != std::string_view::npos) {
      ++i;
    } else if (kSpecial.find(text[i]) != std::string_view::npos) {
      const size_t size = kOperators.count(text.substr(i, 2)) > 0 ? 2 : 1;
      out.push_back({true, std::string(text.substr(i, size))});
      i += size;
    } else {
      const size_t end = std::min(text.find_first_of("=!(),>< \t\r\n", i), text.size());
      out.push_back({false, std::string(text.substr(i, end - i))});
      i = end;
    }
  }
  out.push_back({});
  return out;
}

// ---- keys and values ---------------------------------------------------------------------------

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool is_label_text(std::string_view text) {
  if (text.empty() || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  for (const char c : text) {
    if (!is_alphanumeric(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

// Lower-case labels of letters, digits and -, joined by dots.
bool is_domain(std::string_view text) {
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find('.', from), text.size());
    const std::string_view label = text.substr(from, end - from);
    const auto lower = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (label.empty() || !lower(label.front()) || !lower(label.back())) return false;
    for (const char c : label) {
      if (!lower(c) && c != '-') return false;
    }
    from = end + 1;
  }
  return true;
}

std::string key_problem(std::string_view key) {
  std::string_view name = key;
  std::vector<std::string> found;
  const size_t slash = key.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    name = key.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must "
             "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
             "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') "
             "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    }
    if (prefix.empty()) {
      found.emplace_back("prefix part must be non-empty");
    } else {
      if (prefix.size() > 253) found.emplace_back("prefix part must be no more than 253 bytes");
      if (!is_domain(prefix)) {
        found.emplace_back(
            "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
            "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
            "'example.com', regex used for validation is "
            "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
      }
    }
  }
  if (name.empty()) found.emplace_back("name part must be non-empty");
  if (name.size() > 63) found.emplace_back("name part must be no more than 63 bytes");
  if (!is_label_text(name)) {
    found.emplace_back(
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "
        "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
        "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
  }
  return fmt::format("{}", fmt::join(found, "; "));
}

std::string value_problem(std::string_view value) {
  std::vector<std::string> found;
  if (value.size() > 63) found.emplace_back("must be no more than 63 bytes");
  if (!value.empty() && !is_label_text(value)) {
    found.emplace_back(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
        "'my_value',  or '12345', regex used for validation is "
        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
  }
  return fmt::format("{}", fmt::join(found, "; "));
}

bool is_integer(const std::string& text) {
  const size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  return text.size() > sign && text.find_first_not_of("0123456789", sign) == std::string::npos;
}

// ---- requirements ------------------------------------------------------------------------------

// One thread.
class Parser {
 public:
  explicit Parser(std::string_view text) : words_(words_of(text)) {}

  void parse() {
    for (;;) {
      if (peek().is_end()) return;
      if (!peek().is_name() && !peek().is("!")) {
        fail("found '" + peek().text + "', expected: !, identifier, or 'end of string'");
      }
      try {
        requirement();
      } catch (const Error& error) {
        fail(std::string("unable to parse requirement: ") + error.what());
      }
      if (peek().is_end()) return;
      if (!peek().is(",")) {
        fail("found '" + peek().text + "', expected: ',' or 'end of string'");
      }
      take();
      if (!peek().is_name() && !peek().is("!")) {
        fail("found '" + peek().text + "', expected: identifier after ','");
      }
    }
  }

 private:
  const Word& peek() const { return words_[at_]; }
  const Word& take() { return words_[at_ + 1 < words_.size() ? at_++ : at_]; }

  void requirement() {
    const bool absent = peek().is("!");
    if (absent) take();
    const Word key = take();
    if (!key.is_name()) fail("found '" + key.text + "', expected: identifier");
    check_key(key.text);
    if (absent || peek().is_end() || peek().is(",")) return;
    const Word operation = take();
    if (operation.is_keyword()) return check_values(key.text, value_list());
    const bool order = operation.is(">") || operation.is("<");
    if (!order && !operation.is("=") && !operation.is("==") && !operation.is("!=")) {
      fail("found '" + operation.text + "', expected: in, notin, =, ==, !=, gt, lt");
    }
    const std::string value = exact_value();
    if (order && !is_integer(value)) {
      fail("values[0]: Invalid value: " + go_quote(value) +
           ": for 'Gt', 'Lt' operators, the value must be an integer");
    }
    check_values(key.text, {value});
  }

  static void check_key(const std::string& key) {
    const std::string problem = key_problem(key);
    if (!problem.empty()) fail("<nil>: Invalid value: " + go_quote(key) + ": " + problem);
  }

  static void check_values(const std::string& key, const std::set<std::string>& values) {
    std::vector<std::string> found;
    size_t i = 0;
    for (const std::string& value : values) {
      const std::string problem = value_problem(value);
      if (!problem.empty()) {
        found.push_back(
            fmt::format("values[{}][{}]: Invalid value: {}: {}", i, key, go_quote(value), problem));
      }
      ++i;
    }
    if (found.size() == 1) fail(found[0]);
    if (!found.empty()) fail(fmt::format("[{}]", fmt::join(found, ", ")));
  }

  std::string exact_value() {
    if (peek().is_end() || peek().is(",")) return "";
    const Word value = take();
    if (!value.is_name()) fail("found '" + value.text + "', expected: identifier");
    return value.text;
  }

  // (a, b): an empty place between two commas is an empty value.
  std::set<std::string> value_list() {
    const Word open = take();
    if (!open.is("(")) fail("found '" + open.text + "' expected: '('");
    std::set<std::string> out;
    if (peek().is(")")) {
      take();
      return {""};
    }
    if (!peek().is_name() && !peek().is(",")) {
      fail("found '" + peek().text + "', expected: ',', ')' or identifier");
    }
    for (;;) {
      const Word word = take();
      if (word.is_name()) {
        out.insert(word.text);
        if (peek().is(")")) break;
        if (!peek().is(",")) fail("found '" + peek().text + "', expected: ',' or ')'");
      } else if (word.is(",")) {
        if (out.empty()) out.insert("");
        if (peek().is(",")) {
          take();
          out.insert("");
        } else if (peek().is(")")) {
          out.insert("");
          break;
        }
      } else {
        fail("found '" + word.text + "', expected: ',', or identifier");
      }
    }
    take();
    return out;
  }

  std::vector<Word> words_;
  size_t at_ = 0;
};

}  // namespace

void check_label_selector(std::string_view text) { Parser(text).parse(); }

}  // namespace hearth
