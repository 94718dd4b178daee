"""The proxies that are compared, each with one worker thread, a pool of backend connections, the Host kept,
X-Forwarded-For and -Proto added, and no access log.

A peer makes its configuration from a Site. To add one, write a class like these and name it in PEERS.
"""
import dataclasses
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def host_name(number):
    return f"h{number:05}.bench.test"


def backend_ip(number):
    """Every host has a backend of its own, on an address of its own (bench/src/origin.cpp -r)."""
    number += 1
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


@dataclasses.dataclass
class Site:
    """Where a peer listens and what it serves."""

    folder: pathlib.Path
    http: str           # ip:port to listen on
    tcp: str
    https: str
    certificate: pathlib.Path  # with its key
    origin_port: int
    hosts: int = 0      # 0: one host, bench.test
    connections: int = 12_000

    @property
    def origin(self):
        return f"127.0.0.1:{self.origin_port}"

    def routes(self):
        """(host, backend) of every host."""
        if self.hosts == 0:
            return [("bench.test", self.origin)]
        return [(host_name(number), f"{backend_ip(number)}:{self.origin_port}") for number in range(self.hosts)]


def secured(site, host):
    """The frontend of the first host on the HTTPS listener; with many hosts there is none."""
    return f', {{ address = "{site.https}", hostname = "{host}" }}' if site.hosts == 0 else ""


class Seki:
    executable = os.environ.get("SEKI_BINARY", str(ROOT / "build/release/seki"))

    def files(self, site):
        parts = [f"""log_level = "error"
log_target = "file://{site.folder}/log"
access_logs_target = "file:///dev/null"
command_socket = "command.sock"
worker_count = 1
max_connections = {site.connections}
front_timeout = 300
back_timeout = 300
request_timeout = 300
{"backend_idle_connections_total = 6000" if site.hosts else ""}

[[listeners]]
protocol = "http"
address = "{site.http}"

[[listeners]]
protocol = "tcp"
address = "{site.tcp}"

[[listeners]]
protocol = "https"
address = "{site.https}"
certificate = "{site.certificate}"
key = "{site.certificate}"

[clusters.tunnel]
protocol = "tcp"
frontends = [{{ address = "{site.tcp}" }}]
backends = [{{ address = "{site.origin}" }}]
"""]
        for number, (host, backend) in enumerate(site.routes()):
            parts.append(f"""
[clusters.web-{number}]
protocol = "http"
frontends = [{{ address = "{site.http}", hostname = "{host}" }}{secured(site, host)}]
backends = [{{ address = "{backend}" }}]
""")
        return {"seki.toml": "".join(parts)}

    def command(self, site):
        return [self.executable, "-c", f"{site.folder}/seki.toml", "start"]

    def version(self):
        return subprocess.run([self.executable, "--version"], capture_output=True, text=True).stdout.split("\n")[0]


class Sozu(Seki):
    """The reference, where somebody has built it (cargo install sozu); Seki reads its files, and so it reads Seki's."""
    executable = os.environ.get("SOZU", "")

    def files(self, site):
        text = super().files(site)["seki.toml"].replace("backend_idle_connections_total = 6000", "")
        # It wants more descriptors for each connection than may be had for so many.
        return {"seki.toml": text.replace(f"max_connections = {site.connections}", "max_connections = 1000")}

    def version(self):
        return "Sōzu " + super().version().split()[1]


class HAProxy:
    executable = os.environ.get("HAPROXY", "/usr/sbin/haproxy")

    def __init__(self, defaults=""):
        self.defaults = defaults

    def files(self, site):
        names = "".join(f"{host} b{number}\n" for number, (host, _) in enumerate(site.routes()))
        backends = "".join(f"backend b{number}\n  server s {backend}\n"
                           for number, (_, backend) in enumerate(site.routes()))
        return {"hosts.map": names, "haproxy.cfg": f"""global
  nbthread 1
  maxconn {site.connections}
  no strict-limits
  {'tune.pool-high-fd-ratio 80' if site.hosts else ''}
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
  option forwardfor
  http-reuse always
  {self.defaults}
frontend web
  bind {site.http} backlog 8192
  bind {site.https} backlog 8192 ssl crt {site.certificate} alpn http/1.1
  http-request set-header X-Forwarded-Proto http if !{{ ssl_fc }}
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  {self.route(site)}
{backends}listen tunnel
  mode tcp
  bind {site.tcp} backlog 8192
  server s {site.origin}
"""}

    def route(self, site):
        if site.hosts == 0:
            return "use_backend b0 if { req.hdr(host),field(1,:) -i bench.test }"
        return f"use_backend %[req.hdr(host),field(1,:),lower,map_str({site.folder}/hosts.map)]"

    def command(self, site):
        return [self.executable, "-db", "-f", f"{site.folder}/haproxy.cfg"]

    def version(self):
        out = subprocess.run([self.executable, "-v"], capture_output=True, text=True).stdout
        return "HAProxy " + out.split("version ")[1].split(" ")[0]


class Nginx:
    executable = os.environ.get("NGINX", "/usr/sbin/nginx")

    def files(self, site):
        kept = "keepalive 256; keepalive_requests 1000000000; keepalive_timeout 300s;"
        servers = "".join(
            f"  upstream b{number} {{ server {backend}; {kept} }}\n"
            f"  server {{ listen {site.http}{' backlog=8192' if number == 0 else ''};"
            f" {f'listen {site.https} ssl backlog=8192;' if number == 0 else ''} server_name {host};"
            f" location / {{ proxy_pass http://b{number}; }} }}\n"
            for number, (host, backend) in enumerate(site.routes()))
        temporary = " ".join(f"{kind}_temp_path {site.folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return {"nginx.conf": f"""load_module {STREAM_MODULE};
daemon off; user root; worker_processes 1; pid {site.folder}/pid; error_log {site.folder}/error.log crit;
events {{ worker_connections {max(64, site.connections * 3 // 2)}; }}
http {{
  access_log off; keepalive_timeout 300s; keepalive_requests 1000000000; {temporary}
  server_names_hash_max_size 131072; server_names_hash_bucket_size 128;
  ssl_certificate {site.certificate}; ssl_certificate_key {site.certificate}; ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:20m; ssl_session_timeout 12h;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_max_temp_file_size 0;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
{servers}}}
stream {{ access_log off; server {{ listen {site.tcp} backlog=8192; proxy_pass {site.origin}; }} }}
"""}

    def command(self, site):
        folder = site.folder
        return [self.executable, "-e", f"{folder}/start.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"]

    def version(self):
        return subprocess.run([self.executable, "-v"], capture_output=True, text=True).stderr.split(": ")[1].strip()


class Floor:
    """Forwards bytes with recv and send, or splice, and reads nothing in them."""

    def __init__(self, work, splices=False):
        self.executable = str(work / "floor")
        self.splices = splices

    def files(self, site):
        return {}

    def command(self, site):
        return [self.executable, "-l", site.http, "-b", site.origin, *(["-s"] if self.splices else [])]

    def version(self):
        return "floor"


def known(work):
    """Every peer by name; those that are not installed are left out. haproxy-again is the A/A control."""
    peers = {
        "seki": Seki(),
        "sozu": Sozu(),
        "haproxy": HAProxy(),
        "haproxy-again": HAProxy(),
        # splice-auto alone hardly ever decides to splice.
        "haproxy-splice": HAProxy("option splice-auto\n  option splice-request\n  option splice-response"),
        "nginx": Nginx(),
        "floor": Floor(work),
        "floor-splice": Floor(work, splices=True),
    }
    return {name: peer for name, peer in peers.items() if os.path.exists(peer.executable)}
