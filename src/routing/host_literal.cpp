#include "routing/host_literal.h"

namespace seki::routing {

std::optional<std::string_view> normalise_host_literal(std::string_view host,
                                                       std::span<char, max_host_literal_bytes> out) noexcept {
    if (!host.starts_with('[') || !host.ends_with(']') || !host.contains(':')) return std::nullopt;
    const auto address = IpAddress::parse(host.substr(1, host.size() - 2));
    if (!address) return std::nullopt;
    if (address->is_v4()) return std::string_view(out.data(), address->write(out.data()));
    out.front() = '[';
    const size_t size = address->write(out.data() + 1);
    out[size + 1] = ']';
    return std::string_view(out.data(), size + 2);
}

}  // namespace seki::routing
