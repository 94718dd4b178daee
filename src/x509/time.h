#pragma once

// Times in certificates (RFC 5280 §4.1.2.5): "241231235959Z" is a UTCTime, "20501231235959Z" a GeneralizedTime.

#include <cstdint>
#include <optional>
#include <string>

#include "x509/der.h"

namespace seki::x509 {

// Seconds since 1970.
std::optional<int64_t> unix_seconds(const DerReader::Element& time) noexcept;

// "2024-12-31T23:59:59Z" (ISO 8601)
std::string time_text(int64_t unix_seconds);

}  // namespace seki::x509
