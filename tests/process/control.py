"""A client of the command socket, made from the schema by another implementation of protobuf than the proxy's own."""
import atexit
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import wire

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def _generate():
    folder = tempfile.mkdtemp(prefix="seki-schema-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(["protoc", f"--proto_path={PROTO}", f"--python_out={folder}", str(PROTO / "command.proto")],
                   check=True)
    sys.path.insert(0, folder)
    import command_pb2
    return command_pb2


schema = _generate()


class Refused(Exception):
    """The answer was FAILURE."""


class Control:
    """One connection to the command socket."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(wire.PATIENCE_SECONDS)
        self._socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def send_frame(self, payload):
        self._socket.sendall((len(payload) + 8).to_bytes(8, "little") + payload)

    def send_bytes(self, data):
        self._socket.sendall(data)

    def send(self, request):
        self.send_frame(request.SerializePartialToString())

    def _take(self, size):
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise wire.Truncated("the command socket was closed")
            data += part
        return data

    def receive(self):
        """The next frame, whatever its status."""
        size = int.from_bytes(self._take(8), "little")
        response = schema.Response()
        response.ParseFromString(self._take(size - 8))
        return response

    def final(self):
        """The next OK or FAILURE."""
        while (response := self.receive()).status == schema.PROCESSING:
            pass
        return response

    def ask(self, request):
        """Sends and returns what was answered, which must be OK."""
        self.send(request)
        response = self.final()
        if response.status != schema.OK:
            raise Refused(response.message)
        return response

    def workers(self):
        return list(self.ask(Request(list_workers=schema.ListWorkers())).content.workers.vec)

    def status(self):
        return list(self.ask(Request(status=schema.Status())).content.workers.vec)


Request = schema.Request


def address_of(pair):
    """("127.0.0.1", 80) as the schema writes it."""
    address = schema.SocketAddress(port=pair[1])
    address.ip.v4 = int.from_bytes(socket.inet_aton(pair[0]), "big")
    return address


def add_backend(cluster, backend_id, pair):
    return Request(add_backend=schema.AddBackend(cluster_id=cluster, backend_id=backend_id, address=address_of(pair)))


def remove_backend(cluster, backend_id, pair):
    return Request(
        remove_backend=schema.RemoveBackend(cluster_id=cluster, backend_id=backend_id, address=address_of(pair)))


def frontend(listener, hostname, cluster, prefix=""):
    rule = schema.PathRule(kind=schema.PREFIX, value=prefix)
    return schema.RequestHttpFrontend(cluster_id=cluster, address=address_of(listener), hostname=hostname, path=rule,
                                      position=schema.TREE)


def cluster(cluster_id):
    return schema.Cluster(cluster_id=cluster_id, sticky_session=False, https_redirect=False,
                          load_balancing=schema.ROUND_ROBIN)
