#include "supervisor/listening_sockets.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "base/check.h"
#include "config/convert.h"
#include "net/dead_peer.h"
#include "net/same_machine.h"
#include "supervisor/handover/message.h"

namespace seki::supervisor {
namespace {

Result<> set_option(int fd, int level, int option, int value, const char* name) {
    if (setsockopt(fd, level, option, &value, sizeof value) == 0) return {};
    return failure("setsockopt {}: {}", name, system_error(errno));
}

// socket(7), SO_BINDTODEVICE: who comes by another interface does not reach the socket.
Result<> bind_to_interface(const UniqueFd& fd, const std::string& interface) {
    if (interface.empty()) return {};
    const auto size = static_cast<socklen_t>(interface.size());
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(), size) == 0) return {};
    if (errno == ENODEV) return failure("there is no network interface '{}'", interface);
    return failure("cannot bind to the network interface '{}': {}", interface, system_error(errno));
}

Result<UniqueFd> make_socket(const SocketAddress& address, const std::string& interface) {
    UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return failure("cannot make a socket: {}", system_error(errno));
    auto set = set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    // Stated, so that it does not depend on the system: an IPv6 listener is for IPv6.
    if (set && !address.is_v4()) set = set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
    if (set) set = bind_to_interface(fd, interface);
    if (!set) return std::unexpected(set.error());
    return fd;
}

// A session of HTTP always waits for something, and its timeouts find a peer that is dead. A tunnel may be silent for
// as long as it likes.
bool may_be_silent(command::ListenerType type) {
    switch (type) {
        case command::HTTP:
        case command::HTTPS:
        case command::UDP:  // has no connections
            return false;
        case command::TCP:
            return true;
    }
    std::unreachable();
}

constexpr const char* in_use = "the address is already in use ('ss -ltnp' tells by whom)";

// 0, or errno.
int bind_to(const UniqueFd& fd, const SocketAddress& address) {
    sockaddr_storage kernel{};
    const socklen_t size = address.to_kernel(kernel);
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&kernel), size) == 0 ? 0 : errno;
}

std::string bind_error(int error) {
    return error == EADDRINUSE ? in_use : fmt::format("cannot bind: {}", system_error(error));
}

