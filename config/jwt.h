// Signed assertions (RFC 7519) for OAuth 2.0.
#pragma once

#include <string>

namespace hearth {

struct Assertion {
  std::string algorithm;  // RS256, RS384, RS512
  std::string key_id;     // "" = none is named
  std::string claims;     // a JSON object
};

// header.claims.signature. Throws Error(kBadData) when the text holds no RSA key.
std::string signed_assertion(const Assertion& assertion, const std::string& private_key_pem);

std::string random_uuid();

}  // namespace hearth
