"""The example of a control plane (examples/control-plane) keeps Seki equal to a folder."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from control import PROTO, Request, cluster
from harness import ROOT, ProcessTest, until

EXAMPLE = ROOT / "examples/control-plane"


class ControlPlane(ProcessTest):
    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="seki-control-plane-"))
        self.addCleanup(shutil.rmtree, self.home)
        for name in ("follow.py", "seki_client.py"):
            shutil.copy(EXAMPLE / name, self.home)
        subprocess.run(["protoc", f"--proto_path={PROTO}", f"--python_out={self.home}", str(PROTO / "command.proto")],
                       check=True)
        self.clusters = self.home / "clusters"
        self.clusters.mkdir()

    def write(self, name, **said):
        aside = self.home / "aside"
        aside.write_text(json.dumps(said), encoding="utf-8")
        aside.rename(self.clusters / f"{name}.json")

    def command(self, seki, *options):
        return [sys.executable, str(self.home / "follow.py"), seki.socket_path, str(self.clusters), *options]

    def follow_once(self, seki):
        return subprocess.run(self.command(seki, "--once"), capture_output=True, text=True, check=False)

    def site(self, seki, backend, hostname="example.com", **settings):
        return {"settings": settings, "frontends": [{"listener": seki.text, "hostname": hostname}],
                "backends": [{"address": backend.text}]}

    def test_brings_seki_to_what_the_folder_says_and_only_changes_what_is_different(self):
        web, other = self.backend("web"), self.backend("other")
        seki = self.http(web, worker_count=2)
        self.write("shop", **self.site(seki, other, "shop.example", load_balancing="LEAST_LOADED"))
        self.write("blog", **self.site(seki, web, "blog.example", sticky_session=True))
        done = self.follow_once(seki)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(seki.get(host="shop.example").status, 200)
        self.assertEqual(len(other.requests), 1)
        self.assertEqual(seki.get().status, 404, "what the file of Seki said is not the folder's")
        self.assertIn("0 changes made", self.follow_once(seki).stdout)
        self.write("shop", **self.site(seki, other, "shop.example"))
        self.assertIn("1 changes made", self.follow_once(seki).stdout)
        self.write("shop", **self.site(seki, other, "market.example"))
        self.assertIn("2 changes made", self.follow_once(seki).stdout)
        self.assertEqual(seki.get(host="market.example").status, 200)
        (self.clusters / "blog.json").unlink()
        self.assertIn("3 changes made", self.follow_once(seki).stdout)
        self.assertEqual(seki.get(host="blog.example").status, 404)

    def test_of_a_file_that_is_wrong_changes_nothing_and_names_it(self):
        web = self.backend("web")
        seki = self.http(web)
        self.write("good", **self.site(seki, web, "good.example"))
        for name, said in (("bad", {"settings": {"load_balancing": "NONSENSE"}}), ("bad", {"frontends": [{"hostname": "x"}]}),
                           ("bad", {"backends": [{"address": "nowhere"}]})):
            self.write(name, **said)
            done = self.follow_once(seki)
            self.assertEqual(done.returncode, 1)
            self.assertIn("bad.json", done.stderr)
            self.assertEqual(seki.get(host="good.example").status, 404)
        self.write("bad", settings={"max_connections_per_ip": 10 ** 12})
        done = self.follow_once(seki)
        self.assertIn("max_connections_per_ip", done.stderr, "what Seki refuses")
        self.assertEqual(seki.get(host="good.example").status, 404)
        self.assertEqual(seki.get().status, 200)

    def test_follows_the_folder_as_long_as_it_runs_and_takes_back_what_others_change(self):
        web = self.backend("web")
        seki = self.http(web, worker_count=2)
        self.write("web", **self.site(seki, web))
        follower = subprocess.Popen(self.command(seki, "--interval", "0.05", "--every-time"), stdout=subprocess.PIPE,
                                    text=True)
        try:
            self.assertIn("changes made", follower.stdout.readline())
            self.write("shop", **self.site(seki, web, "shop.example"))
            until(lambda: seki.get(host="shop.example").status == 200, "the new file to be followed")
            with seki.control() as control:
                control.ask(Request(add_cluster=cluster("stranger")))
                until(lambda: not control.ask(Request(query_cluster_by_id="stranger")).content.worker_responses
                      .map["main"].clusters.vec, "a stranger's cluster to be taken away")
        finally:
            follower.terminate()  # not SIGINT: it inherits whether that is ignored
            follower.wait()
            follower.stdout.close()


if __name__ == "__main__":
    unittest.main()
