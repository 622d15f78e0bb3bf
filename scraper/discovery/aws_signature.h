// Signature Version 4 of AWS requests. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hearth {

struct AwsKeys {
  std::string access_key, secret_key, session_token;  // the token: "" = none
};

// What is signed of a POST.
struct AwsRequest {
  std::string host, path = "/", body;  // path as it is sent
  std::string content_type;
  std::string region, service;
  std::string time;  // "20150830T123600Z"
};

// The headers that make it signed: Authorization, X-Amz-Date and, with a token,
// X-Amz-Security-Token.
std::map<std::string, std::string> aws_signature(const AwsRequest& request, const AwsKeys& keys);

// Now, as `time` has it.
std::string aws_time(int64_t seconds_since_epoch);

}  // namespace hearth
