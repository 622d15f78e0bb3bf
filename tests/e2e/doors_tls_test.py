"""TLS of --web.config.file beside a real Prometheus: both servers have one configuration, which is rewritten while
they run, and every kind of client is let in or turned away by both."""

import itertools
import socket
import ssl
import subprocess
import unittest

from certificates import Certificates
from guarded import Guarded
from servers import HEARTHTOOL, EndToEnd, peer, use_prometheus_3
from web_configs import CASES, EMPTY_CONFIG

VERSIONS = {"TLS10": ssl.TLSVersion.TLSv1, "TLS11": ssl.TLSVersion.TLSv1_1, "TLS12": ssl.TLSVersion.TLSv1_2,
            "TLS13": ssl.TLSVersion.TLSv1_3}
CIPHERS = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
           "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
           "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
           "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "AES256-SHA",
           "DHE-RSA-AES128-GCM-SHA256", "NULL-SHA", "ADH-AES128-SHA"]
AUTH_TYPES = ["NoClientCert", "RequestClientCert", "RequireAnyClientCert", "RequireClientCert",
              "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]


def setUpModule():
    use_prometheus_3()


class Tls(Guarded):
    def setUp(self):
        super().setUp()
        self.certificates = Certificates(self.dir)
        for authority in ("ca", "other"):
            self.certificates.authority(authority)
        self.certificates.leaf("ec", "ca")
        self.certificates.leaf("rsa", "ca", key="rsa")
        self.write()
        self.start_both(ready=lambda port: self.outcome(port, path="/-/ready")[0] == 200)

    def write(self, more="", key="ec"):
        self.web_config.write_text(f"tls_server_config:\n  cert_file: {key}.pem\n  key_file: {key}.key\n{more}")

    def outcome(self, port, low="TLS12", high="TLS13", ciphers=None, identity=None, path="/-/healthy", chain=None):
        """(status, TLS version, cipher), or (0, "", "") for a client that was turned away."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers((ciphers or "ALL:COMPLEMENTOFALL") + ":@SECLEVEL=0")
        context.minimum_version, context.maximum_version = VERSIONS[low], VERSIONS[high]
        if identity:
            context.load_cert_chain(chain or self.dir / f"{identity}.pem", self.dir / f"{identity}.key")
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as plain, context.wrap_socket(plain) as client:
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: client.recv(65536), b""))
                if not answer:
                    return 0, "", ""
                return int(answer.split()[1]), client.version(), client.cipher()[0]
        except (ssl.SSLError, ConnectionError):
            return 0, "", ""

    def compare(self, what, **client):
        found = {name: self.outcome(port, **client) for name, port in self.ports.items()}
        self.assertEqual(found["hearth"], found["prometheus"], f"{what}: {client}")
        return found["hearth"]

    def test_versions(self):
        answered = 0
        for low, high in itertools.combinations_with_replacement(VERSIONS, 2):
            self.write(f"  min_version: {low}\n  max_version: {high}\n")
            for version in VERSIONS:
                answered += self.compare(f"{low} to {high}", low=version, high=version)[0] == 200
        self.assertEqual(answered, 20)
        self.write("  min_version: TLS13\n  max_version: TLS12\n")
        self.assertEqual(self.compare("crossed")[0], 0)
        self.write("  min_version: TLS10\n")
        self.assertEqual(self.compare("the best of all", low="TLS10")[1], "TLSv1.3")

    def test_ciphers(self):
        chosen = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"]
        configurations = ["", f"  cipher_suites: [{', '.join(chosen)}]\n", "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
                          "  min_version: TLS10\n"]
        answered = 0
        for key, more in itertools.product(("ec", "rsa"), configurations):
            self.write(more, key)
            for cipher in CIPHERS:
                answered += self.compare(f"{key} {more}", high="TLS12", ciphers=cipher)[0] == 200
            self.compare(f"{key} {more}")
        self.assertGreater(answered, 12)

    def test_client_certificates(self):
        make = self.certificates
        make.leaf("known", "ca", names="DNS:known.example,IP:10.1.2.3,email:a@b.c,URI:spiffe://x/y")
        make.leaf("stranger", "other")
        make.leaf("self", None)
        make.leaf("expired", "ca", days=-1)
        make.leaf("server_only", "ca", use="serverAuth")
        make.leaf("client_only", "ca", use="clientAuth")
        make.leaf("sha1", "ca", digest="sha1")
        make.authority("middle", "ca")
        make.leaf("below", "middle")
        chain = self.dir / "below.chain.pem"
        chain.write_text((self.dir / "below.pem").read_text() + (self.dir / "middle.pem").read_text())
        clients = [dict(identity=name) for name in
                   (None, "known", "stranger", "self", "expired", "server_only", "client_only", "sha1", "below")]
        clients.append(dict(identity="below", chain=chain))
        statuses = set()
        for auth, version in itertools.product(AUTH_TYPES, ("TLS12", "TLS13")):
            self.write(f"  client_auth_type: {auth}\n" +
                       ("  client_ca_file: ca.pem\n" if auth != "NoClientCert" else ""))
            for client in clients:
                statuses.add(self.compare(auth, high=version, **client)[0])
        self.assertEqual(statuses, {0, 200})
        for trusted in ("middle", "self", "known"):
            self.write(f"  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: {trusted}.pem\n")
            for client in clients:
                self.compare(f"trusted is {trusted}", **client)
        for names in ("known.example", "10.1.2.3", "a@b.c", "'spiffe://x/y'", "other.example", "known.example.", "known"):
            for auth in ("RequireAnyClientCert", "RequireAndVerifyClientCert"):
                self.write(f"  client_auth_type: {auth}\n  client_ca_file: ca.pem\n  client_allowed_sans: [{names}]\n")
                for client in clients[:4]:
                    self.compare(f"{names} {auth}", **client)

    def test_certificates_that_change_and_files_that_break(self):
        first = {name: self.certificate(port) for name, port in self.ports.items()}
        self.write(key="rsa")
        for name, port in self.ports.items():
            self.assertNotEqual(self.certificate(port), first[name], name)
        for broken in ("  client_auth_type: foo\n", "  no_such_field: 1\n", "  client_ca_file: no.pem\n"):
            self.write(broken)
            self.assertEqual(self.compare(broken)[0], 0)
        self.write()
        self.assertEqual(self.compare("as at first")[0], 200)

    def certificate(self, port):
        return ssl.get_server_certificate(("127.0.0.1", port))

    def test_clients_that_speak_no_tls(self):
        texts = [b"GET / HTTP/1.1\r\nHost: t\r\n\r\n", b"POST /x HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.0\r\n\r\n",
                 b"OPTIONS * HTTP/1.1\r\n\r\n", b"PUT /x HTTP/1.1\r\n\r\n"]
        for text in texts:
            said = {}
            for name, port in self.ports.items():
                with socket.create_connection(("127.0.0.1", port), 10) as client:
                    client.sendall(text)
                    said[name] = b"".join(iter(lambda: client.recv(65536), b""))
            self.assertEqual(said["hearth"], said["prometheus"], text)
            self.assertTrue(said["hearth"].startswith(b"HTTP/1.0 400 Bad Request"), said)


class Words(EndToEnd):
    """What `check web-config` says of configurations, beside promtool."""

    def test_words(self):
        certificates = Certificates(self.dir)
        certificates.authority("ca")
        certificates.leaf("cert", "ca")
        certificates.leaf("rsa", "ca", key="rsa")
        (self.dir / "noise.txt").write_text("nothing of PEM\n")
        (self.dir / "both.pem").write_text((self.dir / "cert.pem").read_text() + (self.dir / "cert.key").read_text())
        wrong = []
        for name, text in CASES.items():
            path = self.dir / "web.yml"
            path.write_text(text)
            said = []
            for tool in (HEARTHTOOL, peer("promtool")):
                done = subprocess.run([tool, "check", "web-config", "web.yml"], capture_output=True, text=True,
                                      cwd=self.dir)
                said.append((done.returncode, done.stdout, done.stderr))
            if said[0] != said[1]:
                wrong.append(f"{name}:\n  hearthtool {said[0]}\n  promtool   {said[1]}")
        self.assertFalse(wrong, f"{len(wrong)} of {len(CASES)}:\n" + "\n".join(wrong))
        self.assertIn(EMPTY_CONFIG, CASES)


if __name__ == "__main__":
    unittest.main()
