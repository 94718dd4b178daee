"""The documents keep their word: what README.md and ./run tell people to type works and does what they say, examples
are valid, and the command lines of the other documents are ones that Seki takes.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

try:
    import yaml
except ImportError:
    yaml = None

import wire
from certificates import Authority, make_certificate
from harness import ROOT, SANITIZER, ProcessTest, free_port, own_ip, until
from reader import SEKI, Reader

README = (ROOT / "README.md").read_text(encoding="utf-8")
USAGE = 2  # the exit code for a command line that is not understood


def indented_lines(text):
    """What people are to type, without the comments."""
    return [re.split(r"\s+#", line)[0].strip() for line in text.splitlines() if line.startswith("    ")]


def listens(address):
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


class Demo:
    """./run with the binary under test, on an address of its own; `who` starts it, if it is somebody else."""

    def __init__(self, root=ROOT, **who):
        self.address = (own_ip(), 0)
        self.address = (self.address[0], free_port(self.address[0]))
        self.text = "{}:{}".format(*self.address)
        self.folder = root / "build/run" / self.text
        self.process = subprocess.Popen([root / "run", self.text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                        env={**os.environ, "SEKI_BINARY": SEKI}, **who)
        self.printed = []
        for line in self.process.stdout:
            self.printed.append(line)
            if line.startswith("Ctrl-C"):
                return
        raise AssertionError("./run ended:\n" + "".join(self.printed))

    def interrupt(self):
        """Ctrl-C; its exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(wire.PATIENCE_SECONDS)

    def remove(self):
        if self.process.poll() is None:
            self.interrupt()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Run(Reader):
    def demo(self):
        demo = Demo()
        self.addCleanup(demo.remove)
        return demo

    def test_what_it_prints_is_true(self):
        demo = self.demo()
        curl, add, curl_again, weigh, curl_weighed, curl_secured, change, upgrade, status = indented_lines(
            "".join(demo.printed))
        self.assertEqual({curl}, {curl_again, curl_weighed})
        answers = set()

        def all_of(*names):
            """Whether each of them has answered by now, and nobody else has."""
            answers.add(re.search("Hello from (.*),", self.type(curl))[1])
            self.assertLessEqual(answers, set(names))
            return answers == set(names)

        until(lambda: all_of("demo-1", "demo-2"), "both backends to answer")
        self.type(add, folder=ROOT)
        until(lambda: all_of("demo-1", "demo-2", "demo-3"), "the third backend to answer too")
        self.type(weigh, folder=ROOT)
        shares = [re.search("Hello from (.*),", self.type(curl))[1] for _ in range(20)]
        self.assertGreater(shares.count("demo-3"), 10)
        self.assertRegex(self.type(curl_secured, folder=ROOT), "Hello from demo-")
        self.assertIn("- Backend demo demo-2", self.type(change, folder=ROOT))
        meanwhile = self.type(upgrade, folder=ROOT)
        self.assertIn("Upgrade successful", meanwhile)
        self.assertIn("is at piece 10 of 10", meanwhile)
        self.assertIn("RUNNING", self.type(status, folder=ROOT).upper())

    def test_nothing_is_left_after_control_c(self):
        demo = self.demo()
        self.assertEqual(demo.interrupt(), 0)
        kinds = {path.name: stat.S_IFMT(path.lstat().st_mode) for path in demo.folder.iterdir()}
        self.assertEqual(kinds, dict.fromkeys(("demo.key", "demo.pem", "demo.toml", "seki.log"), stat.S_IFREG))
        self.assertFalse(listens(demo.address))
        self.assertIsNone(SANITIZER.search((demo.folder / "seki.log").read_text(encoding="utf-8")))

    @unittest.skipUnless(os.getuid() == 0, "only root becomes another user")
    def test_works_as_another_user_and_says_where_it_may_not_write(self):
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        if subprocess.run(["test", "-x", SEKI], check=False, **nobody).returncode != 0:
            self.skipTest("other users may not run this binary")
        clone = self.folder / "clone"
        clone.mkdir()
        for name in ("run", "tools/progress.sh", "tools/demo_backends.py", "examples/demo.toml"):
            (clone / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
        self.folder.chmod(0o755)
        refused = subprocess.run([clone / "run", f"{own_ip()}:1"], env={**os.environ, "SEKI_BINARY": SEKI}, capture_output=True,
                                 text=True, check=False, **nobody)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("may not write", refused.stderr)
        os.chown(clone, 65534, 65534)
        demo = Demo(clone, **nobody)
        self.addCleanup(demo.remove)
        self.assertIn("Hello from", self.type(indented_lines("".join(demo.printed))[0]))
        self.assertEqual(demo.interrupt(), 0)

    def test_a_port_in_use_is_told_before_anything_is_built(self):
        with socket.create_server((own_ip(), 0)) as taken:
            text = "{}:{}".format(*taken.getsockname())
            without_binary = {name: value for name, value in os.environ.items() if name != "SEKI_BINARY"}
            done = subprocess.run([ROOT / "run", text], env=without_binary, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"something else listens on {text}", done.stderr)
        self.assertFalse((ROOT / "build/run" / text).exists())


class Readme(Reader):
    def obey(self, command):
        line = command.line
        if line in ("./run", "./check"):  # the one has tests above, the other has us
            self.assertTrue(os.access(ROOT / line, os.X_OK))
        elif line == "packaging/build-deb" or line.startswith("apt install"):  # test_packaging
            self.assertTrue((ROOT / "packaging/build-deb").exists())
        elif line.startswith("cmake --install"):
            self.install(line)
        elif line == "curl http://127.0.0.1:8080/" and not self.terminals:
            demo = Demo()
            self.addCleanup(demo.remove)
            self.assertIn("Hello from", self.type(line.replace("127.0.0.1:8080", demo.text)))
        else:
            super().obey(command)

    def install(self, line):
        """As the line does, though not for the whole machine, and from the folder that the binary was built in."""
        (self.folder / "bin/seki").unlink()
        where = f"{self.folder}/usr"
        self.type(f"{line.replace('build/release', str(pathlib.Path(SEKI).parent))} --prefix {where}")
        self.environment["PATH"] = f"{where}/bin:{self.environment['PATH']}"

    def test_every_line_to_type_works(self):
        self.read(README)

    def test_says_where_the_command_socket_is_by_default(self):
        (self.work / "silent.toml").touch()
        named = re.search(r"names no `command_socket`\s+means `(.+?)`", README)[1]
        self.assertIn(f"no Seki listens on {named} ", self.type("seki -c silent.toml status", fails=True))

    def test_what_the_text_tells_to_type_works(self):
        lines = [line for line in re.findall(r"`(seki [^`]+)`", README) if " -c " not in line]
        self.assertIn("seki --help", lines)
        for line in lines:
            if "| man" in line and shutil.which("man") is None:
                continue
            self.assertIn("seki", self.type(line))


class Release(ProcessTest):
    @unittest.skipUnless(pathlib.Path(SEKI).parent.name == "release", "of the release only")
    def test_has_its_symbols_in_a_file_beside_it(self):
        def sections(path):
            return subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout

        for name in (".symtab", ".debug_line"):
            self.assertNotIn(name, sections(SEKI))
            self.assertIn(name, sections(SEKI + ".debug"))
        self.assertIn(".gnu_debuglink", sections(SEKI))


class Documents(ProcessTest):
    def test_every_example_is_valid(self):
        examples = sorted((ROOT / "examples").glob("*.toml"))
        self.assertTrue(examples)
        with tempfile.TemporaryDirectory() as folder:
            make_certificate(pathlib.Path(folder), "demo", "localhost")  # as ./run does
            for example in examples:
                with self.subTest(example.name):
                    copy = shutil.copy(example, folder)
                    done = subprocess.run([SEKI, "-c", copy, "config", "check"], cwd=folder, capture_output=True, text=True,
                                          check=False, timeout=wire.PATIENCE_SECONDS)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_command_line_is_understood(self):
        """Nobody serves here: what is understood fails for that."""
        texts = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")
                 if path.name not in ("recipes.md", "migrating.md")]  # which test_recipes types
        lines = [line for text in texts for line in indented_lines(text) if re.match("seki [a-z-]", line)]
        self.assertGreater(len(lines), 5)
        with tempfile.TemporaryDirectory() as folder:
            make_certificate(pathlib.Path(folder), "new", "example.com")  # the files that some of them name
            Authority(pathlib.Path(folder), "clients").list_revoked()
            (pathlib.Path(folder) / "new.ocsp").touch()
            for line in lines:
                words = re.sub(r"-c \S+", "", line).split()[1:]
                with self.subTest(line):
                    done = subprocess.run([SEKI, "-c", f"{folder}/none.toml", *words], cwd=folder, capture_output=True,
                                          text=True, check=False, timeout=wire.PATIENCE_SECONDS)
                    self.assertNotEqual(done.returncode, USAGE, done.stderr)


class Fenced(unittest.TestCase):
    """What stands in documents and nothing here can run is at least well-formed."""

    def blocks(self, language):
        pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        found = [block for page in pages
                 for block in re.findall(f"^```{language}\\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)]
        self.assertTrue(found)
        return found

    def test_scripts(self):
        for script in self.blocks("sh"):
            done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")
            for path in re.findall(r"packaging/\S+", script):
                self.assertTrue((ROOT / path).exists(), path)

    @unittest.skipIf(yaml is None, "python3-yaml is not installed (tools/install check)")
    def test_yaml(self):
        texts = [path.read_text(encoding="utf-8") for path in (ROOT / ".github").rglob("*.yml")]
        self.assertTrue(texts)
        for text in texts + self.blocks("yaml"):
            self.assertIsInstance(yaml.safe_load(text), dict)


if __name__ == "__main__":
    unittest.main()
