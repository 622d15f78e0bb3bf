#include "config/http_access.h"

#include <algorithm>
#include <optional>

#include "config/fresh_file.h"
#include "config/http_settings.h"
#include "config/oauth2.h"
#include "core/base64.h"
#include "core/error.h"

namespace hearth {
namespace {

bool has_authorization(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const std::string& header) {
    return equals_ignoring_case(std::string_view(header).substr(0, header.find(':')), "Authorization");
  });
}

// One thread, that of its client.
class ConfiguredAuthority final : public HttpAuthority {
 public:
  ConfiguredAuthority(const HttpClientConfig& config, const std::string& dir, Clock& clock)
      : config_(config), files_(dir) {
    if (config_.oauth2) token_.emplace(*config_.oauth2, clock);
  }

  std::optional<HttpRequest> complete(HttpRequest& request) override {
    set_tls_options(config_.tls_config, files_, request.options);
    set_proxy_options(config_, request.options);
    request.options.follow_redirects = config_.follow_redirects;
    request.options.enable_http2 = config_.enable_http2;
    if (!has_authorization(request)) {
      if (token_) {
        if (std::optional<HttpRequest> first = token_->request_if_needed(files_)) {
          for (const std::string& header : request.headers) {
            if (header.starts_with("User-Agent:")) first->headers.push_back(header);
          }
          return first;
        }
        request.headers.push_back("Authorization: " + token_->authorization());
      } else {
        add_credentials(request);
      }
    }
    add_headers(request);
    return std::nullopt;
  }

  // What files say may change.
  bool is_constant() const override {
    const TlsConfig& tls = config_.tls_config;
    const auto& basic = config_.basic_auth;
    const auto& authorization = config_.authorization;
    const bool has_files =
        !tls.ca_file.empty() || !tls.cert_file.empty() || !tls.key_file.empty() ||
        (basic && !(basic->username_file.empty() && basic->password_file.empty())) ||
        (authorization && !authorization->credentials_file.empty()) ||
        std::any_of(config_.http_headers.begin(), config_.http_headers.end(),
                    [](const auto& header) { return !header.second.files.empty(); });
    return !token_ && !has_files;
  }

  void learn(const HttpResponse& response) override { token_->learn(response); }
  void refused() override {
    if (token_) token_->forget();
  }

 private:
  std::string secret(const std::string& value, const std::string& file, const std::string& what) {
    try {
      return value.empty() && !file.empty() ? files_.text(file) : value;
    } catch (const Error& error) {
      throw Error(error.kind(), "unable to read " + what + ": " + error.what());
    }
  }

  void add_credentials(HttpRequest& request) {
    std::string value;
    if (const auto& basic = config_.basic_auth) {
      const std::string username = secret(basic->username, basic->username_file, "basic auth username");
      const std::string password = secret(basic->password.value, basic->password_file, "basic auth password");
      value = "Basic " + base64(username + ":" + password);
    } else if (const auto& authorization = config_.authorization) {
      value = authorization->type + " " + secret(authorization->credentials.value, authorization->credentials_file,
                                                 "authorization credentials");
    } else {
      return;
    }
    add_header(request, "Authorization", value);
  }

  void add_headers(HttpRequest& request) {
    for (const auto& [name, header] : config_.http_headers) {
      for (const std::string& value : header.values) add_header(request, name, value);
      for (const Secret& value : header.secrets) add_header(request, name, value.value);
      for (const std::string& file : header.files) {
        add_header(request, name, secret("", file, "headers file " + file));
      }
    }
  }

  static void add_header(HttpRequest& request, const std::string& name, const std::string& value) {
    for (const char c : value) {
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
        throw Error(ErrorKind::kBadData, "net/http: invalid header field value for \"" + name + "\"");
      }
    }
    request.headers.push_back(header_line(name, value));
  }

  const HttpClientConfig config_;
  FreshFiles files_;
  std::optional<OAuth2Token> token_;
};

}  // namespace

std::shared_ptr<HttpAuthority> make_http_authority(const HttpClientConfig& config, const std::string& dir,
                                                   Clock& clock) {
  return std::make_shared<ConfiguredAuthority>(config, dir, clock);
}

std::shared_ptr<HttpAuthority> HttpAuthorities::of(const HttpClientConfig& config) {
  std::erase_if(known_, [](const auto& known) { return known.second.expired(); });
  for (const auto& [known, authority] : known_) {
    if (known == config) return authority.lock();
  }
  std::shared_ptr<HttpAuthority> made = make_http_authority(config, dir_);
  known_.emplace_back(config, made);
  return made;
}

}  // namespace hearth
