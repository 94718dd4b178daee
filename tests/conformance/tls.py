#!/usr/bin/env python3
"""Asks tlsfuzzer and testssl.sh what they think of Seki's HTTPS.

    tests/conformance/tls.py --tlsfuzzer ~/tlsfuzzer --tlslite ~/tlslite-ng --ecdsa ~/python-ecdsa --testssl ~/testssl.sh

The arguments are checkouts of tlsfuzzer/tlsfuzzer, tlsfuzzer/tlslite-ng, tlsfuzzer/python-ecdsa (not needed where Python has
the package ecdsa) and testssl/testssl.sh; what is not there is skipped, visibly. `--only test-tls13-ccs.py`, which may be
given several times, asks only these scripts of tlsfuzzer. The binary is $SEKI_BINARY, or build/release/seki.

Each script of tlsfuzzer in SCRIPTS has to pass, but for the conversations that are named there with the reason, and
testssl.sh may have no finding of MEDIUM or worse but those in ACCEPTED. docs/tls.md has a summary.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "process"))

from backend import Backend  # noqa: E402
from harness import Seki, free_port  # noqa: E402

HOST = "localhost"
BAD = ("MEDIUM", "HIGH", "CRITICAL")
# What says something of the certificate of this test, which signs itself, of its backend, and of a machine without DNS.
ACCEPTED = {"cert_chain_of_trust", "cert_revocation", "cert_caIssuers", "cert_expirationStatus", "cert_extlifeSpan",
            "cert_crlDistributionPoints", "cert_ocspURL", "DNS_CAArecord", "OCSP_stapling", "overall_grade", "cert_trust",
            "grade_cap_reason_1", "grade_cap_reason_2", "grade_cap_reason_3", "cert_validityPeriod", "cert_ocspRevoked",
            "security_headers"}

RSA, ECDSA = "rsa", "ecdsa"


class Script:
    """`excepted`: conversations that fail, and why they may."""

    def __init__(self, *options, kind=RSA, excepted=None):
        self.options = options
        self.kind = kind
        self.excepted = excepted or {}


# Of TLS 1.2. Scripts that cannot be told a cipher want RSA key exchange or CBC, of which Seki has neither.
AEAD = ("-C", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
ONLY_AEAD = "the client has no cipher that Seki has"
OPENSSLS_ALERT = "OpenSSL ends it with another alert"
OTHER_GROUPS = "Seki has not this group"
SCRIPTS = {
    "test-tls13-conversation.py": Script(kind=ECDSA),
    "test-tls13-ccs.py": Script(),
    "test-tls13-connection-abort.py": Script(excepted={
        "After NewSessionTicket": "the client does not say how it would resume a session, and gets no ticket"}),
    "test-tls13-empty-alert.py": Script(),
    "test-tls13-finished.py": Script(),
    "test-tls13-finished-plaintext.py": Script(),
    "test-tls13-hrr.py": Script(),
    "test-tls13-invalid-ciphers.py": Script(),
    "test-tls13-keyshare-omitted.py": Script(),
    "test-tls13-keyupdate.py": Script(excepted=dict.fromkeys(
        ("fragmented keyupdate msg", *(f"{part}/{5 - part} fragmented keyupdate msg, appdata between" for part in range(1, 5)),
         "two KeyUpdates, first fragmented, second fragment under new keys together with second KeyUpdate"),
        "a KeyUpdate in parts is refused")),
    "test-tls13-legacy-version.py": Script(excepted={"version (3, 0)": OPENSSLS_ALERT}),
    "test-tls13-multiple-ccs-messages.py": Script(),
    "test-tls13-nociphers.py": Script(),
    "test-tls13-record-layer-limits.py": Script(),
    "test-tls13-record-padding.py": Script(),
    "test-tls13-serverhello-random.py": Script(excepted=dict.fromkeys(
        (f"TLS 1.3 with {group}" for group in (
            "secp521r1", "x448", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192")), OTHER_GROUPS)),
    "test-tls13-session-resumption.py": Script(excepted={
        "sanity - TLS 1.2": ONLY_AEAD,
        "use TLS 1.2 ticket in TLS 1.3": ONLY_AEAD,
        "session resumption - PSK_ONLY": "a session is resumed with a new key exchange or not at all"}),
    "test-tls13-unencrypted-alert.py": Script(),
    "test-tls13-zero-content-type.py": Script(),
    "test-tls13-zero-length-data.py": Script(),
    "test-early-application-data.py": Script(*AEAD),
    "test-fuzzed-ciphertext.py": Script(*AEAD),
    "test-invalid-content-type.py": Script(*AEAD),
    "test-record-layer-fragmentation.py": Script(*AEAD),
    "test-renegotiation-disabled.py": Script(*AEAD, excepted=dict.fromkeys(
        (f"try {how} renegotiation with {what}" for how in ("insecure (legacy)", "secure")
         for what in ("GET after 2nd CH", "incomplete GET")), "the connection ends with the alert no_renegotiation")),
    "test-truncating-of-client-hello.py": Script(*AEAD, excepted=dict.fromkeys(
        ('huge pad: 131584 of "0" byte padding', 'max pad: 16777021 of "0" byte padding'), OPENSSLS_ALERT)),
    "test-zero-length-data.py": Script(*AEAD),
    "test-version-numbers.py": Script(*AEAD),
    "test-invalid-compression-methods.py": Script(*AEAD, excepted=dict.fromkeys(
        ("invalid compression methods", "only deflate compression method"), OPENSSLS_ALERT)),
    "test-ccs.py": Script(*AEAD),
}


def make_certificate(folder, kind):
    options = {RSA: ["rsa:2048"], ECDSA: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}[kind]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *options, "-nodes", "-keyout", folder / f"{kind}.key", "-out",
                    folder / f"{kind}.pem", "-days", "90", "-subj", f"/CN={HOST}", "-addext",
                    f"subjectAltName=DNS:{HOST}"], check=True, stderr=subprocess.DEVNULL)


class Server:
    """Seki with a listener for each kind of certificate."""

    def __init__(self):
        self.backend = Backend("backend")
        self.seki = Seki()
        self.addresses = {}
        listeners, frontends = [], []
        for kind in (ECDSA, RSA):
            address = self.addresses[kind] = f"{self.seki.ip}:{free_port(self.seki.ip)}"
            make_certificate(self.seki.folder, kind)
            listeners.append(f'[[listeners]]\nprotocol = "https"\naddress = "{address}"\ncertificate = "{kind}.pem"\n'
                             f'key = "{kind}.key"\nstrict_sni_binding = false\n')
            frontends.append(f'{{ address = "{address}", hostname = "*" }}')
        self.seki.body = "\n".join(listeners) + f"""
