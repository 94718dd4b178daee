#pragma once

// The contract between an exchange and the wire format of one connection: bytes in, events out, and back. A codec is
// pure: no socket, no clock, no allocation in steady state. HTTP/1 has one stream at a time; HTTP/2 will have many; the
// exchange cannot tell, because everything is said of a stream. The codec of the client side reads requests and writes
// responses (ServerCodec), that of the backend side the reverse (ClientCodec).
//
// Reading is by pulling: next(input) looks at the unread bytes of the connection and reports at most one event and how
// many bytes it used up. Event::body is a slice of `input`, or of the codec's own storage until the next call.
//
//     need_more   nothing to report before more bytes come (`consumed` may still be > 0)
//     blocked     nothing more is read before the owner did something (HTTP/1: finish the current answer)
//     interim     a 1xx response other than 101 (ClientCodec only)
//     head        head() of the codec has it until the next call of next(). end: there is no body
//     body        some bytes of the body. end: they were the last and there are no trailers
//     end         the message ends; trailers() has what came after the body, until the next call
//     window      the peer takes more of this stream's body than before, or of all streams' (stream 0): send_window()
//     reset       the peer gave up this stream (HTTP/2). unprocessed: nobody has looked at what was sent on it or will,
//                 so that it may be sent again whatever it asks for (RFC 9113 §8.7). A peer that goes away says so of
//                 each stream that it does not serve any more, and free_streams() is 0 from then on
//     fault       the peer broke the protocol; `fault` says how. The connection reads nothing more
//
// next() is asked again only while there are bytes that it has not used: those from which several events follow are
// used up with the last of them.
//
// No byte is read twice: heads may be compressed, and what one says may change what the next one means. Who cannot act
// on a head yet keeps it (kept_head.h), and the other streams go on.
//
// Writing appends to an Output. When it overflowed nothing of that call counts: the caller makes room and calls again.
// What a codec has to say by itself it writes when it is asked to (own_frames()).

#include <cstdint>
#include <span>
#include <string_view>

#include "http/message.h"

namespace seki::http {

using StreamId = uint32_t;

enum class Fault : uint8_t {
    none,
    bad_request_line,
    bad_status_line,
    bad_field,  // a field name or value that the grammar does not allow, obs-fold, white space before the colon
    bad_host,   // absent, several, malformed, or different from the target's
    bad_target,
    bad_length,         // Content-Length not a number, too large, or several that differ
    length_and_coding,  // Content-Length and Transfer-Encoding in one message
    bad_coding,         // a Transfer-Encoding whose last coding is not "chunked", or is it twice; or in HTTP/1.0
    unknown_coding,     // other codings before "chunked"
    bad_chunk,
    bad_trailer,
    version_not_supported,
    target_too_long,
    head_too_large,
    too_many_fields,
    truncated,         // the connection ended within a message
    unexpected_bytes,  // bytes of a backend that answer nothing
    too_many_interim,  // in a time
};

// For log lines and answers: "bad chunk size".
[[nodiscard]] std::string_view describe(Fault fault) noexcept;
// The status that answers a request with this fault: 400, 414, 431, 501 or 505.
[[nodiscard]] uint16_t status_for(Fault fault) noexcept;

struct Event {
    enum class Kind : uint8_t { need_more, blocked, interim, head, body, end, window, reset, fault };

    Kind kind = Kind::need_more;
    bool end = false;
    Fault fault = Fault::none;
    bool unprocessed = false;
    StreamId stream = 0;
    size_t consumed = 0;
    std::string_view body{};
};

struct HeadLimits {
    uint32_t max_head_bytes = 16384;
    uint32_t max_target_bytes = 8192;
    uint32_t max_fields = 128;  // at most FieldTable::capacity
};

// What both directions of a connection share.
class Codec {
public:
    virtual ~Codec() = default;

    virtual Event next(std::string_view input) = 0;
    // The peer closed its sending side after all that was given to next(): an `end` for a body that ends so, a `fault`
    // within a message, need_more between two messages.
    virtual Event next_at_end_of_input() = 0;

    // Of the last `end` event; empty without trailers.
    [[nodiscard]] virtual const FieldTable& trailers() const = 0;

