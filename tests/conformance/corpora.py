#!/usr/bin/python3
"""Seki beside HAProxy and nginx on corpora of hostile requests that other projects keep. For each request it is told
whether bytes reached the backend that two servers could read differently (readings.py). Optional: nothing of the corpora
is in this repository, their checkouts are given:

    tests/conformance/corpora.py ~/http-desync-guardian ~/Http11Probe ~/http-garden ~/h1spec

Whatever looks like a request in the sources of these folders is taken: the cases of *.yaml files that name a method and
fields, and string literals of C#, TypeScript and Python; then so many mutations of all of these. SEKI_BINARY names the
binary. The last line is the tally of Seki's cases; exit code 1 when there is one that two servers read differently.
"""
import argparse
import ast
import concurrent.futures
import pathlib
import random
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "process"), str(HERE)]
import readings  # noqa: E402
from harness import Seki, free_port, own_ip, until  # noqa: E402

SILENCE_SECONDS = 0.4  # so long nothing happens any more, whatever the proxy does with the request
SLOTS = 16
HOST = "front.example"
REQUEST = re.compile(rb"[!-~]{1,20} +\S+ HTTP/1\.[0-9]")


# ---- the corpora

def from_yaml(text):
    """Cases in the form of http-desync-guardian: method, uri, version, fields by name and value."""
    import yaml
    try:
        cases = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    for case in cases if isinstance(cases, list) else []:
        if not isinstance(case, dict) or not {"method", "uri", "headers"} <= case.keys():
            continue
        fields = [(str(field.get("name", "")), str(field.get("value", ""))) for field in case["headers"] or []]
        if not any(name.strip().lower() == "host" for name, _ in fields):
            fields.insert(0, ("Host", HOST))
        lines = [f"{case['method']} {case['uri']} {case.get('version', 'HTTP/1.1')}", *map(": ".join, fields)]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        yield head + b"0\r\n\r\n"  # a body that is none for who reads no chunks


def unescaped(literal):
    """The text of a string literal of C# or TypeScript."""
    try:
        text = ast.literal_eval(f'"{literal}"')
    except (SyntaxError, ValueError):
        return ""
    return re.sub(r"\$?\{[^{}]*\}", HOST, text)


def from_literals(text):
    """Runs of double-quoted literals that are joined by '+'."""
    literal = r'[$@]*"((?:[^"\\\n]|\\.)*)"'
    for run in re.finditer(rf"{literal}(?:\s*\+\s*{literal})*", text):
        joined = "".join(unescaped(part) for part in re.findall(literal, run[0]))
        yield joined.encode("latin-1", "replace")


def from_python(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:  # of a newer Python
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            yield node.value


def mutated(seeds, count):
    """Requests with one to three changes each, the same ones each time: bytes that mean something, put in or taken out,
    or a field of framing in a spelling of its own."""
    chance = random.Random(1)
    bytes_that_matter = [bytes([byte]) for byte in b"\r\n\t \0:;,_-+0\x0b\x0c\x1f\x7f\xff"]
    fields = [name + colon + value + b"\r\n"
              for name in (b"Content-Length", b"Transfer-Encoding", b"Content_Length", b"Transfer\x0bEncoding", b"Host")
              for colon in (b": ", b":", b" : ", b":\t", b":\x0b", b":\r\n ")
              for value in (b"5", b"+5", b"05", b"010", b" 12", b"0x5", b"5,5", b"5, 6", b"5;", b"chunked", b"Chunked", b"xchunked",
                            b"chunked, identity", b"identity", b'"chunked"', b"chunked\0", b"a", b"b")]
    for _ in range(count):
        data = chance.choice(seeds)
        for _ in range(chance.randint(1, 3)):
            kind, at = chance.randrange(4), chance.randrange(len(data))
            if kind == 0:
                data = data[:at] + chance.choice(bytes_that_matter) + data[at:]
            elif kind == 1:
                data = data[:at] + chance.choice(bytes_that_matter) + data[at + 1:]
            elif kind == 2 and len(data) > 20:
                data = data[:at] + data[at + 1:]
            else:
                lines = data.split(b"\r\n")
                lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(fields)[:-2])
                data = b"\r\n".join(lines)
        yield data


def requests_of(folder):
    readers = {".yaml": from_yaml, ".cs": from_literals, ".ts": from_literals, ".py": from_python}
    found = {}
    for path in sorted(folder.rglob("*")):
        reader = readers.get(path.suffix)
        if reader is None or not path.is_file():
            continue
        for data in reader(path.read_text(errors="replace")):
            if REQUEST.match(data):
                found[data] = None
    return list(found)


# ---- one way through a proxy

class Backend:
    """Keeps what each of its connections got, and answers each request that it finds in it."""

    def __init__(self):
        self.listener = socket.create_server((own_ip(), 0))
        self.text = "{}:{}".format(*self.listener.getsockname())
        self.lock = threading.Lock()
        self.connections = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            with self.lock:
                self.connections[connection] = bytearray()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        answered = 0
        try:
            while more := connection.recv(65536):
                with self.lock:
                    self.connections.setdefault(connection, bytearray()).extend(more)
                    data = bytes(self.connections[connection])
                requests, ending = readings.read(data)
                for _ in requests[answered:]:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                answered = max(answered, len(requests))
                if ending == "refused":
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    break
        except OSError:
            pass

    def take(self):
        """What came since the last time, for each connection; these are ended."""
        with self.lock:
            taken, self.connections = self.connections, {}
        for connection in taken:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        return [bytes(data) for data in taken.values() if data]


