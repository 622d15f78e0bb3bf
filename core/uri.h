// Pieces of URLs as Go's net and net/url packages read and write them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

struct HostPort {
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
  bool operator==(const HostPort&) const = default;
};

// net.SplitHostPort: "a:80", "[::1]:80", "a:" (an empty port); nullopt where there is no port or too
// many colons.
std::optional<HostPort> split_host_port(std::string_view address);

// url.QueryEscape: space as +, all but letters, digits and -_.~ as %XX.
std::string query_escape(std::string_view text);

// As URL.String() escapes a path: also keeps $&+,/:;=@ and what an URL may have anyway.
std::string path_escape(std::string_view path);

// url.Values.Encode: by key, "a=1&b=2".
using QueryParameters = std::map<std::string, std::vector<std::string>>;
std::string encode_query(const QueryParameters& parameters);
// url.ParseQuery, which leaves out what is not well encoded.
QueryParameters decode_query(std::string_view text);

}  // namespace hearth
