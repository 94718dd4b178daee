"""What Seki says of the mistakes that people make first, word for word: each is a file in transcripts/, which shows what
was typed and what came. Whoever changes words runs this with SEKI_WRITE_TRANSCRIPTS=1 and reads what git shows as a
newcomer would: does it say what is wrong, where, and what to do?
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import wire
from certificates import make_certificate
from harness import BINARY, ROOT, ProcessTest, free_port, http_body, own_ip

TRANSCRIPTS = ROOT / "tests/process/transcripts"
SEKI = str(pathlib.Path(BINARY).resolve())
SITE = """\
command_socket = "seki.sock"

[[listeners]]
protocol = "http"
address = "127.0.0.1:8080"

[clusters.shop]
protocol = "http"
frontends = [{ address = "127.0.0.1:8080", hostname = "shop.example" }]
backends = [{ address = "127.0.0.1:3000" }]
"""
SECURED = SITE.replace('protocol = "http"\naddress', 'protocol = "https"\ncertificate = "shop.pem"\nkey = "shop.key"\naddress', 1)


class Transcripts(ProcessTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-said-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.names = {}  # what is different in each run, and its name in the transcripts

    def write(self, text, name="seki.toml"):
        (self.folder / name).write_text(text, encoding="utf-8")

    def said(self, line):
        """The command that is typed in the folder, what it prints, and its exit code where that is not 0."""
        words = re.sub("^seki ", f"{SEKI} ", line)
        environment = {key: value for key, value in os.environ.items() if key != "SEKI_CONFIG"}
        done = subprocess.run(["bash", "-c", words], cwd=self.folder, env=environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=wire.PATIENCE_SECONDS, check=False)
        text = f"$ {line}\n{done.stdout}"
        if done.returncode:
            text += f"(exit code {done.returncode})\n"
        for ours, name in sorted(self.names.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(ours, name)
        return text.replace(str(self.folder), "/folder")

    def compare(self, name, *lines):
        said = "\n".join(self.said(line) for line in lines)
        path = TRANSCRIPTS / f"{name}.txt"
        if os.environ.get("SEKI_WRITE_TRANSCRIPTS"):
            path.write_text(said, encoding="utf-8")
        self.assertEqual(said, path.read_text(encoding="utf-8"), f"{path.name} has other words")

    def checked(self, name, text):
        self.write(text)
        self.compare(name, "seki -c seki.toml check")

    def running(self):
        """An instance whose configuration and socket are called so in transcripts."""
        seki = self.http(self.backend())
        self.names |= {seki.config: "seki.toml", seki.socket_path: "seki.sock", seki.text: "127.0.0.1:8080"}
        return seki

    # ---- the command line

    def test_a_verb_that_is_mistyped(self):
        self.compare("verb", "seki clutser list", "seki cluster lst", "seki cluster", "seki helo")

    def test_an_option_that_is_mistyped(self):
        self.compare("option", "seki backend add --cluster-id shop --adress 127.0.0.1:3000", "seki status --jsn")

    def test_an_option_that_is_missing(self):
        self.compare("option_missing", "seki backend add --id shop")

    def test_a_file_to_convert_that_cannot_be(self):
        self.write("server {\n    listen 8080;\n    location / { proxy_pass http://127.0.0.1:3000 }\n}\n", "nginx.conf")
        self.write("events {}\n", "empty.conf")
        self.compare("convert", "seki convert nginx nginx.cnf", "seki convert apache httpd.conf", "seki convert nginx",
                     "seki convert nginx nginx.conf", "seki convert haproxy nginx.conf", "seki convert nginx empty.conf")

    def test_an_address_that_is_none(self):
        self.compare("address", "seki backend add -i shop --backend-id a -a localhost:3000",
                     "seki backend add -i shop --backend-id a -a 127.0.0.1", "seki backend add -i shop --backend-id a -a ::1:80")

    def test_no_configuration(self):
        self.compare("no_configuration", "seki -c seki.tml status", "seki -c seki.tml check", "seki -c seki.tml start")

    def test_nobody_listens(self):
        self.write(SITE)
        self.compare("socket_absent", "seki -c seki.toml status", "seki --socket other.sock status")

    @unittest.skipIf(shutil.which("setpriv") is None or os.getuid() != 0, "only root becomes somebody else, by setpriv")
    def test_no_permission(self):
        seki = self.running()
        for folder in (seki.folder, self.folder):
            os.chmod(folder, 0o755)
        shutil.copy(BINARY, self.folder / "copy")
        as_other = "setpriv --reuid 65534 --clear-groups ./copy"
        self.names[as_other] = "seki"
        self.compare("permission", f"{as_other} --socket {seki.socket_path} status")

    def test_a_cluster_that_is_mistyped(self):
        seki = self.running()
        self.compare("cluster", f"seki -c {seki.config} cluster list -i wbe",
                     f"seki -c {seki.config} backend add -i wbe --backend-id a -a 127.0.0.1:3000")

    # ---- the file

    def test_toml_that_is_none(self):
        for name, wrong in {"quotes_missing": "log_level = debug", "quotes_open": 'log_level = "debug',
                            "colon": "worker_count: 2", "yes": "evict_on_queue_full = yes", "unit": "front_timeout = 30s",
                            "comment": "// two workers\nworker_count = 2", "twice": "worker_count = 2\nworker_count = 4",
                            "header_open": "[metrics\naddress = \"127.0.0.1:8125\"",
                            "list_open": 'command_allowed_uids = [0, 1000\nworker_count = 2',
                            "braces": 'metrics = {\n  address = "127.0.0.1:8125"\n}'}.items():
            with self.subTest(name):
                self.checked(f"toml_{name}", f"{wrong}\n{SITE}")

    def test_a_list_that_is_written_as_a_table(self):
        self.checked("toml_list_as_table", SITE.replace("[[listeners]]", "[listeners]"))

    def test_a_key_that_is_mistyped(self):
        self.checked("key", SITE.replace("address", "adress", 1))

    def test_a_value_that_is_mistyped(self):
        self.checked("value", SITE.replace('"http"', '"htpp"', 1))

    def test_an_address_of_the_file_that_is_none(self):
        self.checked("address_in_file", SITE.replace('"127.0.0.1:8080"', '"localhost:8080"', 1))

    def test_a_route_that_is_written_twice(self):
        self.checked("route_twice", SITE + SITE[SITE.index("[clusters"):].replace("shop]", "shop-next]"))

    # ---- what the file names

    def test_an_answer_that_is_missing(self):
        self.checked("answer", SITE + 'answers = { 503 = "file://sorry.http" }\n')

    def test_a_certificate_that_is_missing(self):
        self.checked("certificate", SECURED)

    def test_a_key_of_another_certificate(self):
        for name in ("shop", "other"):
            make_certificate(self.folder, name, "shop.example")
        self.write((self.folder / "other.key").read_text(), "shop.key")
        self.checked("certificate_key", SECURED)

    # ---- what runs already

    def test_a_port_in_use(self):
        taken = self.backend("taken")
        self.names[taken.text] = "127.0.0.1:8080"
        self.write(SITE.replace("127.0.0.1:8080", taken.text))
        self.compare("port_in_use", "seki -c seki.toml start", "seki -c seki.toml check")

    def test_two_instances(self):
        first = self.running()
        ip = own_ip()
        other = f"{ip}:{free_port(ip)}"
        self.write(f'command_socket = "{first.socket_path}"\nlog_level = "error"\n' + http_body(other))
        self.compare("two_instances", "seki -c seki.toml start")


if __name__ == "__main__":
    unittest.main()
