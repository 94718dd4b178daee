"""Figures: what statsd, `metrics get` and the access log say of the same requests."""
import collections
import os
import re
import signal
import socket
import threading
import unittest

from control import Request, schema
from harness import ProcessTest, http_body, until


class StatsdServer:
    """Keeps each datagram."""

    def __init__(self, ip="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((ip, 0))
        port = self.socket.getsockname()[1]
        self.text = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
        self.datagrams = []
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self):
        while datagram := self.socket.recv(65536):
            self.datagrams.append(datagram.decode())

    def lines(self):
        return [line for datagram in list(self.datagrams) for line in datagram.split("\n")]

    def sums(self):
        """What each counter adds up to."""
        sums = collections.Counter()
        for line in self.lines():
            name, value = line.rsplit(":", 1)
            if value.endswith("|c"):
                sums[name] += int(value[:-2])
        return sums

    def close(self):
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.socket.getsockname())
        self._thread.join()
        self.socket.close()


def metrics(seki):
    with seki.control() as control:
        query = schema.QueryMetricsOptions(list=False, no_clusters=False, workers=False)
        return control.ask(Request(query_metrics=query)).content.metrics


class Statsd(ProcessTest):
    def statsd(self, ip="127.0.0.1"):
        server = StatsdServer(ip)
        self.addCleanup(server.close)
        return server

    def measured(self, server, more="", **settings):
        seki = self.instance(**settings)
        seki.body = f"""
[metrics]
address = "{server.text}"
{more}
{http_body(seki.text, self.backend())}
"""
        return seki.start()

    def ask(self, seki, count):
        for turn in range(count):
            self.assertEqual(seki.get(f"/{turn}").status, 200)

    def test_all_that_count_requests_agree(self):
        server = self.statsd()
        seki = self.instance(worker_count=2)
        log = seki.folder / "access.log"
        seki.settings["access_logs_target"] = f"file://{log}"
        seki.body = f'[metrics]\naddress = "{server.text}"\ndetail = "backend"\n{http_body(seki.text, self.backend())}'
        seki.start()
        self.ask(seki, 150)
        shown = metrics(seki)
        self.assertEqual(shown.proxying["http.requests"].count, 150)
        self.assertEqual(shown.clusters["web"].cluster["requests"].count, 150)
        seki.signal(15)
        self.assertEqual(seki.wait(), 0)
        self.assertEqual(log.read_text(encoding="utf-8").count("INFO-ACCESS"), 150)

        def of(pattern):
            return sum(value for name, value in server.sums().items() if re.fullmatch(pattern, name))

        until(lambda: of(r"sozu\.WRK-\d+\.http\.requests") >= 150, "the last datagrams")
        self.assertEqual(of(r"sozu\.WRK-\d+\.http\.requests"), 150)
        self.assertEqual(of(r"sozu\.WRK-\d+\.access_logs\.count"), 150)
        self.assertEqual(of(r"sozu\.WRK-\d+\.cluster\.web\.requests"), 150)
        self.assertEqual(of(r"sozu\.WRK-\d+\.backend\.backend\.requests"), 150)
        self.assertEqual(of(r"sozu\.WRK-\d+\.http\.status\.200"), 150)

    def test_figures_come_while_it_runs_with_tags_and_a_prefix_over_ipv6(self):
        server = self.statsd("::1")
        seki = self.measured(server, 'tagged_metrics = true\nprefix = "edge-1"')
        self.ask(seki, 3)
        pattern = r"edge-1\.requests,origin=WRK-\d+,version=[0-9.]+,cluster_id=web"
        until(lambda: any(re.fullmatch(pattern, name) for name in server.sums()), "the figures of the cluster")
        until(lambda: any(re.fullmatch(r"edge-1\.configuration\.clusters,origin=MAIN,version=[0-9.]+:1\|g", line)
                          for line in server.lines()), "the figures of the supervisor")

    def test_nobody_there_stalls_nothing(self):
        silent = StatsdServer()
        silent.close()
        seki = self.measured(silent)
        self.ask(seki, 5)

        until(lambda: metrics(seki).proxying["statsd.lost_datagrams"].count > 0, "losses to be counted")
        self.ask(seki, 5)

    def test_a_prefix_that_would_tear_lines_is_refused(self):
        seki = self.instance()
        seki.body = '[metrics]\naddress = "127.0.0.1:8125"\nprefix = "a:b"'
        seki.write_config()
        refused = seki.ctl("config", "check")
        self.assertEqual(refused.code, 1)
        self.assertIn("prefix", refused.err + refused.out)


