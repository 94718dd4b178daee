#!/usr/bin/env python3
"""Checks that the house keeps its walls: which room may include which, and what every file owes its reader.

Rooms are the folders of src/. A room includes headers of lower levels, and of the rooms that its CMakeLists.txt uses;
nothing else. The last line is the tally: each rule is one check.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

LEVELS = [
    ["base"],
    ["event", "http", "x509"],
    ["net", "routing"],
    ["observe"],
    ["config", "tls", "auth", "backend"],
    ["command", "proxy"],
    ["supervisor", "worker", "ctl"],
]
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
# What parses traffic must not be able to crash the process that keeps the others alive.
NEVER = {"supervisor": {"proxy", "worker"}, "ctl": {"proxy", "worker"}}
LONGEST_FILE_LINES = 500
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
CMAKE_CALL = re.compile(r"seki_room\(\s*(\w+)(.*?)\)", re.DOTALL)


class File:
    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(SRC).as_posix()
        self.room = self.name.split("/")[0] if "/" in self.name else "main"
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        self.includes = INCLUDE.findall(self.text)
        self.shown = f"src/{self.name}"

    def line_of(self, include):
        return next(number for number, line in enumerate(self.lines, 1) if f'"{include}"' in line)

    def at(self, include):
        return f"{self.shown}:{self.line_of(include)}"


class Room:
    """What the CMakeLists.txt of a room says: the rooms that it uses, and whether it knows the schema."""

    def __init__(self, name):
        cmake = SRC / name / "CMakeLists.txt"
        call = CMAKE_CALL.search(cmake.read_text(encoding="utf-8")) if cmake.exists() else None
        words = call.group(2).split() if call else []
        self.uses = set(self.section(words, "USES"))
        libraries = set(self.section(words, "LIBRARIES"))
        self.has_schema = "proto" in self.uses or "seki_proto" in libraries

    @staticmethod
    def section(words, title):
        inside = False
        for word in words:
            if word in ("SOURCES", "USES", "LIBRARIES"):
                inside = word == title
            elif inside:
                yield word


class House:
    def __init__(self):
        paths = sorted(path for path in SRC.rglob("*") if path.suffix in (".h", ".cpp"))
        self.files = [File(path) for path in paths]
        self.rooms = {path.name: Room(path.name) for path in sorted(SRC.iterdir()) if path.is_dir()}

    def headers(self):
        return [file for file in self.files if file.path.suffix == ".h"]

    def reachable(self, room):
        found, open_rooms = set(), [room]
        while open_rooms:
            for used in self.rooms[open_rooms.pop()].uses & self.rooms.keys():
                if used not in found:
                    found.add(used)
                    open_rooms.append(used)
        return found

    def foreign_includes(self):
        """(file, include, its room) for each include of another room's header."""
        for file in self.files:
            for include in file.includes:
                room = include.split("/")[0]
                if "/" in include and room != file.room:
                    yield file, include, room


def rooms_are_known(house):
    for room in house.rooms:
        if room not in LEVEL_OF:
            yield f"src/{room}: this room stands on no level; add it to LEVELS"


def includes_go_down(house):
    for file, include, room in house.foreign_includes():
        if file.room == "main" or room not in LEVEL_OF or file.room not in LEVEL_OF:
            continue
        if LEVEL_OF[room] >= LEVEL_OF[file.room]:
            yield f"{file.at(include)}: {file.room} must not include {room}, which is not below it"


def includes_exist(house):
    names = {file.name for file in house.files}
    for file in house.files:
        for include in file.includes:
            if include not in names and not include.endswith(".pb.h"):
                yield f"{file.at(include)}: there is no src/{include} (includes are written room/file.h)"


def includes_are_used_rooms(house):
    told = set()
    for file, include, room in house.foreign_includes():
        if (file.room, room) in told or file.room not in house.rooms or room not in house.rooms:
            continue
        if room not in house.reachable(file.room):
            told.add((file.room, room))
            yield f"{file.at(include)}: src/{file.room}/CMakeLists.txt does not use {room}"


def traffic_stays_out(house):
    for name, forbidden in NEVER.items():
        if name in house.rooms:
            for room in sorted(forbidden & house.reachable(name)):
                yield f"src/{name}/CMakeLists.txt: {name} must not reach {room}, through no other room either"


def schema_is_declared(house):
    for file in house.files:
        for include in file.includes:
            if include.endswith(".pb.h") and not (file.room in house.rooms and house.rooms[file.room].has_schema):
                yield f"{file.at(include)}: src/{file.room}/CMakeLists.txt does not list seki_proto"


def no_include_cycles(house):
    edges = {file.name: [name for name in file.includes] for file in house.files}
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


def headers_are_guarded(house):
    for file in house.headers():
        if "#pragma once" not in file.lines:
            yield f"{file.shown}: no #pragma once"


def headers_tell_their_idea(house):
    for file in house.headers():
        told = [line for line in file.lines if line.strip() and line != "#pragma once"]
        if not told or not told[0].startswith("//"):
            yield f"{file.shown}: begins without a paragraph that tells its idea"


def files_are_small(house):
    for file in house.files:
        if len(file.lines) > LONGEST_FILE_LINES:
            yield f"{file.shown}: {len(file.lines)} lines; past {LONGEST_FILE_LINES} look for the missing noun"


def promises_have_owners(house):
    for file in house.files:
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
    house = House()
    failed = 0
    for rule in RULES:
        problems = list(rule(house))
        failed += bool(problems)
        for problem in problems:
            print(f"{problem} [{rule.__name__}]")
    print(f"{len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
