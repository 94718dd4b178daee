#include "http/message.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/ascii.h"

namespace seki::http {

static_assert(std::endian::native == std::endian::little, "names are compared as little-endian words");

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
    Name{"persistent-auth", FieldId::persistent_auth},
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

// A name as three words, letters folded by one bit: what two names of one length have in common is seen in three
// comparisons, up to 24 letters, which all names have but one. The bit that folds letters folds nothing else onto the
// characters of the names above but control characters, which no caller lets pass.
struct Signature {
    uint64_t first = 0;
    uint64_t middle = 0;
    uint64_t last = 0;

    bool operator==(const Signature&) const = default;
};

constexpr size_t longest_seen_whole = 24;

constexpr uint64_t fold = 0x2020202020202020;

// Up to eight characters at `text`, in the order of a little-endian load.
constexpr uint64_t word(const char* text, size_t size) noexcept {
    uint64_t value = 0;
    if (std::is_constant_evaluated() || size < 4) {
        for (size_t i = 0; i < size; ++i) value |= static_cast<uint64_t>(static_cast<uint8_t>(text[i])) << (8 * i);
        return value;
    }
    if (size == 8) {
        std::memcpy(&value, text, 8);
        return value;
    }
    uint32_t low = 0;
    uint32_t high = 0;
    std::memcpy(&low, text, 4);
    std::memcpy(&high, text + size - 4, 4);
    return low | static_cast<uint64_t>(high) << (8 * (size - 4));
}

constexpr Signature signature(std::string_view name) noexcept {
    const size_t size = name.size();
    if (size <= 8) return {word(name.data(), size) | fold, 0, 0};
    return {word(name.data(), 8) | fold, size > 16 ? word(name.data() + 8, 8) | fold : 0,
            word(name.data() + size - 8, 8) | fold};
}

constexpr auto signatures = [] {
    std::array<Signature, names.size()> all{};
    for (size_t i = 0; i < names.size(); ++i) all[i] = signature(names[i].text);
    return all;
}();

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

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
    if (left.size() != right.size()) return false;
    for (size_t i = 0; i < left.size(); ++i) {
        if (lower(left[i]) != lower(right[i])) return false;
    }
    return true;
}

bool same_variable(std::string_view left, std::string_view right) noexcept {
    const auto in_variable = [](char c) {
        const char letter = lower(c);
        return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ? letter : '_';
    };
    return std::ranges::equal(left, right, {}, in_variable, in_variable);
}

FieldId field_id(std::string_view name) noexcept {
    if (name.size() > longest) return FieldId::other;
    const size_t end = begin_of_length[name.size() + 1];
    size_t i = begin_of_length[name.size()];
    if (i == end) return FieldId::other;
    const Signature seen = signature(name);
    const Signature* const signature_of = signatures.data();
    while (signature_of[i] != seen) {
        if (++i == end) return FieldId::other;
    }
    const Name& known = names[i];
    const bool same = name.size() <= longest_seen_whole || equal_ignoring_case(name, known.text);
    return same ? known.id : FieldId::other;
}

const Field* FieldTable::search(FieldId id) const noexcept {
    for (const Field& field : all()) {
        if (field.id == id && !field.dropped) return &field;
    }
    return nullptr;
}

}  // namespace seki::http
