// Tokens for the Azure Resource Manager.
#pragma once

#include <string>

#include "config/azure_sd.h"
#include "scraper/discovery/cloud_client.h"

namespace hearth {

// Places without a slash at their end: "https://login.microsoftonline.com".
struct AzureCloud {
  std::string login, management, metadata;
};

// By the name of an environment. Throws Error(kBadData).
AzureCloud azure_cloud(const std::string& environment);

// By the configured method. Throws Error.
CachedToken::Fetched fetch_azure_token(Conversation& conversation, const CloudClient& client,
                                       const AzureSdConfig& config, const AzureCloud& cloud);

}  // namespace hearth
