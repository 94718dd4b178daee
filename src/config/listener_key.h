#pragma once

// What tells one listener from all others: its kind and its address. The address alone does not, for TCP and UDP have
// ports of their own. A network interface that it is bound to belongs to its name, but there is one listener of a kind
// for an address, whatever the interface.

#include <compare>
#include <string>
#include <utility>

#include "base/result.h"
#include "command.pb.h"
#include "config/convert.h"
#include "net/address.h"

namespace seki::config {

struct ListenerKey {
    command::ListenerType type = command::HTTP;
    SocketAddress address;

    [[nodiscard]] std::string text() const { return address.text(); }
    // "HTTP"
    [[nodiscard]] const std::string& type_name() const { return command::ListenerType_Name(type); }
    auto operator<=>(const ListenerKey&) const = default;

    template <typename H>
    friend H AbslHashValue(H state, const ListenerKey& key) {
        return H::combine(std::move(state), key.type, key.address);
    }
};

// "192.0.2.1:80", or "192.0.2.1:80%eth0" of one that is bound to an interface.
inline std::string listener_name(const SocketAddress& address, const std::string& interface) {
    return interface.empty() ? address.text() : address.text() + "%" + interface;
}

// Whether listeners of the two kinds are in each other's way at one address.
bool share_ports(command::ListenerType a, command::ListenerType b);

// `type` is null where the message has none, which is also how a kind that this version does not know arrives:
// protobuf sets a value that the enum lacks aside, and the getter would say HTTP.
Result<ListenerKey> listener_key(const command::ListenerType* type, const command::SocketAddress& address);

// Of a message that names a listener.
template <typename Named>
Result<ListenerKey> listener_key(const Named& named) {
    if constexpr (requires { named.proxy(); }) {
        const command::ListenerType type = named.proxy();
        return listener_key(named.has_proxy() ? &type : nullptr, named.address());
    } else {
        const command::ListenerType type = named.type();
        return listener_key(named.has_type() ? &type : nullptr, named.address());
    }
}

// Of one that the validator (check/check.h) let through.
template <typename Named>
ListenerKey checked_listener_key(const Named& named) {
    return {named.proxy(), checked_address(named.address())};
}

}  // namespace seki::config
