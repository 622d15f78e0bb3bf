// Who asks AWS: keys from the configuration or from where the AWS SDKs find them.
#pragma once

#include <string>

#include "config/ec2_sd.h"
#include "scraper/discovery/aws_signature.h"
#include "scraper/discovery/cloud_client.h"
#include "scraper/discovery/makers.h"

namespace hearth {

// Keys are looked for in the configuration, the environment, a web identity token, the profile
// files, the container and the machine's role, in this order; role_arn is assumed with them. One
// thread.
class AwsCredentials {
 public:
  AwsCredentials(const Ec2SdConfig& config, const CloudClient& client,
                 const AwsEndpoints& endpoints);

  // Of the configuration, the environment or the machine. Throws Error where none is found.
  std::string region(Conversation& conversation);

  // Fresh for five minutes at least. Throws Error where none are found.
  const AwsKeys& keys(Conversation& conversation);
  void forget() { have_keys_ = false; }  // they were refused

 private:
  struct Temporary {
    AwsKeys keys;
    int64_t expires = 0;  // seconds since the epoch; 0 = never
  };
  Temporary find(Conversation& conversation);
  Temporary from_web_identity(Conversation& conversation, const std::string& token_file);
  Temporary from_container(Conversation& conversation, const std::string& url);
  Temporary from_machine(Conversation& conversation);
  Temporary assume_role(Conversation& conversation, const AwsKeys& keys);
  Temporary ask_sts(Conversation& conversation, const std::string& form, const AwsKeys* keys);
  std::string metadata(Conversation& conversation, const std::string& path);

  const Ec2SdConfig config_;
  const CloudClient& client_;
  const AwsEndpoints endpoints_;
  bool have_keys_ = false;
  Temporary current_;
  std::string region_;
};

// A signed POST of a form to the root of an endpoint.
HttpRequest aws_request(const CloudClient& client, const std::string& endpoint,
                        const std::string& region, const std::string& service,
                        const std::string& form, const AwsKeys* keys);

// "https://ec2.eu-west-1.amazonaws.com"
std::string aws_endpoint(const std::string& service, const std::string& region);

// The keys of a profile in the text of a credentials file; empty ones where it has none.
AwsKeys profile_keys(const std::string& text, const std::string& profile);

}  // namespace hearth
