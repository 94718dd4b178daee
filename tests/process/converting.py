"""The same requests to nginx or HAProxy with a file of theirs, and to Seki with what `seki convert` makes of it."""
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import urllib.parse

import wire
from harness import BINARY, free_port, own_ip, until

PROGRAMS = {name: shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") for name in ("nginx", "haproxy")}
COMMANDS = {"nginx": ["-c", "{file}", "-e", "stderr"], "haproxy": ["-db", "-f", "{file}"]}


def telling(name):
    """What a backend answers: who it is, and what it was asked for."""
    return lambda request: wire.response(f"{name} {request.method} {request.target}".encode())


def listens(address):
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


class Places:
    """Addresses of the test, by names that stand in braces in the file: {web}, {tls}; one set for each of both."""

    def __init__(self, names):
        ip = own_ip()
        self.addresses = {name: (ip, free_port(ip)) for name in names}

    def texts(self):
        return {name: "{}:{}".format(*address) for name, address in self.addresses.items()}

    def unnamed(self, text):
        """Without what is different between both."""
        for name, (ip, port) in self.addresses.items():
            text = text.replace(f"{ip}:{port}", name).replace(f":{port}", f":{name}")
        return text


class Pair:
    """Both of them, started."""

    def __init__(self, test, product, text, names, secured=(), folder=None):
        self.test = test
        self.product = product
        self.secured = set(secured)
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="seki-convert-"))
        if folder is None:
            test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.theirs, self.ours = Places(names), Places(names)
        self.start_original(self.fill(text, self.theirs))
        self.start_seki(self.fill(text, self.ours))

    def fill(self, text, places):
        for name, address in {**places.texts(), "folder": str(self.folder)}.items():
            text = text.replace(f"{{{name}}}", address)
        return text

    def start_original(self, text):
        file = self.folder / f"original.{self.product}"
        file.write_text(text, encoding="utf-8")
        command = [PROGRAMS[self.product], *(word.format(file=file) for word in COMMANDS[self.product])]
        with open(self.folder / "original.log", "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.test.addCleanup(process.wait)
        self.test.addCleanup(process.terminate)

        def ready():
            if process.poll() is not None:
                raise AssertionError((self.folder / "original.log").read_text(errors="replace"))
            return all(listens(address) for address in self.theirs.addresses.values())

        until(ready, f"{self.product} to listen")

    def start_seki(self, text):
        file = self.folder / f"converted.{self.product}"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run([BINARY, "convert", self.product, str(file)], capture_output=True, text=True, check=False)
        self.test.assertEqual(done.returncode, 0, done.stderr)
        self.toml, self.remarks = done.stdout, done.stderr
        self.seki = seki = self.test.instance()
        count = re.search(r"^worker_count = (\d+)", self.toml, re.MULTILINE)
        seki.settings["worker_count"] = int(count[1]) if count else 2
        seki.write_config = lambda: pathlib.Path(seki.config).write_text(self.toml, encoding="utf-8")
        seki.address = next(iter(self.ours.addresses.values()))
        seki.start()

    def ask(self, places, place, method, host, target, fields):
        """(status, location, what the backend saw) without what is different between both by nature."""
        with wire.connect(places.addresses[place]) as client:
            if place in self.secured:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                client.socket = context.wrap_socket(client.socket, server_hostname=host)
            # HAProxy compares hosts with their ports; where these are the usual ones, nobody says them.
            authority = host if self.product == "haproxy" else f"{host}:{places.addresses[place][1]}"
            client.send(wire.request(method=method, target=target, host=authority, fields=["Connection: close", *fields]))
            try:
                answer = client.read_response(to=method)
            except (wire.Truncated, ConnectionError):
                return "closed", None, None
        served = answer.get("Location") is None and answer.status == 200
        # Seki refuses with 401 what others refuse with 403.
        status = {403: 401}.get(answer.status, answer.status)
        location = answer.get("Location")
        if location is not None:  # HAProxy says "/new" where others say "http://host/new"
            asked = f"http{'s' * (place in self.secured)}://{authority}{target}"
            location = places.unnamed(urllib.parse.urljoin(asked, location).replace(host, host.lower()))
        return status, location, answer.body.decode(errors="replace") if served else None

    def compare(self, requests):
        """How many were answered alike; each of the others fails."""
        alike = 0
        for place, method, host, target, *fields in requests:
            with self.test.subTest(place=place, method=method, host=host, target=target, fields=fields):
                theirs = self.ask(self.theirs, place, method, host, target, fields)
                ours = self.ask(self.ours, place, method, host, target, fields)
                self.test.assertEqual(ours, theirs)
                alike += 1
        return alike
