#include "proxy/added_fields.h"

#include <algorithm>

namespace seki::proxy {

void AddedFields::remove(std::string_view name) noexcept {
    auto* const end = fields_.begin() + count_;
    auto* const kept = std::remove_if(fields_.begin(), end, [name](const http::AddedField& field) {
        return http::equal_ignoring_case(field.name, name);
    });
    count_ = static_cast<size_t>(kept - fields_.begin());
}

std::string_view AddedFields::store(std::initializer_list<std::string_view> parts) noexcept {
    size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    return store(size, [&](char* end) noexcept {
        for (const std::string_view part : parts) end = std::ranges::copy(part, end).out;
        return end;
    });
}

}  // namespace seki::proxy
