#!/usr/bin/env python3
"""A backend to try Seki with: answers every request with its name. Prints the port that the kernel gave it."""
import http.server
import sys


class Greeter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    name = "demo"

    def do_GET(self):
        body = f"Hello from {self.name}, you asked for {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass  # Seki's access log tells what happened


def main():
    Greeter.name = sys.argv[1]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
