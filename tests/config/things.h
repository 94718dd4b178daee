#pragma once

// Requests that add, change or remove one thing each, right as they are.

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "command.pb.h"
#include "config/convert.h"
#include "config/snapshot.h"

namespace seki::config {

inline command::SocketAddress wire(std::string_view text) {
    const Result<SocketAddress> address = SocketAddress::parse(text);
    SEKI_CHECK(address.has_value());
    return to_wire(*address);
}

inline std::vector<command::Request> snapshot(const State& state) {
    std::vector<command::Request> changes;
    Snapshot walk(state);
    for (command::Request request; walk.next(request); request.Clear()) changes.push_back(request);
    return changes;
}

inline command::Request http_listener(std::string_view address) {
    command::Request request;
    *request.mutable_add_http_listener()->mutable_address() = wire(address);
    return request;
}

inline command::Request https_listener(std::string_view address) {
    command::Request request;
    *request.mutable_add_https_listener()->mutable_address() = wire(address);
    return request;
}

inline command::Request https_update(std::string_view address) {
    command::Request request;
    *request.mutable_update_https_listener()->mutable_address() = wire(address);
    return request;
}

inline command::Request tcp_listener(std::string_view address) {
    command::Request request;
    *request.mutable_add_tcp_listener()->mutable_address() = wire(address);
    return request;
}

inline command::Request cluster(const std::string& id) {
    command::Request request;
    request.mutable_add_cluster()->set_cluster_id(id);
    return request;
}

inline command::Request backend(const std::string& cluster_id, const std::string& id, std::string_view address) {
    command::Request request;
    request.mutable_add_backend()->set_cluster_id(cluster_id);
    request.mutable_add_backend()->set_backend_id(id);
    *request.mutable_add_backend()->mutable_address() = wire(address);
    return request;
}

inline command::Request without_cluster(const std::string& id) {
    command::Request request;
    request.set_remove_cluster(id);
    return request;
}

inline command::Request without_backend(const std::string& cluster_id, const std::string& id,
                                        std::string_view address) {
    command::Request request;
    request.mutable_remove_backend()->set_cluster_id(cluster_id);
    request.mutable_remove_backend()->set_backend_id(id);
    *request.mutable_remove_backend()->mutable_address() = wire(address);
    return request;
}

inline command::Request backend_state(const std::string& cluster_id, const std::string& id, std::string_view address,
                                      command::BackendState state) {
    command::Request request;
    request.mutable_set_backend_state()->set_cluster_id(cluster_id);
    request.mutable_set_backend_state()->set_backend_id(id);
    *request.mutable_set_backend_state()->mutable_address() = wire(address);
    request.mutable_set_backend_state()->set_state(state);
    return request;
}

inline command::Request http_update(std::string_view address) {
    command::Request request;
    *request.mutable_update_http_listener()->mutable_address() = wire(address);
    return request;
}

inline command::Request tcp_update(std::string_view address) {
    command::Request request;
    *request.mutable_update_tcp_listener()->mutable_address() = wire(address);
    return request;
}

inline command::Request connection_limit(uint64_t per_ip) {
    command::Request request;
    request.set_set_max_connections_per_ip(per_ip);
    return request;
}

inline command::Request ticket_secret(char filled_with) {
    command::Request request;
    request.set_set_tls_ticket_secret(std::string(32, filled_with));
    return request;
}

// A template that is right for the status.
inline std::string answer_text(const std::string& status, const std::string& body = "sorry") {
    return "HTTP/1.1 " + status + " Whatever\r\n\r\n" + body;
}

inline command::Request http_frontend(const std::string& cluster_id, std::string_view address,
                                      const std::string& host) {
    command::Request request;
    request.mutable_add_http_frontend()->set_cluster_id(cluster_id);
    *request.mutable_add_http_frontend()->mutable_address() = wire(address);
    request.mutable_add_http_frontend()->set_hostname(host);
    return request;
}

inline command::Request https_frontend(const std::string& cluster_id, std::string_view address,
                                       const std::string& host) {
    command::Request request;
    command::Request plain = http_frontend(cluster_id, address, host);
    *request.mutable_add_https_frontend() = std::move(*plain.mutable_add_http_frontend());
    return request;
}

inline command::Request http_frontend_update(std::string_view address, const std::string& host) {
    command::Request request;
    *request.mutable_update_http_frontend()->mutable_address() = wire(address);
    request.mutable_update_http_frontend()->set_hostname(host);
    return request;
}

inline command::Request tcp_frontend(const std::string& cluster_id, std::string_view address) {
    command::Request request;
    request.mutable_add_tcp_frontend()->set_cluster_id(cluster_id);
    *request.mutable_add_tcp_frontend()->mutable_address() = wire(address);
    return request;
}

inline command::Request activate(command::ListenerType type, std::string_view address, bool active = true) {
    command::Request request;
    if (active) {
        *request.mutable_activate_listener()->mutable_address() = wire(address);
        request.mutable_activate_listener()->set_proxy(type);
    } else {
        *request.mutable_deactivate_listener()->mutable_address() = wire(address);
        request.mutable_deactivate_listener()->set_proxy(type);
    }
    return request;
}

inline command::Request remove_listener(command::ListenerType type, std::string_view address) {
    command::Request request;
    *request.mutable_remove_listener()->mutable_address() = wire(address);
    request.mutable_remove_listener()->set_proxy(type);
    return request;
}

}  // namespace seki::config