class Slot:
    """An address of the proxy, and the backend behind it, for one request at a time."""

    def __init__(self):
        self.backend = Backend()
        self.address = (own_ip(), 0)
        self.address = (self.address[0], free_port(self.address[0]))
        self.text = "{}:{}".format(*self.address)

    def send(self, data):
        """What reached the backend of this."""
        with socket.create_connection(self.address) as client:
            try:
                client.sendall(data)
                while select.select([client], [], [], SILENCE_SECONDS)[0] and client.recv(65536):
                    pass
            except OSError:
                pass
        return self.backend.take()


class SekiProxy:
    name = "Seki"

    def __init__(self, slots):
        tables = [f'[[listeners]]\nprotocol = "http"\naddress = "{slot.text}"\n' for slot in slots]
        for number, slot in enumerate(slots):
            tables.append(f'[clusters.c{number}]\nprotocol = "http"\n'
                          f'frontends = [{{ address = "{slot.text}", hostname = "*" }}]\n'
                          f'backends = [{{ address = "{slot.backend.text}" }}]\n')
        self.seki = Seki("\n".join(tables)).start()

    def stop(self):
        self.seki.stop()
        self.seki.remove()


class Other:
    """A program with a configuration file in a folder of its own."""

    def __init__(self, slots):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-corpora-"))
        (self.folder / "conf").write_text(self.configuration(slots))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: self.listens(slots[-1]), f"{self.name} to listen")

    def listens(self, slot):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        try:
            socket.create_connection(slot.address).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class HAProxy(Other):
    name = "HAProxy"

    def configuration(self, slots):
        listens = "\n".join(f"listen l{number}\n  bind {slot.text}\n  server one {slot.backend.text}"
                            for number, slot in enumerate(slots))
        return f"defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n{listens}\n"

    def command(self):
        return [shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-db", "-f", str(self.folder / "conf")]


class Nginx(Other):
    name = "nginx"

    def configuration(self, slots):
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        servers = "\n".join(f"""server {{ listen {slot.text}; location / {{ proxy_pass http://{slot.backend.text};
            proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }} }}"""
                            for slot in slots)
        return f"""daemon off; master_process off; pid {self.folder}/pid; error_log stderr error;
            events {{ worker_connections 1024; }} http {{ access_log off; {paths} {servers} }}"""

    def command(self):
        return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", str(self.folder), "-c",
                str(self.folder / "conf"), "-e", "stderr"]


def ambiguous(proxy, requests, show):
    """How many of the requests come out so that two servers may see different ones, and how many come out at all."""
    slots = [Slot() for _ in range(SLOTS)]
    running = proxy(slots)
    free = list(slots)

    def one(data):
        slot = free.pop()
        try:
            return data, slot.send(data)
        finally:
            free.append(slot)

    bad = passed = 0
    try:
        with concurrent.futures.ThreadPoolExecutor(SLOTS) as pool:
            for data, arrived in pool.map(one, requests):
                passed += bool(arrived)
                doubtful = [(raw, seen) for raw in arrived if len(seen := readings.interpretations(raw)) > 1]
                bad += bool(doubtful)
                for raw, seen in doubtful if show else []:
                    print(f"  {proxy.name}: {data!r}\n    reached the backend as {raw!r}")
                    for (what, ending), liberty in seen.items():
                        print(f"      {liberty}: {ending} {[request[:2] + (request[3],) for request in what]}")
    finally:
        running.stop()
    return bad, passed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--show", action="store_true", help="show what the others let through, too")
    parser.add_argument("--mutations", type=int, default=2000, metavar="N")
    options = parser.parse_args()
    corpora = {folder.name: requests_of(folder) for folder in options.folders}
    seeds = [data for requests in corpora.values() for data in requests]
    if seeds:
        corpora["mutations"] = list(dict.fromkeys(mutated(seeds, options.mutations)))
    total_bad = total = 0
    for name, requests in corpora.items():
        print(f"{name}: {len(requests)} requests")
        for proxy in (SekiProxy, HAProxy, Nginx):
            if proxy is not SekiProxy and shutil.which(proxy.name.lower(), path="/usr/sbin:/usr/bin") is None:
                print(f"  {proxy.name}: SKIPPED, not installed")
                continue
            bad, passed = ambiguous(proxy, requests, options.show or proxy is SekiProxy)
            print(f"  {proxy.name}: {passed} passed on, {bad} of them can be read differently", flush=True)
            if proxy is SekiProxy:
                total_bad, total = total_bad + bad, total + len(requests)
    print(f"{total - total_bad} passed, {total_bad} failed")
    return 1 if total_bad else 0


if __name__ == "__main__":
    sys.exit(main())
