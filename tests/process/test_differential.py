"""What leaves Seki is read alike by others. Each request of the corpus goes through Seki; the bytes that come out are
given to nginx and to HAProxy, with another request right behind. Each must find the same two requests in them: not one,
not three, and no byte of one in the other. A server may refuse what Seki passes, but only where it is known to.
"""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import wire
from harness import ProcessTest, free_port, own_ip, until

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "fuzz/corpus/request_head"
MORE = {
    "body_like_a_request": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "chunks": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n00\r\n\r\n",
    "chunks_with_trailers": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
    "chunks_like_a_request": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                             b"17\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n\r\n0\r\n\r\n",
    "expectation": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi",
    "body_of_get": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "length_with_zeros": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0003\r\n\r\nabc",
    "names_and_values": b"GET /..//%2e?&= HTTP/1.1\r\nHost: a\r\nx-y:\r\nX-Y: \t\x80\xff \r\n!#$%&'*+-.^_`|~: z\r\n\r\n",
    "pipelined": b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
                 b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
}
NEXT = b"GET /next HTTP/1.1\r\nHost: next\r\nConnection: close\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def understood(request):
    return request.method, request.target, request.get("Host"), request.body


class Listener:
    """A backend that answers every request, and remembers it, with its bytes."""

    def __init__(self, test):
        self.requests, self.raw = [], []
        self.backend = test.backend(script=self._serve)

    def _serve(self, stream):
        fill, got = stream._fill, bytearray()

        def recording():
            before = len(stream.buffer)
            more = fill()
            got.extend(stream.buffer[before:])
            return more

        stream._fill = recording
        while not stream.at_end_quietly():
            request = stream.read_request()
            size = len(got) - len(stream.buffer)
            self.raw.append(bytes(got[:size]))
            del got[:size]
            self.requests.append(understood(request))
            stream.send(ANSWER)


class Server:
    """Another proxy before a Listener."""

    def __init__(self, test, program):
        self.listener = Listener(test)
        self.address = (own_ip(), 0)
        self.address = (self.address[0], free_port(self.address[0]))
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-differential-"))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(self.command(program), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        test.addCleanup(self._end)
        until(self._listens, f"{program} to listen")

    def _end(self):
        self.process.kill()
        self.process.wait()

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        try:
            wire.connect(self.address).close()
            return True
        except OSError:
            return False

    def read(self, data):
        """The requests that the server passed on of this, and the statuses that it answered."""
        self.listener.requests.clear()
        with wire.connect(self.address) as client:
            client.send(data)
            answers = b""
            try:
                answers = client.take_rest()
            except ConnectionError:
                pass  # closed while it was being told more
        statuses = [line.split()[1] for line in answers.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        return list(self.listener.requests), statuses


class Nginx(Server):
    REFUSES = {
        "absolute_targets": "OPTIONS * is for itself, it says",
        "options_of_server": "likewise",
        "every_method": "it never serves TRACE",
        "names_and_values": "names of fields with other characters than letters, digits, '-' and '_'",
    }

    def command(self, program):
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {self.folder}/pid; error_log stderr error;
            events {{ worker_connections 64; }}
            http {{
                access_log off; {paths} underscores_in_headers on; ignore_invalid_headers off;
                server {{
                    listen {self.address[0]}:{self.address[1]};
                    location / {{
                        proxy_pass http://{self.listener.backend.text};
                        proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection "";
                    }}
                }}
            }}""")
        return [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]


class HAProxy(Server):
    REFUSES = {
        "upgrade_and_hop_field": "an upgrade to WebSocket without a Sec-WebSocket-Key",
        "takes_trailers": "likewise",
    }

    def command(self, program):
        (self.folder / "haproxy.cfg").write_text(f"""
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 30s
listen all
  bind {self.address[0]}:{self.address[1]}
  server one {self.listener.backend.text}
""")
        return [program, "-db", "-f", str(self.folder / "haproxy.cfg")]


SERVERS = {"nginx": Nginx, "haproxy": HAProxy}


class Differential(ProcessTest):
    def corpus(self):
        yield from MORE.items()
        for path in sorted(CORPUS.iterdir()):
            yield path.name, path.read_bytes()

    def passed_by_seki(self):
        """{name: the bytes of each request that came out}."""
        listener = Listener(self)
        seki = self.instance(front_timeout=5, request_timeout=5)
        seki.body = f"""
[[listeners]]
protocol = "http"
address = "{seki.text}"

[clusters.all]
protocol = "http"
frontends = [{{ address = "{seki.text}", hostname = "*" }}]
backends = [{{ address = "{listener.backend.text}" }}]
"""
        seki.start()
        passed = {}
        for name, data in self.corpus():
            listener.raw.clear()
            listener.requests.clear()
            with seki.connect() as client:
                try:
                    client.send(data)
                    client.finish()
                    client.take_rest()
                except OSError:
                    pass  # it was refused while it was being sent
            passed[name] = list(zip(listener.raw, listener.requests))
        return passed

    def test_nginx_and_haproxy_read_what_leaves_seki_as_it_was_meant(self):
        found = {name: shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") for name in SERVERS}
        missing = [name for name, program in found.items() if program is None]
        if missing:
            self.skipTest(f"not installed: {', '.join(missing)}")
        passed = self.passed_by_seki()
        self.assertGreater(sum(map(len, passed.values())), 25, "most of what is valid passes")
        for program, kind in SERVERS.items():
            server = kind(self, found[program])
            refused = set()
            for name, requests in passed.items():
                for raw, meant in requests:
                    with self.subTest(server=program, name=name, raw=raw):
                        seen, statuses = server.read(raw + NEXT)
                        if not seen and statuses[-1:] and statuses[-1].startswith(b"4"):
                            refused.add(name)
                            continue
                        self.assertEqual(seen, [meant, ("GET", "/next", "next", b"")])
            with self.subTest(server=program):
                self.assertEqual(refused, set(kind.REFUSES))


if __name__ == "__main__":
    unittest.main()
