"""How it begins, and how it says that it cannot."""
import os
import re
import socket
import subprocess
import unittest

import wire
from halting import Scarcity, preload
from harness import BINARY, ProcessTest, Seki, http_body


class Start(ProcessTest):
    def refused(self, seki):
        """The log of an instance that must not start."""
        seki.spawn()
        self.assertEqual(seki.wait(), 1, seki.log())
        return seki.log()

    def test_each_worker_stays_on_a_processor_of_its_own(self):
        usable = os.sched_getaffinity(0)
        seki = self.http(self.backend(), worker_count=len(usable) + 1, handle_process_affinity=True)
        where = [os.sched_getaffinity(pid) for pid in seki.worker_pids()]
        self.assertTrue(all(len(processors) == 1 for processors in where))
        self.assertEqual(set.union(*where), usable)
        self.assertEqual(os.sched_getaffinity(seki.process.pid), usable)

    def test_a_second_instance_on_the_same_command_socket_is_refused(self):
        first = self.http(self.backend())
        second = self.instance(command_socket=first.socket_path)
        second.body = http_body(second.text)
        self.assertIn(first.socket_path, self.refused(second))
        self.assertEqual(first.get().status, 200)
        self.assertEqual(len(first.worker_pids()), 1)

    def test_an_address_in_use_is_refused_by_name(self):
        taken = self.backend("taken")
        seki = self.instance()
        seki.body = http_body(taken.text)
        self.assertIn(taken.text, self.refused(seki))

    def test_an_address_that_another_instance_shares_is_refused(self):
        first = self.http(self.backend())
        second = self.instance()
        second.body = http_body(first.text)
        self.assertIn(first.text, self.refused(second))
        self.assertEqual([first.get().status for _ in range(20)], [200] * 20)

    def test_a_log_that_cannot_be_opened_is_refused_by_start_and_by_config_check(self):
        for key in ("log_target", "access_logs_target"):
            with self.subTest(key):
                seki = self.instance(**{key: "file:///nonexistent/seki.log"})
                seki.body = http_body(seki.text, self.backend())
                said = f"{key}: /nonexistent: No such file or directory"
                self.assertIn(said, self.refused(seki))
                checked = seki.ctl("config", "check")
                self.assertEqual(checked.code, 1)
                self.assertIn(said, checked.err)

    def test_workers_that_cannot_begin_end_the_start_with_their_reason(self):
        seki = self.instance(worker_count=2, pid_file_path="seki.pid")
        seki.body = http_body(seki.text, self.backend())
        Scarcity(seki).refuse("worker prctl")
        self.assertRegex(self.refused(seki), r"seki: cannot start: worker \d was killed: it cannot begin: PR_SET_NO_NEW_PRIVS: ")
        self.assertFalse(os.path.exists(seki.socket_path))
        self.assertFalse((seki.folder / "seki.pid").exists())

    def test_an_address_in_use_is_told_by_config_check_and_no_mistake(self):
        taken = self.backend("taken")
        seki = self.instance()
        seki.body = http_body(taken.text)
        seki.write_config()
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 0, checked)
        self.assertIn(f"{taken.text}: the address is already in use", checked.err)

    def test_a_configuration_that_runs_is_valid_all_the_same(self):
        seki = self.http(self.backend())
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 0, checked)

    def test_a_socket_file_that_nobody_serves_is_replaced(self):
        seki = self.instance()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(seki.socket_path)
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        self.assertEqual(seki.get().status, 200)

    def test_a_file_that_is_no_socket_is_left_alone(self):
        seki = self.instance()
        seki.body = http_body(seki.text)
        with open(seki.socket_path, "w", encoding="ascii") as precious:
            precious.write("precious")
        self.refused(seki)
        with open(seki.socket_path, encoding="ascii") as precious:
            self.assertEqual(precious.read(), "precious")

    def test_the_command_socket_is_for_its_owner_only(self):
        seki = self.http(self.backend())
        self.assertEqual(os.stat(seki.socket_path).st_mode & 0o777, 0o600)

    def test_the_pid_file_names_the_supervisor_while_it_lives(self):
        seki = self.instance()
        pid_file = seki.folder / "seki.pid"
        seki.settings["pid_file_path"] = str(pid_file)
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        self.assertEqual(int(pid_file.read_text()), seki.process.pid)
        seki.stop()
        self.assertFalse(pid_file.exists())

    def test_a_worker_that_begins_survives_the_signal_to_open_its_logs_again(self):
        seki = self.instance(worker_count=2)
        seki.body = http_body(seki.text, self.backend())
        seki.environment |= {"LD_PRELOAD": preload("hang_up_at_start.cpp")}
        seki.start()
        with seki.control() as control:
            self.assertEqual([worker.id for worker in control.workers()], [0, 1], seki.log())

    def test_the_log_says_first_what_begins_and_what_it_serves(self):
        seki = self.http(self.backend(), worker_count=2)
        lines = [line.split("\t", 1)[1] for line in seki.log().splitlines() if "INFO  MAIN" in line]
        self.assertEqual(lines[0], f"{seki.ctl('version').out.splitlines()[0]} starts with {seki.config}")
        self.assertEqual(lines[1:5], [f"commands at {seki.socket_path}", f"listening: http {seki.text}",
                                      "1 cluster, 1 frontend, 1 backend, 0 certificates",
                                      "2 workers, each with 1000 clients at most and buffers of 16393 bytes"])

    def test_the_log_says_who_changed_what(self):
        seki = self.http(self.backend())
        other = self.backend()
        seki.body = http_body(seki.text, other)
        seki.write_config()
        self.assertEqual(seki.ctl("reload").code, 0)
        self.assertRegex(seki.log(), rf"ReloadConfiguration by uid {os.getuid()}, pid \d+: 2 things are different now\n")
        self.assertRegex(seki.log(), rf"\t\+ Backend web \S+ {other.text}\n")

    def test_the_configuration_is_found_by_the_environment(self):
        seki = self.http(self.backend())
        done = subprocess.run([BINARY, "status"], env={**os.environ, "SEKI_CONFIG": seki.config}, check=False,
                              capture_output=True, timeout=wire.PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done)


