#include "http/connection_auth.h"

#include <algorithm>
#include <array>

#include "http/characters.h"

namespace seki::http {

namespace {

constexpr std::array<std::string_view, 5> schemes{"NTLM", "Negotiate", "Kerberos", "Nego2", "CredSSP"};

// A challenge or credentials begin with their scheme (RFC 9110 §11.3, §11.4); the other elements of the list are their
// parameters. A comma within a quoted one is taken for the end of an element.
bool names_scheme(std::string_view element) noexcept {
    const std::string_view first = element.substr(0, element.find_first_of(" \t"));
    return std::ranges::any_of(schemes,
                               [first](std::string_view scheme) { return equal_ignoring_case(first, scheme); });
}

bool lists_scheme(std::string_view value) noexcept {
    bool found = false;
    for_each_element(value, [&](std::string_view element) { found = found || names_scheme(element); });
    return found;
}

}  // namespace

bool authenticates_connection(const FieldTable& fields) noexcept {
    return std::ranges::any_of(fields.all(), [](const Field& field) {
        switch (field.id) {
            case FieldId::authorization:
            case FieldId::proxy_authenticate:
            case FieldId::proxy_authorization:
            case FieldId::www_authenticate:
                return lists_scheme(field.value);
            case FieldId::persistent_auth:
                return !equal_ignoring_case(field.value, "false");
            default:
                return false;
        }
    });
}

}  // namespace seki::http
