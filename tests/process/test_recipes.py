"""Each recipe of docs/recipes.md works as it stands there: its file, its commands, and what they print."""
import re
import unittest

from harness import ROOT
from reader import Reader, Text

PAGE = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
# The page's beginning has what all recipes need.
BEGINNING, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)


class Recipes(Reader):
    """A test for each heading of the page comes from below."""


def test_of(section):
    return lambda self: self.read(BEGINNING + section)


for number, section in enumerate(SECTIONS):
    title = section.split("\n", 1)[0]
    name = "test_" + re.sub(r"\W+", "_", title.lower()).strip("_")
    assert not hasattr(Recipes, name), title
    if Text(section).commands:
        setattr(Recipes, name, test_of(section))


if __name__ == "__main__":
    unittest.main()