[clusters.web]
protocol = "http"
backends = [{{ address = "{self.backend.text}" }}]
frontends = [{", ".join(frontends)}]
"""

    def __enter__(self):
        self.seki.start()
        return self

    def __exit__(self, *_):
        self.seki.stop()
        self.backend.close()
        self.seki.remove()


def ask_testssl(checkout, server):
    """How many findings are bad."""
    bad = 0
    for kind, address in server.addresses.items():
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.json"
            subprocess.run(["bash", checkout / "testssl.sh", "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none",
                            "--openssl", "/usr/bin/openssl", "--jsonfile", report, f"https://{address}/"], check=False,
                           stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            findings = json.loads(report.read_text()) if report.exists() else []
        # It wants programs that ask the DNS, whether or not it has a question.
        stopped = [finding["finding"] for finding in findings if finding["severity"] == "FATAL"]
        if stopped or not findings:
            print(f"testssl {kind}: skipped, it cannot run here: {' '.join(stopped)}")
            continue
        for finding in findings:
            if finding["severity"] in BAD:
                accepted = finding["id"].split(" ")[0] in ACCEPTED
                bad += not accepted
                print(f"testssl {kind}: {finding['severity']} {finding['id']}: {finding['finding']}"
                      f"{' (accepted)' if accepted else ''}")
        print(f"testssl {kind}: {len(findings)} findings", flush=True)
    return bad


def said_of_failures(text):
    """The reasons that a script gives, each once, and the names of what failed."""
    lines = text.splitlines()
    reasons = dict.fromkeys(line.strip() for line in lines if "Error: " in line)
    begin = lines.index("FAILED:") if "FAILED:" in lines else len(lines)
    return [*reasons, *dict.fromkeys(line.strip() for line in lines[begin:begin + 12])]


def ask_tlsfuzzer(asked, server):
    """How many scripts fail."""
    bad = 0
    libraries = [asked.tlsfuzzer, asked.tlslite, *([asked.ecdsa / "src"] if asked.ecdsa else [])]
    path = os.pathsep.join([*map(str, libraries), os.environ.get("PYTHONPATH", "")])
    for name, script in SCRIPTS.items():
        if asked.only and name not in asked.only:
            continue
        host, port = server.addresses[script.kind].split(":")
        leave_out = [word for conversation in script.excepted for word in ("-e", conversation)]
        command = [sys.executable, asked.tlsfuzzer / "scripts" / name, "-h", host, "-p", port, *script.options, *leave_out]
        try:
            done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
                                  timeout=900)
            well, said = done.returncode == 0, done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            well, said = False, "no end"
        print(f"tlsfuzzer {name}: {'passed' if well else 'FAILED'}", flush=True)
        for conversation, why in script.excepted.items():
            print(f"    without '{conversation}': {why}")
        if not well:
            bad += 1
            print("\n".join("    " + line for line in said_of_failures(said)))
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("testssl", "tlsfuzzer", "tlslite", "ecdsa"):
        parser.add_argument(f"--{name}", type=lambda text: pathlib.Path(text).expanduser().resolve())
    parser.add_argument("--only", action="append", help="this script of tlsfuzzer")
    asked = parser.parse_args()
    bad = 0
    with Server() as server:
        if asked.tlsfuzzer and asked.tlslite:
            bad += ask_tlsfuzzer(asked, server)
        else:
            print("tlsfuzzer: skipped, it is not there")
        if asked.testssl:
            bad += ask_testssl(asked.testssl, server)
        else:
            print("testssl.sh: skipped, it is not there")
        if server.seki.process.poll() is not None:
            bad += 1
            print("Seki has ended")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
