#pragma once

// What a frontend does to the fields of a message, after everything that Seki does by itself. Whatever order they were
// given in, edits happen in this one:
//
//     1. delete     every field of that name goes, whoever put it there
//     2. replace    likewise, and one of that name comes
//     3. add        one comes, those that are there stay
//
// An edit of Host does not add a field but says what the target's authority is.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "proxy/added_fields.h"

namespace seki::proxy {

class FieldEdits {
public:
    void remove(std::string name) { removed_.push_back(std::move(name)); }
    void replace(std::string name, std::string value) {
        removed_.push_back(name);
        add(std::move(name), std::move(value));
    }
    void add(std::string name, std::string value) { added_.push_back({std::move(name), std::move(value)}); }

    // visit(name, value), where no value says that such fields go; given again in this order they make the same edits.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const std::string& name : removed_) visit(name, std::optional<std::string_view>());
        for (const Addition& addition : added_) visit(addition.name, std::optional<std::string_view>(addition.value));
    }

    [[nodiscard]] bool empty() const noexcept { return removed_.empty() && added_.empty(); }
    // Whether what is deleted or replaced takes along what a backend cannot tell from it (lookalikes.h).
    enum class Lookalikes : uint8_t { stay, go };
    // Marks what goes as dropped in `fields`, and puts what comes behind what `added` has.
    void apply(http::FieldTable& fields, AddedFields& added, Lookalikes lookalikes = Lookalikes::stay) const noexcept;
    // The value that an edit gives to Host, or nothing.
    [[nodiscard]] std::string_view host() const noexcept;

private:
    struct Addition {
        std::string name;
        std::string value;
    };
    std::vector<std::string> removed_;
    std::vector<Addition> added_;
};

}  // namespace seki::proxy
