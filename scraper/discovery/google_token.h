// Tokens for Google's APIs, from the credentials that the Google SDKs find.
#pragma once

#include <string>

#include "scraper/discovery/cloud_client.h"

namespace hearth {

// The text of the credentials file that the environment or the home directory has; "" where there
// is none: the metadata server is asked then. Throws Error(kIo) for a file that is named and cannot
// be read.
std::string google_credentials_text();

// Of a service account, an authorized user, or (without credentials) the machine. Throws Error.
CachedToken::Fetched fetch_google_token(Conversation& conversation, const CloudClient& client,
                                        const std::string& credentials,
                                        const std::string& metadata_server);

}  // namespace hearth
