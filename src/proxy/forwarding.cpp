#include "proxy/forwarding.h"

#include <cstring>

namespace seki::proxy {

using http::FieldId;

std::string_view ForwardedFields::store(std::initializer_list<std::string_view> parts) {
    const size_t begin = used_;
    for (const std::string_view part : parts) {
        std::memcpy(text_.data() + used_, part.data(), part.size());
        used_ += part.size();
    }
    return {text_.data() + begin, used_ - begin};
}

void ForwardedFields::continue_list(http::RequestHead& head, FieldId id, std::string_view name,
                                    std::string_view value) {
    size_t length = 0;
    for (const http::Field& field : head.fields.all()) {
        if (field.id == id && !field.dropped) length += field.value.size() + 2;
    }
    if (length == 0 || length > max_joined) return push(name, value);
    const size_t begin = used_;
    for (http::Field& field : head.fields.all()) {
        if (field.id != id || field.dropped) continue;
        store({field.value, ", "});
        field.dropped = true;
    }
    store({value});
    push(name, {text_.data() + begin, used_ - begin});
}

void ForwardedFields::add(http::RequestHead& head, const Listener& listener, const SocketAddress& peer,
                          std::string_view request_id) {
    bool has_for = false;
    bool has_forwarded = false;
    bool has_proto = false;
    bool has_port = false;
    bool has_request_id = false;
    for (http::Field& field : head.fields.all()) {
        switch (field.id) {
            case FieldId::x_forwarded_for:
                has_for = true;
                break;
            case FieldId::forwarded:
                has_forwarded = true;
                break;
            case FieldId::x_forwarded_proto:
                has_proto = true;
                break;
            case FieldId::x_forwarded_port:
                has_port = true;
                break;
            case FieldId::x_request_id:
                has_request_id = true;
                break;
            case FieldId::x_real_ip:
                field.dropped |= listener.elide_x_real_ip;
                break;
            default:
                break;
        }
    }
    char peer_text[SocketAddress::max_text_size];
    const std::string_view peer_address(peer_text, peer.write(peer_text));
    // "ip:port" or "[ip]:port"
    const std::string_view host = peer_address.substr(0, peer_address.rfind(':'));
    const std::string_view client_ip = store({peer.is_v4() ? host : host.substr(1, host.size() - 2)});
    const std::string_view node = store({"proto=http;for=\"", peer_address, "\";by=", listener.public_node});

    if (has_for) {
        continue_list(head, FieldId::x_forwarded_for, "X-Forwarded-For", client_ip);
    } else {
        push("X-Forwarded-For", client_ip);
    }
    if (has_forwarded) {
        continue_list(head, FieldId::forwarded, "Forwarded", node);
    } else {
        push("Forwarded", node);
    }
    if (!has_proto) push("X-Forwarded-Proto", "http");
    if (!has_port) push("X-Forwarded-Port", listener.public_port);
    if (listener.send_x_real_ip) push("X-Real-IP", client_ip);
    if (!has_request_id) push("X-Request-Id", request_id);
    push(listener.id_header, request_id);
}

}  // namespace seki::proxy
