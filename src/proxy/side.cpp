#include "proxy/side.h"

#include <algorithm>

#include "base/check.h"

namespace seki::proxy {

namespace {
// What framing may add to a piece of body: the longest chunk size line, the line end behind the data, the last chunk.
constexpr size_t chunk_room = 64;
}  // namespace

net::Buffer& Side::outbox() {
    net::BufferPtr& unsent = session_.unsent();
    if (unsent == nullptr) unsent = context_.buffers.acquire();
    return *unsent;
}

size_t Side::body_room(http::StreamId stream) const {
    const net::BufferPtr& unsent = session_.unsent();
    const size_t room = unsent == nullptr ? context_.buffers.buffer_size() : unsent->room().size();
    const size_t framing = codec().outgoing_raw(stream) != 0 ? 0 : chunk_room + max_trailer_bytes;
    const size_t fits = room > framing ? room - framing : 0;
    return shared_ ? std::min(fits, codec().send_window(stream)) : fits;
}

void Side::send_body(http::StreamId stream, std::string_view body) {
    http::Codec& wire = codec();
    if (!hold_ && !session_.has_unsent() && session_.connected() && wire.outgoing_raw(stream) >= body.size()) {
        const size_t sent = session_.write(body);
        wire.sent_raw(stream, sent);
        body.remove_prefix(sent);
    }
    if (body.empty()) return;
    size_t taken = 0;
    const bool fits = append([&](http::Output& out) { taken = wire.write_body(stream, body, out); });
    SEKI_CHECK(fits && taken == body.size());
}

void Side::send_end(http::StreamId stream, const http::FieldTable* trailers) {
    char text[16 + max_trailer_bytes];
    http::Output end(text, text + sizeof text);
    codec().write_end(stream, trailers, end);
    if (end.size() == 0) return;
    const std::string_view written(text, end.size());
    if (!append([&](http::Output& out) { out.append(written); })) end_is_late(written);
}

void Side::end_is_late(std::string_view) { SEKI_CHECK(false); }

void Side::release_hold() noexcept {
    hold_ = false;
    net::BufferPtr& unsent = session_.unsent();
    if (unsent == nullptr) return;
    if (unsent->empty()) {
        unsent.reset();
    } else {
        unsent->compact();
    }
}

// Keeps what was read but not used. False when there is no memory for it.
bool Side::keep(std::string_view rest) {
    net::BufferPtr& unread = session_.unread();
    if (rest.size() < context_.buffers.small_size()) unread = context_.buffers.acquire_small();
    if (unread == nullptr) unread = context_.buffers.try_acquire();
    if (unread == nullptr) return false;
    unread->append(rest);
    return true;
}

// Room behind the bytes that are unread; a full small buffer gives way to a large one.
bool Side::make_room_to_read() {
    net::BufferPtr& unread = session_.unread();
    if (!unread->room().empty()) return true;
    unread->compact();
    if (!unread->room().empty()) return true;
    net::BufferPtr larger = context_.buffers.try_acquire();
    if (larger == nullptr || larger->capacity() <= unread->size()) return false;
    larger->append(unread->data());
    unread = std::move(larger);
    return true;
}

Side::Fed Side::feed_unread() {
    net::BufferPtr& unread = session_.unread();
    Fed fed = feed(unread->data());
    unread->consume(fed.used);
    if (unread->empty()) unread.reset();
    return fed;
}

bool Side::nothing_waits() {
    if (more_to_feed_.value_or(has_unread())) return false;
    session_.suppose_readable();
    char stray;  // not into the scratch: a head may lie there
    const net::IoOutcome got = session_.read(std::span(&stray, 1));
    return got.stop == net::IoOutcome::Stop::blocked && got.awaits == net::Readiness::input;
}

net::Next Side::pump() {
    using net::IoOutcome;
    size_t budget = Context::read_budget;
    while (true) {
        if (move_raw()) return net::Stay{};
        const size_t room = input_room();
        waits_for_room_ = room == 0;
        too_little_ = 0;
        if (waits_for_room_) return net::Stay{};
        net::BufferPtr& unread = session_.unread();
        if (unread != nullptr && !starved_) {
            Fed fed = feed_unread();
            if (fed.next) return std::move(*fed.next);
            if (fed.used == 0 && !starved_) {
                // There is some room, but not enough for the codec to say anything.
                waits_for_room_ = true;
                too_little_ = room;
                return net::Stay{};
            }
            continue;
        }
        if (!session_.readable() || budget == 0) return net::Stay{};
        if (unread != nullptr && !make_room_to_read()) return out_of_memory;
        const std::span<char> into = unread != nullptr
                                         ? unread->room()
                                         : std::span(context_.scratch).first(std::min(room, context_.scratch.size()));
        const IoOutcome got = session_.read(into);
        if (got.stop == IoOutcome::Stop::blocked) return net::Stay{};
        if (got.stop == IoOutcome::Stop::error) return handle_broken();
        if (got.stop == IoOutcome::Stop::end) return handle_end_of_input(codec().next_at_end_of_input());
        budget -= std::min(budget, got.bytes);
        if (unread != nullptr) {
            unread->commit(got.bytes);
            starved_ = false;
            continue;
        }
        Fed fed = feed({into.data(), got.bytes});
        const std::string_view rest(into.data() + fed.used, got.bytes - fed.used);
        // Who ends, at once or after an answer, needs no memory for what comes behind.
        if (fed.next) return std::move(*fed.next);
        if (!rest.empty() && !keep(rest)) return drop_pipelined_input();
    }
}

Side::Fed Side::feed(std::string_view input) {
    Fed fed;
    starved_ = false;
    while (true) {
        const size_t limit = window();
        if (limit == 0) break;
        const std::string_view seen = input.substr(fed.used, limit);
        const http::Event event = codec().next(seen);
        fed.used += event.consumed;
        if (event.kind == http::Event::Kind::blocked) break;
        if (event.kind == http::Event::Kind::need_more) {
            starved_ = fed.used + (seen.size() - event.consumed) == input.size();
            if (starved_ || event.consumed == 0) break;
            continue;
        }
        more_to_feed_ = fed.used < input.size();
        fed.next = handle(event);
        if (postponed_) {
            fed.used -= event.consumed;
            break;
        }
        if (fed.next) break;
        if (fed.used == input.size()) {
            starved_ = true;
            break;
        }
    }
    more_to_feed_ = fed.used < input.size();
    batch_done();
    more_to_feed_.reset();
    return fed;
}

}  // namespace seki::proxy
