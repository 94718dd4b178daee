"""What workers may do, which is to serve."""
import os
import pathlib
import re
import signal
import unittest

from halting import preload
from harness import ProcessTest, http_body, sanitizer_runtimes, until, wait_gone

# Sanitizers read files, and look for leaks from a process that traces this one.
SANITIZED = {"read a file", "start a process", "limit another process"}


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def capabilities(pid):
    status = status_of(pid)
    return {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


NONE = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapAmb"), 0)


class Sandbox(ProcessTest):
    def with_attempts(self, **settings):
        """What a worker could do of what it may not, by its error; and the instance."""
        seki = self.instance(**settings)
        seki.may_be_refused = True
        seki.body = http_body(seki.text, self.backend())
        made = seki.folder / "made"
        seki.environment |= {"LD_PRELOAD": preload("try_forbidden.cpp"), "SEKI_TRY_PATH": str(made)}
        seki.start()
        self.assertEqual(seki.get().status, 200)
        found = dict(re.findall(r"^tried ([^:\n]*): (\w+)$", seki.log(), re.MULTILINE))
        self.assertEqual(found.pop("the end"), "ok")
        self.assertFalse(made.exists())
        self.assertEqual(seki.get().status, 200)
        return found, seki

    def test_a_worker_can_do_nothing_but_serve(self):
        found, seki = self.with_attempts()
        self.assertEqual(found.pop("make a socket"), "ok")
        self.assertEqual(found.pop("call what there is not yet"), "ENOSYS")
        if sanitizer_runtimes():
            found = {name: error for name, error in found.items() if name not in SANITIZED}
        self.assertGreater(len(found), 12)
        for name, error in found.items():
            with self.subTest(name):
                self.assertIn(error, ("EPERM", "EACCES"))
        for call in ("openat", "bind", "listen", "execve", "kill", "pidfd_open", "socket"):
            with self.subTest(call):
                until(lambda call=call: f"the system call {call} is refused by the sandbox" in seki.log(), "its name")
        self.assertEqual(len(re.findall("call openat is refused", seki.log())), 1)

    def test_each_half_of_the_sandbox_keeps_files_and_ports_away(self):
        for other in ("worker_seccomp", "worker_landlock"):
            with self.subTest(f"without {other}"):
                found, seki = self.with_attempts(**{other: False})
                if other == "worker_seccomp" and "no Landlock in this kernel" in seki.log():
                    self.skipTest("this kernel has no Landlock")
                for name in ("make a file", "make a folder", "open its memory", "bind", "signal another process"):
                    self.assertIn(found[name], ("EPERM", "EACCES"), name)

    def test_without_it_there_are_no_rights_of_root_all_the_same(self):
        seki = self.http(self.backend(), worker_seccomp=False, worker_landlock=False)
        [worker] = seki.worker_pids()
        self.assertEqual(capabilities(worker), NONE)
        self.assertEqual((status_of(worker)["NoNewPrivs"], status_of(worker)["Seccomp"]), ("1", "0"))

    def test_the_kernel_says_so_of_each_process(self):
        seki = self.http(self.backend(), worker_count=2)
        for pid in seki.worker_pids():
            status = status_of(pid)
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
            self.assertEqual(capabilities(pid), NONE)
        self.assertIn("in its sandbox: a filter of system calls, ", seki.log())

    def test_a_log_that_cannot_be_opened_by_a_later_worker_gets_its_lines_when_it_can(self):
        seki = self.instance(worker_count=1)
        folder = seki.folder / "logs"
        folder.mkdir()
        seki.settings["access_logs_target"] = f"file://{folder}/access"
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        folder.rename(seki.folder / "away")
        folder.write_text("in the way")
        [worker] = seki.worker_pids()
        os.kill(worker, signal.SIGKILL)
        wait_gone(worker)
        until(lambda: seki.worker_pids() and seki.worker_pids() != [worker], "another worker")
        self.assertEqual(seki.get("/meanwhile").status, 200)
        folder.unlink()
        folder.mkdir()
        until(lambda: (folder / "access").exists() and "/meanwhile" in (folder / "access").read_text(), "the line")


if __name__ == "__main__":
    unittest.main()
