#pragma once

// Sticky sessions: a cookie tells which backend a client was served by, and takes it there again (RFC 6265). The cookie
// is between the client and Seki; backends do not see it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "proxy/added_fields.h"

namespace seki::proxy {

struct StickyCookie {
    enum class SameSite : uint8_t { unset, lax, strict, none };

    std::string name = "SOZUBALANCEID";
    std::string path = "/";
    std::optional<bool> secure;  // absent: as the client's connection is
    bool http_only = true;
    SameSite same_site = SameSite::unset;
    std::optional<uint32_t> max_age_s;  // absent: until the browser ends

    // The field value that gives a client this cookie.
    [[nodiscard]] std::string_view set(std::string_view value, bool secure_connection, AddedFields& added) const;
};

// The value of the first cookie of that name; empty when there is none.
[[nodiscard]] std::string_view cookie_value(const http::FieldTable& fields, std::string_view name) noexcept;
// Takes the cookie out of the fields, and leaves the others as they are.
void strip_cookie(http::FieldTable& fields, std::string_view name, AddedFields& added) noexcept;
// An identifier as the value of a cookie (RFC 6265 §4.1.1): what may not stand there is percent-encoded.
[[nodiscard]] std::string cookie_text(std::string_view identifier);

}  // namespace seki::proxy
