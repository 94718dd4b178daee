#pragma once

// Pieces of a head as text. Fields that came as text are copied as they were, many at a time where they lie together.

#include <span>

#include "http/message.h"

namespace seki::http::h1 {

// All fields that are not dropped.
void write_fields(const FieldTable& fields, Output& out) noexcept;
void write_field(std::string_view name, std::string_view value, Output& out) noexcept;
void write_fields(std::span<const AddedField> fields, Output& out) noexcept;
void write_content_length(uint64_t length, Output& out) noexcept;
void write_status_line(uint16_t status, std::string_view reason, Output& out) noexcept;

}  // namespace seki::http::h1
