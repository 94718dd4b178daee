"""The state as a whole: saved and loaded, changed in many places at once, and brought to what the configuration file says
now. Whatever goes wrong leaves one of two states."""
import json
import os
import pathlib
import stat
import threading
import unittest

import wire
from control import Control, Refused, Request, cluster, schema
from halting import Scarcity
from harness import ProcessTest, http_body, tcp_body, until

SOZU = pathlib.Path(__file__).resolve().parent / "sozu-2.3.3-state.json"


def record(**request):
    return json.dumps({"request_type": {verb.upper(): content for verb, content in request.items()}})


def cluster_record(cluster_id):
    return record(add_cluster={"cluster_id": cluster_id, "sticky_session": False, "https_redirect": False,
                               "load_balancing": 0})


class StateTest(ProcessTest):
    def done(self, result, code=0):
        self.assertEqual(result.code, code, result)
        return result

    def clusters(self, seki):
        listed = self.done(seki.ctl("--json", "cluster", "list")).json
        return set(listed["WORKER_RESPONSES"]["map"]["main"]["content_type"]["CLUSTER_HASHES"]["map"])

    def hashes(self, seki):
        return self.done(seki.ctl("--json", "cluster", "list")).json

    def version(self, seki):
        return int(self.done(seki.ctl("state", "version")).out)

    def file(self, seki, *records, name="changes.json"):
        path = seki.folder / name
        path.write_text("\n".join(records), encoding="utf-8")
        return str(path)


class Files(StateTest):
    def test_what_was_saved_is_loaded_elsewhere_in_both_forms(self):
        backend = self.backend()
        seki = self.http(backend, worker_count=2)
        for name in ("state.json", "state.binpb"):
            path = seki.folder / name
            saved = self.done(seki.ctl("state", "save", "-f", str(path)))
            self.assertIn("records are saved", saved.out)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            with seki.control() as control:
                control.ask(Request(remove_cluster="web"))
            self.assertNotIn("web", self.clusters(seki))
            loaded = self.done(seki.ctl("-t", "30000", "state", "load", "-f", str(path)))
            self.assertIn("3 of them changed something", loaded.out)
            self.assertIn("web", self.clusters(seki))
            self.assertIn("0 of them changed something", self.done(seki.ctl("state", "load", "-f", str(path))).out)
        self.assertEqual(seki.get().status, 200)
        self.assertEqual(len([entry for entry in seki.folder.iterdir() if entry.name.startswith("state.")]), 2)

    def test_what_sozu_saved_loads_with_its_certificates(self):
        seki = self.instance(worker_count=2).start()
        loaded = self.done(seki.ctl("-t", "30000", "state", "load", "-f", str(SOZU)))
        self.assertIn("15 records", loaded.out)
        self.assertEqual(self.clusters(seki), {"web", "raw"})
        self.assertIn("shop.example", self.done(seki.ctl("certificate", "list")).out)
        saved = seki.folder / "again.json"
        self.done(seki.ctl("state", "save", "-f", str(saved)))
        self.assertEqual(self.done(seki.ctl("state", "diff", str(SOZU), str(saved))).out, "")
        self.done(seki.ctl("state", "save", "--without-keys", "-f", str(saved)))
        self.assertNotIn("PRIVATE KEY", saved.read_text())
        self.assertIn("- Certificate 127.0.7.1:18443", self.done(seki.ctl("state", "diff", str(SOZU), str(saved))).out)

    def test_a_file_that_is_wrong_changes_nothing_and_says_where(self):
        seki = self.http(self.backend(), worker_count=2)
        version = self.version(seki)
        good = cluster_record("good")
        wrong = [
            ([good, "nonsense"], "record 2 (byte"),
            ([good, good[:-9]], "record 2 (byte"),
            ([good, cluster_record("")], "record 2 (byte"),
            ([good, record(remove_cluster="nobody")], "Did not find Cluster"),
            ([good, record(status={})], "Status is no change of the configuration"),
        ]
        for records, reason in wrong:
            failed = self.done(seki.ctl("state", "load", "-f", self.file(seki, *records)), 1)
            self.assertIn(reason, failed.err)
            self.assertNotIn("good", self.clusters(seki))
        for path, reason in ((seki.folder / "none.json", "No such file"), (seki.folder, "not a regular file")):
            self.assertIn(reason, self.done(seki.ctl("state", "load", "-f", str(path)), 1).err)
        self.assertEqual(self.version(seki), version)
        self.assertIn("No such file", self.done(seki.ctl("state", "save", "-f", str(seki.folder / "no/state.json")), 1).err)

    def test_the_state_is_saved_by_itself_and_is_there_after_a_start(self):
        backend = self.backend()
        seki = self.instance(worker_count=2, saved_state="state.json", automatic_state_save=True)
        seki.body = http_body(seki.text, backend)
        seki.start()
        path = seki.folder / "state.json"
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("fresh")))
            until(lambda: path.exists() and "fresh" in path.read_text(), "the state to be saved")
            control.ask(Request(add_cluster=cluster("late")))
        seki.stop()
        self.assertIn("late", path.read_text())
        seki.start()
        self.assertEqual(self.clusters(seki), {"web", "fresh", "late"})
        self.assertEqual(seki.get().status, 200)
        seki.stop()
        path.write_text(path.read_text()[:-20], encoding="utf-8")
        refused = seki.spawn().wait()
        self.assertEqual(refused, 1)
        self.assertIn("the saved state cannot be loaded", seki.log())

    def test_a_save_that_fails_is_tried_again(self):
        seki = self.instance(saved_state="saved/state.json", automatic_state_save=True)
        (seki.folder / "saved").mkdir()
        seki.start()
        until((seki.folder / "saved/state.json").exists, "the first state")
        (seki.folder / "saved").rename(seki.folder / "away")
        self.done(seki.ctl("cluster", "add", "-i", "x", "--load-balancing-policy", "roundrobin"))
        until(lambda: "the state cannot be saved" in seki.log(), "a line about it")
        (seki.folder / "saved").mkdir()
        until((seki.folder / "saved/state.json").exists, "the next try")


