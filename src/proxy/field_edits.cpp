#include "proxy/field_edits.h"

namespace seki::proxy {

namespace {
bool names_host(std::string_view name) noexcept { return http::field_id(name) == http::FieldId::host; }
}  // namespace

void FieldEdits::apply(http::FieldTable& fields, AddedFields& added, Lookalikes lookalikes) const noexcept {
    const auto same = lookalikes == Lookalikes::go ? http::same_variable : http::equal_ignoring_case;
    for (const std::string& name : removed_) {
        if (names_host(name)) continue;
        for (http::Field& field : fields.all()) field.dropped |= same(field.name, name);
        added.remove(name);
    }
    for (const Addition& addition : added_) {
        if (!names_host(addition.name)) added.push(addition.name, addition.value);
    }
}

std::string_view FieldEdits::host() const noexcept {
    for (const Addition& addition : added_) {
        if (names_host(addition.name)) return addition.value;
    }
    return {};
}

}  // namespace seki::proxy
