"""Certificates that tests make for themselves."""
import hashlib
import ssl
import subprocess


def make_certificate(folder, name, host):
    """PEM files NAME.pem and NAME.key for the host; the fingerprint of the certificate."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "3650", "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName=DNS:{host}"], check=True, stderr=subprocess.DEVNULL)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


class Authority:
    """Who signs certificates of clients, and takes them back: files in a folder of its own."""

    def __init__(self, folder, name):
        self.folder = folder / name
        self.folder.mkdir()
        self.name = name
        self.certificate, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                      "-out", self.certificate, "-days", "3650", "-subj", f"/CN={name}")
        (self.folder / "index").touch()
        (self.folder / "config").write_text(f"[ca]\ndefault_ca = own\n[own]\ndatabase = {self.folder}/index\n"
                                            f"certificate = {self.certificate}\nprivate_key = {self.key}\n"
                                            "default_md = sha256\nunique_subject = no\n")

    def issue(self, name, **extensions):
        """Certificate and key of a client, as paths."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        added = [part for which, value in extensions.items() for part in ("-addext", f"{which}={value}")]
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                      "-out", certificate, "-days", "3650", "-subj", f"/CN={name}", "-CA", self.certificate, "-CAkey",
                      self.key, "-addext", "basicConstraints=critical,CA:FALSE", *added)
        return certificate, key

    def vouch(self, name, days=7):
        """An OCSP response that calls the certificate good, in DER; its path."""
        certificate = self.folder / f"{name}.pem"
        serial = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-serial"], check=True, capture_output=True,
                                text=True).stdout.strip().split("=")[1]
        with open(self.folder / "index", "a", encoding="ascii") as index:
            index.write(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN={name}\n")
        request, response = self.folder / f"{name}.request", self.folder / f"{name}.ocsp"
        self._openssl("ocsp", "-issuer", self.certificate, "-cert", certificate, "-no_nonce", "-reqout", request)
        self._openssl("ocsp", "-index", self.folder / "index", "-CA", self.certificate, "-rsigner", self.certificate,
                      "-rkey", self.key, "-ndays", str(days), "-reqin", request, "-respout", response)
        return response

    def revoke(self, name):
        self._openssl("ca", "-config", self.folder / "config", "-revoke", self.folder / f"{name}.pem")

    def list_revoked(self):
        """A list (CRL) of what was revoked so far; its path."""
        path = self.folder / "crl.pem"
        self._openssl("ca", "-config", self.folder / "config", "-gencrl", "-crldays", "30", "-out", path)
        return path

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
