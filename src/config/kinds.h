#pragma once

// The kinds of things that a configuration consists of. A kind says which message holds one thing, what its key is, and
// which requests add and remove it; everything that treats all kinds alike (State, diff, snapshot) is written once over
// these.
//
//   Message, Key        what is stored, under what
//   name                how errors call it
//   replaceable         adding what is there replaces it; otherwise it must be removed first
//   key(message)        of a checked message, and of a checked update
//   key_text(key)       for errors
//   add(request)        the slot of a request that adds one
//   removal(key, …)     the request that removes one
//   put(request, …)     fills that slot, where the message is stored in another form
//   activation(…)       of listeners, the request that begins or ends listening
//   update(request)     the slot of a request that changes one where it is (update.h); not every kind has it

#include <compare>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "command.pb.h"
#include "config/convert.h"
#include "config/stored_certificate.h"
#include "net/address.h"

namespace seki::config {

template <typename Listener, command::ListenerType listener_type, Listener* (command::Request::*slot)()>
struct ListenerKind {
    using Message = Listener;
    using Key = SocketAddress;
    static constexpr bool replaceable = false;
    static constexpr command::ListenerType type = listener_type;

    // Of whatever names a listener.
    template <typename Named>
    static Key key(const Named& named) {
        return checked_address(named.address());
    }
    static std::string key_text(const Key& key) { return key.text(); }
    static Message* add(command::Request& request) { return (request.*slot)(); }
    static command::Request removal(const Key& key, const Message& listener) {
        command::Request request;
        *request.mutable_remove_listener()->mutable_address() = to_wire(key);
        request.mutable_remove_listener()->set_proxy(type);
        if (listener.has_interface()) request.mutable_remove_listener()->set_interface(listener.interface());
        return request;
    }
    static command::Request activation(const Message& listener, bool active) {
        command::Request request;
        if (active) {
            *request.mutable_activate_listener()->mutable_address() = listener.address();
            request.mutable_activate_listener()->set_proxy(type);
            request.mutable_activate_listener()->set_from_scm(false);
            if (listener.has_interface()) request.mutable_activate_listener()->set_interface(listener.interface());
        } else {
            *request.mutable_deactivate_listener()->mutable_address() = listener.address();
            request.mutable_deactivate_listener()->set_proxy(type);
            request.mutable_deactivate_listener()->set_to_scm(false);
            if (listener.has_interface()) request.mutable_deactivate_listener()->set_interface(listener.interface());
        }
        return request;
    }
};

struct HttpListeners
    : ListenerKind<command::HttpListenerConfig, command::HTTP, &command::Request::mutable_add_http_listener> {
    static constexpr std::string_view name = "HttpListener";
    using Update = command::UpdateHttpListenerConfig;
    static Update* update(command::Request& request) { return request.mutable_update_http_listener(); }
};
struct HttpsListeners
    : ListenerKind<command::HttpsListenerConfig, command::HTTPS, &command::Request::mutable_add_https_listener> {
    static constexpr std::string_view name = "HttpsListener";
    using Update = command::UpdateHttpsListenerConfig;
    static Update* update(command::Request& request) { return request.mutable_update_https_listener(); }
};
struct TcpListeners
    : ListenerKind<command::TcpListenerConfig, command::TCP, &command::Request::mutable_add_tcp_listener> {
    static constexpr std::string_view name = "TcpListener";
    using Update = command::UpdateTcpListenerConfig;
    static Update* update(command::Request& request) { return request.mutable_update_tcp_listener(); }
};
struct UdpListeners
    : ListenerKind<command::UdpListenerConfig, command::UDP, &command::Request::mutable_add_udp_listener> {
    static constexpr std::string_view name = "UdpListener";
};

struct CertificateKey {
    SocketAddress address;
    x509::Fingerprint fingerprint{};
    auto operator<=>(const CertificateKey&) const = default;
};

// Of an exchange: what adds its new certificate.
command::AddCertificate addition_of(const command::ReplaceCertificate& replaced);

struct Certificates {
    using Message = StoredCertificate;
    using Key = CertificateKey;
    static constexpr std::string_view name = "Certificate";
    static constexpr bool replaceable = true;

