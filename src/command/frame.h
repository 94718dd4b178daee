#pragma once

// The frame of the command protocol: eight bytes, little-endian, that give the size of the whole frame, themselves
// included; then one bare message. It is also the frame between supervisor and workers. Pure: bytes in, frames out.

#include <cstddef>
#include <cstdint>
#include <google/protobuf/message_lite.h>
#include <string>
#include <string_view>
#include <variant>

#include "command/schema.h"

namespace seki::command {

inline constexpr size_t frame_prefix_bytes = 8;

struct Frame {
    std::string_view payload;  // within the bytes that were decoded
    size_t consumed;
};
struct Incomplete {
    size_t frame_bytes;  // how large the frame will be; 0 while that is unknown
};
// A size that no frame may have. Whoever skips so many bytes finds the next frame, if the sender meant what it said.
struct Malformed {
    uint64_t frame_bytes;
    uint64_t skip;
};
using Decoded = std::variant<Frame, Incomplete, Malformed>;

// The first frame of `bytes`. `max_frame_bytes` counts the prefix.
Decoded decode_frame(std::string_view bytes, size_t max_frame_bytes);

// Appends the frame of `message` to `out`. Required fields that are not set are simply missing in it; false, and `out`
// as it was, when the frame would be larger than `max_frame_bytes`.
bool append_frame(std::string& out, const google::protobuf::MessageLite& message, size_t max_frame_bytes);

}  // namespace seki::command
