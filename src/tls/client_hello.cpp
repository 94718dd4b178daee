#include "tls/client_hello.h"

#include <algorithm>
#include <bitset>

#include "base/ascii.h"

namespace seki::tls {

namespace {

constexpr uint8_t client_hello_type = 1;
constexpr uint16_t legacy_version = 0x0303;  // TLS 1.2, for those who look only there
constexpr uint16_t tls13 = 0x0304;

bool has_pair(Bytes list, uint16_t wanted) noexcept {
    for (; list.size() >= 2; list = list.subspan(2)) {
        if ((list[0] << 8U | list[1]) == wanted) return true;
    }
    return false;
}

// The one list that an extension consists of, of values of two bytes.
bool read_pairs(Bytes extension, Bytes& pairs) {
    WireReader in(extension);
    pairs = in.list16();
    return in.done() && !pairs.empty() && pairs.size() % 2 == 0;
}

bool offers_tls13(Bytes extension) {
    WireReader in(extension);
    const Bytes versions = in.list8();
    return in.done() && versions.size() % 2 == 0 && has_pair(versions, tls13);
}

bool read_key_shares(Bytes extension, Bytes& shares) {
    WireReader in(extension);
    shares = in.list16();
    if (!in.done()) return false;
    WireReader each(shares);
    while (each.good() && !each.empty()) {
        static_cast<void>(each.u16());
        if (each.list16().empty()) return false;
    }
    return each.done();
}

bool read_protocols(Bytes extension, Bytes& protocols) {
    WireReader in(extension);
    protocols = in.list16();
    if (!in.done() || protocols.empty()) return false;
    WireReader each(protocols);
    while (each.good() && !each.empty()) {
        if (each.list8().empty()) return false;
    }
    return each.done();
}

class Reading {
public:
    explicit Reading(Bytes message) noexcept : message_(message) {}

    std::optional<ClientHello> read() {
        WireReader in(message_);
        // Each on its own: the operands of a comparison may be evaluated in either order.
        const uint8_t type = in.u8();
        const size_t length = in.u24();
        const bool is_hello = type == client_hello_type && length == in.left() && in.u16() == legacy_version;
        hello_.random = in.take(32);
        hello_.session_id = in.list8();
        hello_.suites = in.list16();
        const Bytes compressions = in.list8();
        const Bytes extensions = in.list16();
        const bool sane = is_hello && in.done() && hello_.session_id.size() <= 32 && !hello_.suites.empty() &&
                          hello_.suites.size() % 2 == 0 && compressions.size() == 1 && compressions[0] == 0;
        if (!sane || !read_extensions(extensions) || !tls13_ || !shares_) return std::nullopt;
        // Of both only the other one counts (RFC 8449 §5).
        if (short_records_ && hello_.record_size_limit == 0) return std::nullopt;
        // Who offers earlier keys says how they may be used (RFC 8446 §4.2.9).
        if (!hello_.psk_identities.empty() && hello_.psk_modes.empty()) return std::nullopt;
        return hello_;
    }

private:
    bool read_extensions(Bytes extensions) {
        WireReader in(extensions);
        while (in.good() && !in.empty()) {
            const uint16_t type = in.u16();
            const Bytes content = in.list16();
            if (!in.good() || seen_[type]) return false;
            seen_[type] = true;
            if (!take(static_cast<Extension>(type), content, in.empty())) return false;
        }
        return in.done();
    }

    bool take(Extension type, Bytes content, bool last) {
        switch (type) {
            case Extension::server_name:
                hello_.server_name = content;
                return true;
            case Extension::status_request:
                hello_.asks_status = !content.empty() && content[0] == ocsp_status;
                return !content.empty();
            case Extension::supported_groups:
                return read_pairs(content, hello_.groups);
            case Extension::signature_algorithms:
                return read_pairs(content, hello_.signature_algorithms);
            case Extension::alpn:
                return read_protocols(content, hello_.protocols);
            case Extension::supported_versions:
                tls13_ = offers_tls13(content);
                return tls13_;
            case Extension::key_share:
                shares_ = read_key_shares(content, hello_.key_shares);
                return shares_;
            case Extension::psk_key_exchange_modes: {
                WireReader in(content);
                hello_.psk_modes = in.list8();
                return in.done() && !hello_.psk_modes.empty();
            }
            case Extension::pre_shared_key:
                return last && read_pre_shared_keys(content);
            case Extension::record_size_limit: {
                WireReader in(content);
                hello_.record_size_limit = in.u16();
                return in.done() && hello_.record_size_limit >= least_record_size;
            }
            case Extension::max_fragment_length:
                short_records_ = true;
                return true;
            case Extension::early_data:
            case Extension::cookie:
                return false;
        }
        return true;  // whoever does not know one passes over it
    }

    bool read_pre_shared_keys(Bytes content) {
        WireReader in(content);
        hello_.psk_identities = in.list16();
        // The binders vouch for all that stands before them, their length not included (RFC 8446 §4.2.11.2).
        hello_.bytes_before_binders = message_.size() - in.left();
        hello_.psk_binders = in.list16();
        return in.done() && !hello_.psk_identities.empty() && !hello_.psk_binders.empty();
    }

    Bytes message_;
    ClientHello hello_;
    std::bitset<65536> seen_;
    bool tls13_ = false;
    bool shares_ = false;
    bool short_records_ = false;
};

}  // namespace

bool ClientHello::offers_group(uint16_t group) const noexcept { return has_pair(groups, group); }

size_t ClientHello::rank_of_signature(uint16_t algorithm) const noexcept {
    size_t rank = 0;
    for (WireReader each(signature_algorithms); !each.empty(); ++rank) {
        if (each.u16() == algorithm) return rank;
    }
    return SIZE_MAX;
}

Bytes ClientHello::share_of(Group group) const noexcept {
    WireReader each(key_shares);
    while (each.good() && !each.empty()) {
        const bool mine = each.u16() == static_cast<uint16_t>(group);
        const Bytes share = each.list16();
        if (mine) return share;
    }
    return {};
}

std::optional<ClientHello> ClientHello::read(Bytes message) { return Reading(message).read(); }

std::string server_name_of(Bytes extension) {
    constexpr uint8_t host_name = 0;
    constexpr size_t longest_name = 255;
    WireReader in(extension);
    WireReader list(in.list16());
    const bool is_host = list.u8() == host_name;
    const Bytes bytes = list.list16();
    if (!in.good() || !list.good() || !is_host || bytes.empty() || bytes.size() > longest_name) return {};
    std::string name(text_of(bytes));
    write_lower(name, name.data());
    if (name.back() == '.') name.pop_back();
    const bool sane = std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
    return sane ? name : std::string();
}

}  // namespace seki::tls
