#include "rules/text_functions.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <cctype>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/go_text.h"
#include "core/regex.h"
#include "core/uri.h"
#include "core/utf8.h"

namespace hearth::rules {
namespace {

[[noreturn]] void fail(const std::string& text) { throw Error(ErrorKind::kExecution, text); }

std::string regex_error(const std::string& pattern) {
  try {
    const Regex checked(pattern);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

// Appends what $1, ${1}, $name and $$ stand for.
void expand(const RE2& regex, std::span<const re2::StringPiece> groups, std::string_view text,
            std::string& out) {
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool braced = text.starts_with('{');
    std::string_view rest = text.substr(braced ? 1 : 0);
    size_t length = 0;
    while (length < rest.size() &&
           (std::isalnum(static_cast<unsigned char>(rest[length])) || rest[length] == '_')) {
      ++length;
    }
    if (length == 0 || (braced && (length >= rest.size() || rest[length] != '}'))) {
      out += '$';
      continue;
    }
    const std::string name(rest.substr(0, length));
    text.remove_prefix(length + (braced ? 2 : 0));
    size_t index = groups.size();
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      index = name.size() < 6 ? std::stoul(name) : groups.size();
    } else if (const auto found = regex.NamedCapturingGroups().find(name);
               found != regex.NamedCapturingGroups().end()) {
      index = static_cast<size_t>(found->second);
    }
    if (index < groups.size() && groups[index].data() != nullptr) {
      out.append(groups[index].data(), groups[index].size());
    }
  }
}

}  // namespace

bool found_in(const std::string& pattern, const std::string& text) {
  if (const std::string error = regex_error(pattern); !error.empty()) fail(error);
  RE2::Options options;
  options.set_log_errors(false);
  return RE2::PartialMatch(text, RE2(pattern, options));
}

std::string replace_all(const std::string& pattern, const std::string& replacement,
                        const std::string& text) {
  if (const std::string error = regex_error(pattern); !error.empty()) {
    fail("regexp: Compile(" +
         (pattern.find('`') == std::string::npos ? "`" + pattern + "`" : go_quote(pattern)) +
         "): " + error);
  }
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 regex(pattern, options);
  std::vector<re2::StringPiece> groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
  std::string out;
  // As Go: an empty match right after a match is none.
  size_t from = 0, last_end = 0;
  bool matched = false;
  while (from <= text.size() && regex.Match(text, from, text.size(), RE2::UNANCHORED, groups.data(),
                                            static_cast<int>(groups.size()))) {
    const size_t begin = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = begin + groups[0].size();
    out.append(text, last_end, begin - last_end);
    if (end > last_end || !matched) expand(regex, groups, replacement, out);
    matched = true;
    last_end = end;
    if (end > from) {
      from = end;
    } else if (from < text.size()) {
      from += decode_rune(std::string_view(text).substr(from)).size;
    } else {
      break;
    }
  }
  return out + text.substr(last_end);
}

std::string strip_port(const std::string& address) {
  const auto split = split_host_port(address);
  return split ? split->host : address;
}

std::string strip_domain(const std::string& address) {
  const auto split = split_host_port(address);
  const std::string host = split ? split->host : address;
  unsigned char bytes[16];
  if (inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
      inet_pton(AF_INET6, host.c_str(), bytes) == 1) {
    return address;
  }
  const std::string first = host.substr(0, host.find('.'));
  return split && !split->port.empty() ? first + ":" + split->port : first;
}

}  // namespace hearth::rules
