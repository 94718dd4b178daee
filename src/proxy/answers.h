#pragma once

// Answers that Seki gives itself: refusals, errors and redirects. Same stream contract as answers of backends, see
// Exchange::answer. What an operator wrote (http/answer_template.h) goes first; else there is a built-in answer for
// every status, as HTML, JSON or plain text, whichever the client likes best. Built-in answers allocate nothing,
// because they are what Seki says when it is short of everything. They tell the client nothing about clusters and
// backends.

#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <span>
#include <string>
#include <string_view>

#include "http/accept.h"
#include "http/answer_template.h"
#include "http/message.h"

namespace seki::proxy {

[[nodiscard]] std::string_view reason_phrase(uint16_t status) noexcept;

// What an answer is made of. The texts and the template must live as long as the answer.
struct AnswerParts {
    uint16_t status = 0;
    const http::AnswerTemplate* custom = nullptr;  // with the same status; null: the built-in answer
    http::Variables variables{};   // the built-in one uses REQUEST_ID, and as fields those of its status
    std::string_view accept{};     // the client's Accept, for the built-in one
    std::string_view id_header{};  // the name of the field that gets REQUEST_ID; empty: none
    std::string_view hsts{};       // the value of Strict-Transport-Security; empty: none
};

class OwnAnswer {
public:
    // Fills `head`, which must live as long as this object is used.
    OwnAnswer(http::ResponseHead& head, const AnswerParts& parts);
    OwnAnswer(const OwnAnswer&) = delete;
    OwnAnswer& operator=(const OwnAnswer&) = delete;

    [[nodiscard]] const http::ResponseHead& head() const noexcept { return head_; }
    // What is said with every answer: the id of the request, and that clients shall come through TLS.
    [[nodiscard]] std::span<const http::AddedField> added() const noexcept { return {added_.data(), added_count_}; }
    // Up to AnswerTemplate::max_size and max_growth bytes: more than a buffer may hold.
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    // The connection of the client ends after this answer, because its template says so.
    [[nodiscard]] bool closes() const noexcept { return closes_; }

private:
    void use(const http::AnswerTemplate& custom, const AnswerParts& parts);
    void use_built_in(const AnswerParts& parts);
    void push(std::string_view name, std::string_view value);
    void push_if_valid(std::string_view name, std::string_view value);
    void push_content_length();
    [[nodiscard]] bool has(std::string_view name) const noexcept;

    // Holds every built-in body but for the link of a redirect to a long address, which is then left out.
    static constexpr size_t max_built_in_body = 2048;

    http::ResponseHead& head_;
    std::string_view body_;
    bool closes_ = false;
    std::array<http::AddedField, 2> added_;
    size_t added_count_ = 0;
    std::array<char, 20> length_;
    std::array<char, max_built_in_body> built_in_;
    std::string rendered_;
};

// A whole HTTP/1.1 answer that closes the connection, for when there is no exchange to give one: a request that cannot
// be understood, or no memory for an exchange.
[[nodiscard]] std::string_view bare_answer(uint16_t status);

}  // namespace seki::proxy