class Transactions(StateTest):
    def test_are_made_as_a_whole_and_refused_as_a_whole(self):
        seki = self.http(self.backend(), worker_count=2)
        many = [cluster_record(f"c{number}") for number in range(1000)]
        path = self.file(seki, *many)
        self.assertIn("1000 changes could be made", self.done(seki.ctl("-t", "60000", "apply", path, "--dry-run")).out)
        self.assertEqual(self.clusters(seki), {"web"})
        version = self.version(seki)
        self.assertIn("1000 changes made", self.done(seki.ctl("-t", "60000", "apply", path)).out)
        self.assertEqual(len(self.clusters(seki)), 1001)
        self.assertEqual(self.version(seki), version + 1)
        failed = self.done(seki.ctl("apply", self.file(seki, cluster_record("x"), record(remove_cluster="nobody"))), 1)
        self.assertIn("change 2 (RemoveCluster nobody): Did not find Cluster", failed.err)
        self.assertNotIn("x", self.clusters(seki))

    def test_with_another_version_than_expected_are_refused(self):
        seki = self.http(self.backend())
        path = self.file(seki, cluster_record("x"))
        version = self.version(seki)
        self.done(seki.ctl("apply", path, "--expect-version", str(version)))
        refused = self.done(seki.ctl("apply", path, "--expect-version", str(version)), 1)
        self.assertIn(f"the state has version {version + 1} and not {version}", refused.err)

    def test_larger_than_a_frame_come_in_parts(self):
        seki = self.http(self.backend(), command_buffer_size=16384, max_command_buffer_size=16384)
        path = self.file(seki, *[cluster_record(f"c{number}") for number in range(1000)])
        self.done(seki.ctl("-t", "60000", "apply", path))
        with seki.control() as control:
            asked = Request(apply_changes=schema.ChangeSet(id=99, more=False))
            with self.assertRaisesRegex(Refused, "there is no open set of changes 99"):
                control.ask(asked)

    def test_of_two_writers_lose_nothing(self):
        seki = self.http(self.backend(), worker_count=2)

        def write(name):
            with Control(seki.socket_path) as control:
                for number in range(100):
                    while True:
                        version = control.ask(Request(query_state_version=schema.QueryStateVersion()))
                        changes = schema.ChangeSet(expect_version=version.content.state_version.version)
                        changes.changes.append(Request(add_cluster=cluster(f"{name}{number}")))
                        try:
                            control.ask(Request(apply_changes=changes))
                            break
                        except Refused as refused:
                            self.assertIn("the state has version", str(refused))

        writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.assertEqual(len(self.clusters(seki)), 201)

    def test_are_read_back_page_by_page(self):
        seki = self.http(self.backend(), command_buffer_size=16384, max_command_buffer_size=16384)
        self.done(seki.ctl("-t", "60000", "apply", self.file(seki, *[cluster_record(f"c{n}") for n in range(500)])))
        found, following = [], 0
        with seki.control() as control:
            while following is not None:
                page = control.ask(Request(query_state=schema.QueryState(**{"from": following}))).content.state_page
                found += [change.add_cluster.cluster_id for change in page.changes if change.HasField("add_cluster")]
                following = page.next if page.HasField("next") else None
        self.assertEqual(len(found), 501)
        self.assertEqual(len(set(found)), 501)


