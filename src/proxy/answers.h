#pragma once

// Answers that Seki gives itself: refusals and errors. Same stream contract as answers of backends, see
// Exchange::answer.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace seki::proxy {

[[nodiscard]] std::string_view reason_phrase(uint16_t status) noexcept;

class OwnAnswer {
public:
    // Fills `head`, which must live as long as this object is used; so must the texts.
    OwnAnswer(http::ResponseHead& head, uint16_t status, std::string_view request_id, std::string_view id_header);
    OwnAnswer(const OwnAnswer&) = delete;
    OwnAnswer& operator=(const OwnAnswer&) = delete;

    [[nodiscard]] const http::ResponseHead& head() const noexcept { return head_; }
    [[nodiscard]] std::span<const http::AddedField> added() const noexcept { return {added_.data(), count_}; }
    [[nodiscard]] std::string_view body() const noexcept { return {body_.data(), body_size_}; }

private:
    http::ResponseHead& head_;
    std::array<http::AddedField, 4> added_;
    size_t count_ = 0;
    std::array<char, 512> body_;
    size_t body_size_ = 0;
};

// A whole HTTP/1.1 answer that closes the connection, for when there is no exchange to give one: a request that cannot
// be understood, or no memory for an exchange.
[[nodiscard]] std::string_view bare_answer(uint16_t status);

}  // namespace seki::proxy
