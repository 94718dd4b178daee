"""Nobody loses a connection: a short run of tests/endurance/run."""
import collections
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import BINARY, ROOT

sys.path.append(str(ROOT / "tests/endurance"))

import table  # noqa: E402


class Endurance(unittest.TestCase):
    def test_nothing_is_lost_but_what_runs_in_a_worker_that_is_killed(self):
        done = subprocess.run(
            [sys.executable, ROOT / "tests/endurance/run", "--binary", BINARY, "--upgrades", "2", "--replacements", "2",
             "--reloads", "2", "--kills", "1", "--supervisor-kills", "2", "--idle", "40", "--clients", "1"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("| 0 |"), 6, done.stdout)

    def test_the_table_tells_what_was_lost_by_whom_and_replaces_the_one_before(self):
        row = table.Row("reload", 3, patience=5, gone=[0.2, 0.4, None], freed=1, silences=[0.01, 0.02], noticed=collections.Counter({
            (table.FAILED, "http download, counted"): 2, (table.FAILED, "https download, chunked"): 1,
            (table.CLOSED, "TCP tunnel"): 4, (table.REFUSED, "https idle"): 5, (table.TOLD, "http keep-alive"): 6}))
        text = table.render_one("some proxy 1.0", [row])
        for line in ("slow downloads that failed | 3", "slow uploads that failed | 0", "TCP tunnels closed | 4",
                     "connections that nobody took | 5", "keep-alive: told to close, in order | 6",
                     "the old process is gone: median, longest | 1 of 3: after 5 s still there; ends with its last tunnel"):
            self.assertIn(f"| {line} |", text)
        self.assertEqual(row.lost(), 12)
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nbehind\n", encoding="utf-8")
            table.write(page, text)
            self.assertEqual(page.read_text(encoding="utf-8"), f"before\n{table.BEGIN}\n{text}\n{table.END}\nbehind\n")


if __name__ == "__main__":
    unittest.main()
