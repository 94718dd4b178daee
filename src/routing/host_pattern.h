#pragma once

// The names of hosts that a rule is for:
//
//     shop.example.com             this one (exact)
//     [2001:db8::1]                likewise, an IPv6 address, in whatever spelling (host_literal.h)
//     *.example.com                with exactly one label before example.com (wildcard)
//     /v[0-9]+/.api.example.com    labels between slashes are regular expressions, each for one whole label
//     *                            every host (any), also requests that name none
//
// Patterns are kept in a normal form, which is what makes two of them the same: lower case, no dot of the root,
// international labels in their A-form (RFC 5891 §2.3.2.1, mapped as UTS 46 says, non-transitional). Regular
// expressions stay as they were written; case does not matter to them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "routing/regex.h"

namespace seki::routing {

// RFC 1035 §2.3.4, in the written form; regular expressions may need more.
inline constexpr size_t max_host_name_bytes = 253;
inline constexpr size_t max_host_pattern_bytes = 1024;

Result<std::string> normalise_host_pattern(std::string_view text);

enum class HostKind : uint8_t { exact, wildcard, regex, any };

// Of a pattern in its normal form.
[[nodiscard]] HostKind host_kind(std::string_view pattern) noexcept;
// What the names end in, as far as whole labels are fixed: "example.com" of "*.example.com" and "/a/.example.com".
[[nodiscard]] std::string_view fixed_suffix(std::string_view pattern) noexcept;

enum class LabelKind : uint8_t { fixed, any, regex };

// The labels before the fixed suffix of a pattern with regular expressions.
class HostRegex {
public:
    static Result<HostRegex> compile(std::string_view pattern);

    // The one directly before the fixed suffix.
    [[nodiscard]] const Regex& rightmost() const noexcept { return labels_.front().regex; }
    // Whether the labels of `head`, the part of a host before the suffix, match; the rightmost one is known to.
    [[nodiscard]] bool matches_before_rightmost(std::string_view head) const noexcept;

    [[nodiscard]] size_t groups() const noexcept;
    // The groups of all labels from left to right, of a `head` that matches; `*` is one group.
    void capture(std::string_view head, std::span<std::string_view> out) const noexcept;

private:
    struct Label {
        [[nodiscard]] bool matches(std::string_view label) const noexcept;
        [[nodiscard]] size_t groups() const noexcept;

        LabelKind kind = LabelKind::fixed;
        std::string text;
        Regex regex;
    };

    std::vector<Label> labels_;  // from right to left
};

}  // namespace seki::routing
