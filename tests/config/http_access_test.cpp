#include "config/http_access.h"

#include <doctest/doctest.h>

#include <atomic>
#include <optional>

#include "core/base64.h"
#include "core/file.h"
#include "core/http_client.h"
#include "tests/core/tls_server.h"
#include "tests/scraper/loopback_server.h"

using namespace hearth;

namespace {

// A client and one place for requests, whose connection is kept.
class Caller {
 public:
  Caller(const HttpClientConfig& config, const std::string& dir)
      : authority_(make_http_authority(config, dir)), slot_(client_.slot()) {}
  explicit Caller(const HttpClientConfig& config) : Caller(config, "/nowhere") {}

  HttpResponse get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.timeout = 10'000;
    request.headers = {"User-Agent: tester"};
    request.authority = authority_;
    std::optional<HttpResponse> response;
    client_.start(*slot_, request, [&](HttpResponse r) { response = std::move(r); });
    while (!response) client_.poll(1000);
    return *response;
  }

 private:
  HttpClient client_{1};
  std::shared_ptr<HttpAuthority> authority_;
  std::unique_ptr<HttpClient::Slot> slot_;
};

// The value of a header in a request; "" when it is not there.
std::string header_of(const std::string& request, const std::string& name) {
  const size_t found = request.find("\r\n" + name + ":");
  if (found == std::string::npos) return "";
  const size_t value = found + 2 + name.size() + 1;
  const std::string text = request.substr(value, request.find("\r\n", value) - value);
  return text.empty() ? "" : text.substr(1);
}

Reply ok(const std::string&) { return http_reply("fine"); }

}  // namespace

TEST_CASE("credentials in files are those that the files have at each request") {
  const TempDir dir;
  LoopbackServer server(ok);
  HttpClientConfig config;
  config.basic_auth.emplace();
  config.basic_auth->username = "u";
  config.basic_auth->password_file = "password";
  Caller caller(config, dir.path());
  write_file(dir.path() + "/password", "one\n");
  caller.get("http://" + server.address());
  write_file(dir.path() + "/password", "two\n");
  caller.get("http://" + server.address());
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(header_of(requests[0], "Authorization") == "Basic " + base64("u:one"));
  CHECK(header_of(requests[1], "Authorization") == "Basic " + base64("u:two"));
  CHECK(server.connections() == 1);
}

TEST_CASE("a file of credentials that is not there is named by the request's error") {
  HttpClientConfig config;
  config.authorization.emplace();
  config.authorization->credentials_file = "/nowhere/token";
  CHECK(Caller(config).get("http://u:secret@127.0.0.1:1/a").error ==
        "Get \"http://u:***@127.0.0.1:1/a\": unable to read authorization credentials: unable to read "
        "file /nowhere/token: open /nowhere/token: no such file or directory");
}

TEST_CASE("http_headers come from values, secrets and files") {
  const TempDir dir;
  write_file(dir.path() + "/c", " from a file \n");
  LoopbackServer server(ok);
  HttpClientConfig config;
  config.http_headers["X-One"] = {{"a", "b"}, {}, {}};
  config.http_headers["X-Two"] = {{}, {{"s"}}, {}};
  config.http_headers["X-Three"] = {{}, {}, {"c"}};
  Caller(config, dir.path()).get("http://" + server.address());
  const std::string request = server.requests().at(0);
  CHECK(request.find("X-One: a\r\nX-One: b\r\n") != std::string::npos);
  CHECK(header_of(request, "X-Two") == "s");
  CHECK(header_of(request, "X-Three") == "from a file");
}

// ---- redirects ---------------------------------------------------------------------------------

TEST_CASE("credentials follow a redirect to the same host, and none to another one, even back") {
  LoopbackServer back(ok);
  LoopbackServer other([&](const std::string&) {
    return http_reply("", "Location: http://" + back.address() + "/back\r\n", "302 Found");
  });
  LoopbackServer server([&](const std::string& request) {
    if (request.starts_with("GET /same")) return http_reply("same");
    const std::string to = request.starts_with("GET /a") ? "/same"
                                                         : "http://localhost" + other.address().substr(9) + "/";
    return http_reply("not this", "Location: " + to + "\r\n", "307 Temporary Redirect");
  });
  HttpClientConfig config;
  config.authorization.emplace();
  config.authorization->credentials.value = "token";
  config.http_headers["X-Tenant"] = {{"t"}, {}, {}};
  Caller caller(config);
  CHECK(caller.get("http://" + server.address() + "/a").body == "same");
  CHECK(header_of(server.requests().at(1), "Authorization") == "Bearer token");
  CHECK(caller.get("http://" + server.address() + "/b").body == "fine");
  CHECK(header_of(other.requests().at(0), "Authorization") == "");
  CHECK(header_of(other.requests().at(0), "X-Tenant") == "t");
  CHECK(header_of(back.requests().at(0), "Authorization") == "");

  config.follow_redirects = false;
  const HttpResponse response = Caller(config).get("http://" + server.address() + "/a");
  CHECK(response.status == 307);
  CHECK(response.body == "not this");
}