class BadConfiguration(ProcessTest):
    def complaint(self, body, **settings):
        """What `start` and `config check` say, which must be the same mistake at the same place."""
        seki = self.instance(**settings)
        seki.body = body.replace("ADDRESS", seki.text)
        seki.spawn()
        self.assertEqual(seki.wait(), 1, seki.log())
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 1, checked)
        place = re.search(re.escape(seki.config) + r":(\d+)", checked.err)
        self.assertIsNotNone(place, checked.err)
        self.assertIn(place.group(0), seki.log())
        self.line = (seki.folder / "seki.toml").read_text().splitlines()[int(place.group(1)) - 1]
        return checked.err

    def test_an_unknown_key_is_named_with_the_nearest_one(self):
        said = self.complaint("", wroker_count=2)
        self.assertIn("wroker_count", said)
        self.assertIn("worker_count", said.replace("wroker_count", ""))
        self.assertIn("wroker_count", self.line)

    def test_an_unknown_key_inside_a_listener_is_an_error(self):
        said = self.complaint('[[listeners]]\nprotocol = "http"\naddress = "ADDRESS"\nfront_timout = 3\n')
        self.assertIn("front_timeout", said)
        self.assertIn("front_timout", self.line)

    def test_a_value_out_of_bounds_is_named_with_its_bounds(self):
        said = self.complaint("", worker_count=0)
        self.assertIn("worker_count", said)
        self.assertIn("worker_count", self.line)

    def test_a_value_of_the_wrong_type_is_an_error(self):
        self.assertIn("max_connections", self.complaint("", max_connections="many"))

    def test_toml_that_does_not_parse_is_an_error_with_its_line(self):
        self.complaint('[[listeners]]\nprotocol = "http\n')

    def test_two_listeners_on_one_address_are_an_error(self):
        listener = '[[listeners]]\nprotocol = "http"\naddress = "ADDRESS"\n'
        self.complaint(listener + listener)

    def test_a_feature_that_does_not_exist_yet_is_refused_not_ignored(self):
        said = self.complaint('[clusters.web]\nprotocol = "http"\nfrontends = []\nbackends = []\nhttp2 = true\n')
        self.assertIn("http2", self.line + said)

    def test_a_frontend_without_its_listener_is_an_error(self):
        said = self.complaint('[[listeners]]\nprotocol = "http"\naddress = "ADDRESS"\n[clusters.web]\nprotocol = "http"\n'
                              'frontends = [{ address = "127.0.0.1:1", hostname = "x" }]\n')
        self.assertIn("[[listeners]]", said)
        self.assertIn("implicit_listeners", said)

    def test_programs_get_a_list_of_what_is_wrong(self):
        seki = self.instance(wroker_count=2)
        seki.write_config()
        checked = seki.ctl("--json", "config", "check")
        self.assertEqual(checked.code, 1, checked)
        diagnostic = checked.json[0]
        self.assertEqual((diagnostic["severity"], diagnostic["file"], diagnostic["key"]), ("error", seki.config, "wroker_count"))
        self.assertIn("did you mean", diagnostic["message"])

    def test_a_missing_file_is_an_error(self):
        seki = Seki()
        self.addCleanup(seki.remove)
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 1)
        self.assertIn(seki.config, checked.err)

    def test_a_good_file_is_valid(self):
        seki = self.instance()
        seki.body = http_body(seki.text, self.backend())
        seki.write_config()
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 0, checked)

    def test_a_good_file_of_an_older_version_is_valid_with_a_warning(self):
        seki = self.instance()
        seki.body = "tls_provider = \"ring\"\n" + http_body(seki.text, self.backend())
        seki.write_config()
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 0, checked)
        self.assertIn("tls_provider", checked.err)


if __name__ == "__main__":
    unittest.main()
