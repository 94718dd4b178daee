#include "base/unix_address.h"

#include <algorithm>
#include <sys/socket.h>

namespace seki {

UnixAddress::UnixAddress(std::string_view path) noexcept {
    address_.sun_family = AF_UNIX;
    std::ranges::copy(path, address_.sun_path);
}

Result<UnixAddress> UnixAddress::at(std::string_view path) {
    if (path.empty()) return failure("the path is missing");
    if (path.size() > max_path_size) {
        return failure("a path of {} bytes is too long for a socket (at most {})", path.size(), max_path_size);
    }
    return UnixAddress(path);
}

int UnixAddress::bind(int fd) const noexcept {
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
}

int UnixAddress::connect(int fd) const noexcept {
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
}

}  // namespace seki
