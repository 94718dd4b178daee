#include "http/h1/server_codec.h"

#include "base/check.h"
#include "http/h1/connection.h"
#include "http/h1/framing.h"
#include "http/h1/head_parser.h"
#include "http/h1/head_writer.h"
#include "http/h1/request.h"

namespace seki::http::h1 {

// ---- reading

Event ServerCodec::next(std::string_view input) {
    switch (state_) {
        case State::head:
            return next_head(input);
        case State::body:
            break;
        case State::answering:
        case State::failed:
            return {.kind = Event::Kind::blocked, .stream = only_stream};
    }
    Event event = reader_.next(input, storage_.trailers);
    event.stream = only_stream;
    if (event.kind == Event::Kind::fault) state_ = State::failed;
    if (event.end) state_ = State::answering;
    return event;
}

Event ServerCodec::next_head(std::string_view input) {
    // RFC 9112 §2.2: empty lines before a request are passed over.
    size_t empty = 0;
    while (input.substr(empty).starts_with("\r\n")) empty += 2;
    input.remove_prefix(empty);
    if (empty > 0) looked_at_ = 0;
    if (looked_at_ > 0 && input.size() < limits_.max_head_bytes && !may_be_complete(input, looked_at_)) {
        looked_at_ = static_cast<uint32_t>(input.size());
        return {.consumed = empty};
    }
    // What the request before was is nothing to go by when this one cannot be understood.
    version_ = Version::http11;
    to_head_ = false;
    const Parsed parsed = parse_request_head(input, limits_, storage_.request);
    if (parsed.outcome == Parsed::Outcome::fault) return fail(parsed.fault);
    if (parsed.outcome == Parsed::Outcome::incomplete) {
        looked_at_ = static_cast<uint32_t>(input.size());
        return {.consumed = empty};
    }
    looked_at_ = 0;
    RequestHead& head = storage_.request;
    bool keep = true;
    if (const Fault fault = understand_request(storage_, keep); fault != Fault::none) return fail(fault);
    version_ = head.version;
    head.received_bytes = static_cast<uint32_t>(parsed.size);
    to_head_ = head.method == Method::head;
    persistent_ = keep;
    reader_.begin(head.body);
    state_ = reader_.done() ? State::answering : State::body;
    return {.kind = Event::Kind::head, .end = reader_.done(), .stream = only_stream, .consumed = empty + parsed.size};
}

Event ServerCodec::fail(Fault fault) noexcept {
    state_ = State::failed;
    persistent_ = false;
    return {.kind = Event::Kind::fault, .fault = fault, .stream = only_stream};
}

Event ServerCodec::next_at_end_of_input() {
    if (state_ == State::head && looked_at_ > 0) return fail(Fault::truncated);
    if (state_ != State::body) return {.stream = only_stream};
    return fail(Fault::truncated);
}

uint64_t ServerCodec::incoming_raw(StreamId) const { return state_ == State::body ? reader_.raw() : 0; }

bool ServerCodec::take_raw(StreamId, uint64_t bytes) {
    if (!reader_.take_raw(bytes)) return false;
    state_ = State::answering;
    return true;
}

// ---- writing

void ServerCodec::write_interim(StreamId, const ResponseHead& head, Output& out) {
    if (version_ == Version::http10) return;  // RFC 9110 §15.2
    write_status_line(head.status, head.reason, out);
    write_fields(head.fields, out);
    out.append("\r\n");
}

// How this client will know the end of the answer's body.
Body ServerCodec::framing_for(const ResponseHead& head) const noexcept {
    if (to_head_ || bodiless(head.status)) return {};
    if (head.body.kind == BodyKind::none || head.body.kind == BodyKind::length) return head.body;
    // The end of the connection is a poor end: it looks the same when the answer was cut off. A client that knows
    // chunks gets them.
    return {version_ == Version::http10 ? BodyKind::until_close : BodyKind::chunked, 0};
}

void ServerCodec::write_head(StreamId, const ResponseHead& head, std::span<const AddedField> added, bool close,
                             Output& out) {
    const Body body = framing_for(head);
    const bool switching = head.status == 101;
    // Who has not sent all of the request shall know that the rest of it may go unread.
    const bool stays =
        persistent_ && state_ == State::answering && !close && !switching && body.kind != BodyKind::until_close;
    write_status_line(head.status, head.reason, out);
    write_fields(head.fields, out);
    write_fields(added, out);
    if (body.kind == BodyKind::chunked) out.append("Transfer-Encoding: chunked\r\n");
    const bool counted =
        body.kind == BodyKind::length || (body.kind == BodyKind::none && !to_head_ && !bodiless(head.status));
    if (counted && head.fields.find(FieldId::content_length) == nullptr) write_content_length(body.length, out);
    // RFC 9110 §15.5.22: 426 says what would do.
    const bool names_upgrade = head.status == 426 && head.fields.find(FieldId::upgrade) != nullptr;
    if (switching || names_upgrade) out.append("Connection: upgrade\r\n");
    if (switching) {
        // What follows is no HTTP.
    } else if (!stays) {
        out.append("Connection: close\r\n");
    } else if (version_ == Version::http10) {
        out.append("Connection: keep-alive\r\n");
    }
    out.append("\r\n");
    if (out.overflow()) return;
    persistent_ = stays;
    writer_.begin(body);
}

size_t ServerCodec::write_body(StreamId, std::string_view body, Output& out) { return writer_.write(body, out); }

void ServerCodec::write_end(StreamId, const FieldTable* trailers, Output& out) { writer_.write_end(trailers, out); }

uint64_t ServerCodec::outgoing_raw(StreamId) const { return writer_.raw(); }

void ServerCodec::sent_raw(StreamId, uint64_t bytes) { writer_.sent_raw(bytes); }

// ---- elsewhere

Progress ServerCodec::progress() const noexcept {
    return {.state = static_cast<uint8_t>(state_),
            .reading = reader_.progress(),
            .writing = writer_.progress(),
            .old_version = version_ == Version::http10,
            .to_head = to_head_,
            .persistent = persistent_};
}

bool ServerCodec::go_on(const Progress& progress) noexcept {
    const auto state = static_cast<State>(progress.state);
    if (state != State::body && state != State::answering) return false;
    if (!reader_.go_on(progress.reading) || !writer_.go_on(progress.writing)) return false;
    state_ = state;
    version_ = progress.old_version ? Version::http10 : Version::http11;
    to_head_ = progress.to_head;
    persistent_ = progress.persistent;
    return reader_.done() == (state == State::answering);
}

void ServerCodec::finish(StreamId) {
    SEKI_CHECK(state_ == State::answering);
    state_ = State::head;
}

}  // namespace seki::http::h1
