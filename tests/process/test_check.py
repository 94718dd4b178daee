"""What ./check says is true, however its steps end. It runs here in a folder of its own, with a word in place of each
step."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import wire
from harness import ROOT

CONTENT = 'print("1 passed, 0 failed")\n'
# Each step has a process group of its own, whose first process the lane has begun.
KILL_THE_LANE = """
import os, pathlib
stat = pathlib.Path(f"/proc/{os.getpgid(0)}/stat").read_text()
os.kill(int(stat.rsplit(")", 1)[1].split()[1]), 9)
"""


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-check-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in ("check", "tools/progress.sh"):
            self.write(name, (ROOT / name).read_text(encoding="utf-8"))
        for name in ("tools/install", "tools/coverage", "build/fuzz/fuzz/a_fuzz", "bin/cmake", "bin/ctest",
                     "bin/clang-format-19", "bin/clang++-19"):
            self.write(name, "#!/bin/sh\n")
        for name in ("tests/layers.py", "tools/tally_gtest.py", "tests/process/run.py", "tests/conformance/uploads.py"):
            self.write(name, CONTENT)
        for name in ("src/a.h", "bench/a.h", "fuzz/a_fuzz.cpp", "fuzz/corpus/a/input"):
            self.write(name, "")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def begin(self):
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        check = subprocess.Popen([self.folder / "check"], env={**os.environ, "PATH": path}, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for last in (check.stdout.close, check.wait, check.terminate):
            self.addCleanup(last)
        return check

    def end(self, check):
        """Its last line, which the exit code bears out, and so do the lines before it that name what failed."""
        self.printed, _ = check.communicate(timeout=wire.PATIENCE_SECONDS)
        tally = self.printed.splitlines()[-1]
        self.assertEqual(check.returncode == 0, tally.endswith(" 0 failed"), self.printed)
        return tally

    def named(self):
        return [line for line in self.printed.splitlines() if line.startswith("failed: ")]

    def test_counts_and_names_what_fails_or_dies(self):
        whole = self.end(self.begin())
        self.assertRegex(whole, r"^[1-9]\d* passed, 0 failed$")
        self.assertEqual(self.named(), [])
        step = "failed: process tests, dev:"
        for process_tests, named in (('print("failed: one", "1 passed, 1 failed", sep="\\n")', f"{step} one"),
                                     ("exit(1)", step), (CONTENT + "exit(1)", step),
                                     (KILL_THE_LANE, "failed: test_preset dev: it died")):
            with self.subTest(process_tests):
                self.setUp()
                self.write("tests/process/run.py", process_tests)
                self.assertRegex(self.end(self.begin()), r"^[1-9]\d* passed, [1-9]\d* failed$")
                self.assertIn(named, self.named())

    def test_refuses_to_run_twice_in_a_folder_and_leaves_the_first_its_sums(self):
        whole = self.end(self.begin())
        os.mkfifo(self.folder / "gate")
        self.write("tests/layers.py", f"open('gate').read()\n{CONTENT}")
        first = self.begin()
        self.assertIn("layers", first.stdout.readline())
        self.assertEqual(self.end(self.begin()), "check: another one runs in this folder")
        (self.folder / "gate").write_text("", encoding="utf-8")
        self.assertEqual(self.end(first), whole)


if __name__ == "__main__":
    unittest.main()
