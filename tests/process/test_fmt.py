"""`seki fmt`: the configuration file with its blanks and line breaks by one rule, on stdout or in place, and never with another
meaning or in parts.
"""
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from harness import BINARY

SEKI = str(pathlib.Path(BINARY).resolve())

UGLY = "# Shop\n[[listeners]]\nprotocol=\"http\"   \naddress = '127.0.0.1:8080'\n[clusters.shop]\nbackends=[ {address='[::1]:1'} ]"
NEAT = ("# Shop\n[[listeners]]\nprotocol = \"http\"\naddress = '127.0.0.1:8080'\n\n[clusters.shop]\n"
        "backends = [{ address = '[::1]:1' }]\n")


class Fmt(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "seki.toml"
        self.file.write_text(UGLY, encoding="utf-8")

    def seki(self, *arguments, text=None):
        done = subprocess.run([SEKI, *map(str, arguments)], input=text, capture_output=True, text=True, cwd=self.folder,
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def test_prints_the_text_and_leaves_the_file(self):
        for arguments in (["fmt", "seki.toml"], ["-c", "seki.toml", "fmt"], ["fmt", "-c", self.file]):
            self.assertEqual(self.seki(*arguments), (0, NEAT, ""))
        self.assertEqual(self.file.read_text(encoding="utf-8"), UGLY)

    def test_takes_the_text_from_stdin(self):
        self.assertEqual(self.seki("fmt", "-", text=UGLY), (0, NEAT, ""))
        self.assertEqual(self.seki("fmt", "-", "--check", text=NEAT), (0, "", ""))
        code, out, err = self.seki("fmt", "-", "--check", text=UGLY)
        self.assertEqual((code, out, err), (1, "", "stdin:3-6: not as `seki fmt` leaves it\n"))
        code, out, err = self.seki("fmt", "-", "-w", text=UGLY)
        self.assertEqual((code, out), (2, ""))
        self.assertIn("--write: stdin is no file", err)

    def test_puts_the_file_in_place(self):
        self.file.chmod(0o640)
        before = self.file.stat()
        self.assertEqual(self.seki("fmt", "-w", "seki.toml"), (0, "seki.toml is formatted\n", ""))
        self.assertEqual(self.file.read_text(encoding="utf-8"), NEAT)
        after = self.file.stat()
        self.assertEqual(stat.S_IMODE(after.st_mode), 0o640)
        self.assertEqual((after.st_uid, after.st_gid), (before.st_uid, before.st_gid))
        self.assertNotEqual(after.st_ino, before.st_ino, "it was written over")
        self.assertEqual(self.seki("fmt", "--write", "seki.toml"), (0, "", ""))
        self.assertEqual(self.file.stat().st_ino, after.st_ino, "it was written although nothing was to change")
        self.assertEqual(os.listdir(self.folder), ["seki.toml"])

    @unittest.skipIf(os.getuid() != 0, "only root gives files away")
    def test_leaves_the_file_to_its_owner(self):
        os.chown(self.file, 12345, 12346)
        self.assertEqual(self.seki("fmt", "-w", "seki.toml")[0], 0)
        self.assertEqual((self.file.stat().st_uid, self.file.stat().st_gid), (12345, 12346))

    def test_follows_a_symbolic_link(self):
        (self.folder / "sites").mkdir()
        target = self.folder / "sites/shop.toml"
        self.file.rename(target)
        self.file.symlink_to("sites/shop.toml")
        self.assertEqual(self.seki("fmt", "-w", "seki.toml"), (0, "seki.toml is formatted\n", ""))
        self.assertTrue(self.file.is_symlink())
        self.assertEqual(target.read_text(encoding="utf-8"), NEAT)
        self.assertEqual(os.listdir(self.folder / "sites"), ["shop.toml"])

    def test_check_tells_the_lines(self):
        self.assertEqual(self.seki("fmt", "--check", "seki.toml"),
                         (1, "", "seki.toml:3-6: not as `seki fmt` leaves it\n"))
        self.assertEqual(self.file.read_text(encoding="utf-8"), UGLY)
        self.file.write_text(NEAT.replace("= \"http\"", "=\"http\""), encoding="utf-8")
        self.assertEqual(self.seki("fmt", "--check", "seki.toml"), (1, "", "seki.toml:3: not as `seki fmt` leaves it\n"))
        self.file.write_text(NEAT, encoding="utf-8")
        self.assertEqual(self.seki("fmt", "--check", "seki.toml"), (0, "", ""))
        self.assertEqual(self.seki("fmt", "--check", "-w", "seki.toml")[0], 2)

    def test_refuses_what_is_no_toml_as_check_does(self):
        for wrong in (b"a=1\n[listeners\n", b"a = 1\na = 2\n", b"a = 'x\n", b"a = '\xff'\n", b"a = [1\n"):
            self.file.write_bytes(wrong)
            code, _, said = self.seki("check", "-c", "seki.toml")
            self.assertEqual(code, 1)
            for way in ([], ["-w"], ["--check"]):
                self.assertEqual(self.seki("fmt", *way, "seki.toml"), (1, "", said))
            self.assertEqual(self.file.read_bytes(), wrong)

    def test_refuses_what_is_no_file(self):
        self.assertEqual(self.seki("fmt", "gone.toml"),
                         (1, "", "error: gone.toml: cannot open it: No such file or directory\n"))
        self.assertEqual(self.seki("fmt", "-w", "."), (1, "", "error: .: it is not a regular file\n"))

    def test_needs_not_know_the_keys(self):
        self.assertEqual(self.seki("fmt", "-", text="wrold=1\r\n"), (0, "wrold = 1\n", ""))


if __name__ == "__main__":
    unittest.main()