Result<UniqueFd> listen_on(const ListenerKey& key, const std::string& interface, uint32_t backlog) {
    const SocketAddress& address = key.address;
    auto fd = make_socket(address, interface);
    if (!fd) return fd;
    auto done = set_option(fd->get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    // Accepted sockets inherit it: no call per connection.
    if (done) done = set_option(fd->get(), IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
    if (done && may_be_silent(key.type)) done = net::notice_dead_peer(fd->get());
    net::spare_pacing(fd->get(), address);
    if (!done) return std::unexpected(done.error());
    if (const int error = bind_to(*fd, address); error != 0) return failure("{}", bind_error(error));
    if (::listen(fd->get(), static_cast<int>(backlog)) == 0) return fd;
    return errno == EADDRINUSE ? failure("{}", in_use) : failure("cannot listen: {}", system_error(errno));
}

}  // namespace

// SO_REUSEPORT would let a second program silently take a share of our connections, or us of its.
std::expected<void, ListeningSockets::Refusal> ListeningSockets::probe(const SocketAddress& address,
                                                                       const std::string& interface) {
    const auto fd = make_socket(address, interface);
    if (!fd) return std::unexpected(Refusal{fd.error().message});
    const int error = bind_to(*fd, address);
    if (error == 0) return {};
    return std::unexpected(Refusal{bind_error(error), error == EADDRINUSE});
}

Result<> ListeningSockets::open(const ListenerKey& key, const std::string& interface) {
    SEKI_CHECK(!is_open(key));
    // What is adopted is in the way of who asks whether the address is free, and it is ours.
    if (const auto free = probe(key.address, interface); !free && !meets_adopted(key.address))
        return failure("{}: {}", key.text(), free.error().message);
    std::map<uint32_t, UniqueFd> adopted = take_adopted(key.address, interface);
    std::vector<UniqueFd> sockets;
    for (uint32_t slot = 0; slot < slots_; ++slot) {
        auto found = adopted.extract(slot);
        auto fd = found ? use_adopted(std::move(found.mapped()), key) : listen_on(key, interface, backlog_);
        if (!fd) return failure("{}: {}", key.text(), fd.error().message);
        sockets.push_back(std::move(*fd));
    }
    sockets_.emplace(key, Listener{std::move(sockets), interface});
    return {};
}

Result<> ListeningSockets::take_over(const ListenerKey& key, const ListenerKey& from) {
    SEKI_CHECK(!is_open(key));
    std::vector<UniqueFd> sockets;
    for (uint32_t slot = 0; slot < slots_; ++slot) {
        auto fd = copy(from, slot);
        if (!fd) return failure("{}: {}", key.text(), fd.error().message);
        if (auto done = may_be_silent(key.type) ? net::notice_dead_peer(fd->get()) : Result<>{}; !done) return done;
        sockets.push_back(std::move(*fd));
    }
    sockets_.emplace(key, Listener{std::move(sockets), interface_of(from)});
    return {};
}

// ---- of a supervisor that has died

void ListeningSockets::adopt(const SocketAddress& address, uint32_t slot, UniqueFd socket,
                             const std::string& interface) {
    slots_ = std::max(slots_, slot + 1);
    Adopted& adopted = adopted_[address];
    adopted.interface = interface;
    adopted.sockets.try_emplace(slot, std::move(socket));
}

// Whether it, or one that covers it or that it covers, is among them.
bool ListeningSockets::meets_adopted(const SocketAddress& address) const {
    return std::ranges::any_of(adopted_, [&address](const auto& entry) {
        const SocketAddress& other = entry.first;
        return other == address || (other.port() == address.port() && other.family() == address.family() &&
                                    (other.is_any() || address.is_any()));
    });
}

// None, where they are bound to another interface: whoever has them lets go of them soon.
std::map<uint32_t, UniqueFd> ListeningSockets::take_adopted(const SocketAddress& address,
                                                            const std::string& interface) {
    const auto found = adopted_.find(address);
    if (found == adopted_.end() || found->second.interface != interface) return {};
    return std::exchange(found->second.sockets, {});
}

// What may be otherwise than it was: the kind of the listener, and the length of its queues.
Result<UniqueFd> ListeningSockets::use_adopted(UniqueFd socket, const ListenerKey& key) const {
    if (may_be_silent(key.type)) {
        if (auto done = net::notice_dead_peer(socket.get()); !done) return std::unexpected(done.error());
    }
    if (::listen(socket.get(), static_cast<int>(backlog_)) == 0) return socket;
    return failure("cannot listen: {}", system_error(errno));
}

// A stop may have closed it meanwhile.
void ListeningSockets::confirm(const ListenerKey& key) {
    const auto found = sockets_.find(key);
    if (found != sockets_.end()) found->second.confirmed = true;
}

std::vector<UniqueFd> ListeningSockets::take_out(const ListenerKey& key) {
    auto node = sockets_.extract(key);
    if (node.empty()) return {};
    return std::move(node.mapped().sockets);
}

void ListeningSockets::hand_over(handover::Handover& left) const {
    left.set_slots(slots_);
    for (const auto& [key, listener] : sockets_) {
        handover::Listener& told = *left.add_listeners();
        told.set_type(key.type);
        *told.mutable_address() = config::to_wire(key.address);
        told.set_interface(listener.interface);
        for (const UniqueFd& socket : listener.sockets) told.add_sockets(socket.get());
    }
}

Result<> ListeningSockets::take_over(const handover::Handover& left, bool trial) {
    for (const handover::Listener& told : left.listeners()) {
        const auto address = config::from_wire(told.address());
        if (!address) return failure("a listener: {}", address.error().message);
        Listener listener{{}, told.interface(), true};
        for (const int number : told.sockets()) {
            auto socket = copy_left(number);
            if (!socket) return failure("{}: {}", address->text(), socket.error().message);
            listener.sockets.push_back(std::move(*socket));
        }
        const ListenerKey key{told.type(), *address};
        while (!trial && listener.sockets.size() < slots_) {
            auto socket = listen_on(key, listener.interface, backlog_);
            if (!socket) return failure("{}: {}", key.text(), socket.error().message);
            listener.sockets.push_back(std::move(*socket));
        }
        sockets_.emplace(key, std::move(listener));
    }
    return {};
}

Result<UniqueFd> ListeningSockets::copy(const ListenerKey& key, uint32_t slot) const {
    const auto found = sockets_.find(key);
    SEKI_CHECK(found != sockets_.end() && slot < found->second.sockets.size());
    UniqueFd fd(fcntl(found->second.sockets[slot].get(), F_DUPFD_CLOEXEC, 0));
    if (!fd.valid()) return failure("cannot copy a descriptor: {}", system_error(errno));
    return fd;
}

std::vector<ListenerKey> ListeningSockets::keys() const {
    std::vector<ListenerKey> keys;
    for (const auto& [key, listener] : sockets_) keys.push_back(key);
    return keys;
}

std::vector<ListenerKey> ListeningSockets::confirmed_keys() const {
    std::vector<ListenerKey> keys;
    for (const auto& [key, listener] : sockets_) {
        if (listener.confirmed) keys.push_back(key);
    }
    return keys;
}

}  // namespace seki::supervisor
