"""The command socket of Seki: one request and one answer at a time, in protobuf.

command_pb2 is what protoc makes of proto/command.proto. A frame is 8 bytes, little-endian, that say how long it is,
these 8 included, and one message.
"""
import socket

import command_pb2 as schema


class Refused(Exception):
    """The answer was FAILURE. `version` is that of the state, where the answer told it."""

    def __init__(self, response):
        super().__init__(response.message)
        self.version = response.state_version if response.HasField("state_version") else None
        self.change = response.failed_change if response.HasField("failed_change") else None


class Client:
    def __init__(self, path, timeout_seconds=30):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_seconds)
        self._socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def ask(self, request):
        """Sends it and returns the answer that was OK. What comes before that says only that Seki is at work."""
        payload = request.SerializeToString()
        self._socket.sendall((len(payload) + 8).to_bytes(8, "little") + payload)
        while (response := self._receive()).status == schema.PROCESSING:
            pass
        if response.status != schema.OK:
            raise Refused(response)
        return response

    def _take(self, size):
        data = b""
        while len(data) < size:
            if not (part := self._socket.recv(size - len(data))):
                raise ConnectionError("Seki closed the connection")
            data += part
        return data

    def _receive(self):
        response = schema.Response()
        response.ParseFromString(self._take(int.from_bytes(self._take(8), "little") - 8))
        return response

    def state(self):
        """The version of the state, and the changes that lead to it from nothing. Pages of different versions do not fit
        together: should it have changed in between, all is read again."""
        while True:
            version, changes, following = None, [], 0
            while following is not None:
                query = schema.QueryState(without_keys=True, **{"from": following})
                page = self.ask(schema.Request(query_state=query)).content.state_page
                if version not in (None, page.version):
                    break
                version = page.version
                changes += page.changes
                following = page.next if page.HasField("next") else None
            else:
                return version, changes

    def apply(self, changes, expect_version, part_size=1000):
        """All of them or none, and only if the state has this version. Many go in parts, since a frame has its limit."""
        held = None
        parts = [changes[begin:begin + part_size] for begin in range(0, len(changes), part_size)]
        for number, part in enumerate(parts, 1):
            piece = schema.ChangeSet(changes=part)
            if held is not None:
                piece.id = held
            if number == len(parts):
                piece.expect_version = expect_version
            else:
                piece.more = True
            answer = self.ask(schema.Request(apply_changes=piece))
            held = answer.content.change_set.id
        return answer
