#include "proxy/added_fields.h"

#include <algorithm>
#include <cstring>

namespace seki::proxy {

void AddedFields::remove(std::string_view name) noexcept {
    auto* const end = fields_.begin() + count_;
    auto* const kept = std::remove_if(fields_.begin(), end, [name](const http::AddedField& field) {
        return http::equal_ignoring_case(field.name, name);
    });
    count_ = static_cast<size_t>(kept - fields_.begin());
}

std::string_view AddedFields::store(std::initializer_list<std::string_view> parts) noexcept {
    const size_t begin = used_;
    for (const std::string_view part : parts) {
        if (part.size() > text_.size() - used_) {
            overflow_ = true;
            used_ = begin;
            return {};
        }
        if (part.empty()) continue;
        std::memcpy(text_.data() + used_, part.data(), part.size());
        used_ += part.size();
    }
    return {text_.data() + begin, used_ - begin};
}

}  // namespace seki::proxy
