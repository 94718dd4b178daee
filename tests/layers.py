#!/usr/bin/env python3
"""Checks the layers of the code: which library may include which, and what every file has to tell its reader.

Libraries are the folders of src/. A library includes headers of lower levels, and of the libraries that its CMakeLists.txt uses;
nothing else. The last line is the tally: each rule is one check.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

LEVELS = [
    ["base"],
    ["event", "http", "sandbox", "x509"],
    ["net", "routing"],
    ["observe"],
    ["config", "tls", "auth", "backend"],
    ["command", "proxy", "convert"],
    ["supervisor", "worker", "ctl"],
]
LEVEL_OF = {library: level for level, libraries in enumerate(LEVELS) for library in libraries}
# What parses traffic must not be able to crash the process that keeps the others alive.
NEVER = {"supervisor": {"proxy", "worker"}, "ctl": {"proxy", "worker"}}
LONGEST_FILE_LINES = 500
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
CMAKE_CALL = re.compile(r"seki_library\(\s*(\w+)(.*?)\)", re.DOTALL)


class File:
    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(SRC).as_posix()
        self.library = self.name.split("/")[0] if "/" in self.name else "main"
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        self.includes = INCLUDE.findall(self.text)
        self.shown = f"src/{self.name}"

    def line_of(self, include):
        return next(number for number, line in enumerate(self.lines, 1) if f'"{include}"' in line)

    def at(self, include):
        return f"{self.shown}:{self.line_of(include)}"


class Library:
    """What the CMakeLists.txt of a library says: the libraries that it uses, and whether it knows the schema."""

    def __init__(self, name):
        cmake = SRC / name / "CMakeLists.txt"
        call = CMAKE_CALL.search(cmake.read_text(encoding="utf-8")) if cmake.exists() else None
        words = call.group(2).split() if call else []
        self.uses = set(self.section(words, "USES"))
        external = set(self.section(words, "LIBRARIES"))
        self.has_schema = "proto" in self.uses or "seki_proto" in external

    @staticmethod
    def section(words, title):
        inside = False
        for word in words:
            if word in ("SOURCES", "USES", "LIBRARIES"):
                inside = word == title
            elif inside:
                yield word


class Tree:
    def __init__(self):
        paths = sorted(path for path in SRC.rglob("*") if path.suffix in (".h", ".cpp"))
        self.files = [File(path) for path in paths]
        self.libraries = {path.name: Library(path.name) for path in sorted(SRC.iterdir()) if path.is_dir()}

    def headers(self):
        return [file for file in self.files if file.path.suffix == ".h"]

    def reachable(self, library):
        found, open_libraries = set(), [library]
        while open_libraries:
            for used in self.libraries[open_libraries.pop()].uses & self.libraries.keys():
                if used not in found:
                    found.add(used)
                    open_libraries.append(used)
        return found

    def foreign_includes(self):
        """(file, include, its library) for each include of another library's header."""
        for file in self.files:
            for include in file.includes:
                library = include.split("/")[0]
                if "/" in include and library != file.library:
                    yield file, include, library


def rooms_are_known(tree):
    for library in tree.libraries:
        if library not in LEVEL_OF:
            yield f"src/{library}: this library stands on no level; add it to LEVELS"


def includes_go_down(tree):
    for file, include, library in tree.foreign_includes():
        if file.library == "main" or library not in LEVEL_OF or file.library not in LEVEL_OF:
            continue
        if LEVEL_OF[library] >= LEVEL_OF[file.library]:
            yield f"{file.at(include)}: {file.library} must not include {library}, which is not below it"


def includes_exist(tree):
    names = {file.name for file in tree.files}
    for file in tree.files:
        for include in file.includes:
            if include not in names and not include.endswith(".pb.h"):
                yield f"{file.at(include)}: there is no src/{include} (includes are written library/file.h)"


def includes_are_used_rooms(tree):
    told = set()
    for file, include, library in tree.foreign_includes():
        if (file.library, library) in told or file.library not in tree.libraries or library not in tree.libraries:
            continue
        if library not in tree.reachable(file.library):
            told.add((file.library, library))
            yield f"{file.at(include)}: src/{file.library}/CMakeLists.txt does not use {library}"


def traffic_stays_out(tree):
    for name, forbidden in NEVER.items():
        if name in tree.libraries:
            for library in sorted(forbidden & tree.reachable(name)):
                yield f"src/{name}/CMakeLists.txt: {name} must not reach {library}, through no other library either"


def schema_is_declared(tree):
    for file in tree.files:
        for include in file.includes:
            if include.endswith(".pb.h") and not (file.library in tree.libraries and tree.libraries[file.library].has_schema):
                yield f"{file.at(include)}: src/{file.library}/CMakeLists.txt does not list seki_proto"


def no_include_cycles(tree):
    edges = {file.name: [name for name in file.includes] for file in tree.files}
    done = set()

    def visit(name, trail):
        if name in trail:
            yield "src/" + " -> ".join([*trail[trail.index(name):], name])
            return
        if name in done:
            return
        for include in edges.get(name, []):
            yield from visit(include, [*trail, name])
        done.add(name)

    for name in edges:
        yield from visit(name, [])


def headers_are_guarded(tree):
    for file in tree.headers():
        if "#pragma once" not in file.lines:
            yield f"{file.shown}: no #pragma once"


def headers_tell_their_idea(tree):
    for file in tree.headers():
        told = [line for line in file.lines if line.strip() and line != "#pragma once"]
        if not told or not told[0].startswith("//"):
            yield f"{file.shown}: begins without a paragraph that tells its idea"


def files_are_small(tree):
    for file in tree.files:
        if len(file.lines) > LONGEST_FILE_LINES:
            yield f"{file.shown}: {len(file.lines)} lines; past {LONGEST_FILE_LINES} look for the missing noun"


def promises_have_owners(tree):
    for file in tree.files:
        for number, line in enumerate(file.lines, 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(\w+\))", line):
                yield f"{file.shown}:{number}: a TODO without an owner; write TODO(name)"


RULES = [
    rooms_are_known,
    includes_go_down,
    includes_exist,
    includes_are_used_rooms,
    traffic_stays_out,
    schema_is_declared,
    no_include_cycles,
    headers_are_guarded,
    headers_tell_their_idea,
    files_are_small,
    promises_have_owners,
]


def main():
    tree = Tree()
    failed = 0
    for rule in RULES:
        problems = list(rule(tree))
        failed += bool(problems)
        for problem in problems:
            print(f"{problem} [{rule.__name__}]")
    print(f"{len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
