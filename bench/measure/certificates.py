"""What many certificates cost: start with all checks, memory of all processes, one more at run time, the first handshake
of a name, and handshakes with many beside those with one."""
import datetime
import pathlib
import shutil
import socket
import ssl
import statistics
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import control
from measure import machine, report
from measure.running import free_address

PATIENCE_SECONDS = 180
HANDSHAKES = 400
NAMES_FOR_THE_FIRST_TIME = 200

MOST_SECONDS = 20        # from nothing until two workers serve
MOST_MIB = 250           # of all processes, two workers
MOST_MIB_OF_A_WORKER = 40
MOST_MS_OF_ONE_MORE = 1
MOST_MS_OF_A_FIRST_USE = 0.5
MOST_OF_A_HANDSHAKE = 1.03


def host(number):
    return f"h{number:06}.bench.test"


class Authority:
    """An authority that signs; chains of public ones look like this."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the measurement")])
        self.pem = self._sign(self._name, self._key.public_key(), [])

    def _sign(self, subject, key, names):
        begin = datetime.datetime(2026, 1, 1)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
                   .serial_number(x509.random_serial_number()).not_valid_before(begin)
                   .not_valid_after(begin + datetime.timedelta(days=3650)))
        if names:
            alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, name):
        """(certificate, key) in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        key_pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                                    serialization.NoEncryption()).decode()
        return self._sign(subject, key.public_key(), [name]), key_pem


