#!/usr/bin/env python3
"""Backends to try Seki with, one for each name given: each answers every request with its name, a browser with a page, and
/slow in pieces that take five seconds. Prints the ports that the kernel gave them.
"""
import html
import http.server
import sys
import threading
import time


PAGE = """<!doctype html>
<title>{name}</title>
<body style="font-family: sans-serif; text-align: center; margin-top: 20vh">
<h1>{name}</h1>
<p>{hello}. Load it again, and another backend may answer.</p>
"""


class Greeter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            pieces = [f"{self.server.name} is at piece {piece} of 10\n".encode() for piece in range(1, 11)]
            return self.answer("text/plain", pieces, pause_seconds=0.5)
        hello = f"Hello from {self.server.name}, you asked for {html.escape(self.path)}"
        if "text/html" not in self.headers.get("Accept", ""):
            return self.answer("text/plain", [f"{hello}\n".encode()])
        return self.answer("text/html; charset=utf-8", [PAGE.format(name=self.server.name, hello=hello).encode()])

    def answer(self, kind, pieces, pause_seconds=0):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(sum(map(len, pieces))))
        self.end_headers()
        for piece in pieces if self.command != "HEAD" else []:
            self.wfile.write(piece)
            time.sleep(pause_seconds)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass  # Seki's access log tells what happened


def serve(name):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    server.name = name
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    servers = [serve(name) for name in sys.argv[1:]]
    print(*(server.server_port for server in servers), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit()
