#include "proxy/sticky.h"

#include <fmt/format.h>

#include "http/characters.h"
#include "routing/request.h"

namespace seki::proxy {

using http::FieldId;
using http::trim;

namespace {

// The field without that cookie, in storage of its own.
std::string_view without(std::string_view field, std::string_view name, AddedFields& added) noexcept {
    std::string_view kept;
    while (!field.empty()) {
        const size_t end = field.find(';');
        const std::string_view pair = trim(field.substr(0, end));
        const bool ours = pair.substr(0, pair.find('=')) == name && pair.size() > name.size();
        if (!ours && !pair.empty()) {
            const std::string_view part = added.store({kept.empty() ? "" : "; ", pair});
            kept = kept.empty() ? part : std::string_view(kept.data(), kept.size() + part.size());
        }
        if (end == std::string_view::npos) break;
        field.remove_prefix(end + 1);
    }
    return kept;
}

// RFC 6265 §4.1.1: cookie-octet, without the percent sign that encodes the others.
bool plain_in_cookie(char c) noexcept {
    return c > ' ' && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\' && c != '%';
}

}  // namespace

std::string_view cookie_value(const http::FieldTable& fields, std::string_view name) noexcept {
    std::string_view found;
    const auto take = [&](std::string_view value) {
        found = value;
        return false;
    };
    for (const http::Field& field : fields.all()) {
        if (field.id != FieldId::cookie || field.dropped) continue;
        if (!routing::each_cookie(field.value, name, take)) return found;
    }
    return {};
}

void strip_cookie(http::FieldTable& fields, std::string_view name, AddedFields& added) noexcept {
    for (http::Field& field : fields.all()) {
        if (field.id != FieldId::cookie || field.dropped) continue;
        if (routing::each_cookie(field.value, name, [](std::string_view) { return false; })) continue;
        field.dropped = true;
        const std::string_view kept = without(field.value, name, added);
        if (!kept.empty()) added.push("Cookie", kept);
    }
}

std::string cookie_text(std::string_view identifier) {
    std::string text;
    for (const char c : identifier) {
        if (plain_in_cookie(c)) {
            text += c;
        } else {
            text += fmt::format("%{:02X}", static_cast<uint8_t>(c));
        }
    }
    return text;
}

std::string_view StickyCookie::set(std::string_view value, bool secure_connection, AddedFields& added) const {
    constexpr std::string_view same_sites[] = {"", "; SameSite=Lax", "; SameSite=Strict", "; SameSite=None"};
    char age[32];
    std::string_view age_text;
    if (max_age_s) {
        const auto written = fmt::format_to_n(age, sizeof age, "; Max-Age={}", *max_age_s);
        age_text = {age, written.size};
    }
    return added.store({name, "=", value, "; Path=", path, age_text,
                        secure.value_or(secure_connection) ? "; Secure" : "", http_only ? "; HttpOnly" : "",
                        same_sites[static_cast<size_t>(same_site)]});
}

}  // namespace seki::proxy