class Reload(StateTest):
    def edit(self, seki, body, **settings):
        seki.body = body
        seki.settings.update(settings)
        seki.write_config()

    def test_makes_what_was_edited_and_keeps_what_was_set_at_run_time(self):
        web, other = self.backend("web"), self.backend("other")
        seki = self.http(web, worker_count=2)
        before = seki.body
        self.assertIn("nothing is different", self.done(seki.ctl("-t", "30000", "reload")).out)
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("live")))
        self.edit(seki, http_body(seki.text, web).replace("example.com", "new.example"))
        shown = self.done(seki.ctl("-t", "30000", "reload", "--dry-run"))
        self.assertIn(f"+ HttpFrontend {seki.text};new.example;P", shown.out)
        self.assertIn(f"- HttpFrontend {seki.text};example.com;P", shown.out)
        self.assertEqual(seki.get().status, 200)
        self.assertIn("2 things are different now", self.done(seki.ctl("-t", "30000", "reload")).out)
        self.assertEqual(seki.get().status, 404)
        self.assertEqual(seki.get(host="new.example").status, 200)
        self.assertIn("live", self.clusters(seki))
        self.assertIn("nothing is different", self.done(seki.ctl("-t", "30000", "reload")).out)
        self.edit(seki, before)
        exact = self.done(seki.ctl("-t", "30000", "--json", "reload", "--exact")).json
        found = {(entry["kind"], entry["name"]) for entry in exact["DIFFERENCES"]["vec"]}
        self.assertIn(("REMOVED", "live"), found)
        self.assertEqual(self.clusters(seki), {"web"})
        self.assertEqual(seki.get().status, 200)
        self.assertEqual(other.requests, [])

    def test_of_a_broken_file_changes_nothing_and_says_all_that_is_wrong(self):
        seki = self.http(self.backend())
        version = self.version(seki)
        self.edit(seki, seki.body + "\n[clusters.bad]\nprotocol = \"httq\"\nsticky = 3\n")
        failed = self.done(seki.ctl("-t", "30000", "reload"), 1)
        self.assertIn("the configuration is not valid", failed.err)
        self.assertIn("clusters.bad.protocol", failed.err)
        self.assertIn("clusters.bad.sticky", failed.err)
        self.edit(seki, "]]]")
        self.assertIn("seki.toml:", self.done(seki.ctl("-t", "30000", "reload"), 1).err)
        os.unlink(seki.config)
        with seki.control() as control, self.assertRaisesRegex(Refused, "cannot open it"):
            control.ask(Request(reload_configuration=""))
        self.edit(seki, "")
        self.assertEqual(self.version(seki), version)
        self.assertEqual(seki.get().status, 200)

    def test_names_settings_of_the_process(self):
        seki = self.http(self.backend())
        self.edit(seki, seki.body, worker_count=2, buffer_size=20000, log_level="debug")
        done = self.done(seki.ctl("-t", "30000", "reload", "--dry-run"))
        self.assertIn("setting of the process: worker_count: 1, then 2", done.out)
        self.assertIn("setting of the process: buffer_size: 16393, then 20000", done.out)
        self.assertIn("~ Setting log_level", done.out)
        seki.settings["worker_count"] = 1

    def test_takes_an_address_from_one_kind_of_listener_to_another(self):
        backend = self.backend()
        seki = self.http(backend, worker_count=2)
        self.edit(seki, tcp_body(seki.text, backend))
        self.done(seki.ctl("-t", "30000", "reload"))
        self.assertEqual(seki.get(host="whatever.example").status, 200)
        self.assertIn("TCP", self.done(seki.ctl("listener", "list")).out.upper())

    def test_under_load_fails_no_request(self):
        backend = self.backend()
        seki = self.http(backend, worker_count=2)
        body = seki.body
        over, failures, count = threading.Event(), [], [0]

        def ask():
            while not over.is_set():
                try:
                    status = seki.get().status
                    count[0] += 1
                    if status != 200:
                        failures.append(status)
                except (OSError, wire.Truncated) as error:
                    failures.append(repr(error))

        clients = [threading.Thread(target=ask) for _ in range(3)]
        for client in clients:
            client.start()
        try:
            for number in range(10):
                extra = "".join(f'\n[clusters.c{number}x{i}]\nprotocol = "http"\nfrontends = [{{ address = "{seki.text}", '
                                f'hostname = "h{number}x{i}.example" }}]\nbackends = [{{ address = "{backend.text}" }}]\n'
                                for i in range(20))
                self.edit(seki, body + extra)
                self.assertIn("different now", self.done(seki.ctl("-t", "60000", "reload")).out)
                self.assertEqual(seki.get(host=f"h{number}x7.example").status, 200)
        finally:
            over.set()
            for client in clients:
                client.join()
        self.assertEqual(failures, [])
        self.assertGreater(count[0], 10)

    def test_of_what_is_no_file_is_refused(self):
        seki = self.http(self.backend())
        fifo = seki.folder / "pipe.toml"
        os.mkfifo(fifo)
        with seki.control() as control, self.assertRaisesRegex(Refused, "not a regular file"):
            control.ask(Request(reload=schema.Reload(path=str(fifo))))
        self.assertEqual(seki.get().status, 200)


