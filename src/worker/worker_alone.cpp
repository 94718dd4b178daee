// Of Worker: without a supervisor.

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "command/channel.h"
#include "config/convert.h"
#include "worker/worker.h"

namespace seki::worker {

bool Worker::go_on_alone() {
    abort();
    return state_ == State::serving;
}

Result<std::vector<UniqueFd>> Worker::tell_sockets(uint32_t first, Adopted& adopted) const {
    adopted.set_worker_id(id_);
    adopted.set_slot(slot_);
    adopted.set_state(condition());
    adopted.set_all_sockets(static_cast<uint32_t>(sockets_.size()));
    std::vector<UniqueFd> copies;
    const size_t end = std::min(sockets_.size(), size_t{first} + command::Channel::max_fds_per_write);
    for (size_t place = first; place < end; ++place) {
        const Socket& mine = sockets_[place];
        ListeningSocket& told = *adopted.add_sockets();
        told.set_type(mine.key.type);
        *told.mutable_address() = config::to_wire(mine.key.address);
        told.set_slot(mine.slot);
        copies.emplace_back(::fcntl(mine.acceptor->fd(), F_DUPFD_CLOEXEC, 0));
        if (!copies.back().valid()) return failure("cannot copy a listening socket: {}", system_error(errno));
    }
    return copies;
}

}  // namespace seki::worker
