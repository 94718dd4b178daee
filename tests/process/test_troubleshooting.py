"""What docs/troubleshooting.md quotes is what the binary prints: each symptom is brought about, and the lines that its
heading quotes have to come.
"""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import unittest

import wire
from backend import Backend, Gate
from certificates import make_certificate
from harness import BINARY, ROOT, ProcessTest, http_body, until

PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
SECTIONS = dict(section.split("\n", 1) for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:])
NOBODY = 65534


def quoted(heading):
    """The lines of the section as patterns."""
    lines = [line for block in re.findall(r"^```\n(.*?)^```$", SECTIONS[heading], re.MULTILINE | re.DOTALL)
             for line in block.splitlines()]
    assert lines, heading
    return [".*".join(re.escape(part.strip()) for part in line.split("…")) for line in lines]


def end_without_answer(stream):
    stream.read_request()


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def nobody_may_run_it():
    if os.getuid() != 0:
        return False
    return subprocess.run(["test", "-x", BINARY], preexec_fn=become_nobody, check=False).returncode == 0


class Troubleshooting(ProcessTest):
    def see(self, heading, printed):
        """Waits until all that is quoted has been printed."""
        missing = quoted(heading)

        def is_there():
            text = printed()
            missing[:] = [pattern for pattern in missing if not re.search(pattern, text)]
            return not missing

        try:
            until(is_there, heading)
        except AssertionError:
            self.fail(f"not printed: {missing} in\n{printed()}")

    def site(self, extra="", **backends):
        """An instance with a cluster for each backend; None is a cluster without."""
        seki = self.instance()
        seki.body = f'[[listeners]]\nprotocol = "http"\naddress = "{seki.text}"\nback_timeout = 1\nmax_body_bytes = 10\n'
        for name, backend in backends.items():
            servers = f'backends = [{{ backend_id = "{name}-1", address = "{backend.text}" }}]' if backend else ""
            seki.body += (f'[clusters.{name}]\nprotocol = "http"\n{servers}\n{extra}\n'
                          f'frontends = [{{ address = "{seki.text}", hostname = "{name}.example" }}]\n')
        return seki.start()

    def failed_start(self, seki):
        seki.spawn()
        self.assertEqual(seki.wait(), 1)
        return seki.log()

    def test_404(self):
        seki = self.site()
        self.assertEqual(seki.get(host="other.example").status, 404)
        self.see("404, though there is a route", seki.log)

    def test_502(self):
        bad = self.backend("bad", respond=lambda request: b"220 mail.example ESMTP\r\n\r\n")
        seki = self.site(bad=bad, crash=self.backend("crash", script=end_without_answer))
        self.assertEqual(seki.get(host="bad.example").status, 502)
        with seki.connect() as client:
            client.send(wire.request("POST", host="crash.example", body=b"x"))
            self.assertEqual(client.read_response().status, 502)
        self.see("502 Bad Gateway", seki.log)

    def test_503(self):
        dead = Backend("dead")
        dead.close()
        seki = self.site(empty=None, dead=dead)
        self.assertEqual(seki.get(host="empty.example").status, 503)
        self.assertEqual(seki.get(host="dead.example").status, 503)
        self.see("503 Service Unavailable", seki.log)

    def test_504(self):
        gate = Gate()
        self.addCleanup(gate.open)
        seki = self.site(slow=self.backend("slow", respond=lambda request: gate.wait() or wire.response()))
        self.assertEqual(seki.get(host="slow.example").status, 504)
        self.see("504 Gateway Timeout", seki.log)

    def test_refusals(self):
        seki = self.site(extra="rate_limit = { requests_per_second = 1, burst = 1 }", ok=self.backend("ok"))
        with seki.connect() as client:
            client.send(wire.request("POST", host="ok.example", body=b"more than ten"))
            self.assertEqual(client.read_response().status, 413)
        until(lambda: seki.get(host="ok.example").status == 429, "too many requests")
        with seki.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost : ok.example\r\n\r\n")
            self.assertEqual(client.read_response().status, 400)
        self.see("408, 413, 429 and other refusals", seki.log)

    def secured(self):
        seki = self.instance(log_level="info,seki_tls=debug")
        make_certificate(seki.folder, "shop", "shop.example")
        names = ", ".join(f'{{ address = "{seki.text}", hostname = "{name}.example" }}' for name in ("shop", "other"))
        seki.body = (f'[[listeners]]\nprotocol = "https"\naddress = "{seki.text}"\ncertificate = "shop.pem"\nkey = "shop.key"\n'
                     f'[clusters.shop]\nprotocol = "http"\nfrontends = [{names}]\n'
                     f'backends = [{{ address = "{self.backend().text}" }}]\n')
        return seki.start()

    def curl(self, seki, *options, name="shop.example"):
        ip, port = seki.address
        return subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *options, "--resolve",
                               f"{name}:{port}:{ip}", f"https://{name}:{port}/"], capture_output=True, text=True,
                              timeout=wire.PATIENCE_SECONDS, check=False).stdout

    def test_421(self):
        seki = self.secured()
        self.assertEqual(self.curl(seki, "-k", name="other.example"), "421")
        self.see("421 Misdirected Request", seki.log)

    def test_handshakes_that_fail(self):
        seki = self.secured()
        self.curl(seki, "-k", "--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0")
        self.curl(seki)
        with seki.connect() as client:
            client.send(wire.request())
            self.assertEqual(client.read_response().status, 400)
        self.see("TLS handshakes fail", seki.log)

    def test_a_file_that_is_not_valid(self):
        seki = self.instance()
        seki.body = f'[[listeners]]\nprotocol = "http"\naddress = "{seki.text}"\nfront_timeot = 3\n'
        log = self.failed_start(seki)
        self.see("It does not start: the file is not valid", lambda: log)

    def test_an_address_in_use(self):
        seki = self.instance()
        with socket.create_server((seki.ip, 0)) as taken:
            seki.address = taken.getsockname()
            seki.body = http_body(seki.text)
            log = self.failed_start(seki)
        self.see("It does not start: the address is already in use", lambda: log)

    def test_another_instance(self):
        first = self.site()
        second = self.instance(command_socket=first.socket_path)
        log = self.failed_start(second)
        self.see("It does not start: another instance", lambda: log)

    @unittest.skipUnless(shutil.which("setpriv") and nobody_may_run_it(), "needs root, and a binary that others may run")
    def test_permission_denied(self):
        first = self.site()
        first.folder.chmod(0o755)
        asked = subprocess.run([BINARY, "--socket", first.socket_path, "status"], preexec_fn=become_nobody, capture_output=True,
                               text=True, check=False)
        second = self.instance()
        second.folder.chmod(0o777)
        second.body = http_body(f"{second.ip}:80")
        second.prepare = become_nobody
        log = self.failed_start(second) + asked.stderr
        self.see("Permission denied", lambda: log)

    def test_no_command_socket(self):
        seki = self.instance()
        seki.write_config()
        asked = seki.ctl("status")
        self.assertEqual(asked.code, 1)
        self.see("No Seki listens on the command socket", lambda: asked.err)

    def test_too_many_files(self):
        seki = self.instance(max_connections=100000)
        seki.body = http_body(seki.text)
        seki.prepare = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))
        if os.getuid() == 0:  # who may raise the limit is not refused
            seki.prepare = lambda: (resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000)), become_nobody())
            seki.folder.chmod(0o777)
        log = self.failed_start(seki)
        self.see("Too many open files", lambda: log)

    def test_a_worker_that_is_replaced(self):
        seki = self.site(ok=self.backend("ok"))
        seki.get(host="ok.example")
        os.kill(seki.worker_pids()[0], signal.SIGSEGV)
        self.see("A worker was replaced", seki.log)

    def test_stuck_draining(self):
        gate = Gate()
        self.addCleanup(gate.open)
        slow = self.backend("slow", respond=lambda request: gate.wait() or wire.response())
        seki = self.instance()
        seki.body = http_body(seki.text, slow)
        seki.start()
        with seki.connect() as client:
            client.send(wire.request())
            slow.wait_requests(1)
            seki.signal(signal.SIGTERM)
            self.see("It does not end: stuck draining", seki.log)
            seki.signal(signal.SIGTERM)
            seki.wait()


class Page(unittest.TestCase):
    def test_each_quotation_is_seen_by_a_test(self):
        source = open(__file__, encoding="utf-8").read()
        for heading, text in SECTIONS.items():
            if re.search(r"^```$", text, re.MULTILINE):
                self.assertIn(f'self.see("{heading}"', source)


if __name__ == "__main__":
    unittest.main()
