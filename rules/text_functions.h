// What templates do with texts beyond Go's strings: regular expressions anywhere in a text, and
// addresses without their ends.
#pragma once

#include <string>

namespace hearth::rules {

// Throw Error(kExecution) in Go's words for a pattern that does not compile.
bool found_in(const std::string& pattern, const std::string& text);
std::string replace_all(const std::string& pattern, const std::string& replacement,
                        const std::string& text);  // $1, ${name}

std::string strip_port(const std::string& address);    // a.b:80 -> a.b
std::string strip_domain(const std::string& address);  // a.b:80 -> a:80; IP addresses stay

}  // namespace hearth::rules
