"""Documents lead somewhere: each link between them to a file and a heading that are there, every page is found from
README.md, and the site is built of them without a warning.
"""
import functools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import site_pages  # noqa: E402

HAS_MKDOCS = shutil.which("mkdocs") is not None


class Links(unittest.TestCase):
    def test_each_leads_to_something(self):
        count = 0
        for page in site_pages.pages():
            for target, anchor in site_pages.links(page):
                count += 1
                with self.subTest(f"{page.relative_to(ROOT)}: {target.name}#{anchor}"):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, site_pages.anchors(target))
        self.assertGreater(count, 100)

    def test_every_page_is_reached_from_the_readme(self):
        reached, waiting = set(), [ROOT / "README.md"]
        while waiting:
            page = waiting.pop()
            if page not in reached and page in site_pages.pages():
                reached.add(page)
                waiting += [target for target, _ in site_pages.links(page)]
        self.assertEqual(set(site_pages.pages()), reached)

    def test_the_site_shows_every_page(self):
        listed = re.findall(r": ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(page.name for page in site_pages.pages()))


class Site(unittest.TestCase):
    @unittest.skipUnless(HAS_MKDOCS, "mkdocs is not installed (tools/install check)")
    def test_is_built_without_a_warning(self):
        with tempfile.TemporaryDirectory() as folder:
            built = subprocess.run(["mkdocs", "build", "--strict", "--quiet", "-f", ROOT / "mkdocs.yml", "-d", folder],
                                   capture_output=True, text=True, check=False)
            self.assertEqual(built.returncode, 0, built.stderr)
            self.follow_links(pathlib.Path(folder))

    def follow_links(self, site):
        count = 0
        for page in site.rglob("index.html"):
            for target in re.findall(r'<a [^>]*href="([^":]*)"', page.read_text(encoding="utf-8")):
                path, _, anchor = target.partition("#")
                file = (page.parent / path) if path else page
                file = file / "index.html" if file.is_dir() else file
                count += 1
                self.assertTrue(file.exists(), f"{page.parent.name}: {target}")
                if anchor:
                    self.assertIn(anchor, self.names(file), page.parent.name)
        self.assertGreater(count, 100)

    @functools.cache
    def names(self, file):
        return re.findall(r' id="([^"]+)"', file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