TEST_CASE("redirects end after ten") {
  LoopbackServer server([](const std::string&) { return http_reply("", "Location: /x\r\n", "301 Moved"); });
  const HttpResponse response = Caller(HttpClientConfig()).get("http://" + server.address() + "/x");
  CHECK(response.error == "Get \"http://" + server.address() + "/x\": stopped after 10 redirects");
  CHECK(server.requests().size() == 11);
}

// ---- TLS ---------------------------------------------------------------------------------------

TEST_CASE("a server's certificate must be of the authority that ca_file holds now") {
  const TempDir dir;
  const TestIdentity first = make_identity("first"), second = make_identity("second");
  TlsServer server(make_identity("server", &first, "IP:127.0.0.1"),
                   [](const std::string&, const std::string&) { return http_reply("fine").bytes; });
  HttpClientConfig config;
  config.tls_config.ca_file = "ca.pem";
  Caller caller(config, dir.path());
  const std::string url = "https://" + server.address() + "/";
  write_file(dir.path() + "/ca.pem", first.cert);
  CHECK(caller.get(url).body == "fine");
  CHECK(caller.get(url).body == "fine");
  CHECK(server.connections() == 1);
  write_file(dir.path() + "/ca.pem", second.cert);
  CHECK(caller.get(url).error ==
        "Get \"" + url + "\": tls: failed to verify certificate: x509: certificate signed by unknown authority");
  write_file(dir.path() + "/ca.pem", first.cert + second.cert);
  CHECK(caller.get(url).body == "fine");
  write_file(dir.path() + "/ca.pem", "nothing");
  CHECK(caller.get(url).error ==
        "Get \"" + url + "\": unable to use specified CA cert file ca.pem");

  config.tls_config = TlsConfig();
  CHECK(Caller(config).get(url).error.find("certificate signed by unknown authority") != std::string::npos);
  config.tls_config.insecure_skip_verify = true;
  CHECK(Caller(config).get(url).body == "fine");
  config.tls_config = TlsConfig();
  config.tls_config.ca = first.cert;
  CHECK(Caller(config).get(url).body == "fine");
}

TEST_CASE("a client's certificate that was rotated is shown over a new connection") {
  const TempDir dir;
  const TestIdentity ca = make_identity("ca");
  TlsServer server(make_identity("server", &ca, "IP:127.0.0.1"),
                   [](const std::string&, const std::string& client) { return http_reply(client).bytes; }, &ca);
  HttpClientConfig config;
  config.tls_config.ca = ca.cert;
  const std::string url = "https://" + server.address() + "/";
  CHECK(Caller(config).get(url).error.find("remote error: tls: ") != std::string::npos);

  config.tls_config.cert_file = "cert.pem";
  config.tls_config.key_file = "key.pem";
  Caller caller(config, dir.path());
  for (const char* name : {"anna", "berta"}) {
    const TestIdentity client = make_identity(name, &ca, "DNS:client");
    write_file(dir.path() + "/cert.pem", client.cert);
    write_file(dir.path() + "/key.pem", client.key);
    CHECK(caller.get(url).body == name);
    CHECK(caller.get(url).body == name);
  }
  CHECK(server.connections() == 3);
}

TEST_CASE("server_name is the name that a certificate must have") {
  const TestIdentity ca = make_identity("ca");
  TlsServer server(make_identity("server", &ca, "DNS:inner.example"),
                   [](const std::string& request, const std::string&) {
                     return http_reply(header_of(request, "Host")).bytes;
                   });
  HttpClientConfig config;
  config.tls_config.ca = ca.cert;
  const std::string url = "https://" + server.address() + "/";
  CHECK(Caller(config).get(url).error.find("tls: failed to verify certificate: x509: ") != std::string::npos);
  config.tls_config.server_name = "inner.example";
  CHECK(Caller(config).get(url).body == server.address());
}

