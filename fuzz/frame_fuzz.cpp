// Frames of the command protocol: read whole and in pieces, which must give the same messages; each message that
// decodes is written again and must be read as the same frame.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "command/frame.h"

namespace seki {
namespace {

constexpr size_t max_frame_bytes = 4096;

void require(bool condition) {
    if (!condition) std::abort();
}

struct Reader {
    std::vector<std::string> payloads;
    std::string unread;
    uint64_t skip = 0;
    size_t malformed = 0;

    void feed(std::string_view bytes) {
        unread += bytes;
        while (step()) {
        }
    }

    bool step() {
        const size_t dropped = skip < unread.size() ? static_cast<size_t>(skip) : unread.size();
        unread.erase(0, dropped);
        skip -= dropped;
        if (skip > 0) return false;
        const command::Decoded decoded = command::decode_frame(unread, max_frame_bytes);
        if (const auto* bad = std::get_if<command::Malformed>(&decoded)) {
            require(bad->skip >= command::frame_prefix_bytes);
            ++malformed;
            skip = bad->skip;
            return true;
        }
        const auto* frame = std::get_if<command::Frame>(&decoded);
        if (frame == nullptr) return false;
        require(frame->consumed == frame->payload.size() + command::frame_prefix_bytes);
        require(frame->consumed <= max_frame_bytes);
        payloads.emplace_back(frame->payload);
        unread.erase(0, frame->consumed);
        return true;
    }
};

void write_again(const std::string& payload) {
    command::Request request;
    if (!request.ParsePartialFromString(payload)) return;
    std::string bytes;
    if (!command::append_frame(bytes, request, max_frame_bytes)) return;
    Reader reader;
    reader.feed(bytes);
    require(reader.payloads.size() == 1 && reader.unread.empty());
    command::Request again;
    require(again.ParsePartialFromString(reader.payloads[0]));
    std::string twice;
    require(command::append_frame(twice, again, max_frame_bytes) && twice.size() == bytes.size());
}

void read_both_ways(std::string_view input) {
    Reader whole;
    whole.feed(input);
    Reader pieces;
    const size_t piece = 1 + input.size() % 7;
    for (size_t at = 0; at < input.size(); at += piece) pieces.feed(input.substr(at, piece));
    require(whole.payloads == pieces.payloads && whole.malformed == pieces.malformed && whole.skip == pieces.skip);
    for (const std::string& payload : whole.payloads) write_again(payload);
}

}  // namespace
}  // namespace seki

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    seki::read_both_ways(std::string_view(reinterpret_cast<const char*>(data), size));
    return 0;
}
