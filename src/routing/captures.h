#pragma once

// What rewriting may refer to: $HOST[n] and $PATH[n]. n = 0 is the whole value. Then follow
//
//     of the host    the label of a wildcard, the groups of regular expressions from left to right; of `*` the host
//     of the path    the groups of a regular expression; what follows a prefix
//
// Paths include the query, and are in the form in which they were compared (path.h). What a rule does not have is
// empty.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "routing/host_pattern.h"
#include "routing/regex.h"

namespace seki::routing {

// The longest name that DNS knows, written out (RFC 1035 §2.3.4), and room for brackets of an IPv6 literal.
inline constexpr size_t max_host_bytes = 255;
using HostStorage = std::array<char, max_host_bytes>;

// Values are views into the path of the request and into this object.
class Captures {
public:
    static constexpr size_t capacity = Regex::max_groups + 1;

    Captures() = default;
    Captures(const Captures&) = delete;
    Captures& operator=(const Captures&) = delete;

    [[nodiscard]] std::string_view host(size_t n) const noexcept {
        return n < capacity ? host_[n] : std::string_view();
    }
    [[nodiscard]] std::string_view path(size_t n) const noexcept {
        return n < capacity ? path_[n] : std::string_view();
    }

private:
    template <typename Target>
    friend class Router;

    HostStorage storage_;
    std::array<std::string_view, capacity> host_{};
    std::array<std::string_view, capacity> path_{};
};

}  // namespace seki::routing
