#include "web/tls_wire.h"

#include <doctest/doctest.h>

#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "tests/web/test_server.h"
#include "tests/web/tls_client.h"
#include "web/front.h"
#include "web/listen.h"

using namespace hearth;
using namespace hearth::web;

namespace {

// A folder with certificates and a configuration that names them.
struct TlsFiles {
  TlsFiles() {
    write("cert.pem", server.cert);
    write("key.pem", server.key);
    write("ca.pem", authority.cert);
    configure("");
  }
  void write(const std::string& name, const std::string& text) const {
    write_file(dir.path() + "/" + name, text);
  }
  void configure(const std::string& more) const {
    write("web.yml", "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n" + more);
  }
  std::string path() const { return dir.path() + "/web.yml"; }
  Options options() const {
    Options options;
    options.web_config_file = path();
    return options;
  }

  const TempDir dir;
  const TestIdentity authority = make_identity("authority");
  const TestIdentity server = make_identity("server", &authority, "IP:127.0.0.1");
};

// The status of a request, 0 where the connection was refused.
int status(int port, const TlsClientOptions& options = {}) {
  return TlsClient(port, options).get("/-/healthy").status;
}

std::string refusal(const TlsFiles& files, const std::string& more) {
  files.configure(more);
  try {
    check_web_config(files.path());
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("requests are answered under TLS 1.2 and 1.3, with HTTP/1.1 chosen of what is offered") {
  const TlsFiles files;
  const TestServer server(files.options());
  TlsClient client(server.port, {0, 0, "", std::string("\x02h2\x08http/1.1")});
  CHECK(client.version() == "TLSv1.3");
  CHECK(client.protocol() == "http/1.1");
  CHECK(client.server_name() == "server");
  for (int i = 0; i < 3; ++i) CHECK(client.get("/-/healthy").status == 200);
  TlsClient older(server.port, {0, TLS1_2_VERSION, "", ""});
  CHECK(older.version() == "TLSv1.2");
  CHECK(older.protocol() == "");
  CHECK(older.get("/-/healthy").status == 200);
  CHECK_FALSE(older.renegotiates());
  CHECK(status(server.port, {0, TLS1_1_VERSION, "", ""}) == 0);
  CHECK(status(server.port, {0, 0, "", std::string("\x02h2")}) == 0);
}

TEST_CASE("versions, ciphers and curves are those of the configuration") {
  const TlsFiles files;
  files.configure("  min_version: TLS10\n  max_version: TLS11\n");
  {
    const TestServer server(files.options());
    CHECK(status(server.port, {0, TLS1_VERSION, "", ""}) == 200);
    CHECK(status(server.port, {TLS1_1_VERSION, TLS1_1_VERSION, "", ""}) == 200);
    CHECK(status(server.port, {TLS1_2_VERSION, 0, "", ""}) == 0);
  }
  files.configure(
      "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n");
  const TestServer server(files.options());
  CHECK(status(server.port, {0, 0, "ECDHE-ECDSA-AES256-GCM-SHA384", ""}) == 200);
  CHECK(status(server.port, {0, 0, "ECDHE-ECDSA-AES128-GCM-SHA256", ""}) == 0);
  files.configure("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n");  // read without a restart
  CHECK(status(server.port, {0, TLS1_2_VERSION, "", ""}) == 0);
  CHECK(status(server.port) == 200);
}

TEST_CASE("a client that speaks plain HTTP is told so as Go tells it") {
  const TlsFiles files;
  const TestServer server(files.options());
  RawClient plain(server.port);
  plain.send("GET / HT");
  const Reply reply = plain.read();
  CHECK(reply.status == 400);
  CHECK_FALSE(plain.closed());  // the text has no length
  RawClient noise(server.port);
  noise.send("garbage that is no handshake");
  while (noise.read().status != 0) {
  }
  CHECK(status(server.port) == 200);
}

TEST_CASE("every kind of client_auth_type lets in whom it says") {
  const TlsFiles files;
  const TestIdentity known = make_identity("known", &files.authority, "DNS:known");
  const TestIdentity stranger = make_identity("stranger", nullptr, "DNS:stranger");
  const TlsClientOptions none, good{0, 0, "", "", &known}, bad{0, 0, "", "", &stranger};
  const TestServer server(files.options());
  const struct {
    const char* type;
    bool none, stranger;
  } cases[] = {{"RequestClientCert", true, true},
               {"RequireAnyClientCert", false, true},
               {"RequireClientCert", false, true},
               {"VerifyClientCertIfGiven", true, false},
               {"RequireAndVerifyClientCert", false, false}};
  for (const auto& c : cases) {
    CAPTURE(c.type);
    files.configure("  client_ca_file: ca.pem\n  client_auth_type: " + std::string(c.type) + "\n");
    CHECK(status(server.port, good) == 200);
    CHECK(status(server.port, none) == (c.none ? 200 : 0));
    CHECK(status(server.port, bad) == (c.stranger ? 200 : 0));
    TlsClientOptions older = bad;
    older.max_version = TLS1_2_VERSION;
    CHECK(status(server.port, older) == (c.stranger ? 200 : 0));
  }
  files.configure("  client_auth_type: NoClientCert\n");
  CHECK(status(server.port, bad) == 200);
}

TEST_CASE("client_allowed_sans lets in those who have one of the names") {
  const TlsFiles files;
  const TestServer server(files.options());
  const std::string auth =
      "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n"
      "  client_allowed_sans: ";
  const auto with = [&](const std::string& names, const std::string& allowed) {
    files.configure(auth + allowed + "\n");
    const TestIdentity client = make_identity("client", &files.authority, names);
    return status(server.port, {0, 0, "", "", &client});
  };
  CHECK(with("DNS:a.example,DNS:b.example", "[b.example]") == 200);
  CHECK(with("DNS:a.example", "[b.example]") == 0);
  CHECK(with("IP:10.0.0.1", "[10.0.0.1]") == 200);
  CHECK(with("IP:2001:db8::1", "['2001:db8::1']") == 200);
  CHECK(with("email:a@b.c", "[a@b.c]") == 200);
  CHECK(with("URI:spiffe://x/y", "['spiffe://x/y']") == 200);
  CHECK(with("URI:spiffe://x/y", "['spiffe://x']") == 0);
  const TestIdentity named = make_identity("client", &files.authority, "DNS:a");
  files.configure("  client_auth_type: RequestClientCert\n  client_allowed_sans: [a]\n");
  CHECK(status(server.port, {0, 0, "", "", &named}) == 200);
  CHECK(status(server.port) == 0);  // who shows nothing has no name
}

TEST_CASE("certificates and authorities are read again without a restart") {
  const TlsFiles files;
  files.configure("  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n");
  const TestServer server(files.options());
  const TestIdentity client = make_identity("client", &files.authority, "DNS:c");
  TlsClient before(server.port, {0, 0, "", "", &client});
  REQUIRE(before.get("/-/healthy").status == 200);
  const TestIdentity other = make_identity("other authority");
  const TestIdentity renewed = make_identity("renewed", &other, "IP:127.0.0.1");
  files.write("cert.pem", renewed.cert);
  CHECK(status(server.port, {0, 0, "", "", &client}) == 0);  // its key is not there yet
  files.write("key.pem", renewed.key);
  TlsClient after(server.port, {0, 0, "", "", &client});
  CHECK(after.server_name() == "renewed");
  CHECK(after.get("/-/healthy").status == 200);
  files.write("ca.pem", other.cert);
  CHECK(status(server.port, {0, 0, "", "", &client}) == 0);
  const TestIdentity its = make_identity("its", &other, "DNS:c");
  CHECK(status(server.port, {0, 0, "", "", &its}) == 200);
  CHECK(before.get("/-/healthy").status == 200);  // who was in stays in
}

TEST_CASE("large answers and slow readers under TLS") {
  const TlsFiles files;
  WebConfigFile file(files.path());
  const std::string large(5'000'000, 'y');
  const int listener = listen_on("127.0.0.1:0");
  const int port = bound_port(listener);
  FrontOptions options;
  options.workers = 2;
  Front front(
      options, {listener},
      [&](Incoming& incoming, Outbox& out) {
        const std::string body = incoming.head.path == "/large" ? large : incoming.body;
        out.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
        out.write(body);
      },
      [](const RequestHead&) { return Workers::Weight::kLight; },
      [&file](int fd) { return std::make_unique<TlsWire>(fd, file); });
  front.start();
  const std::string get = "GET /large HTTP/1.1\r\nHost: t\r\n\r\n";
  std::vector<std::unique_ptr<TlsClient>> slow;
  for (int i = 0; i < 6; ++i) {
    slow.push_back(std::make_unique<TlsClient>(port, TlsClientOptions{}, 4096));
    slow.back()->send(get + get);
  }
  const std::string body(1'000'000, 'b');
  TlsClient client(port);
  CHECK(
      client.request("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n" + body).body ==
      body);
  for (int i = 0; i < 2; ++i) CHECK(slow[3]->read().body == large);
  slow[4]->hang_up();
  CHECK(client.request(get).body == large);
  front.stop();
}

TEST_CASE("a handshake that does not go on is cut off, and does not hold up others") {
  const TlsFiles files;
  Options options = files.options();
  options.head_timeout = 50;
  const TestServer server(options);
  RawClient silent(server.port), dripping(server.port);
  dripping.send("\x16\x03\x01");
  CHECK(status(server.port) == 200);
  CHECK(silent.closed());
  CHECK(dripping.closed());
}

TEST_CASE("what is wrong with certificates and keys is told in Go's words") {
  const TlsFiles files;
  files.write("other.pem", make_identity("other", nullptr, "DNS:o").key);
  files.write("text.txt", "no PEM at all");
  const std::string pair = "failed to load X509KeyPair: ";
  const auto only = [&](const std::string& text) {
    files.write("web.yml", "tls_server_config:\n" + text);
    try {
      check_web_config(files.path());
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  const std::string cert = "  cert_file: cert.pem\n", key = "  key_file: key.pem\n";
  CHECK(only(cert + key) == "");
  CHECK(only(cert) == "missing one of key or key_file");
  CHECK(only(key) == "missing one of cert or cert_file");
  CHECK(only("  client_auth_type: NoClientCert\n") == "missing one of cert or cert_file");
  const std::string missing = files.dir.path() + "/no.pem";
  CHECK(only("  cert_file: no.pem\n" + key) == "failed to read cert_file (" + missing + "): open " +
                                                   missing + ": no such file or directory");
  CHECK(only(cert + "  key_file: no.pem\n") == "failed to read key_file (" + missing + "): open " +
                                                   missing + ": no such file or directory");
  CHECK(only(cert + "  key_file: other.pem\n") ==
        pair + "tls: private key does not match public key");
  CHECK(only("  cert_file: key.pem\n" + key) ==
        pair +
            "tls: failed to find certificate PEM data in certificate input, but did find a "
            "private key; PEM inputs may have been switched");
  CHECK(only(cert + "  key_file: cert.pem\n") ==
        pair + "tls: found a certificate rather than a key in the PEM for the private key");
  CHECK(only("  cert_file: text.txt\n" + key) ==
        pair + "tls: failed to find any PEM data in certificate input");
  CHECK(only(cert + "  key_file: text.txt\n") ==
        pair + "tls: failed to find any PEM data in key input");
  CHECK(refusal(files, "  client_auth_type: foo\n") == "invalid ClientAuth: foo");
  CHECK(refusal(files, "  client_ca_file: ca.pem\n") ==
        "client CA's have been configured without a Client Auth Policy");
  CHECK(refusal(files, "  client_ca: x\n  client_auth_type: RequireAndVerifyClientCert\n") == "");
}