TEST_CASE("versions of TLS are held to") {
  const TestIdentity ca = make_identity("ca");
  TlsServer server(make_identity("server", &ca, "IP:127.0.0.1"),
                   [](const std::string&, const std::string&) { return http_reply("fine").bytes; }, nullptr,
                   TLS1_2_VERSION);
  HttpClientConfig config;
  config.tls_config.ca = ca.cert;
  const std::string url = "https://" + server.address() + "/";
  CHECK(Caller(config).get(url).body == "fine");
  config.tls_config.min_version = "TLS13";
  CHECK(Caller(config).get(url).error.find("tls: protocol version not supported") != std::string::npos);
  config.tls_config.max_version = "TLS12";
  CHECK(Caller(config).get(url).error.find("tls_config.max_version must be greater than or equal to "
                                           "tls_config.min_version") != std::string::npos);
}

// ---- proxies -----------------------------------------------------------------------------------

TEST_CASE("a proxy gets the whole URL, and what no_proxy names goes past it") {
  LoopbackServer proxy([](const std::string&) { return http_reply("proxied"); });
  LoopbackServer server(ok);
  HttpClientConfig config;
  config.proxy_url = "http://user:pass@" + proxy.address();
  CHECK(Caller(config).get("http://example.test/a").body == "proxied");
  const std::string request = proxy.requests().at(0);
  CHECK(request.starts_with("GET http://example.test/a HTTP/1.1\r\n"));
  CHECK(header_of(request, "Proxy-Authorization") == "Basic " + base64("user:pass"));
  config.no_proxy = "other.test";
  CHECK(Caller(config).get("http://" + server.address()).body == "fine");
}

TEST_CASE("a tunnel is asked for with proxy_connect_header") {
  const TestIdentity ca = make_identity("ca");
  LoopbackServer proxy([](const std::string&) { return http_reply("", "", "403 Forbidden"); });
  HttpClientConfig config;
  config.proxy_url = "http://" + proxy.address();
  config.proxy_connect_header["X-Proxy-Key"] = {{"k1"}, {"k2"}};
  config.authorization.emplace();
  config.authorization->credentials.value = "token";
  CHECK(Caller(config).get("https://example.test/a").error == "Get \"https://example.test/a\": Forbidden");
  const std::string request = proxy.requests().at(0);
  CHECK(request.starts_with("CONNECT example.test:443 HTTP/1.1\r\n"));
  CHECK(request.find("X-Proxy-Key: k1\r\nX-Proxy-Key: k2\r\n") != std::string::npos);
  CHECK(header_of(request, "Authorization") == "");
  CHECK(Caller(config).get("http://example.test/a").status == 403);
  CHECK(header_of(proxy.requests().at(1), "X-Proxy-Key") == "");
}

// ---- oauth2 ------------------------------------------------------------------------------------

namespace {

// Gives out token1, token2, ... to those who know the secret.
struct TokenServer {
  std::atomic<int> given{0};
  std::string expires = "3600";
  bool wants_body = false;
  LoopbackServer server{[this](const std::string& request) { return answer(request); }};

  Reply answer(const std::string& request) {
    const bool in_header = header_of(request, "Authorization") == "Basic " + base64("me%3F:s1");
    const bool in_body = request.find("client_id=me%3F&client_secret=s1") != std::string::npos;
    if (wants_body ? !in_body : !in_header) {
      return http_reply(R"({"error":"invalid_client","error_description":"no \"secret\""})",
                        "Content-Type: application/json\r\n", "401 Unauthorized");
    }
    return http_reply(fmt::format(R"({{"access_token":"token{}","expires_in":{},"token_type":"bearer"}})",
                                  ++given, expires),
                      "Content-Type: application/json\r\n");
  }
  HttpClientConfig config() const {
    HttpClientConfig out;
    out.oauth2.emplace();
    out.oauth2->client_id = "me?";
    out.oauth2->client_secret.value = "s1";
    out.oauth2->token_url = "http://" + server.address() + "/token";
    return out;
  }
};

Reply show_token(const std::string& request) { return http_reply(header_of(request, "Authorization")); }

}  // namespace

