// Keystone: who asks OpenStack, and where its services are.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/openstack_sd.h"
#include "scraper/discovery/cloud_client.h"

namespace hearth {

// What Keystone is told; of the configuration, or of the environment (OS_AUTH_URL and so on) where
// that has no identity_endpoint. Throws Error(kBadData) for what is missing.
OpenstackSdConfig openstack_credentials(const OpenstackSdConfig& config);

// The body of POST /v3/auth/tokens. Throws Error(kBadData).
std::string keystone_question(const OpenstackSdConfig& credentials);

// For one refresh. One thread.
class OpenstackSession {
 public:
  // Asks for a token. Throws Error "could not authenticate to OpenStack: ...".
  OpenstackSession(Conversation& conversation, const CloudClient& client,
                   const OpenstackSdConfig& config);

  // The place of a service ("compute") in the region, with a slash at its end. Throws Error.
  std::string endpoint(const std::string& type) const;
  // All of `list` ("servers"), page after page. Throws Error.
  std::vector<JsonValue> all(const std::string& url, const std::string& list) const;

 private:
  Conversation& conversation_;
  const CloudClient& client_;
  const OpenstackSdConfig config_;
  std::string token_;
  JsonValue catalog_;
};

}  // namespace hearth
