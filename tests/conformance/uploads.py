#!/usr/bin/python3
"""Clients that others wrote, as they are: each uploads a hundred times what is allowed and must read the 413, whether the
limit is Seki's or a backend's, and whether it asks first (Expect: 100-continue) or not. Most of them send everything
before they read anything.

A client that is not on this machine, or cannot read that answer of a plain server either (Java 17 waits for a 100 for
ever), is skipped with a line "SKIPPED <client>: <reason>". Arguments choose some of the clients. SEKI_BINARY names the
binary. The last line is the tally.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "process"))
from backend import Backend  # noqa: E402
from harness import Seki  # noqa: E402

CLIENTS = HERE / "clients"
LIMIT = 256 * 1024
SIZE = 100 * LIMIT  # more than the buffers of both kernels hold
ROUNDS = 3
PATIENCE_SECONDS = 60
DIRECT_PATIENCE_SECONDS = 20
REFUSAL = "this is too large for the backend"


# ---- the clients: each is a command that prints the status and the body of the answer to an upload

def works(*command):
    try:
        return subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS, check=False).returncode == 0
    except OSError:
        return False


def python_with_requests():
    candidates = [sys.executable, shutil.which("python3"), "/usr/bin/python3"]
    return next((python for python in candidates if python and works(python, "-c", "import requests")), None)


def program(*command):
    return lambda url, expect: [*command, url, str(SIZE), "expect" if expect else "plain"]


def curl(body):
    def command(url, expect):
        field = "Expect: 100-continue" if expect else "Expect:"
        return ["curl", "-sS", "-H", field, "-w", "\n%{http_code}", "--data-binary", f"@{body}", url]
    return command


def clients(folder):
    """Name, command, and why there is none."""
    body = folder / "body"
    body.write_bytes(bytes(SIZE))
    python = python_with_requests()
    java = works("javac", "-d", str(folder), str(CLIENTS / "Upload.java"), str(CLIENTS / "UploadByUrl.java"))
    no_java = None if java else "no Java development kit is installed"
    yield "http.client", program(sys.executable, CLIENTS / "http_client.py"), None
    yield "requests", program(python, CLIENTS / "requests_client.py"), None if python else "python3-requests is not installed"
    yield "curl", curl(body), None if shutil.which("curl") else "curl is not installed"
    no_node = None if works("node", "-e", "fetch") else "no node that knows fetch is installed"
    yield "node http", program("node", CLIENTS / "node_http.mjs"), no_node
    yield "node fetch", program("node", CLIENTS / "node_fetch.mjs"), no_node
    yield "java", program("java", "-cp", folder, "Upload"), no_java
    yield "java by URL", program("java", "-cp", folder, "UploadByUrl"), no_java


# ---- what they talk to

def refuse(stream):
    """Answers when it has seen the head; what comes then it takes, and drops."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = stream.socket.recv(65536)
        if not piece:
            return
        seen += piece
    stream.socket.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
                          b"Connection: close\r\n\r\n%s" % (len(REFUSAL), REFUSAL.encode()))
    while stream.socket.recv(65536):
        pass


def instance(backend, max_body_bytes):
    seki = Seki()
    seki.body = f"""
[[listeners]]
protocol = "http"
address = "{seki.text}"
max_body_bytes = {max_body_bytes}

[clusters.web]
protocol = "http"
frontends = [{{ address = "{seki.text}", hostname = "*" }}]
backends = [{{ address = "{backend.text}" }}]
"""
    return seki.start()


def complaint(command, wanted, patience_seconds=PATIENCE_SECONDS):
    """What is wrong with the answer that the client read; None when nothing is."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience_seconds, check=False)
    except subprocess.TimeoutExpired:
        return f"no end within {patience_seconds} s"
    if done.returncode == 0 and "413" in done.stdout and wanted in done.stdout:
        return None
    return f"exit {done.returncode}: {done.stdout[:200]!r} {done.stderr[-400:]!r}"


def main():
    passed = failed = 0
    backend = Backend(script=refuse)
    refusers = {"limit": instance(backend, LIMIT), "backend": instance(backend, 0)}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-uploads-"))
    try:
        for name, command, missing in clients(folder):
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            if missing:
                print(f"SKIPPED {name}: {missing}", flush=True)
                continue
            for expect in (False, True):
                # RFC 9110 §10.1.1; fetch does not let a page ask first.
                if expect and name == "node fetch":
                    continue
                how = f"{name}, {'asks first' if expect else 'does not ask'}"
                # HttpURLConnection hands out no body of what came in place of the 100.
                refusal = "413" if expect and name == "java by URL" else REFUSAL
                if complaint(command(f"http://{backend.text}/upload", expect), refusal, DIRECT_PATIENCE_SECONDS):
                    print(f"SKIPPED {how}: it cannot read that answer of a plain server either", flush=True)
                    continue
                for who, seki in refusers.items():
                    wanted = refusal if who == "backend" else "413"
                    url = f"http://{seki.text}/upload"
                    wrong = [it for _ in range(ROUNDS) if (it := complaint(command(url, expect), wanted))]
                    print(f"{'FAILED' if wrong else 'ok'} {how}, refused by the {who}", *wrong[:1], flush=True)
                    failed += bool(wrong)
                    passed += not wrong
    finally:
        for seki in refusers.values():
            seki.stop()
            seki.remove()
        backend.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
