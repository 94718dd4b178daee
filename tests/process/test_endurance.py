"""Nobody loses a connection: a short run of tests/endurance/run."""
import subprocess
import sys
import unittest

from harness import BINARY, ROOT


class Endurance(unittest.TestCase):
    def test_nothing_is_lost_but_what_runs_in_a_worker_that_is_killed(self):
        done = subprocess.run(
            [sys.executable, ROOT / "tests/endurance/run", "--binary", BINARY, "--upgrades", "2", "--replacements", "2",
             "--reloads", "2", "--kills", "1", "--supervisor-kills", "2", "--idle", "40", "--clients", "1"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("| 0 |"), 6, done.stdout)


if __name__ == "__main__":
    unittest.main()