TEST_CASE("a token is fetched once and shown until it expires") {
  TokenServer tokens;
  LoopbackServer server(show_token);
  HttpClientConfig config = tokens.config();
  config.oauth2->scopes = {"a", "b"};
  config.oauth2->endpoint_params = {{"audience", "x y"}};
  Caller caller(config);
  CHECK(caller.get("http://" + server.address()).body == "Bearer token1");
  CHECK(caller.get("http://" + server.address()).body == "Bearer token1");
  const auto requests = tokens.server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with("POST /token HTTP/1.1\r\n"));
  CHECK(header_of(requests[0], "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(header_of(requests[0], "User-Agent") == "tester");
  CHECK(requests[0].ends_with("\r\n\r\naudience=x+y&grant_type=client_credentials&scope=a+b"));
}

TEST_CASE("an expired token is fetched anew, ten seconds early") {
  TokenServer tokens;
  tokens.expires = "\"60\"";
  LoopbackServer server(show_token);
  FakeClock clock(1'000'000);
  HttpClient client(1);
  const auto slot = client.slot();
  const auto authority = make_http_authority(tokens.config(), "", clock);
  const auto get = [&] {
    HttpRequest request;
    request.url = "http://" + server.address();
    request.authority = authority;
    std::optional<std::string> body;
    client.start(*slot, request, [&](HttpResponse r) { body = r.error + r.body; });
    while (!body) client.poll(1000);
    return *body;
  };
  CHECK(get() == "Bearer token1");
  clock.advance(49'999);
  CHECK(get() == "Bearer token1");
  clock.advance(1);
  CHECK(get() == "Bearer token2");
}

TEST_CASE("a token comes over TLS and through a proxy of its own, whatever its request has") {
  const TestIdentity ca = make_identity("ca");
  TlsServer secure(make_identity("server", &ca, "IP:127.0.0.1"),
                   [](const std::string&, const std::string&) {
                     return http_reply(R"({"access_token":"secret","token_type":"bearer"})",
                                       "Content-Type: application/json\r\n")
                         .bytes;
                   });
  LoopbackServer server(show_token);
  HttpClientConfig config;
  config.oauth2.emplace();
  config.oauth2->client_id = "me";
  config.oauth2->token_url = "https://" + secure.address() + "/token";
  const std::string url = "http://" + server.address();
  config.tls_config.insecure_skip_verify = true;  // of the server, not of who gives out tokens
  CHECK(Caller(config).get(url).error.find("x509: certificate signed by unknown authority") != std::string::npos);
  config.tls_config.insecure_skip_verify = false;
  config.oauth2->tls_config.ca = ca.cert;
  const HttpResponse shown = Caller(config).get(url);
  CHECK(shown.error + shown.body == "Bearer secret");

  TokenServer tokens;
  config = tokens.config();
  config.oauth2->token_url = "http://tokens.test/token";
  config.oauth2->proxy_url = "http://" + tokens.server.address();
  CHECK(Caller(config).get(url).body == "Bearer token1");
  CHECK(tokens.server.requests().at(0).starts_with("POST http://tokens.test/token HTTP/1.1\r\n"));
}

TEST_CASE("a token that was refused, or whose secret was rotated, is fetched anew") {
  const TempDir dir;
  TokenServer tokens;
  LoopbackServer server([](const std::string& request) {
    const bool good = header_of(request, "Authorization") != "Bearer token1";
    return http_reply(header_of(request, "Authorization"), "", good ? "200 OK" : "401 Unauthorized");
  });
  HttpClientConfig config = tokens.config();
  config.oauth2->client_secret.value = "";
  config.oauth2->client_secret_file = "secret";
  write_file(dir.path() + "/secret", "s1\n");
  Caller caller(config, dir.path());
  const std::string url = "http://" + server.address();
  CHECK(caller.get(url).status == 401);
  CHECK(caller.get(url).body == "Bearer token2");
  CHECK(caller.get(url).body == "Bearer token2");
  write_file(dir.path() + "/secret", "s2\n");
  CHECK(caller.get(url).error == "Get \"" + url + R"(": oauth2: "invalid_client" "no \"secret\"")");
  write_file(dir.path() + "/secret", "s1\n");
  CHECK(caller.get(url).body == "Bearer token3");
}

TEST_CASE("credentials are tried in the body where a token server does not take them in the header") {
  TokenServer tokens;
  tokens.wants_body = true;
  LoopbackServer server(show_token);
  Caller caller(tokens.config());
  CHECK(caller.get("http://" + server.address()).body == "Bearer token1");
  CHECK(tokens.server.requests().size() == 2);
}

TEST_CASE("requests that wait for the same token share one fetch, also when who fetches it goes away") {
  TokenServer tokens;
  LoopbackServer server(show_token);
  HttpClient client(4);
  HttpRequest request;
  request.url = "http://" + server.address();
  request.authority = make_http_authority(tokens.config(), "");
  std::vector<std::unique_ptr<HttpClient::Slot>> slots;
  std::vector<std::string> answers;
  for (int i = 0; i < 20; ++i) {
    slots.push_back(client.slot());
    client.start(*slots.back(), request, [&](HttpResponse r) { answers.push_back(r.error + r.body); });
  }
  slots.erase(slots.begin());
  slots.erase(slots.begin() + 5);
  while (answers.size() < 18) client.poll(1000);
  for (const std::string& answer : answers) CHECK(answer.starts_with("Bearer token"));
  CHECK(tokens.given <= 2);
}

TEST_CASE("what is wrong with a token is told by every request that needs it") {
  LoopbackServer tokens([](const std::string&) { return http_reply("<html>", "", "502 Bad Gateway"); });
  HttpClientConfig config;
  config.oauth2.emplace();
  config.oauth2->client_id = "me";
  config.oauth2->token_url = "http://" + tokens.address();
  CHECK(Caller(config).get("http://127.0.0.1:1/").error ==
        "Get \"http://127.0.0.1:1/\": oauth2: cannot fetch token: 502 Bad Gateway\nResponse: <html>");
  config.oauth2->token_url = "http://127.0.0.1:1/token";
  CHECK(Caller(config).get("http://127.0.0.1:1/").error ==
        "Get \"http://127.0.0.1:1/\": Post \"http://127.0.0.1:1/token\": dial tcp 127.0.0.1:1: connect: "
        "connection refused");
  LoopbackServer empty([](const std::string&) { return http_reply("{}"); });
  config.oauth2->token_url = "http://" + empty.address();
  CHECK(Caller(config).get("http://127.0.0.1:1/").error.ends_with("oauth2: server response missing access_token"));
}

TEST_CASE("an assertion that the client signed is traded for a token") {
  LoopbackServer tokens([](const std::string&) {
    return http_reply("access_token=abc&expires_in=60", "Content-Type: application/x-www-form-urlencoded\r\n");
  });
  LoopbackServer server(show_token);
  EVP_PKEY* key = EVP_RSA_gen(2048);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  HttpClientConfig config;
  config.oauth2.emplace();
  config.oauth2->grant_type = kJwtBearer;
  config.oauth2->client_id = "me";
  config.oauth2->client_certificate_key.value = pem_text(bio);
  config.oauth2->client_certificate_key_id = "k1";
  config.oauth2->signature_algorithm = "RS384";
  config.oauth2->claims = {{"tenant", "t"}};
  config.oauth2->token_url = "http://" + tokens.address() + "/token";
  CHECK(Caller(config).get("http://" + server.address()).body == "Bearer abc");

  const std::string request = tokens.requests().at(0);
  const size_t begin = request.find("\r\n\r\nassertion=") + 14;
  const size_t end = request.find('&', begin);
  CHECK(request.substr(end) == "&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer");
  const std::string assertion = request.substr(begin, end - begin);
  const size_t dot = assertion.rfind('.');
  CHECK(assertion.starts_with(base64_url(R"({"alg":"RS384","kid":"k1","typ":"JWT"})") + "."));
  std::string signature;
  for (const char c : assertion.substr(dot + 1)) signature += c == '-' ? '+' : c == '_' ? '/' : c;
  signature.resize((signature.size() + 3) / 4 * 4, '=');
  std::vector<unsigned char> bytes(signature.size());
  EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(signature.data()),
                  static_cast<int>(signature.size()));
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(digest, nullptr, EVP_sha384(), nullptr, key);
  CHECK(EVP_DigestVerify(digest, bytes.data(), 256, reinterpret_cast<const unsigned char*>(assertion.data()),
                         dot) == 1);
  EVP_MD_CTX_free(digest);
  EVP_PKEY_free(key);

  config.oauth2->client_certificate_key.value = "no key";
  CHECK(Caller(config).get("http://" + server.address()).error.find("Key must be a PEM encoded") !=
        std::string::npos);
}