    static Key key(const command::AddCertificate& added) {
        return {checked_address(added.address()), checked_fingerprint(added.certificate().certificate())};
    }
    static Key key(const command::RemoveCertificate& removed) {
        return {checked_address(removed.address()), *parse_fingerprint(removed.fingerprint())};
    }
    static std::string key_text(const Key& key) { return x509::hex(key.fingerprint); }
    static void put(command::Request& request, const Key& key, const Message& certificate) {
        command::AddCertificate& added = *request.mutable_add_certificate();
        *added.mutable_address() = to_wire(key.address);
        *added.mutable_certificate() = certificate.message();
        if (certificate.expired_at()) added.set_expired_at(*certificate.expired_at());
    }
    static command::Request removal(const Key& key, const Message&) {
        command::Request request;
        *request.mutable_remove_certificate()->mutable_address() = to_wire(key.address);
        request.mutable_remove_certificate()->set_fingerprint(key_text(key));
        return request;
    }
};

struct Clusters {
    using Message = command::Cluster;
    using Key = std::string;
    static constexpr std::string_view name = "Cluster";
    static constexpr bool replaceable = true;

    static Key key(const Message& cluster) { return cluster.cluster_id(); }
    static std::string key_text(const Key& key) { return key; }
    static Message* add(command::Request& request) { return request.mutable_add_cluster(); }
    static command::Request removal(const Key& key, const Message&) {
        command::Request request;
        request.set_remove_cluster(key);
        return request;
    }
};

struct BackendKey {
    std::string cluster_id;
    std::string backend_id;
    SocketAddress address;
    auto operator<=>(const BackendKey&) const = default;
};

struct Backends {
    using Message = command::AddBackend;
    using Key = BackendKey;
    static constexpr std::string_view name = "Backend";
    static constexpr bool replaceable = true;

    // Of whatever names a backend.
    template <typename Named>
    static Key key(const Named& named) {
        return {named.cluster_id(), named.backend_id(), checked_address(named.address())};
    }
    static std::string key_text(const Key& key) { return key.backend_id; }
    static Message* add(command::Request& request) { return request.mutable_add_backend(); }
    static command::Request removal(const Key& key, const Message& backend) {
        command::Request request;
        request.mutable_remove_backend()->set_cluster_id(key.cluster_id);
        request.mutable_remove_backend()->set_backend_id(key.backend_id);
        *request.mutable_remove_backend()->mutable_address() = backend.address();
        return request;
    }
};

// What makes two rules the same rule: for which requests it is. Cluster, position, tags and edits are what a rule does,
// not which one it is. The host name comes first so that all rules of a host are neighbours.
struct RouteKey {
    std::string hostname;
    SocketAddress address;
    command::PathRuleKind path_kind = command::PREFIX;
    std::string path;
    std::string method;
    std::vector<std::string> conditions;  // conditions.h
    auto operator<=>(const RouteKey&) const = default;

    // "127.0.0.1:80;example.com;P/api;GET", as clients know it from Sōzu's errors, and the conditions behind it.
    [[nodiscard]] std::string text() const;
};

RouteKey route_key(const command::RequestHttpFrontend& frontend);

// What the key is made of, without the rest of the frontend.
command::RequestHttpFrontend route_identity(const command::RequestHttpFrontend& frontend);
command::RequestHttpFrontend route_identity(const command::UpdateHttpFrontend& update);
// Whether a field of a frontend is not a part of its key: an update may change it.
bool is_setting_of_route(std::string_view field);

using RouteSlot = command::RequestHttpFrontend* (command::Request::*)();

template <RouteSlot add_slot, RouteSlot remove_slot>
struct RouteKind {
    using Message = command::RequestHttpFrontend;
    using Key = RouteKey;
    static constexpr bool replaceable = false;

