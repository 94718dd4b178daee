"""How servers read a stream of requests, with the liberties that real ones take.

read(data, **liberties) parses as RFC 9112 says, except where a liberty is switched on. Two servers that both accept the
same bytes but see other requests in them are what request smuggling lives on. interpretations(data) gives all the
different sequences of requests that somebody may see; a server that refuses the bytes is no danger and is left out.
"""
import re

LIBERTIES = {
    "lone_lf": "a line may end with LF alone (RFC 9112 §2.2 lets recipients do so)",
    "lone_cr": "a CR without its LF ends a line too",
    "blank_before_colon": "blanks between a field's name and the colon are dropped",
    "folded": "a line that begins with a blank goes on with the value before it",
    "blank_line_first": "the fields of a line that begins with a blank count by themselves",
    "underscores": "'_' in a field's name is read as '-', as CGI does",
    "control_in_name": "control characters around a field's name are dropped",
    "first_length": "of several Content-Length the first counts",
    "last_length": "of several Content-Length the last counts",
    "length_octal_or_hex": "numbers are read as strtoul(3) does with base 0",
    "length_prefix": "what stands behind the digits of a length is dropped, as atoi(3) does",
    "length_signed": "a length may have a plus before it",
    "length_32_bits": "lengths wrap around at 32 bits",
    "length_wins": "Content-Length counts where both are there",
    "coding_wins": "Transfer-Encoding counts where both are there",
    "any_chunked": "a coding that has the word chunked in it is chunked",
    "only_exact_chunked": "a Transfer-Encoding other than exactly chunked is passed over",
    "old_knows_no_chunks": "Transfer-Encoding in HTTP/1.0 is passed over",
    "chunk_prefix": "what stands behind the digits of a chunk size is dropped",
    "chunk_0x": "a chunk size may begin with 0x",
    "chunk_32_bits": "chunk sizes wrap around at 32 bits",
    "first_host": "of several Host the first counts",
    "last_host": "of several Host the last counts",
    "host_over_target": "Host counts before an absolute target",
}


class Refused(Exception):
    """The server answers 400 and closes."""


class Incomplete(Exception):
    """The server waits for more."""


