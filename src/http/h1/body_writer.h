#pragma once

// Writes the body of one message in the framing that its head promised.

#include <cstdint>
#include <string_view>

#include "http/h1/progress.h"
#include "http/message.h"

namespace seki::http::h1 {

class BodyWriter {
public:
    void begin(const Body& body) noexcept;

    // How many bytes of `body` were taken. A message without a body swallows all.
    size_t write(std::string_view body, Output& out) noexcept;
    void write_end(const FieldTable* trailers, Output& out) noexcept;
    [[nodiscard]] bool ended() const noexcept { return ended_; }

    // See Codec::outgoing_raw and sent_raw.
    [[nodiscard]] uint64_t raw() const noexcept;
    void sent_raw(uint64_t bytes) noexcept;

    [[nodiscard]] Progress::Writing progress() const noexcept { return {static_cast<uint8_t>(kind_), left_, ended_}; }
    [[nodiscard]] bool go_on(const Progress::Writing& progress) noexcept;

private:
    uint64_t left_ = 0;  // of a counted body
    BodyKind kind_ = BodyKind::none;
    bool ended_ = true;
};

}  // namespace seki::http::h1