    // How many bytes of body the peer takes of this stream by now.
    [[nodiscard]] virtual size_t send_window(StreamId) const { return SIZE_MAX; }
    // Body bytes of the message being written, at most send_window(). Returns how many bytes of `body` were taken; the
    // codec frames them.
    virtual size_t write_body(StreamId stream, std::string_view body, Output& out) = 0;
    // The message is complete. `trailers` are left out where the framing has no place for them.
    virtual void write_end(StreamId stream, const FieldTable* trailers, Output& out) = 0;

    // Unframed bodies may pass from socket to socket without a look at them. incoming_raw(): how many of the next bytes
    // from the peer are nothing but body (UINT64_MAX until the connection ends); outgoing_raw(): how many body bytes
    // may be sent as they are. 0 where bytes are framed. take_raw / sent_raw account for bytes that went past the
    // codec; take_raw says whether the message ended with them.
    [[nodiscard]] virtual uint64_t incoming_raw(StreamId stream) const = 0;
    virtual bool take_raw(StreamId stream, uint64_t bytes) = 0;
    [[nodiscard]] virtual uint64_t outgoing_raw(StreamId stream) const = 0;
    virtual void sent_raw(StreamId stream, uint64_t bytes) = 0;

    // The owner has room for so many bytes of the body that comes on this stream, all in all: it is never given more,
    // and as it passes bytes on the peer gets credit for others. Other streams pass it by as far as the format lets
    // them. Where there is one stream, what is given to next() says as much.
    virtual void grant_credit(StreamId, size_t) {}
    // The owner gives a stream up, with or without an answer. Where there is one, the connection ends instead.
    virtual void give_up(StreamId) {}
    // The answer switched protocols: what the peer sends on this stream from now on belongs to the tunnel, and ends by
    // itself. Where there is one stream, another codec takes over instead.
    virtual void open_tunnel(StreamId) {}

    // Acknowledgements, credit, streams that were given up, going away: so many bytes of that wait to be written. A
    // bounded few: what of the peer's would make them more is not read (`blocked`).
    [[nodiscard]] virtual size_t own_frames() const { return 0; }
    // Writes them, whole frames, as many as there is room for. Never overflows.
    virtual void write_own_frames(Output&) {}

    // True when the connection may carry another message after the current one; asked when both directions of it ended.
    [[nodiscard]] virtual bool persistent() const = 0;
};

class ServerCodec : public Codec {
public:
    // Of the last `head` event. The owner may mark fields as dropped.
    [[nodiscard]] virtual RequestHead& head() = 0;

    virtual void write_interim(StreamId stream, const ResponseHead& head, Output& out) = 0;
    // Chooses the framing towards this client and writes status line, fields that are not dropped, `added`, and what
    // the framing needs. `close`: say that the connection ends after this answer. The answer to HEAD has no body
    // whatever `head.body` says.
    virtual void write_head(StreamId stream, const ResponseHead& head, std::span<const AddedField> added, bool close,
                            Output& out) = 0;
    // The owner takes no more requests, beyond those that may be on their way: the client is told where the format can.
    virtual void go_away() {}
    // True once the request was read to its end.
    [[nodiscard]] virtual bool request_complete(StreamId stream) const = 0;
    // Both directions of the stream ended (or the answer ended and the connection will close): HTTP/1 reads the next
    // request.
    virtual void finish(StreamId stream) = 0;
};

// Of formats with one stream and heads that stand for themselves.
class SingleStreamServerCodec : public ServerCodec {
public:
    // The owner cannot act on the last `head` event yet: next() gives it again when it is given the same bytes again.
    virtual void repeat_head() = 0;
};

class ClientCodec : public Codec {
public:
    [[nodiscard]] virtual ResponseHead& head() = 0;

    // Begins a request on this connection: request line, fields that are not dropped, `added`, framing. Returns its
    // stream.
    virtual StreamId write_head(const RequestHead& head, std::span<const AddedField> added, Output& out) = 0;
    // The request goes to another connection as it was written: what was read of an answer counts no more.
    virtual void restart_answer() = 0;
    // How many more requests may begin now (HTTP/1: 1 when idle, else 0). 0 for good when the backend goes away.
    [[nodiscard]] virtual uint32_t free_streams() const = 0;
};

}  // namespace seki::http
