#include "scraper/discovery/resolv_conf.h"

#include <algorithm>
#include <charconv>

namespace hearth {
namespace {

constexpr size_t kMaxDots = 15;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    words.push_back(line.substr(0, line.find_first_of(" \t\r")));
    line.remove_prefix(words.back().size());
  }
}

std::string with_final_dot(std::string_view name) {
  return name.ends_with('.') ? std::string(name) : std::string(name) + ".";
}

void take_line(std::string_view line, ResolvConf& conf) {
  if (line.starts_with('#') || line.starts_with(';')) return;
  const std::vector<std::string_view> words = words_of(line);
  if (words.empty()) return;
  const std::string_view key = words[0];
  if (key == "nameserver" && words.size() > 1) conf.servers.emplace_back(words[1]);
  if (key == "domain" || key == "search") {
    conf.search.assign(words.begin() + 1,
                       key == "domain" && words.size() > 1 ? words.begin() + 2 : words.end());
  }
  if (key != "options") return;
  for (const std::string_view option : words) {
    if (!option.starts_with("ndots:")) continue;
    int dots = 0;
    std::from_chars(option.data() + 6, option.data() + option.size(), dots);
    conf.ndots = std::min(static_cast<size_t>(std::max(dots, 0)), kMaxDots);
  }
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    take_line(line, conf);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return conf;
}

std::vector<std::string> names_to_try(const ResolvConf& conf, std::string_view name) {
  if (name.ends_with('.')) return {std::string(name)};
  const size_t labels = static_cast<size_t>(std::count(name.begin(), name.end(), '.')) + 1;
  std::vector<std::string> names;
  for (const std::string& domain : conf.search) {
    names.push_back(domain == "." ? with_final_dot(name)
                                  : with_final_dot(std::string(name) + "." + domain));
  }
  names.insert(labels > conf.ndots ? names.begin() : names.end(), with_final_dot(name));
  return names;
}

}  // namespace hearth
