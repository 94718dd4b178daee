#pragma once

// HTTP/1 messages as a script reads them: plainly, and not with the code under test.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stage/network.h"

namespace seki::stage {

struct Message {
    std::string first_line;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    std::string trailers;  // as lines
    bool whole = false;    // head and body are there to the last byte
    bool until_close = false;
    size_t size = 0;  // of its bytes on the wire, as far as they are there

    // Values of all fields of this name, joined by " | "; "" when there is none.
    [[nodiscard]] std::string field(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] int status() const;
    [[nodiscard]] bool head_came() const { return !first_line.empty(); }
};

enum class Bodies : uint8_t { any, none };  // none: the answer to HEAD

// The message at the beginning of `bytes`, of which more may come later.
Message read_request(std::string_view bytes);
Message read_answer(std::string_view bytes, Bodies bodies = Bodies::any);

// What the wire received so far, without the first message when it is whole.
Message take_request(const WirePtr& wire);
Message take_answer(const WirePtr& wire, Bodies bodies = Bodies::any);

}  // namespace seki::stage
