#include "proxy/forwarding.h"

#include <algorithm>

#include "http/forwarded.h"

namespace seki::proxy {

using http::FieldId;

namespace {

// Lists longer than this are not joined into one line but continued in another, which means the same (RFC 9110 §5.3).
constexpr size_t max_joined = 1024;

// What the client said, as far as it is believed.
struct Said {
    bool forwarded_for = false;
    bool forwarded = false;
    KeptFields kept;
};

// An element of ours behind what is no list would be taken for a part of it, or swallowed by a quotation mark.
void note_forwarded(http::Field& field, const Listener& listener, bool trusted, Said& said) noexcept {
    field.dropped |= !trusted;
    if (!trusted || !listener.says_forwarded) return;
    if (http::is_forwarded(field.value)) {
        said.forwarded = true;
    } else {
        field.dropped = true;
        ++said.kept.malformed;
    }
}

Said note_fields(http::RequestHead& head, const Listener& listener, std::string_view scheme, bool trusted) noexcept {
    Said said;
    const bool continues = trusted && listener.says_x_forwarded;
    const bool passes = trusted && (listener.says_x_forwarded || !listener.says_forwarded);
    for (http::Field& field : head.fields.all()) {
        switch (field.id) {
            case FieldId::other:
                field.dropped |= !trusted && http::equal_ignoring_case(field.name, listener.id_header);
                break;
            case FieldId::x_forwarded_for:
                field.dropped |= !passes;
                said.forwarded_for = continues;
                break;
            case FieldId::forwarded:
                note_forwarded(field, listener, trusted, said);
                break;
            case FieldId::x_forwarded_proto:
                field.dropped |= !passes;
                said.kept.proto = continues;
                said.kept.proto_differs = continues && !http::equal_ignoring_case(field.value, scheme);
                break;
            case FieldId::x_forwarded_port:
                field.dropped |= !passes;
                said.kept.port = continues;
                said.kept.port_differs = continues && field.value != listener.public_port;
                break;
            case FieldId::x_forwarded_host:
                field.dropped |= !passes;
                break;
            case FieldId::x_request_id:
                said.kept.request_id = true;
                break;
            case FieldId::x_real_ip:
                field.dropped |= !trusted || listener.elide_x_real_ip || listener.send_x_real_ip;
                break;
            default:
                break;
        }
    }
    return said;
}

// "<the values so far>, <value>" as one field.
void continue_list(http::RequestHead& head, FieldId id, std::string_view name, std::string_view value,
                   AddedFields& added) noexcept {
    size_t length = 0;
    for (const http::Field& field : head.fields.all()) {
        if (field.id == id && !field.dropped) length += field.value.size() + 2;
    }
    if (length == 0 || length > max_joined) return added.push(name, value);
    std::string_view joined;
    for (http::Field& field : head.fields.all()) {
        if (field.id != id || field.dropped) continue;
        // Parts that are stored one after the other lie together.
        const std::string_view part = added.store({field.value, ", "});
        joined = joined.empty() ? part : std::string_view(joined.data(), joined.size() + part.size());
        field.dropped = true;
    }
    const std::string_view last = added.store({value});
    added.push(name, {joined.data(), joined.size() + last.size()});
}

// Writes "ip:port" or "[ip]:port" and moves the end behind it. The text of the ip.
std::string_view write_address(const SocketAddress& address, char*& end) noexcept {
    const char* const ip = address.is_v4() ? end : end + 1;
    end += address.write(end);
    const char* ip_end = end;
    while (*--ip_end != ':') {
    }
    return {ip, address.is_v4() ? ip_end : ip_end - 1};
}

}  // namespace

KeptFields add_forwarded_fields(http::RequestHead& head, const Listener& listener, const Known& known,
                                AddedFields& added) {
    const bool https = known.scheme == http::Scheme::https;
    const Said said = note_fields(head, listener, http::name_of(known.scheme), listener.trusts(known.peer));
    constexpr std::string_view of_http = "proto=http;for=\"";
    constexpr std::string_view of_https = "proto=https;for=\"";
    std::string_view client_ip;  // within the node's text
    const size_t most = of_https.size() + SocketAddress::max_text_size + listener.forwarded_by.size();
    const std::string_view node = added.store(most, [&](char* end) noexcept {
        end = https ? std::ranges::copy(of_https, end).out : std::ranges::copy(of_http, end).out;
        client_ip = write_address(known.peer, end);
        return std::ranges::copy(listener.forwarded_by, end).out;
    });

    if (listener.says_x_forwarded) {
        if (said.forwarded_for) {
            continue_list(head, FieldId::x_forwarded_for, "X-Forwarded-For", client_ip, added);
        } else {
            added.push("X-Forwarded-For", client_ip);
        }
        if (!said.kept.proto) added.push("X-Forwarded-Proto", http::name_of(known.scheme));
        if (!said.kept.port) added.push("X-Forwarded-Port", listener.public_port);
    }
    if (listener.says_forwarded) {
        if (said.forwarded) {
            continue_list(head, FieldId::forwarded, "Forwarded", node, added);
        } else {
            added.push("Forwarded", node);
        }
    }
    if (listener.send_x_real_ip) added.push("X-Real-IP", client_ip);
    if (!said.kept.request_id) added.push("X-Request-Id", known.request_id);
    added.push(listener.id_header, known.request_id);
    return said.kept;
}

}  // namespace seki::proxy
