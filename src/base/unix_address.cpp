#include "base/unix_address.h"

#include <algorithm>
#include <cstddef>

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

// All bytes of an abstract name count, also zeros behind it: its size says where it ends.
Result<UnixAddress> UnixAddress::of(std::string_view path_or_name) {
    auto address = at(path_or_name);
    if (!address || !path_or_name.starts_with('@')) return address;
    if (path_or_name.size() == 1) return failure("the name behind '@' is missing");
    address->address_.sun_path[0] = 0;
    address->size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_or_name.size());
    return address;
}

int UnixAddress::bind(int fd) const noexcept { return ::bind(fd, reinterpret_cast<const sockaddr*>(&address_), size_); }

int UnixAddress::connect(int fd) const noexcept {
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address_), size_);
}

}  // namespace seki
