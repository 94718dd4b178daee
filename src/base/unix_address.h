#pragma once

// Where a socket of this machine is (unix(7)): by the path of its file, or by a name that is in no file system.

#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/result.h"

namespace seki {

class UnixAddress {
public:
    // A path ends with a zero byte; one that is empty would have the kernel choose a name.
    static constexpr size_t max_path_size = sizeof(sockaddr_un::sun_path) - 1;

    // An error for a path that no socket can have; it does not name it.
    static Result<UnixAddress> at(std::string_view path);
    // Likewise; "@name" is an abstract one.
    static Result<UnixAddress> of(std::string_view path_or_name);

    // As bind(2) and connect(2): 0, or −1 and errno.
    [[nodiscard]] int bind(int fd) const noexcept;
    [[nodiscard]] int connect(int fd) const noexcept;

private:
    explicit UnixAddress(std::string_view path) noexcept;

    sockaddr_un address_{};
    socklen_t size_ = sizeof address_;
};

}  // namespace seki
