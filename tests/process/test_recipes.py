"""Recipes work as they stand in their documents: the file of each, its commands, and what they print."""
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import ROOT
from reader import Reader, Text


class Recipes(Reader):
    """A test for each heading of docs/recipes.md comes from below."""


class Migrating(Reader):
    """Likewise of docs/migrating.md; and the files of others there are ones that the others take."""

    def judge(self, language, around, *command):
        page = (ROOT / "docs/migrating.md").read_text(encoding="utf-8")
        with tempfile.NamedTemporaryFile("w", suffix=f".{language}") as file:
            file.write(around.format(re.search(f"```{language}\n(.*?)```", page, re.DOTALL)[1]))
            file.flush()
            done = subprocess.run([*command, file.name], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipUnless(shutil.which("nginx"), "nginx is not installed")
    def test_nginx_takes_its_own_example(self):
        around = f"events {{{{}}}}\npid {self.folder}/pid;\nerror_log stderr;\nhttp {{{{\naccess_log off;\n{{}}}}}}\n"
        self.judge("nginx", around, "nginx", "-t", "-c")

    @unittest.skipUnless(shutil.which("haproxy"), "HAProxy is not installed")
    def test_haproxy_takes_its_own_example(self):
        around = "defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n{}"
        self.judge("haproxy", around, "haproxy", "-c", "-f")


def add_tests(tests, page):
    # The page's beginning has what all its recipes need.
    beginning, *sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for section in sections:
        title = section.split("\n", 1)[0]
        name = "test_" + re.sub(r"\W+", "_", title.lower()).strip("_")
        assert not hasattr(tests, name), title
        if Text(section).commands:
            setattr(tests, name, lambda self, text=beginning + section: self.read(text))


add_tests(Recipes, ROOT / "docs/recipes.md")
add_tests(Migrating, ROOT / "docs/migrating.md")

if __name__ == "__main__":
    unittest.main()
