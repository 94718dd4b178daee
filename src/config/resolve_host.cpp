#include "config/resolve_host.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace seki::config {

Result<std::vector<IpAddress>> resolve_host(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0)
        return failure("{}", error == EAI_SYSTEM ? system_error(errno) : std::string(::gai_strerror(error)));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    std::vector<IpAddress> addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        sockaddr_storage storage{};
        std::copy_n(reinterpret_cast<const char*>(each->ai_addr), std::min<size_t>(each->ai_addrlen, sizeof storage),
                    reinterpret_cast<char*>(&storage));
        if (const auto address = SocketAddress::from_kernel(storage)) addresses.push_back(address->ip_address());
    }
    return addresses;
}

}  // namespace seki::config
