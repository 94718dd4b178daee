"""What mkdocs.yml needs beyond mkdocs, and what links between documents are about: GitHub and the site read the same files.

Pages are the documents of docs/ and those at the top of the repository. Links are written as GitHub takes them, relative to
the file; the site, in which all pages are in one folder, gets them by the page's name. A link to a file that is no page (an
example, a folder) becomes its text there.
"""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
AT_THE_TOP = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
CODE = re.compile(r"^(```.*?^```$|(?: {4}[^\n]*\n)+)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


def pages():
    return [ROOT / name for name in AT_THE_TOP] + sorted((ROOT / "docs").glob("*.md"))


def slug(heading, separator="-"):
    """The anchor of a heading, as GitHub makes it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", separator)


def without_code(text):
    """The text with as many lines, but without commands, files and quotations."""
    return CODE.sub(lambda code: re.sub(r"[^\n]", "", code[0]), text)


def anchors(page):
    found = []
    for heading in re.findall(r"^#+ (.*)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE):
        anchor = slug(heading)
        found.append(f"{anchor}-{found.count(anchor)}" if anchor in found else anchor)
    return found


def links(page):
    """(file, anchor) of each link to something in the repository."""
    for _, target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


# ---- called by mkdocs

def on_config(config):
    config["mdx_configs"].setdefault("toc", {})["slugify"] = slug
    return config


def on_files(files, config):
    from mkdocs.structure.files import File

    for name in AT_THE_TOP:
        files.append(File(name, str(ROOT), config["site_dir"], config["use_directory_urls"]))
    return files


def on_page_markdown(markdown, page, **_):
    origin = pathlib.Path(page.file.abs_src_path).parent
    known = pages()

    def for_the_site(link):
        text, target = link.groups()
        path, hash_sign, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return link[0]
        file = (origin / path).resolve()
        return f"[{text}]({file.name}{hash_sign}{anchor})" if file in known else text

    return LINK.sub(for_the_site, markdown)
