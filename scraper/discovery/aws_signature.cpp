#include "scraper/discovery/aws_signature.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace hearth {
namespace {

std::string sha256(std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size,
             EVP_sha256(), nullptr);
  out.resize(size);
  return out;
}

std::string hmac(const std::string& key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(out.data()), &size);
  out.resize(size);
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

std::map<std::string, std::string> aws_signature(const AwsRequest& request, const AwsKeys& keys) {
  std::map<std::string, std::string> signed_headers = {{"host", request.host},
                                                       {"x-amz-date", request.time}};
  if (!request.content_type.empty()) signed_headers["content-type"] = request.content_type;
  if (!keys.session_token.empty()) signed_headers["x-amz-security-token"] = keys.session_token;
  std::string lines, names;
  for (const auto& [name, value] : signed_headers) {
    lines += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical =
      "POST\n" + request.path + "\n\n" + lines + "\n" + names + "\n" + hex(sha256(request.body));
  const std::string date = request.time.substr(0, 8);
  const std::string scope = date + "/" + request.region + "/" + request.service + "/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + request.time + "\n" + scope + "\n" + hex(sha256(canonical));
  const std::string key =
      hmac(hmac(hmac(hmac("AWS4" + keys.secret_key, date), request.region), request.service),
           "aws4_request");
  std::map<std::string, std::string> headers = {
      {"X-Amz-Date", request.time},
      {"Authorization",
       fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                   keys.access_key, scope, names, hex(hmac(key, to_sign)))}};
  if (!keys.session_token.empty()) headers["X-Amz-Security-Token"] = keys.session_token;
  return headers;
}

std::string aws_time(int64_t seconds_since_epoch) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(seconds_since_epoch)));
}

}  // namespace hearth