class Scarce(StateTest):
    """Whatever the system refuses at any step: what there was stays, and when it is over all goes on."""

    def scarce(self):
        seki = self.instance(worker_count=2)
        seki.body = http_body(seki.text, self.backend())
        scarcity = Scarcity(seki)
        return seki.start(), scarcity

    def test_a_save_that_is_refused_something_leaves_the_file_that_there_was(self):
        seki, scarcity = self.scarce()
        path = seki.folder / "state.json"
        with seki.control() as control:
            control.ask(Request(save_state=str(path)))
            before = path.read_bytes()
            control.ask(Request(add_cluster=cluster("more")))
            for call in ("fork", "memfd_create", "epoll_ctl", "open", "write", "fsync", "rename"):
                with self.subTest(call):
                    scarcity.refuse(f"supervisor {call}")
                    with self.assertRaises(Refused) as refused:
                        control.ask(Request(save_state=str(path)))
                    self.assertGreater(len(str(refused.exception)), 10)
                    self.assertEqual(path.read_bytes(), before)
                    self.assertEqual([entry.name for entry in seki.folder.glob("state.json*")], ["state.json"])
            scarcity.refuse()
            control.ask(Request(save_state=str(path)))
        self.assertIn("more", path.read_text())

    def drafts(self, seki):
        return [entry.name for entry in seki.folder.glob("state.json.*")]

    def test_a_save_that_dies_leaves_no_private_keys_behind(self):
        seki, scarcity = self.scarce()
        scarcity.refuse("supervisor killed_at_fsync")
        with seki.control() as control, self.assertRaisesRegex(Refused, "did not come to an end"):
            control.ask(Request(save_state=str(seki.folder / "state.json")))
        until(lambda: not self.drafts(seki), "the draft to go")

    def test_a_save_in_whose_middle_the_server_stops_leaves_none_either(self):
        seki, scarcity = self.scarce()
        scarcity.refuse("supervisor hangs_at_fsync")
        with seki.control() as control:
            control.send(Request(save_state=str(seki.folder / "state.json")))
            until(lambda: self.drafts(seki), "it to write")
            seki.stop()
        self.assertEqual(self.drafts(seki), [])
        self.assertFalse((seki.folder / "state.json").exists())

    def test_a_load_and_a_reload_that_are_refused_something_change_nothing(self):
        seki, scarcity = self.scarce()
        version = self.version(seki)
        path = self.file(seki, cluster_record("loaded"))
        seki.body = seki.body.replace("example.com", "new.example")
        seki.write_config()
        with seki.control() as control:
            for call in ("fork", "memfd_create", "epoll_ctl"):
                for request in (Request(load_state=path), Request(reload_configuration="")):
                    with self.subTest((call, request.WhichOneof("request_type"))):
                        scarcity.refuse(f"supervisor {call}")
                        with self.assertRaises(Refused):
                            control.ask(request)
                        scarcity.refuse()
                        self.assertEqual(self.version(seki), version)
                        self.assertEqual(seki.get().status, 200)
            control.ask(Request(load_state=path))
            control.ask(Request(reload_configuration=""))
        self.assertIn("loaded", self.clusters(seki))
        self.assertEqual(seki.get(host="new.example").status, 200)


if __name__ == "__main__":
    unittest.main()
