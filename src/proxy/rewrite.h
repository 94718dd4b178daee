#pragma once

// Templates for a new host or path: text with $HOST[n] and $PATH[n], where n = 0 is the whole value as it was
// compared and the others are what the rule's patterns captured. Captures come from a client: whoever uses the result
// checks it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/added_fields.h"
#include "routing/captures.h"

namespace seki::proxy {

class Rewrite {
public:
    // Of a template that was checked; a reference that is none is text like any other.
    static Rewrite parse(std::string_view text);

    [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
    // In the storage of `added`, good as long as that is.
    [[nodiscard]] std::string_view render(const routing::Captures& captures, AddedFields& added) const noexcept;

private:
    enum class Source : uint8_t { text, host, path };
    struct Part {
        Source source = Source::text;
        size_t index = 0;
        std::string text;
    };
    static std::optional<Part> reference(std::string_view text, size_t& size);

    std::vector<Part> parts_;
};

// A path that a request target may have: begins with "/", nothing in it that ends the target.
[[nodiscard]] bool valid_path(std::string_view path) noexcept;

}  // namespace seki::proxy
