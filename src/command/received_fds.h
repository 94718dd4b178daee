#pragma once

// The descriptors that came with what recvmsg read (unix(7), SCM_RIGHTS). Whoever has them closes them.

#include <cstddef>
#include <cstring>
#include <sys/socket.h>

namespace seki::command {

// Behind those that are in `into`, a container of UniqueFd.
template <typename Into>
void collect_fds(msghdr& message, Into& into) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < count; ++index) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + index * sizeof number, sizeof number);
            into.emplace_back(number);
        }
    }
}

}  // namespace seki::command
