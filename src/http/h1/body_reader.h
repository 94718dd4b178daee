#pragma once

// Reads the body of one message: counted, chunked (RFC 9112 §7.1) or up to the end of the connection. Chunk sizes are
// taken byte by byte, so that it does not matter how the input is cut; only a trailer section has to lie together.
//
//     chunked:  size ──► [blanks] ──► [extension] ──► data ──► data_end ──► size … ──► trailers ──► done

#include <cstdint>
#include <string_view>

#include "http/codec.h"
#include "http/h1/progress.h"
#include "http/head_storage.h"

namespace seki::http::h1 {

class BodyReader {
public:
    // The longest line of a chunk size with its extensions, which are read over (RFC 9112 §7.1.1 asks for a limit).
    static constexpr uint16_t max_size_line = 256;

    void begin(const Body& body) noexcept;

    [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
    // need_more, body (end: it was the last), end, or fault.
    Event next(std::string_view input, FieldTable& trailers) noexcept;
    Event next_at_end_of_input() noexcept;

    // See Codec::incoming_raw and take_raw.
    [[nodiscard]] uint64_t raw() const noexcept;
    bool take_raw(uint64_t bytes) noexcept;

    [[nodiscard]] Progress::Reading progress() const noexcept { return {static_cast<uint8_t>(state_), left_, line_}; }
    [[nodiscard]] bool go_on(const Progress::Reading& progress) noexcept;

private:
    enum class State : uint8_t {
        done,
        counted,
        unbounded,
        size,
        blanks,
        extension,
        size_end,
        data,
        data_end,
        data_feed,
        trailers
    };

    Event fault(Fault why) noexcept;
    Event counted(std::string_view input, size_t framing) noexcept;
    Event read_trailers(std::string_view input, size_t framing, FieldTable& trailers) noexcept;
    // One byte of what stands between the data of chunks; false when it may not stand there.
    bool take_framing(char c) noexcept;
    bool take_size(char c) noexcept;
    bool take_size_end(char c) noexcept;

    uint64_t left_ = 0;  // bytes of a counted body or of a chunk
    uint16_t line_ = 0;  // bytes of the size line so far
    State state_ = State::done;
};

}  // namespace seki::http::h1
