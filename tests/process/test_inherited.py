"""What it takes over from whoever starts it: closed descriptors, signals, the mask for new files."""
import os
import pathlib
import signal
import subprocess
import unittest

import wire
from harness import BINARY, ProcessTest, http_body


def signals_of(pid, kind):
    """The numbers in SigIgn, SigBlk or SigCgt of a process."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(kind + ":"):
            bits = int(line.split()[1], 16)
            return {number for number in range(1, 65) if bits >> (number - 1) & 1}
    raise AssertionError(f"no {kind} of process {pid}")


class Inherited(ProcessTest):
    def begin(self, seki, prepare):
        """Starts it as the child of somebody who does `prepare` before."""
        seki.prepare = prepare
        return seki.start()

    def processes(self, seki):
        return [seki.process.pid, *seki.worker_pids()]

    def test_standard_streams_that_were_closed_lead_nowhere(self):
        def close_all():
            for number in (0, 1, 2):
                os.close(number)

        seki = self.instance(worker_count=2)
        seki.settings["log_target"] = f"file://{seki.folder}/log"
        seki.body = http_body(seki.text, self.backend())
        self.begin(seki, close_all)
        for pid in self.processes(seki):
            streams = [os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)]
            self.assertEqual(streams, ["/dev/null"] * 3)
        self.assertEqual(seki.get().status, 200)

    def test_a_log_to_a_closed_stdout_is_lost_and_nothing_else(self):
        seki = self.instance()
        seki.body = http_body(seki.text, self.backend())
        self.begin(seki, lambda: os.close(1))
        self.assertEqual(seki.get().status, 200)

    def test_a_start_that_is_refused_without_stderr_ends_with_its_code(self):
        seki = self.instance(no_such_key=1)
        seki.write_config()
        for stderr in ("closed", "/dev/full"):
            with self.subTest(stderr):
                def prepare(stderr=stderr):
                    os.close(2)
                    if stderr != "closed":
                        os.set_inheritable(os.open(stderr, os.O_WRONLY), True)

                done = subprocess.run([BINARY, "-c", seki.config, "start"], preexec_fn=prepare, check=False,
                                      stdout=subprocess.DEVNULL, timeout=wire.PATIENCE_SECONDS)
                self.assertEqual(done.returncode, 1)

    def test_an_answer_that_stdout_does_not_take_is_an_error(self):
        seki = self.http(self.backend())
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, "-c", seki.config, "status"], stdout=full, stderr=subprocess.PIPE,
                                  check=False, timeout=wire.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"stdout", done.stderr)

    def test_signals_that_were_ignored_or_blocked_are_neither(self):
        theirs = {signal.SIGCHLD, signal.SIGTERM, signal.SIGSEGV, signal.SIGTTOU}

        def spoil():
            for number in (signal.SIGCHLD, signal.SIGTTOU):
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, theirs)

        seki = self.instance(worker_count=2)
        seki.body = http_body(seki.text, self.backend())
        self.begin(seki, spoil)
        supervisor, *workers = self.processes(seki)
        for pid in (supervisor, *workers):
            self.assertNotIn(signal.SIGCHLD, signals_of(pid, "SigIgn"))
            self.assertIn(signal.SIGPIPE, signals_of(pid, "SigIgn"))
            self.assertIn(signal.SIGXFSZ, signals_of(pid, "SigIgn"))
            self.assertNotIn(signal.SIGSEGV, signals_of(pid, "SigBlk"))
        for pid in workers:
            # Read by the loop, once there is no supervisor.
            self.assertEqual(signals_of(pid, "SigBlk"), {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM})
        seki.signal(signal.SIGTERM)
        self.assertEqual(seki.wait(), 0)

    def test_files_have_their_modes_whatever_the_mask_was(self):
        for mask in (0, 0o777):
            with self.subTest(oct(mask)):
                seki = self.instance()
                seki.settings |= {"log_target": f"file://{seki.folder}/log", "pid_file_path": "seki.pid"}
                seki.body = http_body(seki.text, self.backend())
                seki.write_config()
                self.begin(seki, lambda mask=mask: os.umask(mask))
                modes = {name: os.stat(seki.folder / name).st_mode & 0o777 for name in ("log", "seki.pid", "seki.sock")}
                self.assertEqual(modes, {"log": 0o640, "seki.pid": 0o644, "seki.sock": 0o600})
                seki.stop()

    def test_descriptors_that_were_left_open_do_not_reach_the_workers(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        seki = self.instance(worker_count=2)
        seki.body = http_body(seki.text, self.backend())
        seki.passed = (writing,)
        seki.start()
        pipe = os.readlink(f"/proc/self/fd/{writing}")
        for pid in seki.worker_pids():
            opened = [os.readlink(entry) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
            self.assertNotIn(pipe, opened)


if __name__ == "__main__":
    unittest.main()
