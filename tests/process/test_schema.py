"""The JSON schema of the configuration file (`seki config schema`) takes what Seki takes: examples and whole files of the
documents. It refuses what an editor should mark: keys that do not exist, values of another type.
"""
import json
import re
import subprocess
import tomllib
import unittest

from harness import BINARY, ROOT

try:
    import jsonschema
except ImportError:
    jsonschema = None

SITE = """\
[[listeners]]
protocol = "http"
address = "127.0.0.1:8080"

[clusters.shop]
protocol = "http"
frontends = [{ address = "127.0.0.1:8080", hostname = "shop.example" }]
backends = [{ address = "localhost:3000" }]
"""


@unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed (tools/install)")
class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([BINARY, "config", "schema"], capture_output=True, text=True, check=True)
        cls.printed = done.stdout
        schema = json.loads(done.stdout)
        jsonschema.Draft7Validator.check_schema(schema)
        cls.validator = jsonschema.Draft7Validator(schema)

    def mistakes(self, text):
        return [f"{'.'.join(map(str, each.path))}: {each.message[:200]}" for each in
                self.validator.iter_errors(tomllib.loads(text))]

    def test_is_the_one_of_the_documents(self):
        self.assertEqual(self.printed, (ROOT / "docs/seki.schema.json").read_text(encoding="utf-8"))

    def test_takes_every_example(self):
        examples = [*(ROOT / "examples").glob("*.toml"), ROOT / "packaging/seki.toml"]
        self.assertGreater(len(examples), 4)
        for example in examples:
            with self.subTest(example.name):
                self.assertEqual(self.mistakes(example.read_text(encoding="utf-8")), [])

    def test_takes_every_file_of_the_documents(self):
        files = 0
        for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
            for block in re.findall(r"^```toml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
                if "[[listeners]]" not in block or "protocol" not in block:
                    continue  # a part of a file
                files += 1
                with self.subTest(page.name, block=block[:60]):
                    self.assertEqual(self.mistakes(block), [])
        self.assertGreater(files, 5)

    def test_takes_what_only_some_protocols_have_and_words_in_any_case(self):
        self.assertEqual(self.mistakes(SITE), [])
        for more in ('client_half_close_timeout = "off"', 'forwarded_headers = "RFC7239"', "answers = { 404 = \"\" }",
                     "max_flows = 3", "tls_provider = \"old\""):
            with self.subTest(more):
                self.assertEqual(self.mistakes(SITE.replace("address", f"{more}\naddress", 1)), [])

    def test_refuses_what_is_misspelt_missing_or_of_another_type(self):
        for old, new in (("address", "adress"), ('"http"', '"htpp"'), ('"http"', "1"), ("[[listeners]]", "[listeners]"),
                         ("hostname", "host"), ("backends", "backend"), ("[clusters.shop]", "[cluster.shop]"),
                         ("address", "front_timeout = 0\naddress"), ("address", "front_timeout = \"3\"\naddress"),
                         ("address", "max_header_bytes = 1\naddress"), ("address", "send_x_real_ip = 1\naddress"),
                         ("address", "trusted_proxies = \"::1\"\naddress"), ("[[", "worker_counts = 1\n[["),
                         ("[[", "worker_count = 0\n[["), ('address = "127.0.0.1:8080"\n', "")):
            with self.subTest(new):
                self.assertNotEqual(self.mistakes(SITE.replace(old, new, 1)), [])


if __name__ == "__main__":
    unittest.main()