def make_files(folder, count):
    """Once for all measurements: it takes a minute for 100,000."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / f"made-{count}").exists():
        return
    authority = Authority()
    (folder / "chain.pem").write_text(authority.pem, encoding="ascii")
    for number in range(count + 1):  # and one more
        certificate, key = authority.issue(host(number))
        (folder / f"{number}.pem").write_text(certificate, encoding="ascii")
        (folder / f"{number}.key").write_text(key, encoding="ascii")
    (folder / f"made-{count}").touch()


def configuration(address, files, count, workers):
    lines = [f'command_socket = "command.sock"\nworker_count = {workers}\nlog_level = "warn"\nmax_connections = 1000\n',
             f'[[listeners]]\nprotocol = "https"\naddress = "{address}"\n',
             '[clusters.c]\nprotocol = "http"\nbackends = [{ address = "127.0.0.1:9" }]\nfrontends = [']
    lines += [f'  {{ address = "{address}", hostname = "{host(number)}", certificate = "{files}/{number}.pem", '
              f'key = "{files}/{number}.key", certificate_chain = "{files}/chain.pem" }},' for number in range(count)]
    return "\n".join([*lines, "]\n"])


class Server:
    """Seki with so many certificates."""

    def __init__(self, work, peer, files, count, workers):
        self.folder = work / "run" / f"certificates-{count}-{workers}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.address = free_address()
        file = self.folder / "seki.toml"
        file.write_text(configuration(self.address, files, count, workers), encoding="ascii")
        began = time.monotonic()
        self._process = subprocess.Popen([peer.executable, "-c", str(file), "start"])
        self._wait_for(workers)
        self.start_seconds = time.monotonic() - began
        self.mib = machine.pss_kib(self._process.pid) / 1024

    def _wait_for(self, workers):
        while time.monotonic() < self._deadline():
            try:
                with self.control() as client:
                    states = [worker.run_state for worker in client.status()]
                    if states.count(control.schema.RUNNING) == workers:
                        return
            except (FileNotFoundError, ConnectionRefusedError):
                pass
            if self._process.poll() is not None:
                raise RuntimeError("it did not start")
            time.sleep(0.01)
        raise RuntimeError("waited in vain for its workers")

    def _deadline(self):
        self._patience = getattr(self, "_patience", time.monotonic() + PATIENCE_SECONDS)
        return self._patience

    def control(self):
        return control.Control(str(self.folder / "command.sock"))

    def workers_cpu_ns(self):
        return machine.cpu_ns(self._process.pid) - int(
            pathlib.Path(f"/proc/{self._process.pid}/schedstat").read_text(encoding="ascii").split()[0])

    def shake_hands(self, name):
        """Milliseconds until the handshake is over, on a connection that stands."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        ip, port = self.address.rsplit(":", 1)
        with socket.create_connection((ip, int(port))) as plain:
            began = time.perf_counter()
            with context.wrap_socket(plain, server_hostname=name):
                return 1e3 * (time.perf_counter() - began)

    def handshake_us(self, name):
        """CPU time of the workers for one handshake with this name."""
        before = self.workers_cpu_ns()
        for _ in range(HANDSHAKES):
            self.shake_hands(name)
        return (self.workers_cpu_ns() - before) / 1e3 / HANDSHAKES

    def first_use_ms(self, count):
        """How much longer the first handshake of a name takes than the second."""
        chosen = [host(count // 2 + i) for i in range(NAMES_FOR_THE_FIRST_TIME)]
        first = [self.shake_hands(name) for name in chosen]
        second = [self.shake_hands(name) for name in chosen]
        return statistics.median(first) - statistics.median(second)

    def add(self, files, number):
        """Milliseconds until every worker has one more."""
        request = control.schema.Request()
        added = request.add_certificate
        ip, port = self.address.rsplit(":", 1)
        added.address.ip.v4 = int.from_bytes(socket.inet_aton(ip), "big")
        added.address.port = int(port)
        added.certificate.certificate = (files / f"{number}.pem").read_text(encoding="ascii")
        added.certificate.key = (files / f"{number}.key").read_text(encoding="ascii")
        added.certificate.certificate_chain.append((files / "chain.pem").read_text(encoding="ascii"))
        with self.control() as client:
            client.ask(control.schema.Request(status=control.schema.Status()))
            began = time.perf_counter()
            client.ask(request)
            return 1e3 * (time.perf_counter() - began)

    def stop(self):
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)


class Figures:
    def __init__(self):
        self.start_seconds = self.mib = self.mib_of_a_worker = self.add_ms = self.first_use_ms = 0
        self.handshake_us = {}


def measure(work, peer, count, rounds):
    files = work / "certificates"
    make_files(files, count)
    figures = Figures()
    one, many = Server(work, peer, files, 1, 2), Server(work, peer, files, count, 2)
    try:
        figures.start_seconds, figures.mib = many.start_seconds, many.mib
        figures.add_ms = many.add(files, count)
        figures.first_use_ms = many.first_use_ms(count)
        costs = {"one": [], "many": []}
        for _ in range(rounds):
            costs["one"].append(one.handshake_us(host(0)))
            costs["many"].append(many.handshake_us(host(count - 1)))
        figures.handshake_us = {which: statistics.median(each) for which, each in costs.items()}
    finally:
        one.stop()
        many.stop()
    three = Server(work, peer, files, count, 3)
    figures.mib_of_a_worker = three.mib - figures.mib
    three.stop()
    return figures


def table(found, count):
    head = ["start, s", "all processes, MiB", "one more worker, MiB", "one more certificate, ms", "first use, ms more",
            "handshake with one, µs", "with all, µs"]
    row = [f"{found.start_seconds:.1f}", f"{found.mib:.0f}", f"{found.mib_of_a_worker:.0f}", f"{found.add_ms:.2f}",
           f"{found.first_use_ms:.2f}", f"{found.handshake_us['one']:.0f}", f"{found.handshake_us['many']:.0f}"]
    return f"{count:,} certificates, 2 workers\n\n" + report.table(head, [row])


def claims(found, count):
    ratio = found.handshake_us["many"] / found.handshake_us["one"]
    bounds = [(f"{count:,} certificates are loaded in {MOST_SECONDS} s", found.start_seconds, MOST_SECONDS, "s"),
              (f"they take {MOST_MIB} MiB in all processes", found.mib, MOST_MIB, "MiB"),
              (f"and {MOST_MIB_OF_A_WORKER} MiB for a further worker", found.mib_of_a_worker, MOST_MIB_OF_A_WORKER,
               "MiB"),
              (f"one more takes {MOST_MS_OF_ONE_MORE} ms", found.add_ms, MOST_MS_OF_ONE_MORE, "ms"),
              (f"the first use of a name {MOST_MS_OF_A_FIRST_USE} ms more", found.first_use_ms,
               MOST_MS_OF_A_FIRST_USE, "ms"),
              (f"a handshake among them {MOST_OF_A_HANDSHAKE} of one without others", ratio, MOST_OF_A_HANDSHAKE, "")]
    for text, value, bound, unit in bounds:
        yield text, f"{value:.2f} {unit}".strip(), value <= bound