class Switches(ProcessTest):
    def ask(self, seki, count):
        for _ in range(count):
            self.assertEqual(seki.get().status, 200)

    def test_clearing_begins_at_zero_everywhere(self):
        seki = self.http(self.backend(), worker_count=2)
        self.ask(seki, 10)
        self.assertEqual(seki.ctl("metrics", "clear").code, 0)
        shown = metrics(seki)
        self.assertEqual(shown.proxying["http.requests"].count, 0)
        self.assertEqual(shown.proxying["access_logs.count"].count, 0)
        self.assertNotIn("web", shown.clusters)
        self.ask(seki, 3)
        shown = metrics(seki)
        self.assertEqual(shown.proxying["http.requests"].count, 3)
        self.assertEqual(shown.proxying["access_logs.count"].count, 3)
        self.assertEqual(shown.clusters["web"].cluster["requests"].count, 3)

    def test_clusters_are_measured_or_not_also_by_workers_to_come(self):
        seki = self.http(self.backend())
        self.assertEqual(seki.ctl("metrics", "disable").code, 0)
        self.ask(seki, 2)
        self.assertNotIn("web", metrics(seki).clusters)
        pid = seki.worker_pids()[0]
        os.kill(pid, signal.SIGKILL)
        until(lambda: [one for one in seki.worker_pids() if one != pid], "another worker")
        until(seki._is_ready, "it to serve")
        self.ask(seki, 2)
        self.assertNotIn("web", metrics(seki).clusters)
        self.assertEqual(seki.ctl("metrics", "enable").code, 0)
        self.ask(seki, 2)
        self.assertEqual(metrics(seki).clusters["web"].cluster["requests"].count, 2)

    def test_the_file_may_switch_clusters_off(self):
        seki = self.http(self.backend(), disable_cluster_metrics=True)
        self.ask(seki, 2)
        self.assertNotIn("web", metrics(seki).clusters)

    def test_a_lease_makes_workers_measure_finer_and_ends_with_its_owner_saying_so(self):
        seki = self.http(self.backend(), worker_count=2)
        with seki.control() as control:
            def lease(**fields):
                request = schema.SetMetricDetail(client_id="top", **fields)
                return control.ask(Request(set_metric_detail=request)).content.metric_detail_status

            status = lease(detail=schema.DETAIL_BACKEND)
            self.assertEqual(status.configured, schema.DETAIL_CLUSTER)
            self.assertEqual({worker.effective for worker in status.workers.values()}, {schema.DETAIL_BACKEND})
            self.assertEqual(len(status.workers), 2)
            self.ask(seki, 3)
            self.assertEqual(metrics(seki).clusters["web"].backends[0].metrics["requests"].count, 3)
            with seki.control() as other:
                foreign = schema.SetMetricDetail(client_id="top", clear=True)
                self.assertFalse(other.ask(Request(set_metric_detail=foreign)).content.metric_detail_status.workers)
            status = lease(clear=True)
            self.assertEqual({worker.effective for worker in status.workers.values()}, {schema.DETAIL_CLUSTER})
            self.assertFalse(metrics(seki).clusters["web"].backends)
            for wrong in ({"client_id": "x" * 65}, {"client_id": "a", "ttl_seconds": 301}):
                control.send(Request(set_metric_detail=schema.SetMetricDetail(detail=schema.DETAIL_BACKEND, **wrong)))
                self.assertEqual(control.final().status, schema.FAILURE)


if __name__ == "__main__":
    unittest.main()
