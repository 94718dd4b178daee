#pragma once

// What the fuzz targets of the codecs share: a codec is given the same bytes at once and in pieces, and must say the
// same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/codec.h"

namespace seki::fuzz {

inline void require(bool holds) {
    if (!holds) std::abort();
}

// Events as text; bodies joined, need_more left out. `after` is called with each event.
template <typename After>
std::string transcript(http::Codec& codec, std::string_view input, size_t piece, After after) {
    std::string said;
    std::string unread;
    while (!input.empty()) {
        unread += input.substr(0, piece);
        input.remove_prefix(piece < input.size() ? piece : input.size());
        size_t used = 0;
        while (used < unread.size()) {
            const std::string_view window = std::string_view(unread).substr(used);
            const http::Event event = codec.next(window);
            require(event.consumed <= window.size());
            used += event.consumed;
            if (event.kind == http::Event::Kind::need_more || event.kind == http::Event::Kind::blocked) break;
            if (event.kind == http::Event::Kind::body) {
                require(!event.body.empty() && event.body.data() >= window.data() &&
                        event.body.data() + event.body.size() <= window.data() + window.size());
                said += event.body;
            } else {
                said += '\n';
                said += static_cast<char>('a' + static_cast<int>(event.kind));
            }
            // Which of several faults is found, and how early, may depend on the cut; that there is one may not.
            if (event.kind == http::Event::Kind::fault) return said;
            after(event);
            if (event.end) said += "\nend";
        }
        unread.erase(0, used);
    }
    const http::Event last = codec.next_at_end_of_input();
    if (last.kind == http::Event::Kind::fault) said += "\nh";
    return said;
}

}  // namespace seki::fuzz