    static Key key(const Message& frontend) { return route_key(frontend); }
    static std::string key_text(const Key& key) { return key.text(); }
    static Message* add(command::Request& request) { return (request.*add_slot)(); }
    static command::Request removal(const Key&, const Message& frontend) {
        command::Request request;
        *(request.*remove_slot)() = route_identity(frontend);
        return request;
    }
};

struct HttpFrontends
    : RouteKind<&command::Request::mutable_add_http_frontend, &command::Request::mutable_remove_http_frontend> {
    static constexpr std::string_view name = "HttpFrontend";
    using Update = command::UpdateHttpFrontend;
    static Update* update(command::Request& request) { return request.mutable_update_http_frontend(); }
    using RouteKind::key;
    static Key key(const Update& update) { return route_key(route_identity(update)); }
};
struct HttpsFrontends
    : RouteKind<&command::Request::mutable_add_https_frontend, &command::Request::mutable_remove_https_frontend> {
    static constexpr std::string_view name = "HttpsFrontend";
    using Update = command::UpdateHttpFrontend;
    static Update* update(command::Request& request) { return request.mutable_update_https_frontend(); }
    using RouteKind::key;
    static Key key(const Update& update) { return route_key(route_identity(update)); }
};

// Bytes have no host name: an address leads to one cluster.
template <typename Frontend, Frontend* (command::Request::*add_slot)(), Frontend* (command::Request::*remove_slot)()>
struct StreamFrontendKind {
    using Message = Frontend;
    using Key = SocketAddress;
    static constexpr bool replaceable = false;

    static Key key(const Message& frontend) { return checked_address(frontend.address()); }
    static std::string key_text(const Key& key) { return key.text(); }
    static Message* add(command::Request& request) { return (request.*add_slot)(); }
    static command::Request removal(const Key&, const Message& frontend) {
        command::Request request;
        *(request.*remove_slot)() = frontend;
        return request;
    }
};

struct TcpFrontends : StreamFrontendKind<command::RequestTcpFrontend, &command::Request::mutable_add_tcp_frontend,
                                         &command::Request::mutable_remove_tcp_frontend> {
    static constexpr std::string_view name = "TcpFrontend";
};
struct UdpFrontends : StreamFrontendKind<command::RequestUdpFrontend, &command::Request::mutable_add_udp_frontend,
                                         &command::Request::mutable_remove_udp_frontend> {
    static constexpr std::string_view name = "UdpFrontend";
};

// Every kind, owners before what refers to them.
template <template <typename> typename Of>
using EveryKind =
    std::tuple<Of<HttpListeners>, Of<HttpsListeners>, Of<TcpListeners>, Of<UdpListeners>, Of<Certificates>,
               Of<Clusters>, Of<Backends>, Of<HttpFrontends>, Of<HttpsFrontends>, Of<TcpFrontends>, Of<UdpFrontends>>;

template <typename Kind>
concept HasActivation = requires { Kind::type; };
template <typename Kind>
concept HasUpdate = requires { typename Kind::Update; };

template <typename Kind>
void put(command::Request& request, const typename Kind::Key& key, const typename Kind::Message& message) {
    if constexpr (requires { Kind::put(request, key, message); }) {
        Kind::put(request, key, message);
    } else {
        *Kind::add(request) = message;
    }
}

// Visits what a thing is asked for by. These are the ids of the clusters that it belongs to: none for listeners, for
// clusters themselves and for rules that deny; several for rules that split requests among clusters. Of certificates
// they are the names of hosts.
template <typename Kind, typename Visit>
void for_each_owner(const typename Kind::Message& message, Visit visit) {
    if constexpr (std::is_same_v<Kind, Certificates>) {
        for (const std::string& name : message.names()) visit(name);
    } else if constexpr (!HasActivation<Kind> && !std::is_same_v<Kind, Clusters>) {
        if (!message.cluster_id().empty()) visit(message.cluster_id());
    }
    if constexpr (requires { message.split(); }) {
        for (const command::ClusterShare& share : message.split()) visit(share.cluster_id());
    }
}

}  // namespace seki::config
