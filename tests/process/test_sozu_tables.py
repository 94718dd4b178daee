"""The tables of docs/sozu-differences.md: every verb of the command protocol and every key of the configuration file, of
which version of Sōzu it is, and whether Seki has it. What Seki says of each is asked of the binary, so nothing is
forgotten. A table that is not as it should be is written anew with SEKI_WRITE_TABLES=1.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from certificates import make_certificate
from control import Refused, Request, schema
from harness import BINARY, ROOT, ProcessTest

PAGE = ROOT / "docs/sozu-differences.md"
YES, NOT_YET, NO = "yes", "**–**", "no"

# ---- verbs

LAST_OF_2_1 = 59
FIRST_OWN = 1000
# What only 2.3.3 has, and this schema has not.
MISSING = {73: "set_protected_health_check", 74: "query_protected_health_check_support", 75: "protected_health_check_order"}
NEVER = {"launch_worker", "return_listen_sockets"}  # see "Not planned"
# They end the instance that is asked; other tests show them.
NOT_ASKED = {"soft_stop", "hard_stop", "subscribe_events"}


def with_what_it_is_for(verb):
    """A request of that verb, with the field for which there is a verb of its own."""
    request = Request()
    field = request.DESCRIPTOR.fields_by_name[verb]
    if field.message_type is None:
        setattr(request, verb, {field.CPPTYPE_STRING: "", field.CPPTYPE_ENUM: 0}.get(field.cpp_type, 1)
                if field.type != field.TYPE_BYTES else b"")
        return request
    content = getattr(request, verb)
    content.SetInParent()
    if verb.endswith("_with_header_predicates"):
        content.header_predicates.add(name="x", kind=schema.HEADER_MATCH_KIND_PRESENT)
    if verb.endswith("_with_silent_close"):
        content.redirect = schema.SILENT_CLOSE
    if verb == "add_unix_backend":
        content.unix_path = "/tmp/x"
    return request


# ---- keys

# The tables of the file, and in which file a key of each is tried. KEY stands for it.
TABLES = {
    "the file": "KEY",
    "`[metrics]`": '[metrics]\naddress = "127.0.0.1:8125"\nKEY',
    "listeners": '[[listeners]]\naddress = "127.0.0.1:8080"\nprotocol = "http"\nKEY',
    "https listeners": '[[listeners]]\naddress = "127.0.0.1:8443"\nprotocol = "https"\nKEY',
    "tcp listeners": '[[listeners]]\naddress = "127.0.0.1:8080"\nprotocol = "tcp"\nKEY',
    "udp listeners": '[[listeners]]\naddress = "127.0.0.1:8080"\nprotocol = "udp"\nKEY',
    "clusters": '[clusters.a]\nprotocol = "http"\nKEY',
    "tcp clusters": '[clusters.a]\nprotocol = "tcp"\nKEY',
    "`health_check`": '[clusters.a]\nprotocol = "http"\n[clusters.a.health_check]\nuri = "/"\nKEY',
    "`udp`": '[clusters.a]\nprotocol = "tcp"\n[clusters.a.udp]\nKEY',
    "frontends": '[[listeners]]\naddress = "127.0.0.1:8080"\nprotocol = "http"\n[clusters.a]\nprotocol = "http"\n'
                 '[[clusters.a.frontends]]\naddress = "127.0.0.1:8080"\nhostname = "a.example"\nKEY',
    "https frontends": '[[listeners]]\naddress = "127.0.0.1:8443"\nprotocol = "https"\n[clusters.a]\nprotocol = "http"\n'
                       '[[clusters.a.frontends]]\naddress = "127.0.0.1:8443"\nhostname = "a.example"\nKEY',
    "tcp frontends": '[[listeners]]\naddress = "127.0.0.1:8080"\nprotocol = "tcp"\n[clusters.a]\nprotocol = "tcp"\n'
                     '[[clusters.a.frontends]]\naddress = "127.0.0.1:8080"\nKEY',
    "backends": '[clusters.a]\nprotocol = "http"\n[[clusters.a.backends]]\naddress = "127.0.0.1:9000"\nKEY',
}

# (table, since, {key: value}). A value of None: the file of the table has it anyway.
KEYS = (
    ("the file", "2.1", {
        "command_socket": '"s"', "command_buffer_size": "100000", "max_command_buffer_size": "2000000",
        "max_connections": "100", "min_buffers": "1", "max_buffers": "1000", "buffer_size": "16393",
        "slab_entries_per_connection": "4", "basic_auth_max_credential_bytes": "4096", "max_connections_per_ip": "0",
        "retry_after": "60", "splice_pipe_capacity_bytes": "65536", "command_allowed_uids": "[0]", "saved_state": '"s"',
        "automatic_state_save": 'true\nsaved_state = "s"', "log_level": '"info"', "log_target": '"stdout"',
        "log_colored": "false", "audit_logs_target": '"a"', "audit_logs_json_target": '"a"',
        "access_logs_target": '"stdout"', "access_logs_format": '"ascii"', "access_logs_colored": "false",
        "worker_count": "2", "worker_automatic_restart": "true", "worker_timeout": "10",
        "handle_process_affinity": "true", "ctl_command_timeout": "1000", "pid_file_path": '"p"',
        "activate_listeners": "true", "front_timeout": "60", "back_timeout": "30", "connect_timeout": "3",
        "request_timeout": "10", "zombie_check_interval": "1800", "accept_queue_timeout": "60",
        "evict_on_queue_full": "true", "disable_cluster_metrics": "true"}),
    ("the file", "2.3.3", {
        "command_socket_mode": '"0600"', "max_connections_per_subnet": "10", "subnet_ipv4_prefix": "24",
        "subnet_ipv6_prefix": "64", "max_connection_attempts": "3"}),
    ("`[metrics]`", "2.1", {"address": None, "tagged_metrics": "false", "prefix": '"sozu"', "detail": '"cluster"'}),
    ("listeners", "2.1", {
        "address": None, "protocol": None, "public_address": '"127.0.0.1:80"', "expect_proxy": "true",
        "sticky_name": '"S"', "front_timeout": "60", "back_timeout": "30", "connect_timeout": "3",
        "request_timeout": "10", **{f"answer_{status}": '"ANSWERS/STATUS"'.replace("STATUS", str(status)) for status in
                                    (301, 400, 401, 404, 408, 413, 421, 429, 502, 503, 504, 507)},
        "answers": '{ "404" = "" }', "sozu_id_header": '"x"', "elide_x_real_ip": "true", "send_x_real_ip": "true",
        "h2_max_rst_stream_per_window": "100", "h2_max_ping_per_window": "100", "h2_max_settings_per_window": "50",
        "h2_max_empty_data_per_window": "100", "h2_max_window_update_stream0_per_window": "100",
        "h2_max_continuation_frames": "20", "h2_max_glitch_count": "100", "h2_initial_connection_window": "1048576",
        "h2_max_concurrent_streams": "100", "h2_stream_shrink_ratio": "2", "h2_max_rst_stream_lifetime": "10000",
        "h2_max_rst_stream_abusive_lifetime": "50", "h2_max_rst_stream_emitted_lifetime": "500",
        "h2_max_header_list_size": "65536", "h2_max_header_table_size": "65536", "h2_max_header_fields": "128",
        "h2_stream_idle_timeout_seconds": "30", "h2_graceful_shutdown_deadline_seconds": "5"}),
    ("listeners", "2.3.3", {
        "interface": '"lo"', "forwarded_headers": '"none"', "h2_stream_refusal_percent": "50"}),
    ("https listeners", "2.1", {
        "tls_versions": '["TLS_V13"]', "cipher_list": '["TLS13_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]',
        "cipher_suites": '["TLS13_AES_128_GCM_SHA256"]', "signature_algorithms": '["ECDSA+SHA256"]',
        "groups_list": '["x25519"]', "certificate": '"CERT"\nkey = "PRIVATE"',
        "certificate_chain": '"CERT"\ncertificate = "CERT"\nkey = "PRIVATE"', "key": '"PRIVATE"\ncertificate = "CERT"',
        "send_tls13_tickets": "1", "alpn_protocols": '["http/1.1"]', "disable_http11": "true",
        "strict_sni_binding": "true", "hsts": "{ enabled = true }"}),
    ("https listeners", "2.3.3", {
        "client_auth": '"optional"\nclient_ca_certificates = ["CERT"]',
        "client_ca_certificates": '["CERT"]\nclient_auth = "optional"',
        "client_ca_crls": '[]\nclient_auth = "optional"\nclient_ca_certificates = ["CERT"]'}),
    ("tcp listeners", "2.3.3", {"sni_preread_timeout": "5", "sni_preread_max_bytes": "16384"}),
    ("udp listeners", "2.1", {"max_rx_datagram_size": "1500", "max_flows": "0"}),
    ("clusters", "2.1", {
        "protocol": None, "frontends": "[]", "backends": "[]", "sticky_session": "true", "https_redirect": "true",
        "https_redirect_port": "443", "load_balancing": '"LEAST_LOADED"', "load_metric": '"REQUESTS"',
        "answer_503": '"ANSWERS/503"', "answers": '{ "404" = "" }', "http2": "true",
        "authorized_hashes": '["a:' + "0" * 64 + '"]', "www_authenticate": '"r"', "max_connections_per_ip": "10",
        "retry_after": "60", "health_check": '{ uri = "/" }'}),
    ("clusters", "2.3.3", {
        "affinity_header": '"x"', "affinity_cookie": '"x"', "shard_percent": "10", "shard_min_backends": "8",
        "shard_mode": '"FALLBACK"', "max_connections_per_subnet": "10", "max_connection_attempts": "3"}),
    ("tcp clusters", "2.1", {"send_proxy": "true", "udp": "{}"}),
    ("`health_check`", "2.1", {
        "uri": None, "interval": "10", "timeout": "5", "healthy_threshold": "3", "unhealthy_threshold": "3",
        "expected_status": "0"}),
    ("`health_check`", "2.3.3", {
        "mode": '"TCP"', "accepted_statuses": '["2xx"]', "port": "80", "headers": "[]"}),
    ("`udp`", "2.1", {
        "affinity_key": '"SOURCE_IP"', "responses": "0", "requests": "0", "send_proxy_protocol": "false",
        "proxy_protocol_every_datagram": "false", "health": "{}"}),
    ("frontends", "2.1", {
        "address": None, "hostname": None, "path": '"/"', "path_type": '"PREFIX"', "method": '"GET"',
        "position": '"TREE"', "tags": '{ a = "b" }', "redirect": '"permanent"', "redirect_scheme": '"use-https"',
        "redirect_template": '"HTTP/1.1 301 Moved\\r\\nLocation: %REDIRECT_LOCATION\\r\\n\\r\\n"',
        "rewrite_host": '"b.example"', "rewrite_path": '"/b"', "rewrite_port": "80", "required_auth": "true",
        "headers": '[{ position = "request", key = "a", value = "b" }]'}),
    ("frontends", "2.3.3", {"header_predicates": '[{ name = "x", match = "present" }]'}),
    ("https frontends", "2.1", {
        "certificate": '"CERT"\nkey = "PRIVATE"', "key": '"PRIVATE"\ncertificate = "CERT"',
        "certificate_chain": '"CERT"\ncertificate = "CERT"\nkey = "PRIVATE"', "tls_versions": '["TLS_V13"]',
        "hsts": "{ enabled = true }"}),
    ("tcp frontends", "2.3.3", {"hostname": '"a.example"', "alpn": '["h2"]\nhostname = "a.example"'}),
    ("backends", "2.1", {
        "address": None, "backend_id": '"b"', "weight": "10", "sticky_id": '"b"', "backup": "true"}),
    ("backends", "2.3.3", {"unix_path": '"/tmp/x"'}),
)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


class Tables(ProcessTest):
    def expect(self, name, wanted):
        begin, end = f"<!-- table of {name} -->\n", f"<!-- end of {name} -->"
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        self.assertTrue(rest, f"{PAGE.name} has no place for the table of {name}")
        right = f"{before}{begin}\n{wanted}\n{end}{after}"
        if os.environ.get("SEKI_WRITE_TABLES"):
            PAGE.write_text(right, encoding="utf-8")
            return
        self.assertEqual(page, right, f"the table of {name} is old: run this test with SEKI_WRITE_TABLES=1")

    def state_of_verb(self, seki, verb):
        if verb in NOT_ASKED:
            return YES
        if verb in NEVER:
            return NO
        with seki.control() as control:
            try:
                control.ask(with_what_it_is_for(verb))
            except Refused as refused:
                return NOT_YET if "not available yet" in str(refused) else YES
        return YES

    def test_of_verbs(self):
        seki = self.instance().start()
        fields = {field.number: field.name for field in Request.DESCRIPTOR.fields}
        rows = []
        for number, verb in sorted({**fields, **MISSING}.items()):
            own = number >= FIRST_OWN
            rows.append([str(number), f"`{verb}`", NO if number > LAST_OF_2_1 else YES, NO if own else YES,
                         NOT_YET if number in MISSING else self.state_of_verb(seki, verb)])
        self.expect("verbs", table(["number", "verb", "2.1", "2.3.3", "Seki"], rows))

    def state_of_key(self, folder, name, key, value):
        if value is None:
            value = ""
        text = TABLES[name].replace("KEY", f"{key} = {value}" if value else "")
        for word, path in (("CERT", folder / "c.pem"), ("PRIVATE", folder / "c.key"), ("ANSWERS", folder)):
            text = text.replace(word, str(path))
        (folder / "seki.toml").write_text(text, encoding="utf-8")
        done = subprocess.run([BINARY, "-c", str(folder / "seki.toml"), "config", "check"], capture_output=True, text=True,
                              check=False)
        said = done.stdout + done.stderr
        if "unknown key" in said:
            return NO
        if "not available yet" in said:
            return NOT_YET
        self.assertEqual(done.returncode, 0, f"{text}\n{said}")
        return YES

    def test_of_keys(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-keys-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        make_certificate(folder, "c", "a.example")
        for status in (301, 400, 401, 404, 408, 413, 421, 429, 502, 503, 504, 507):
            (folder / str(status)).write_text(f"HTTP/1.1 {status} No\r\n\r\n", encoding="utf-8")
        rows = []
        for name, since, keys in KEYS:
            for key, value in keys.items():
                with self.subTest(table=name, key=key):
                    state = self.state_of_key(folder, name, key, value)
                    rows.append([name, f"`{key}`", YES if since == "2.1" else NO, YES, state])
        self.expect("keys", table(["of", "key", "2.1", "2.3.3", "Seki"], rows))


if __name__ == "__main__":
    unittest.main()
