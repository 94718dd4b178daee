#pragma once

// Directives as they hold at a place: its own, then those of the blocks around it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/nginx/directive.h"

namespace seki::convert::nginx {

class Scope {
public:
    explicit Scope(const std::vector<Directive>& block, const Scope* around = nullptr)
        : block_(&block), around_(around) {}

    [[nodiscard]] const std::vector<Directive>& block() const { return *block_; }
    [[nodiscard]] const Scope* around() const { return around_; }

    // Of this block alone. All of these count what they find as handled.
    [[nodiscard]] const Directive* own(std::string_view name) const;
    [[nodiscard]] std::vector<const Directive*> all_own(std::string_view name) const;
    // Of the innermost block that has any.
    [[nodiscard]] const Directive* find(std::string_view name) const;
    [[nodiscard]] std::vector<const Directive*> all(std::string_view name) const;

    // Variables that `set` makes out of a text, put in their places; others stay.
    [[nodiscard]] std::string expand(std::string_view text) const;

private:
    [[nodiscard]] std::optional<std::string> variable(std::string_view name) const;

    const std::vector<Directive>* block_;
    const Scope* around_;
};

// Whether there is a variable in the text.
[[nodiscard]] inline bool has_variable(std::string_view text) { return text.contains('$'); }

// Counts all of them, and what is in them, as handled.
void handle_all(const std::vector<Directive>& list);

}  // namespace seki::convert::nginx
