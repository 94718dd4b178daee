#pragma once

// An answer that an operator wrote: the whole text of an HTTP/1.1 response, with variables (%ROUTE) in field values and
// body. Pure, because two libraries need it: who checks a configuration parses, who answers renders.
//
// parse() cuts the text into pieces: a literal, and the variable behind it. render() joins them in one pass; what has
// no variables is not even copied. Content-Length, Connection and what else concerns one hop is not part of the
// result: whoever writes the answer knows better.
//
// Values of variables may come from a client. They are escaped by the Content-Type of the template (escape.h), and
// what they add is bounded.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/escape.h"
#include "http/message.h"

namespace seki::http {

enum class Variable : uint8_t {
    backend_id,
    capacity,
    client_ip,
    cluster_id,
    duration,
    host,
    invalid,
    message,
    method,
    partially_parsed,
    path,
    phase,
    reason,  // this and status are those of the template, whatever was set
    redirect_location,
    request_id,
    retry_after,
    route,
    status,
    successfully_parsed,
    template_name,
    www_authenticate,
};
inline constexpr size_t variable_count = static_cast<size_t>(Variable::www_authenticate) + 1;

// What the variables stand for in one answer; empty where nobody said.
class Variables {
public:
    void set(Variable variable, std::string_view value) noexcept { values_[static_cast<size_t>(variable)] = value; }
    [[nodiscard]] std::string_view operator[](Variable variable) const noexcept {
        return values_[static_cast<size_t>(variable)];
    }

private:
    std::array<std::string_view, variable_count> values_{};
};

class AnswerTemplate {
public:
    static constexpr size_t max_size = 64 * 1024;
    static constexpr size_t max_fields = 64;
    static constexpr size_t max_variables = 256;
    // How many bytes the values of variables add at most. A value for which there is no room is left out.
    static constexpr size_t max_growth = 64 * 1024;
    // Of the head alone: together they fit into the smallest buffer, and a Location into the growth.
    static constexpr size_t max_head_size = 6 * 1024;
    static constexpr size_t max_head_growth = 9 * 1024;

    // `status` is the one that the text must have.
    static Result<AnswerTemplate> parse(uint16_t status, std::string_view text);

    [[nodiscard]] uint16_t status() const noexcept { return status_; }
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
    // The connection of the client ends after this answer.
    [[nodiscard]] bool closes() const noexcept { return closes_; }

    // Appends the fields to `fields`, which has room for max_fields, and returns the body. Both are views into this
    // template and into `text`, which is overwritten.
    std::string_view render(const Variables& variables, FieldTable& fields, std::string& text) const;

private:
    class Reader;
    class Rendering;

    struct Span {
        uint32_t begin = 0;
        uint32_t size = 0;
    };
    struct Piece {
        Span literal;  // in literals_
        std::optional<Variable> variable;
    };
    struct FieldPieces {
        Span name;   // in literals_
        Span value;  // in pieces_
        FieldId id;
    };

    [[nodiscard]] std::string_view literal(Span span) const noexcept {
        return std::string_view(literals_).substr(span.begin, span.size);
    }

    uint16_t status_ = 0;
    bool closes_ = false;
    Escaping escaping_ = Escaping::markup;
    std::string reason_;
    std::string literals_;
    std::vector<Piece> pieces_;
    std::vector<FieldPieces> fields_;
    Span body_;  // in pieces_
};

}  // namespace seki::http
