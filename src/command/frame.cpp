#include "command/frame.h"

#include <cstring>
#include <endian.h>

#include "base/check.h"

namespace seki::command {
namespace {

uint64_t read_size(std::string_view bytes) {
    uint64_t size = 0;
    std::memcpy(&size, bytes.data(), sizeof size);
    return le64toh(size);
}

}  // namespace

Decoded decode_frame(std::string_view bytes, size_t max_frame_bytes) {
    if (bytes.size() < frame_prefix_bytes) return Incomplete{0};
    const uint64_t size = read_size(bytes);
    if (size < frame_prefix_bytes) return Malformed{size, frame_prefix_bytes};
    if (size > max_frame_bytes) return Malformed{size, size};
    if (bytes.size() < size) return Incomplete{size};
    return Frame{bytes.substr(frame_prefix_bytes, size - frame_prefix_bytes), size};
}

bool append_frame(std::string& out, const google::protobuf::MessageLite& message, size_t max_frame_bytes) {
    const size_t size = frame_prefix_bytes + message.ByteSizeLong();
    if (size > max_frame_bytes) return false;
    const size_t before = out.size();
    const uint64_t prefix = htole64(size);
    out.reserve(before + size);
    out.append(reinterpret_cast<const char*>(&prefix), sizeof prefix);
    SEKI_CHECK(message.AppendPartialToString(&out) && out.size() == before + size);
    return true;
}

}  // namespace seki::command
