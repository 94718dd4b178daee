"""In which headers backends are told of clients: as the listener says, in the file and while it runs."""
import unittest

from harness import ProcessTest, http_body

SAID = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Host: h", "Forwarded: for=203.0.113.9"]


def mode(seki, name):
    return seki.ctl("listener", "http", "update", "-a", seki.text, "--forwarded-headers", name)


class ForwardedHeaders(ProcessTest):
    def told(self, seki, backend, fields=()):
        """The fields of that kind that the next request arrives with."""
        before = len(backend.requests)
        self.assertEqual(seki.get(fields=fields).status, 200)
        request = backend.requests[before]
        names = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-host", "forwarded")
        return {name for name in names if request.get(name) is not None}, request

    def test_are_chosen_in_the_file_and_changed_while_it_runs(self):
        backend = self.backend()
        seki = self.instance()
        seki.body = http_body(seki.text, backend).replace('protocol = "http"', 'protocol = "http"\n'
                                                          'forwarded_headers = "rfc7239"', 1)
        seki.start()
        names, request = self.told(seki, backend, SAID)
        self.assertEqual(names, {"forwarded"})
        self.assertRegex(request.get("forwarded"), "^for=203.0.113.9, proto=http;for=")
        self.assertEqual(mode(seki, "x_forwarded").code, 0)
        names, request = self.told(seki, backend)
        self.assertEqual(names, {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"})
        names, request = self.told(seki, backend, SAID)
        self.assertEqual(request.get("forwarded"), "for=203.0.113.9")
        self.assertRegex(request.get("x-forwarded-for"), "^203.0.113.9, 127")
        self.assertEqual(mode(seki, "none").code, 0)
        self.assertEqual(self.told(seki, backend)[0], set())
        self.assertEqual(self.told(seki, backend, SAID)[0], {"x-forwarded-for", "x-forwarded-host", "forwarded"})
        self.assertEqual(mode(seki, "both").code, 0)
        names, request = self.told(seki, backend, ['Forwarded: for="oops'])
        self.assertRegex(request.get("forwarded"), "^proto=http;for=")
        self.assertIn("http.forwarded_malformed_elided", seki.ctl("metrics", "get").out)
        shown = seki.ctl("--json", "listener", "list").json
        self.assertIn("FORWARDED_HEADERS_BOTH", str(shown))
        self.assertNotEqual(mode(seki, "some").code, 0)

    def test_of_another_kind_are_refused_where_they_are_written(self):
        seki = self.instance()
        seki.body = http_body(seki.text).replace('protocol = "http"', 'protocol = "http"\nforwarded_headers = "all"', 1)
        seki.write_config()
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 1)
        self.assertIn("forwarded_headers: 'all' is none of both, x_forwarded, rfc7239, none", checked.out + checked.err)


if __name__ == "__main__":
    unittest.main()
