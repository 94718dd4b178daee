"""What the Debian package consists of: the unit is a careful one, the sample file is valid, and the package is built."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import BINARY, ROOT

PACKAGING = ROOT / "packaging"
OWN_RELEASE = pathlib.Path(BINARY).resolve() == (ROOT / "build/release/seki").resolve()
MOST_EXPOSURE = "20"  # tenths: up to there systemd says OK


class Packaging(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze")
    def test_the_unit_exposes_little(self):
        unit = str(PACKAGING / "debian/seki.service")
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", unit],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-300:] + done.stderr)

    def test_the_unit_leaves_its_folders_to_whom_they_are_made_for(self):
        """A service manager gives folders of a unit another owner and mode if it says nothing of them."""
        lines = (PACKAGING / "debian/seki.service").read_text(encoding="utf-8").splitlines()
        unit = dict(line.split("=", 1) for line in lines if "=" in line)
        made = [line.split() for line in (PACKAGING / "debian/seki.tmpfiles").read_text(encoding="utf-8").splitlines()]
        parents = {"/run": "RuntimeDirectory", "/var/lib": "StateDirectory", "/var/log": "LogsDirectory"}
        folders = {path: (mode, user, group) for kind, path, mode, user, group, _ in made if kind == "d"}
        self.assertEqual(set(folders), {f"{parent}/{unit[key]}" for parent, key in parents.items()})
        for parent, key in parents.items():
            with self.subTest(key):
                expected = (unit.get(f"{key}Mode", "0755"), unit["User"], unit["Group"])
                self.assertEqual(folders[f"{parent}/{unit[key]}"], expected)

    def test_logs_are_rotated_as_their_owner(self):
        """In a folder of another user root could be led elsewhere, by a link."""
        self.assertIn("\tsu seki seki\n", (PACKAGING / "debian/seki.logrotate").read_text(encoding="utf-8"))

    def test_the_sample_file_is_valid(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-packaged-"))
        self.addCleanup(shutil.rmtree, folder)
        text = (PACKAGING / "seki.toml").read_text(encoding="utf-8")
        for place in ("/run/seki", "/var/lib/seki"):
            self.assertIn(place, text)
            text = text.replace(place, str(folder))
        (folder / "seki.toml").write_text(text, encoding="utf-8")
        done = subprocess.run([BINARY, "-c", str(folder / "seki.toml"), "config", "check"], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_package_has_the_version_of_the_program(self):
        project = re.search(r"project\(seki VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        package = re.match(r"seki \(([^)]+)-[^-)]+\)", (PACKAGING / "debian/changelog").read_text(encoding="utf-8"))[1]
        self.assertEqual(package, project)

    @unittest.skipUnless(shutil.which("make"), "there is no make")
    def test_flags_of_dpkg_do_not_reach_the_compiler(self):
        """Its "no PIE" and ours do not go together, and every object would be compiled once more."""
        names = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS")
        told = f"include {PACKAGING}/debian/rules\nshow:\n\t@echo '['$${' $$'.join(names)}']'\n"
        done = subprocess.run(["make", "--file=-", "show"], input=told, capture_output=True, text=True, check=True,
                              env={**os.environ, **dict.fromkeys(names, "-specs=no-pie")})
        self.assertNotIn("specs", done.stdout)
        self.assertIn("[", done.stdout)

    def test_scripts_of_the_package_are_shell(self):
        for script in ("postinst", "prerm", "postrm", "tests/installed"):
            done = subprocess.run(["sh", "-n", PACKAGING / "debian" / script], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), script)

    @unittest.skipUnless(OWN_RELEASE and shutil.which("dh") and shutil.which("lintian"),
                         "the release is not at hand, or debhelper and lintian are not (tools/install package)")
    def test_the_package_is_built_and_lintian_has_no_objection(self):
        built = subprocess.run([PACKAGING / "build-deb"], capture_output=True, text=True, check=False)
        self.assertEqual(built.returncode, 0, built.stdout + built.stderr)
        package = ROOT / built.stdout.split()[-1]
        listed = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
        for path in ("./usr/bin/seki", "./lib/systemd/system/seki.service", "./usr/lib/sysusers.d/seki.conf",
                     "./etc/seki/seki.toml", "./usr/share/man/man1/seki.1.gz"):
            self.assertIn(path, listed)
        found = subprocess.run(["lintian", "--fail-on=error,warning", package], capture_output=True, text=True, check=False)
        self.assertEqual(found.returncode, 0, found.stdout + found.stderr)


if __name__ == "__main__":
    unittest.main()