class _Reader:
    def __init__(self, data, liberties):
        self.data = data
        self.at = 0
        self.free = liberties

    def line(self):
        ends = [(self.data.find(b"\r\n", self.at), 2)]
        if "lone_lf" in self.free:
            ends.append((self.data.find(b"\n", self.at), 1))
        if "lone_cr" in self.free:
            ends.append((self.data.find(b"\r", self.at), 1))
        found = [(where, -length) for where, length in ends if where >= 0]
        if not found:
            raise Incomplete
        where, length = min(found)
        line = self.data[self.at:where]
        self.at = where - length
        # What other readings take for the end of a line is part of this one for who does not look.
        if {b"\n", b"\r"} & {bytes([byte]) for byte in line} and not {"lone_lf", "lone_cr"} & self.free:
            raise Refused("bare CR or LF")
        return line

    def take(self, count):
        if self.at + count > len(self.data):
            raise Incomplete
        taken = self.data[self.at:self.at + count]
        self.at += count
        return taken

    def fields(self):
        fields = []
        while (line := self.line()) != b"":
            if line[:1] in b" \t":
                if "folded" in self.free and fields:
                    fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip(b" \t"))
                    continue
                if "blank_line_first" not in self.free:
                    raise Refused("folded line")
                line = line.lstrip(b" \t")
            name, colon, value = line.partition(b":")
            if not colon:
                raise Refused("no colon")
            fields.append((self.name(name), value.strip(b" \t")))
        return fields

    def name(self, name):
        if "blank_before_colon" in self.free:
            name = name.rstrip(b" \t")
        if "control_in_name" in self.free:
            name = name.strip(bytes(range(0x21)) + b"\x7f")
        if "underscores" in self.free:
            name = name.replace(b"_", b"-")
        if not re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name):
            raise Refused("field name")
        return name.lower()

    def number(self, text):
        if "length_prefix" in self.free:
            text = re.match(rb"[ \t+-]*[0-9a-fA-Fx]*", text)[0]
        if "length_signed" in self.free:
            text = text.lstrip(b"+")
        if "length_octal_or_hex" in self.free and re.fullmatch(rb"0[0-7]+", text):
            number = int(text, 8)
        elif "length_octal_or_hex" in self.free and re.fullmatch(rb"0[xX][0-9a-fA-F]+", text):
            number = int(text, 16)
        elif re.fullmatch(rb"[0-9]+", text):
            number = int(text)
        else:
            raise Refused("not a length")
        return number % 2**32 if "length_32_bits" in self.free else number

    def length(self, values):
        values = [part.strip(b" \t") for value in values for part in value.split(b",")]
        if "first_length" in self.free:
            values = values[:1]
        if "last_length" in self.free:
            values = values[-1:]
        lengths = {self.number(value) for value in values}
        if len(lengths) > 1:
            raise Refused("lengths that differ")
        return lengths.pop()

    def chunked(self, values, version):
        if not values or (version == b"HTTP/1.0" and "old_knows_no_chunks" in self.free):
            return False
        text = b",".join(values).strip().lower()
        if text == b"chunked":
            return True
        if "only_exact_chunked" in self.free:
            return False
        if "any_chunked" in self.free and b"chunked" in text:
            return True
        raise Refused("coding")

    def chunks(self):
        body = b""
        while True:
            text = self.line().partition(b";")[0].rstrip(b" \t")
            if "chunk_0x" in self.free and text[:2].lower() == b"0x":
                text = text[2:]
            if "chunk_prefix" in self.free:
                text = re.match(rb"[ \t]*[0-9a-fA-F]*", text)[0].strip(b" \t")
            if not re.fullmatch(rb"[0-9a-fA-F]+", text):
                raise Refused("chunk size")
            size = int(text, 16)
            if "chunk_32_bits" in self.free:
                size %= 2**32
            if size == 0:
                self.fields()
                return body
            body += self.take(size)
            if self.line() != b"":
                raise Refused("no line end behind a chunk")

    def host(self, target, fields):
        hosts = [value for name, value in fields if name == b"host"]
        absolute = re.match(rb"(?i)https?://([^/?#]*)", target)
        if absolute and "host_over_target" not in self.free:
            return absolute[1].lower()
        if len(hosts) > 1 and "first_host" not in self.free and "last_host" not in self.free:
            raise Refused("several hosts")
        if not hosts:
            return b""
        return hosts[-1 if "last_host" in self.free else 0].lower()

    def request(self):
        while self.data.startswith(b"\r\n", self.at):
            self.at += 2
        start = self.line().split(b" ")
        if len(start) != 3 or not re.fullmatch(rb"HTTP/1\.[01]", start[2]):
            raise Refused("request line")
        method, target, version = start
        fields = self.fields()
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        chunked = self.chunked(codings, version)
        if chunked and lengths:
            if not {"length_wins", "coding_wins"} & self.free:
                raise Refused("length and coding")
            chunked = "length_wins" not in self.free
        if chunked:
            body = self.chunks()
        else:
            body = self.take(self.length(lengths)) if lengths else b""
        return method, target, self.host(target, fields), body


def read(data, liberties=frozenset()):
    """The requests in these bytes, and how they end: "whole", "incomplete" or "refused"."""
    reader, requests = _Reader(data, liberties), []
    while reader.at < len(data):
        try:
            requests.append(reader.request())
        except Incomplete:
            return requests, "incomplete"
        except Refused:
            return requests, "refused"
    return requests, "whole"


def interpretations(data):
    """{what somebody sees: a liberty that he takes}, for all who accept these bytes to their end."""
    seen = {}
    for free in [frozenset(), *(frozenset([one]) for one in LIBERTIES), frozenset(LIBERTIES) - {"length_wins"}]:
        requests, ending = read(data, free)
        if ending == "refused":
            continue
        seen.setdefault((tuple(requests), ending), " ".join(sorted(free)) or "none")
    return seen
