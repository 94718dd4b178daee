#include "http/h1/client_codec.h"

#include "base/check.h"
#include "http/h1/connection.h"
#include "http/h1/framing.h"
#include "http/h1/head_parser.h"
#include "http/h1/head_writer.h"

namespace seki::http::h1 {

namespace {

FramingFields note_fields(ResponseHead& head) noexcept {
    FramingFields framing;
    head.speaks_of_users = false;
    for (Field& field : head.fields.all()) {
        switch (field.id) {
            case FieldId::content_length:
                framing.note_length(field);
                break;
            case FieldId::transfer_encoding:
                framing.note_coding(field.value);
                break;
            case FieldId::persistent_auth:
            case FieldId::proxy_authenticate:
            case FieldId::www_authenticate:
                head.speaks_of_users = true;
                break;
            default:
                break;
        }
    }
    return framing;
}

void keep_upgrade(FieldTable& fields) noexcept {
    for (Field& field : fields.all()) {
        if (field.id == FieldId::upgrade) field.dropped = false;
    }
}

// RFC 9110 §8.6: these answers have no body that a length could be of.
void drop_length(FieldTable& fields) noexcept {
    for (Field& field : fields.all()) {
        if (field.id == FieldId::content_length) field.dropped = true;
    }
}

// What of this hop the backend is told.
void write_connection(const RequestHead& head, Output& out) noexcept {
    if (!head.upgrade.empty()) {
        out.append(head.takes_trailers ? "Connection: upgrade, TE\r\n" : "Connection: upgrade\r\n");
        write_field("Upgrade", head.upgrade, out);
    } else if (head.takes_trailers) {
        out.append("Connection: TE\r\n");
    }
    if (head.takes_trailers) out.append("TE: trailers\r\n");  // some send none unless they are asked
}

}  // namespace

// ---- writing

StreamId ClientCodec::write_head(const RequestHead& head, std::span<const AddedField> added, Output& out) {
    SEKI_CHECK(state_ == State::idle);
    out.append(head.method_text);
    out.append(" ");
    out.append(head.path);
    out.append(" HTTP/1.1\r\n");
    if (head.fields.find(FieldId::host) == nullptr) write_field("Host", head.authority, out);
    write_fields(head.fields, out);
    write_fields(added, out);
    if (head.body.kind == BodyKind::chunked) out.append("Transfer-Encoding: chunked\r\n");
    if (head.body.kind == BodyKind::length && head.fields.find(FieldId::content_length) == nullptr) {
        write_content_length(head.body.length, out);
    }
    write_connection(head, out);
    out.append("\r\n");
    if (out.overflow()) return only_stream;
    state_ = State::waiting;
    to_head_ = head.method == Method::head;
    writer_.begin(head.body);
    return only_stream;
}

void ClientCodec::restart_answer() {
    state_ = State::waiting;
    looked_at_ = 0;
    persistent_ = true;
}

size_t ClientCodec::write_body(StreamId, std::string_view body, Output& out) { return writer_.write(body, out); }

void ClientCodec::write_end(StreamId, const FieldTable* trailers, Output& out) { writer_.write_end(trailers, out); }

uint64_t ClientCodec::outgoing_raw(StreamId) const { return writer_.raw(); }

void ClientCodec::sent_raw(StreamId, uint64_t bytes) { writer_.sent_raw(bytes); }

// ---- reading

Event ClientCodec::next(std::string_view input) {
    switch (state_) {
        case State::idle:
            return input.empty() ? Event{} : fail(Fault::unexpected_bytes);
        case State::waiting:
            return next_head(input);
        case State::body:
            break;
        case State::failed:
            return {.kind = Event::Kind::blocked, .stream = only_stream};
    }
    Event event = reader_.next(input, storage_.trailers);
    event.stream = only_stream;
    if (event.kind == Event::Kind::fault) state_ = State::failed;
    if (event.end) state_ = State::idle;
    return event;
}

Event ClientCodec::next_head(std::string_view input) {
    if (looked_at_ > 0 && input.size() < limits_.max_head_bytes && !may_be_complete(input, looked_at_)) {
        looked_at_ = static_cast<uint32_t>(input.size());
        return {.stream = only_stream};
    }
    ResponseHead& head = storage_.response;
    const Parsed parsed = parse_response_head(input, limits_, head);
    if (parsed.outcome == Parsed::Outcome::fault) return fail(parsed.fault);
    if (parsed.outcome == Parsed::Outcome::incomplete) {
        looked_at_ = static_cast<uint32_t>(input.size());
        return {.stream = only_stream};
    }
    looked_at_ = 0;
    const FramingFields fields = note_fields(head);
    const auto body = response_framing(fields, head.version, head.status, to_head_);
    if (!body) return fail(body.error());
    const ConnectionOptions options = ConnectionOptions::read(head.fields);
    if (options.forbidden) return fail(Fault::bad_field);
    head.body = *body;
    if (head.status < 200 || head.status == 204) drop_length(head.fields);
    if (head.status < 200 && head.status != 101) {
        return {.kind = Event::Kind::interim, .stream = only_stream, .consumed = parsed.size};
    }

    if (head.status == 101 || head.status == 426) keep_upgrade(head.fields);
    persistent_ = options.persistent(head.version) && body->kind != BodyKind::until_close && head.status != 101;
    reader_.begin(*body);
    state_ = reader_.done() ? State::idle : State::body;
    return {.kind = Event::Kind::head, .end = reader_.done(), .stream = only_stream, .consumed = parsed.size};
}

Event ClientCodec::fail(Fault fault) noexcept {
    state_ = State::failed;
    persistent_ = false;
    return {.kind = Event::Kind::fault, .fault = fault, .stream = only_stream};
}

Event ClientCodec::next_at_end_of_input() {
    if (state_ == State::idle) return {.stream = only_stream};
    if (state_ != State::body) return fail(Fault::truncated);
    Event event = reader_.next_at_end_of_input();
    event.stream = only_stream;
    if (event.kind == Event::Kind::fault) return fail(event.fault);
    storage_.trailers.clear();
    state_ = State::idle;
    return event;
}

Progress ClientCodec::progress() const noexcept {
    return {.state = static_cast<uint8_t>(state_),
            .reading = reader_.progress(),
            .writing = writer_.progress(),
            .to_head = to_head_,
            .persistent = persistent_};
}

bool ClientCodec::go_on(const Progress& progress) noexcept {
    const auto state = static_cast<State>(progress.state);
    if (state != State::idle && state != State::waiting && state != State::body) return false;
    if (!reader_.go_on(progress.reading) || !writer_.go_on(progress.writing)) return false;
    state_ = state;
    to_head_ = progress.to_head;
    persistent_ = progress.persistent;
    return state != State::body || !reader_.done();
}

uint64_t ClientCodec::incoming_raw(StreamId) const { return state_ == State::body ? reader_.raw() : 0; }

bool ClientCodec::take_raw(StreamId, uint64_t bytes) {
    if (!reader_.take_raw(bytes)) return false;
    state_ = State::idle;
    return true;
}

}  // namespace seki::http::h1
