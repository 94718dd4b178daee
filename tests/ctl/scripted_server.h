#pragma once

// The other end of a command connection. What it will say is written before the client asks, so that nobody has to wait
// for anybody: a socket pair keeps it until it is read.

#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "command.pb.h"
#include "ctl/client.h"

namespace seki::ctl {

class ScriptedServer {
public:
    ScriptedServer();

    // The client's end; once.
    Client client(size_t max_frame_bytes = 100'000) { return Client(std::move(here_), max_frame_bytes); }

    void says(const command::Response& response);
    // Text format, see message_of.
    void says(std::string_view response);
    void says_bytes(std::string_view bytes);
    // Nothing more comes.
    void hangs_up();

    // What the client asked so far.
    std::vector<command::Request> heard();

private:
    UniqueFd here_;
    UniqueFd there_;
    std::string unread_;
};

// The frame's size, as its first eight bytes.
std::string frame_prefix(uint64_t size);

}  // namespace seki::ctl
