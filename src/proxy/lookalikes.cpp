#include "proxy/lookalikes.h"

#include <algorithm>
#include <array>

namespace seki::proxy {

namespace {

constexpr auto vouched_for = std::to_array<std::string_view>({
    // framing, and what ends at this hop
    "content-length",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    // what Seki says of the client
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
});

}  // namespace

void drop_lookalikes(http::FieldTable& fields, const Listener& listener) noexcept {
    for (http::Field& field : fields.all()) {
        if (field.id != http::FieldId::other) continue;
        const auto is_name = [&field](std::string_view name) { return http::same_variable(field.name, name); };
        field.dropped |= std::ranges::any_of(vouched_for, is_name) || is_name(listener.id_header);
    }
}

}  // namespace seki::proxy
