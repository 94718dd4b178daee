"""`seki convert`: what it makes of files of nginx and HAProxy answers the same requests as these do, and what it says of
the lines that it does not convert.
"""
import itertools
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from certificates import make_certificate
from converting import PROGRAMS, Pair, telling
from harness import BINARY, ProcessTest

SEKI = str(pathlib.Path(BINARY).resolve())

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr error; worker_processes 1;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    upstream shop { least_conn; server {one} weight=3 max_fails=2; server {spare} backup; keepalive 8; }
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    server {
        listen {web};
        server_name shop.example www.shop.example *.wild.example;
        location = /exact { proxy_pass http://{two}; }
        location ^~ /static/ { proxy_pass http://{two}/files/; }
        location ~ \\.php$ { proxy_pass http://{three}; }
        location ~* ^/img/.*\\.(png|jpg)$ { proxy_pass http://{two}; }
        location ~ ^/api/v[0-9]+/ { proxy_pass http://{three}; }
        location /old/ { return 301 https://shop.example/new/; }
        location /moved { return 302 /elsewhere; }
        location /keep { return 308 $scheme://other.example$request_uri; }
        location /app/ { rewrite ^/app/(.*)$ /$1 break; proxy_pass http://{two}; }
        location /v2 { proxy_pass http://{three}/v3; }
        location /hidden/ { deny all; proxy_pass http://shop; }
        location /mine/ { allow 127.0.0.0/8; deny all; proxy_pass http://shop; }
        location /theirs/ { allow 192.0.2.0/24; deny all; proxy_pass http://shop; }
        location /gone/ { return 444; }
        location /no/ { return 403; }
        location /read/ { limit_except GET { deny all; } proxy_pass http://{two}; }
        location /files/ { try_files $uri @files; root {folder}/nothing; }
        location @files { proxy_pass http://{two}; }
        location /long/ { proxy_pass http://{two}; }
        location /long/er/ { proxy_pass http://{three}; }
        location / { proxy_pass http://shop; proxy_read_timeout 20s; add_header X-Frame-Options DENY; }
    }
    server {
        listen {web};
        server_name secure.example;
        location /.well-known/ { proxy_pass http://{two}; }
        location / { return 301 https://$host$request_uri; }
    }
    server {
        listen {web};
        server_name certbot.example;
        if ($host = certbot.example) { return 301 https://$host$request_uri; }
        return 404;
    }
    server {
        listen {web};
        server_name ~^user-(?<who>[a-z]+)\\.people\\.example$;
        location / { proxy_pass http://{three}; }
    }
    server {
        listen {web} default_server;
        server_name _;
        location / { proxy_pass http://{spare}; }
    }
    server {
        listen {tls} ssl;
        server_name secure.example;
        ssl_certificate {folder}/secure.pem; ssl_certificate_key {folder}/secure.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / { proxy_pass http://{one}; }
        location /up { return 302 http://$host/down; }
    }
    server {
        listen {tls} ssl;
        server_name other.example;
        ssl_certificate {folder}/other.pem; ssl_certificate_key {folder}/other.key;
        location / { proxy_pass http://{two}; }
    }
}
"""
HAPROXY = """
global
    maxconn 200
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30000
    timeout http-request 10s
    option forwardfor
userlist nobody
    user a insecure-password b
frontend web
    bind {web}
    bind {tls} ssl crt {folder}/secure.both crt {folder}/other.both
    acl is_api path_beg /api /v1/api
    acl beta req.cook(beta) -m str 1
    acl shop hdr(host),field(1,:) -i nobody.example
    acl www hdr_dom(host) -i shop.example
    acl acme path_beg /.well-known/acme-challenge/
    acl secure hdr(host) -i -m beg secure.
    acl debug req.hdr(X-Debug) -m found
    redirect location /elsewhere code 302 if { path_beg /moved /.git/moved }
    http-request deny if { path_beg /.git }
    http-request deny if { src 192.0.2.0/24 }
    http-request reject if { path /drop }
    http-request redirect scheme https code 301 if !{ ssl_fc } secure !acme
    http-request redirect prefix https://new.example code 308 if { path_dir legacy } www
    http-request set-header X-From haproxy
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    use_backend three if shop
    use_backend two if www is_api
    use_backend three if www beta
    use_backend three if debug
    use_backend two if { path_end .png .css }
    use_backend two if { path_reg ^/img/[0-9]+$ } or { path_sub /mid/ }
    use_backend three if METH_POST !is_api
    use_backend spare if { hdr(host) -m end -i .wild.example } !{ path_beg /open/ }
    default_backend one
backend one
    balance leastconn
    server a {one} weight 10
    server b {spare} backup
backend two
    http-request deny if { path_beg /api/private }
    server a {two}
backend three
    balance random
    server a {three} disabled
    server b {three} weight 1
backend spare
    server a {spare}
listen direct
    bind {direct}
    server a {two}
listen raw
    bind {raw}
    mode tcp
    server a {three}
"""
PATHS = ["/", "/x?q=1", "/exact", "/exact?q=1", "/exact/x", "/static", "/static?q=1", "/static/", "/static/a.php?q=1", "/a.php", "/a.php?x=1", "/a.phpx",
         "/a?f=.php", "/img/a/b.PNG", "/img/a/b.gif", "/img/a?.png", "/img/12", "/img/12?x", "/img/x", "/api/v1/x", "/api/v/x", "/api/private",
         "/v1/api/y", "/old/x", "/moved", "/moved/x?y", "/keep/a?b=1", "/app/x/y?z=1", "/app", "/v2", "/v2/a?b", "/v2x",
         "/hidden/a", "/hidden", "/mine/a", "/theirs/a", "/gone/", "/no/a", "/read/a", "/read/a.php", "/files/a?b", "/long/a", "/long/er/a", "/long/er", "/longer", "/.git/config", "/.git/moved",
         "/drop", "/drop?x", "/legacy", "/a/legacy/b", "/legacyx", "/a.css", "/a.css/b", "/a/mid/b", "/open/a", "/.well-known/x",
         "/.well-known/acme-challenge/token", "/up", "/up?x"]
HOSTS = ["shop.example", "www.shop.example", "SHOP.example", "a.wild.example", "wild.example", "secure.example", "certbot.example", "user-bob.people.example",
         "user-1.people.example", "nobody.example", "other.example"]


class Convert(ProcessTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-convert-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def pair(self, product, text, names, secured=()):
        if PROGRAMS[product] is None:
            self.skipTest(f"{product} is not installed (tools/install check)")
        for name in ("secure", "other"):
            make_certificate(self.folder, name, f"{name}.example")
            both = (self.folder / f"{name}.pem").read_text() + (self.folder / f"{name}.key").read_text()
            (self.folder / f"{name}.both").write_text(both)
        for name in ("one", "two", "three", "spare"):
            text = text.replace(f"{{{name}}}", self.backend(name, respond=telling(name)).text)
        return Pair(self, product, text, names, secured, self.folder)

    def test_nginx_and_what_is_made_of_its_file_answer_alike(self):
        pair = self.pair("nginx", NGINX, ["web", "tls"], ["tls"])
        requests = [("web", method, host, path) for method, host, path in itertools.product(["GET"], HOSTS, PATHS)]
        requests += [("tls", "GET", host, path) for host in ("secure.example", "other.example") for path in PATHS]
        requests += [("web", "POST", "shop.example", path) for path in PATHS]
        self.assertGreater(pair.compare(requests), 700)

    def test_haproxy_and_what_is_made_of_its_file_answer_alike(self):
        pair = self.pair("haproxy", HAPROXY, ["web", "tls", "direct", "raw"], ["tls"])
        requests = [("web", method, host, path) for method, host, path in itertools.product(["GET", "POST"], HOSTS[:8], PATHS)]
        requests += [("web", "GET", host, path, field) for host, path, field in itertools.product(HOSTS[:4], ["/", "/api/x", "/a.png"],
                                                                                                ["Cookie: beta=1", "X-Debug: 1", "Cookie: beta=2"])]
        requests += [("tls", "GET", host, path) for host in ("secure.example", "other.example") for path in PATHS]
        requests += [(place, "GET", "any.example", path) for place in ("direct", "raw") for path in PATHS[:4]]
        self.assertGreater(pair.compare(requests), 700)
        self.assertIn("hdr(host),field(1,:)", pair.remarks)

    # ---- the command

    def convert(self, *words):
        return subprocess.run([SEKI, "convert", *words], cwd=self.folder, capture_output=True, text=True, check=False)

    def write(self, text, name="nginx.conf"):
        (self.folder / name).write_text(text, encoding="utf-8")

    def test_a_file_that_is_there_is_overwritten_only_by_force(self):
        self.write("server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:3000; } }")
        self.assertEqual(self.convert("nginx", "nginx.conf", "-o", "seki.toml").returncode, 0)
        first = (self.folder / "seki.toml").read_text()
        refused = self.convert("nginx", "nginx.conf", "-o", "seki.toml")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("seki.toml is there already; --force overwrites it", refused.stderr)
        self.assertEqual(self.convert("nginx", "nginx.conf", "-o", "seki.toml", "--force").returncode, 0)
        self.assertEqual((self.folder / "seki.toml").read_text(), first)
        checked = subprocess.run([SEKI, "-c", "seki.toml", "check"], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_strict_fails_when_a_line_was_not_converted(self):
        self.write("server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; } }")
        self.assertEqual(self.convert("nginx", "nginx.conf", "--strict").returncode, 0)
        self.write("server { listen 127.0.0.1:8080; gzip on; location / { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; } }")
        self.assertEqual(self.convert("nginx", "nginx.conf").returncode, 0)
        done = self.convert("nginx", "nginx.conf", "--strict")
        self.assertEqual(done.returncode, 1)
        self.assertIn("[[listeners]]", done.stdout)

    def test_remarks_are_told_to_programs_too(self):
        self.write("frontend web\n  bind 127.0.0.1:8080\n  mode http\n  compression algo gzip\n  default_backend a\n"
                   "backend a\n  server a 127.0.0.1:3000\n", "haproxy.cfg")
        done = self.convert("haproxy", "haproxy.cfg", "--json")
        told = [remark for remark in json.loads(done.stderr) if remark["kind"] == "not converted"]
        self.assertEqual([(remark["file"], remark["line"], remark["text"]) for remark in told],
                         [("haproxy.cfg", 4, "compression algo gzip")])

    def test_files_that_are_included_are_read_and_named(self):
        (self.folder / "sites").mkdir()
        for name in ("a", "b"):
            self.write(f"server {{\n listen 127.0.0.1:8080;\n server_name {name}.example;\n brotli on;\n"
                       f" location / {{ proxy_pass http://127.0.0.1:3000; }}\n}}\n", f"sites/{name}.conf")
        self.write("events {}\nhttp { include sites/*.conf; include missing.conf; }")
        done = self.convert("nginx", "nginx.conf")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('hostname = "b.example"', done.stdout)
        for said in ("sites/a.conf:4", "sites/b.conf:4", "nginx.conf:2: not converted: missing.conf cannot be read"):
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
