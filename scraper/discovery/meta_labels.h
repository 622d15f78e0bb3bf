// Label names and addresses of discovered targets, spelled as Prometheus spells them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {

// A target's labels while they are collected; Labels::from_pairs() takes them: later ones win.
using LabelPairs = std::vector<std::pair<std::string, std::string>>;

// Every character but ASCII letters, digits and _ becomes one _.
std::string sanitize_label_name(std::string_view text);

// Go's net.JoinHostPort: brackets around an IPv6 address.
std::string join_host_port(std::string_view host, std::string_view port);
std::string join_host_port(std::string_view host, int64_t port);

// 4 or 16 bytes as Go prints them; an IPv4 address inside an IPv6 one is one of IPv4.
std::string ip_text(std::string_view bytes);
// The address of "10.0.0.2/24", as Go prints it. Throws Error(kBadData).
std::string cidr_address(const std::string& text);

// "true" or "false".
std::string bool_text(bool value);

// Separator, values with separators between them, separator: so rules need not care for positions.
std::string surrounded_list(const std::vector<std::string>& values, const std::string& separator);

}  // namespace hearth
