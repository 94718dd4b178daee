#pragma once

// A blocking client of the command socket: one request, then answers until one is final. Nothing here trusts the other
// side: the size of a frame is bounded before it is read, and every wait has a limit that starts anew with each
// message.

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "command.pb.h"

namespace seki::ctl {

using Milliseconds = std::chrono::milliseconds;
using Timeout = std::optional<Milliseconds>;  // absent: wait as long as it takes

class Client {
public:
    // Connects to the UNIX socket at `path`. Frames larger than `max_frame_bytes`, prefix included, are refused both
    // ways.
    static Result<Client> connect(const std::string& path, size_t max_frame_bytes);
    Client(UniqueFd socket, size_t max_frame_bytes) : socket_(std::move(socket)), max_frame_bytes_(max_frame_bytes) {}

    // Gives absent required fields their defaults, so that strict decoders accept the request too.
    Result<> send(command::Request request, Timeout timeout);
    Result<command::Response> receive(Timeout timeout);

    // Sends and waits for OK or FAILURE, either of which is returned; PROCESSING messages go to `progress`.
    using Progress = std::function<void(const command::Response&)>;
    Result<command::Response> ask(const command::Request& request, Timeout timeout, const Progress& progress);

private:
    using Deadline = std::optional<std::chrono::steady_clock::time_point>;

    Result<> wait(short events, Deadline deadline, Timeout timeout) const;
    Result<std::string> read_exactly(size_t size, Deadline deadline, Timeout timeout);

    UniqueFd socket_;
    size_t max_frame_bytes_;
};

}  // namespace seki::ctl
