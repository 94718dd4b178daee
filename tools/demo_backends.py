#!/usr/bin/env python3
"""Backends to try Seki with, one for each name given: each answers every request with its name. Prints the ports that
the kernel gave them.
"""
import http.server
import sys
import threading


class Greeter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"Hello from {self.server.name}, you asked for {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

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
