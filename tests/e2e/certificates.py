"""Certificates for end-to-end tests, made by the openssl program."""

import shutil
import subprocess
import unittest


class Certificates:
    """Makes <name>.pem and <name>.key in `folder`."""

    def __init__(self, folder):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("the openssl program is not there; apt-get install openssl")
        self.folder = folder

    def path(self, file):
        return str(self.folder / file)

    def authority(self, name, issuer=None):
        return self._make(name, issuer, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")

    def leaf(self, name, issuer, names="DNS:localhost,IP:127.0.0.1", days=10, key="ec", use="", digest="sha256"):
        extensions = f"basicConstraints=CA:FALSE\nsubjectAltName={names}\n"
        if use:
            extensions += f"extendedKeyUsage={use}\n"
        return self._make(name, issuer, extensions, days, key, digest)

    def _make(self, name, issuer, extensions, days=10, key="ec", digest="sha256"):
        kind = ["-newkey", "rsa:2048"] if key == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._run("req", "-new", *kind, "-nodes", "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr"),
                  "-subj", f"/CN={name}")
        (self.folder / f"{name}.ext").write_text(extensions)
        signer = (["-CA", self.path(f"{issuer}.pem"), "-CAkey", self.path(f"{issuer}.key"), "-CAcreateserial"]
                  if issuer else ["-signkey", self.path(f"{name}.key")])
        self._run("x509", "-req", "-in", self.path(f"{name}.csr"), *signer, "-days", str(days), f"-{digest}",
                  "-extfile", self.path(f"{name}.ext"), "-out", self.path(f"{name}.pem"))
        return name

    @staticmethod
    def _run(*words):
        done = subprocess.run(["openssl", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"openssl {words}: {done.stderr}")
