"""Where log lines go: targets that are not there, slow, full or dying lose lines and never hold up a request."""
import json
import os
import re
import socket
import unittest

import wire
from control import Request, schema
from harness import ProcessTest, http_body, until

LINE = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z \d+ \d+ (INFO-ACCESS |ERROR-ACCESS|WARN ) WRK-\d+\t.*$")


def figure(seki, name):
    with seki.control() as control:
        query = schema.QueryMetricsOptions(list=False, no_clusters=True, workers=False, metric_names=[name])
        return control.ask(Request(query_metrics=query)).content.metrics.proxying[name].count


class Collector:
    """Takes lines at an address, which stays the same when it dies and comes again."""

    def __init__(self, kind, family, address):
        self.kind, self.family, self.address = kind, family, address
        self.text = ""
        self.socket = self.connection = None
        self.listen()
        if family != socket.AF_UNIX:
            self.address = self.socket.getsockname()

    def listen(self):
        self.socket = socket.socket(self.family, self.kind)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.family == socket.AF_UNIX and os.path.exists(self.address):
            os.unlink(self.address)
        self.socket.bind(self.address)
        self.socket.settimeout(0.01)
        if self.kind == socket.SOCK_STREAM:
            self.socket.listen()

    def die(self):
        for one in (self.connection, self.socket):
            if one is not None:
                one.close()
        self.connection = self.socket = None

    @property
    def target(self):
        if self.family == socket.AF_UNIX:
            return f"unix://{self.address}"
        scheme = "tcp" if self.kind == socket.SOCK_STREAM else "udp"
        return f"{scheme}://{self.address[0]}:{self.address[1]}"

    def lines(self):
        """All whole lines so far."""
        try:
            if self.kind == socket.SOCK_STREAM and self.connection is None:
                self.connection = self.socket.accept()[0]
                self.connection.settimeout(0.01)
            while part := (self.connection or self.socket).recv(65536):
                self.text += part.decode()
        except TimeoutError:
            pass
        return self.text.split("\n")[:-1]


class Targets(ProcessTest):
    def collector(self, kind, family=socket.AF_INET):
        address = (f"/tmp/seki-log-{os.getpid()}.sock" if family == socket.AF_UNIX else ("127.0.0.1", 0))
        made = Collector(kind, family, address)
        self.addCleanup(made.die)
        if family == socket.AF_UNIX:
            self.addCleanup(lambda: os.path.exists(address) and os.unlink(address))
        return made

    def collectors(self):
        yield "tcp", self.collector(socket.SOCK_STREAM)
        yield "udp", self.collector(socket.SOCK_DGRAM)
        yield "unix stream", self.collector(socket.SOCK_STREAM, socket.AF_UNIX)
        yield "unix datagrams", self.collector(socket.SOCK_DGRAM, socket.AF_UNIX)

    def ask(self, seki, *targets):
        with seki.connect() as client:
            for target in targets:
                client.send(wire.request(target=target))
                self.assertEqual(client.read_response().status, 200)

    def shows(self, collector, target):
        return any(f"GET {target} 200" in line for line in collector.lines())

    def test_lines_arrive_whole_at_each_kind_of_socket(self):
        for name, collector in self.collectors():
            with self.subTest(name):
                seki = self.http(self.backend(), access_logs_target=collector.target)
                self.ask(seki, *[f"/{turn}" for turn in range(20)])
                until(lambda: self.shows(collector, "/19"), "the last line")
                self.assertEqual(len(collector.lines()), 20)
                for line in collector.lines():
                    self.assertRegex(line, LINE)
                seki.stop()

    def test_who_is_absent_at_the_start_or_dies_gets_lines_when_it_is_there(self):
        for name, collector in self.collectors():
            with self.subTest(name):
                collector.die()
                seki = self.http(self.backend(), access_logs_target=collector.target)
                self.ask(seki, "/early")
                collector.listen()
                self.ask(seki, "/second")
                until(lambda: self.shows(collector, "/second"), "the line that came when it was there")
                collector.die()
                self.ask(seki, *[f"/dead-{turn}" for turn in range(10)])
                collector.listen()
                self.ask(seki, "/last")
                until(lambda: self.shows(collector, "/last"), "the line after its death")
                for line in collector.lines():
                    self.assertRegex(line, LINE)
                seki.stop()

    def test_who_does_not_read_loses_lines_and_is_told_how_many(self):
        collector = self.collector(socket.SOCK_DGRAM, socket.AF_UNIX)
        seki = self.http(self.backend(), access_logs_target=collector.target)
        path = "/" + "x" * 900
        self.ask(seki, *[path] * 600)
        lost = figure(seki, "logs.lost_lines")
        self.assertGreater(lost, 0)
        self.assertEqual(lost, figure(seki, "unsent-access-logs"))

        def told():
            found = [re.search(r"(\d+) lines? of this log (is|are) lost", line) for line in collector.lines()]
            return sum(int(match[1]) for match in found if match)

        until(lambda: told() == lost, "the number of lost lines")
        until(lambda: sum("INFO-ACCESS" in line for line in collector.lines()) == 600 - lost, "all other lines")
        for line in collector.lines():
            self.assertRegex(line, LINE)

    def test_a_full_disk_holds_up_nobody(self):
        seki = self.http(self.backend(), access_logs_target="file:///dev/full")
        self.ask(seki, *["/" + "x" * 900] * 600)
        self.assertGreater(figure(seki, "logs.lost_lines"), 0)


class Formats(ProcessTest):
    def test_json_has_an_object_on_each_line(self):
        seki = self.instance(access_logs_format="json")
        log = seki.folder / "access.json"
        seki.settings["access_logs_target"] = f"file://{log}"
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        for turn in range(3):
            seki.get(f"/{turn}?a=b", fields=['User-Agent: x"y'])
        until(lambda: log.read_text(encoding="utf-8").count("\n") == 3, "three lines")
        entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([entry["url.path"] for entry in entries], ["/0", "/1", "/2"])
        self.assertEqual({entry["http.response.status_code"] for entry in entries}, {200})
        self.assertEqual(entries[0]["user_agent.original"], 'x"y')
        self.assertEqual(entries[0]["url.query"], "a=b")
        self.assertEqual(entries[0]["seki.backend"], "backend")

    def test_protobuf_is_read_by_other_implementations(self):
        seki = self.instance(access_logs_format="protobuf")
        log = seki.folder / "access.bin"
        seki.settings["access_logs_target"] = f"file://{log}"
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        for turn in range(3):
            seki.get(f"/{turn}")
        self.assertEqual(seki.ctl("shutdown").code, 0)
        seki.wait()
        records, data = [], log.read_bytes()
        while data:
            size = shift = used = 0
            while True:
                byte = data[used]
                size |= (byte & 0x7F) << shift
                used, shift = used + 1, shift + 7
                if byte < 0x80:
                    break
            record = schema.ProtobufAccessLog()
            record.ParseFromString(data[used:used + size])
            self.assertEqual(data[used + size:used + size + 2], b"\0\0")
            data = data[used + size + 2:]
            records.append(record)
        self.assertEqual([record.endpoint.http.path for record in records], ["/0", "/1", "/2"])
        self.assertEqual({record.endpoint.http.status for record in records}, {200})

    def test_records_and_lines_do_not_share_a_target(self):
        seki = self.instance(access_logs_format="protobuf")
        seki.write_config()
        refused = seki.ctl("config", "check")
        self.assertEqual(refused.code, 1)
        self.assertIn("access_logs_format", refused.err)


if __name__ == "__main__":
    unittest.main()
