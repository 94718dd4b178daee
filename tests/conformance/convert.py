#!/usr/bin/python3
"""`seki convert` on configurations that others published: each is started with its own program and, converted, with Seki,
and both get the same requests.

    git clone --depth 1 https://github.com/mastodon/mastodon          # and netbox-community/netbox, google/timesketch
    git clone --depth 1 https://github.com/haproxy/haproxy            # and patroni/patroni
    tests/conformance/convert.py FOLDER                                # where these clones are

Addresses become ones of this test, backends are stand-ins that say who they are, and what would need something outside (a
cache's folder, a user) is taken out of the copy. Files that are not there are skipped. SEKI_BINARY names Seki's binary.
"""
import itertools
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "process"))
from certificates import make_certificate  # noqa: E402
from converting import PROGRAMS, Pair, telling  # noqa: E402
from harness import ProcessTest  # noqa: E402

FOLDER = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
AROUND_NGINX = """daemon off; master_process off; pid {folder}/pid; error_log stderr error; events {{ worker_connections 128; }}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
{text}
}}
"""


class Public(ProcessTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-convert-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        make_certificate(self.folder, "site", "site.example")
        both = (self.folder / "site.pem").read_text() + (self.folder / "site.key").read_text()
        (self.folder / "site.both").write_text(both)
        self.stand_ins = {}

    def text_of(self, product, path):
        if PROGRAMS[product] is None:
            self.skipTest(f"{product} is not installed (tools/install check)")
        if FOLDER is None or not (FOLDER / path).exists():
            self.skipTest(f"{path} is not there: name the folder of the clones")
        return (FOLDER / path).read_text(encoding="utf-8")

    def stand_in(self, name):
        """The address of the backend that stands for this one."""
        if name not in self.stand_ins:
            self.stand_ins[name] = self.backend(name, respond=telling(name)).text
        return self.stand_ins[name]

    def nginx(self, path, changes=()):
        text = self.text_of("nginx", path)
        for old, new in changes:
            text = text.replace(old, new)
        text = re.sub(r"listen\s+\[::\][^;]*;|proxy_cache\w*\s[^;]*;|ssl_certificate\w*\s[^;]*;|(access|error)_log\s[^;]*;", "", text)
        text = re.sub(r"listen\s+(?:\*:)?80\b([^;]*);", r"listen {web}\1;", text)
        text = re.sub(r"listen\s+443\s[^;]*;", "listen {tls} ssl; ssl_certificate {folder}/site.pem; ssl_certificate_key {folder}/site.key;", text)
        text = re.sub(r"server\s+(unix:\S+?|[\w.]+:\d+)(\s[^;]*)?;", lambda found: f"server {self.stand_in(found[1])}{found[2] or ''};", text)
        text = re.sub(r"(proxy_pass\s+http://)([\d.]+:\d+)", lambda found: found[1] + self.stand_in(found[2]), text)
        names = [name for name in ("web", "tls") if f"{{{name}}}" in text]
        whole = AROUND_NGINX.replace("{{", "{").replace("}}", "}").replace("{text}", text)
        return Pair(self, "nginx", whole, names, ["tls"], self.folder)

    def haproxy(self, path, binds, changes=()):
        text = self.text_of("haproxy", path)
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        text = re.sub(r"^\s*(chroot|user|group|uid|gid|daemon|pidfile|stats socket|log .*|zero-warning|default-path).*$", "", text, flags=re.MULTILINE)
        # One stand-in for all servers of a backend: whose turn it is says nothing about routes.
        lines, section = [], ""
        for line in text.splitlines():
            if found := re.match(r"(?:backend|listen)\s+(\S+)", line):
                section = found[1]
            lines.append(re.sub(r"^(\s*server\s+\S+\s+)\S+", lambda found: found[1] + self.stand_in(section), line))
        text = "\n".join(lines) + "\n"
        # Stand-ins are not asked for their health.
        text = re.sub(r"^(\s*server\s.*?) check\b( inter \w+)?", r"\1", text, flags=re.MULTILINE)
        text = re.sub(r"^\s*maxconn.*", "", text, flags=re.MULTILINE)  # more than descriptors that a test may have
        for old, name in binds.items():
            text = text.replace(old, f"{{{name}}}")
        return Pair(self, "haproxy", text, list(binds.values()), ["tls"], self.folder)

    def agree(self, pair, hosts, paths, methods=("GET",), without=()):
        """Tells how many did. `without`: paths that the original answers itself, or with files."""
        places = [name for name in pair.theirs.addresses if name != "stats"]
        requests = [request for request in itertools.product(places, methods, hosts, paths)]
        count, alike = 0, 0
        for place, method, host, path in requests:
            if any(path.startswith(each) for each in without):
                continue
            theirs = pair.ask(pair.theirs, place, method, host, path, ())
            ours = pair.ask(pair.ours, place, method, host, path, ())
            count += 1
            alike += ours == theirs
            if ours != theirs:
                print(f"  {place} {method} {host}{path}: {theirs} {ours}")
        lost, different = re.search(r"(\d+) not converted, (\d+) different", pair.remarks).groups()
        print(f"{self.id().split('.')[-1]}: {alike} of {count} alike; {lost} lines not converted, {different} different")
        self.assertEqual(alike, count)

    def test_mastodon(self):
        pair = self.nginx("mastodon/dist/nginx.conf")
        self.agree(pair, ["example.com", "other.example"], ["/", "/about?x=1", "/api/v1/streaming", "/api/v1/streaming/user?a", "/api/v1/timelines",
                                                            "/.well-known/webfinger?r=1", "/inbox", "/system"], ("GET", "POST"), ["/.well-known/acme"])

    def test_netbox(self):
        pair = self.nginx("netbox/contrib/nginx.conf", [("[::]:443 ssl ipv6only=off", "443 ssl"), ("[::]:80 ipv6only=off", "80")])
        self.agree(pair, ["netbox.example.com", "other.example"], ["/", "/api/dcim/?limit=1", "/login/", "/static", "/staticx", "/x/static/y"], ("GET", "POST"))

    def test_timesketch(self):
        # What its chain of `if` refuses, posts to /login, is told and not converted.
        text = self.text_of("nginx", "timesketch/contrib/nginx.conf")
        inside = re.search(r"http \{(.*)\}\s*$", text, re.DOTALL)[1]
        pair = self.nginx("timesketch/contrib/nginx.conf", [(text, inside), ("timesketch-web:5000", "127.0.0.1:5000")])
        self.agree(pair, ["sketch.example", "other.example"], ["/", "/login/", "/api/v1/sketches/?a=b", "/legacy/"])

    def test_haproxy_content_switching(self):
        pair = self.haproxy("haproxy/examples/content-sw-sample.cfg", {"192.168.1.10:80 name clear": "web"})
        self.agree(pair, ["img.example", "imgs", "img.a.example", "www.example", "img"],
                   ["/", "/img", "/img/a.png", "/css/a?x", "/x/img", "/images", "/cart?a=1"], ("GET", "POST"), ["/admin", "/monitor"])

    def test_haproxy_edge(self):
        # Its page of figures is left out, and so is what stands between .if and .endif.
        pair = self.haproxy("haproxy/examples/basic-config-edge.cfg", {":80 name clear": "web", ":443 name secure": "tls", "{stats}": "stats"},
                            [("pub1.pem", "{folder}/site.both"), (":8181", "{stats}"), ("feature(QUIC)", "0")])
        self.agree(pair, ["site.example", "other.example"], ["/", "/a?b=c", "/stats"], ("GET", "POST"))

    def test_haproxy_patroni(self):
        pair = self.haproxy("patroni/haproxy.cfg", {"*:5000": "web", "*:7000": "stats"})
        self.agree(pair, ["db.example"], ["/", "/a?b=c"])


if __name__ == "__main__":
    unittest.main()
