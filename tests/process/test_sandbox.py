"""What processes may do: workers in their sandbox, and the user that root leaves everything to."""
import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import unittest

import wire
from halting import preload
from harness import BINARY, ProcessTest, http_body, sanitizer_runtimes, until, wait_gone

LOW_PORTS = 1 << 10  # CAP_NET_BIND_SERVICE
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
        seki.environment |= {"LD_PRELOAD": preload("try_forbidden.cpp"), "SEKI_TRY_PATH": str(made),
                             "SEKI_TRY_SOCKET": seki.socket_path}
        seki.start()
        [worker] = seki.worker_pids()
        self.assertEqual(seki.get().status, 200)
        found = dict(re.findall(r"^tried ([^:\n]*): (\w+)$", seki.log(), re.MULTILINE))
        self.assertEqual(found.pop("the end"), "ok")
        self.assertIn(found.pop("command"), ("ENOTCONN", "EPIPE", "ECONNRESET"))
        self.assertIn(f", pid {worker} is turned away: workers do not command", seki.log())
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
        self.assertEqual(status_of(seki.process.pid)["NoNewPrivs"], "1")
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


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class User(ProcessTest):
    NOBODY = pwd.getpwnam("nobody")

    def owned(self, **settings):
        """An instance whose folder, and whose executable in it, are nobody's."""
        seki = self.instance(user="nobody", pid_file_path="seki.pid", saved_state="state.json", automatic_state_save=True,
                             **settings)
        seki.settings |= {"log_target": f"file://{seki.folder}/log", "access_logs_target": f"file://{seki.folder}/access"}
        seki.binary = str(seki.folder / "seki")
        shutil.copy(BINARY, seki.binary)
        os.chown(seki.folder, self.NOBODY.pw_uid, self.NOBODY.pw_gid)
        seki.address = (seki.ip, 80)
        seki.body = http_body(seki.text, self.backend())
        return seki

    def check_rights(self, seki):
        supervisor = seki.process.pid
        for pid in (supervisor, *seki.worker_pids()):
            status = status_of(pid)
            self.assertEqual(status["Uid"].split(), [str(self.NOBODY.pw_uid)] * 4)
            self.assertEqual(status["Gid"].split(), [str(self.NOBODY.pw_gid)] * 4)
            self.assertNotIn("0", status["Groups"].split())
        self.assertEqual(capabilities(supervisor), {"CapInh": LOW_PORTS, "CapPrm": LOW_PORTS, "CapEff": LOW_PORTS, "CapAmb": 0})
        for pid in seki.worker_pids():
            self.assertEqual(capabilities(pid), NONE)

    def check_low_port(self, seki, port):
        address = f"{seki.ip}:{port}"
        done = seki.ctl("listener", "http", "add", "-a", address)
        self.assertEqual(done.code, 0, done)
        done = seki.ctl("listener", "http", "activate", "-a", address)
        self.assertEqual(done.code, 0, done)
        wire.connect((seki.ip, port)).close()

    def test_root_leaves_everything_to_the_user_but_low_ports(self):
        seki = self.owned(worker_count=2).start()
        self.assertEqual(seki.get().status, 200)
        self.check_rights(seki)
        self.check_low_port(seki, 81)
        for name in ("log", "access"):
            os.rename(seki.folder / name, seki.folder / f"{name}.1")
        seki.signal(signal.SIGHUP)
        until(lambda: all((seki.folder / name).exists() for name in ("log", "access")), "new logs")
        self.assertEqual((seki.folder / "access").stat().st_uid, self.NOBODY.pw_uid)

        done = seki.ctl("upgrade", "--timeout", "60000")
        self.assertEqual(done.code, 0, done)
        self.check_rights(seki)
        self.check_low_port(seki, 82)
        self.assertEqual(seki.get().status, 200)

        seki.signal(signal.SIGTERM)
        self.assertEqual(seki.wait(), 0)
        self.assertFalse((seki.folder / "seki.pid").exists())
        self.assertFalse((seki.folder / "seki.sock").exists())
        self.assertEqual((seki.folder / "state.json").stat().st_uid, self.NOBODY.pw_uid)

    def test_root_that_stays_root_is_told_what_that_means(self):
        warning = "WARN  MAIN\troot runs it, and `user` names nobody else: other programs take its workers for root"
        stays = self.http(self.backend())
        self.assertIn(warning, stays.log())
        leaves = self.owned().start()
        self.assertNotIn(warning, (leaves.folder / "log").read_text())

    def test_when_the_supervisor_is_killed_the_next_one_adopts_the_workers_of_its_user(self):
        seki = self.owned(worker_count=2).start()
        old = seki.worker_pids()
        seki.kill()
        self.assertEqual(seki.get().status, 200)
        seki.start()
        for pid in old:
            wait_gone(pid)
        self.check_rights(seki)
        self.assertEqual(seki.get().status, 200)

    def test_the_group_may_be_another_one(self):
        seki = self.owned(group="daemon").start()
        gid = str(grp.getgrnam("daemon").gr_gid)
        for pid in (seki.process.pid, *seki.worker_pids()):
            self.assertEqual(status_of(pid)["Gid"].split(), [gid] * 4)

    def refusal(self, seki, *arguments):
        seki.write_config()
        done = subprocess.run([seki.binary, "-c", seki.config, *arguments], capture_output=True, text=True, check=False,
                              preexec_fn=seki.prepare, timeout=wire.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 1, done)
        return done.stdout + done.stderr

    def test_what_the_user_may_not_do_is_told_at_the_start(self):
        seki = self.owned()
        os.chown(seki.folder, 0, 0)
        os.chmod(seki.folder, 0o755)
        for arguments in (("config", "check"), ("start",)):
            said = self.refusal(seki, *arguments)
            for key in ("log_target", "access_logs_target", "pid_file_path", "command_socket", "saved_state"):
                self.assertRegex(said, rf"{key}: .*Permission denied")

    def test_a_saved_state_of_root_is_told_at_the_start(self):
        seki = self.owned()
        (seki.folder / "state.json").touch(mode=0o600)
        for arguments in (("config", "check"), ("start",)):
            self.assertRegex(self.refusal(seki, *arguments), "saved_state: .*state.json: Permission denied")

    def test_an_executable_that_the_user_may_not_run_is_told_at_the_start(self):
        seki = self.owned()
        os.chmod(seki.binary, 0o700)
        for arguments in (("config", "check"), ("start",)):
            self.assertIn("user: workers cannot begin: the executable: Permission denied", self.refusal(seki, *arguments))

    def test_who_is_not_there_is_named(self):
        seki = self.instance(user="no-such-user")
        self.assertIn("user: there is no user 'no-such-user' on this system", self.refusal(seki, "start"))
        seki = self.instance(user="nobody", group="no-such-group")
        self.assertIn("group: there is no group 'no-such-group' on this system", self.refusal(seki, "start"))

    def test_only_root_can_become_another_one(self):
        seki = self.owned()
        os.chmod(seki.folder, 0o755)
        seki.settings["user"] = "daemon"
        seki.prepare = lambda: (os.setgid(self.NOBODY.pw_gid), os.setuid(self.NOBODY.pw_uid))
        self.assertIn("user: only root can become 'daemon'", self.refusal(seki, "start"))

    def test_who_is_that_user_already_stays_it(self):
        seki = self.owned()
        seki.address = (seki.ip, 8080)
        seki.body = http_body(seki.text, self.backend())
        seki.prepare = lambda: (os.setgid(self.NOBODY.pw_gid), os.setuid(self.NOBODY.pw_uid))
        seki.start()
        self.assertEqual(seki.get().status, 200)
        self.assertEqual(capabilities(seki.process.pid), NONE)


if __name__ == "__main__":
    unittest.main()
