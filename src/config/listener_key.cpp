#include "config/listener_key.h"

#include <utility>

namespace seki::config {

namespace {

bool takes_datagrams(command::ListenerType type) {
    switch (type) {
        case command::HTTP:
        case command::HTTPS:
        case command::TCP:
            return false;
        case command::UDP:
            return true;
    }
    std::unreachable();
}

}  // namespace

bool share_ports(command::ListenerType a, command::ListenerType b) { return takes_datagrams(a) == takes_datagrams(b); }

Result<ListenerKey> listener_key(const command::ListenerType* type, const command::SocketAddress& address) {
    if (type == nullptr) return failure("a listener of no kind that this version knows");
    const auto at = from_wire(address);
    if (!at) return std::unexpected(at.error());
    return ListenerKey{*type, *at};
}

}  // namespace seki::config
