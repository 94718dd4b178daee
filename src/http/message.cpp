#include "http/message.h"

#include <algorithm>

namespace seki::http {

namespace {

struct Name {
    std::string_view text;  // in lower case
    FieldId id;
};

// In the order of their lengths, so that a name is compared with those of its own length only.
constexpr std::array names = {
    Name{"te", FieldId::te},
    Name{"date", FieldId::date},
    Name{"host", FieldId::host},
    Name{"accept", FieldId::accept},
    Name{"cookie", FieldId::cookie},
    Name{"expect", FieldId::expect},
    Name{"server", FieldId::server},
    Name{"trailer", FieldId::trailer},
    Name{"upgrade", FieldId::upgrade},
    Name{"location", FieldId::location},
    Name{"forwarded", FieldId::forwarded},
    Name{"x-real-ip", FieldId::x_real_ip},
    Name{"connection", FieldId::connection},
    Name{"keep-alive", FieldId::keep_alive},
    Name{"set-cookie", FieldId::set_cookie},
    Name{"user-agent", FieldId::user_agent},
    Name{"content-type", FieldId::content_type},
    Name{"x-request-id", FieldId::x_request_id},
    Name{"authorization", FieldId::authorization},
    Name{"content-length", FieldId::content_length},
    Name{"http2-settings", FieldId::http2_settings},
    Name{"x-forwarded-for", FieldId::x_forwarded_for},
    Name{"proxy-connection", FieldId::proxy_connection},
    Name{"www-authenticate", FieldId::www_authenticate},
    Name{"x-forwarded-host", FieldId::x_forwarded_host},
    Name{"x-forwarded-port", FieldId::x_forwarded_port},
    Name{"transfer-encoding", FieldId::transfer_encoding},
    Name{"x-forwarded-proto", FieldId::x_forwarded_proto},
    Name{"proxy-authenticate", FieldId::proxy_authenticate},
    Name{"proxy-authorization", FieldId::proxy_authorization},
    Name{"strict-transport-security", FieldId::strict_transport_security},
};
static_assert(std::ranges::is_sorted(names, {}, [](const Name& name) { return name.text.size(); }));

constexpr size_t longest = names.back().text.size();

// begin_of_length[n]: index of the first name that has at least n letters.
constexpr auto begin_of_length = [] {
    std::array<uint8_t, longest + 2> begins{};
    for (size_t length = 0; length < begins.size(); ++length) {
        size_t index = 0;
        while (index < names.size() && names[index].text.size() < length) ++index;
        begins[length] = static_cast<uint8_t>(index);
    }
    return begins;
}();

constexpr char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
    if (left.size() != right.size()) return false;
    for (size_t i = 0; i < left.size(); ++i) {
        if (lower(left[i]) != lower(right[i])) return false;
    }
    return true;
}

FieldId field_id(std::string_view name) noexcept {
    if (name.empty() || name.size() > longest) return FieldId::other;
    const char first = lower(name.front());
    const char last = lower(name.back());
    for (size_t i = begin_of_length[name.size()]; i < begin_of_length[name.size() + 1]; ++i) {
        const std::string_view known = names[i].text;
        if (known.front() == first && known.back() == last && equal_ignoring_case(known, name)) return names[i].id;
    }
    return FieldId::other;
}

const Field* FieldTable::find(FieldId id) const noexcept {
    for (const Field& field : all()) {
        if (field.id == id && !field.dropped) return &field;
    }
    return nullptr;
}

}  // namespace seki::http
