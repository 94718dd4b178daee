#pragma once

// What the fuzz targets of the codecs share: a codec is given the same bytes at once, in pieces, and with bodies that
// go past it, and must say the same each time.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "http/codec.h"
#include "http/h1/progress.h"
#include "http/head_storage.h"

namespace seki::fuzz {

inline void require(bool holds) {
    if (!holds) std::abort();
}

// How the bytes come: so many at a time; unframed bodies through the codec, or past it, as splice carries them.
struct Way {
    size_t piece;
    bool raw = false;
};

inline Way whole(std::string_view input) { return {.piece = input.size()}; }
// Small pieces, but not so many that large inputs take long.
inline Way pieces(std::string_view input, bool raw = false) {
    return {.piece = 1 + input.size() % 7 + input.size() / 256, .raw = raw};
}

// The next event of the codec, or one for the bytes that go past it.
inline http::Event next(http::Codec& codec, std::string_view window, bool raw) {
    constexpr http::StreamId stream = 1;
    const uint64_t passing = raw ? std::min<uint64_t>(codec.incoming_raw(stream), window.size()) : 0;
    if (passing == 0) return codec.next(window);
    const bool end = codec.take_raw(stream, passing);
    return {.kind = http::Event::Kind::body,
            .end = end,
            .stream = stream,
            .consumed = passing,
            .body = window.substr(0, passing)};
}

inline std::string text(const http::Event& event, std::string_view window) {
    std::string text;
    if (event.kind == http::Event::Kind::body) {
        require(!event.body.empty() && event.body.data() >= window.data() &&
                event.body.data() + event.body.size() <= window.data() + window.size());
        text = event.body;
    } else {
        text = '\n';
        text += static_cast<char>('a' + static_cast<int>(event.kind));
    }
    return event.end ? text + "\nend" : text;
}

// Events as text, bodies joined, need_more left out. Which of several faults there is may depend on the way; that there
// is one may not. `after` is called with each other event.
template <typename After>
std::string transcript(http::Codec& codec, std::string_view input, Way way, After after) {
    std::string said;
    std::string unread;
    while (!input.empty()) {
        unread += input.substr(0, way.piece);
        input.remove_prefix(std::min(way.piece, input.size()));
        size_t used = 0;
        while (used < unread.size()) {
            const std::string_view window = std::string_view(unread).substr(used);
            const http::Event event = next(codec, window, way.raw);
            require(event.consumed <= window.size());
            used += event.consumed;
            if (event.kind == http::Event::Kind::need_more || event.kind == http::Event::Kind::blocked) break;
            if (event.kind == http::Event::Kind::fault) {
                require(codec.next(window).kind == http::Event::Kind::blocked);
                return said + "\nfault";
            }
            said += text(event, window);
            after(event);
        }
        unread.erase(0, used);
    }
    const http::Event last = codec.next_at_end_of_input();
    if (last.kind == http::Event::Kind::fault) return said + "\nfault";
    if (last.end) after(last);
    return last.end ? said + "\nend" : said;
}

// Another codec takes its place, as in another worker: nobody may notice.
template <typename Codec>
void move(std::optional<Codec>& codec, http::HeadStorage& storage, const http::HeadLimits& limits) {
    const http::h1::Progress place = codec->progress();
    codec.emplace(storage, limits);
    require(codec->go_on(place));
}

// Where a codec writes: with all the room that it may need.
class Written {
public:
    explicit Written(size_t room) : bytes_(room, '\0'), out_(bytes_.data(), bytes_.data() + bytes_.size()) {}
    Written(const Written&) = delete;
    Written& operator=(const Written&) = delete;

    http::Output& out() { return out_; }
    [[nodiscard]] std::string_view text() const {
        require(!out_.overflow());
        return std::string_view(bytes_).substr(0, out_.size());
    }

private:
    std::string bytes_;
    http::Output out_;
};

// Body and end of a message, from the codec that reads it to the one that writes it. Half of what needs no framing goes
// past the latter.
inline void pass_on(const http::Event& event, const http::Codec& from, http::Codec& to, http::Output& out) {
    constexpr http::StreamId stream = 1;
    const std::string_view past =
        event.body.substr(0, std::min<uint64_t>(event.body.size() / 2, to.outgoing_raw(stream)));
    out.append(past);
    to.sent_raw(stream, past.size());
    const std::string_view body = event.body.substr(past.size());
    require(to.write_body(stream, body, out) == body.size());
    if (event.end) to.write_end(stream, event.kind == http::Event::Kind::end ? &from.trailers() : nullptr, out);
}

}  // namespace seki::fuzz
