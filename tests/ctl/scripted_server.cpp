#include "ctl/scripted_server.h"

#include <cstring>
#include <endian.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/check.h"
#include "ctl/spoken.h"

namespace seki::ctl {

ScriptedServer::ScriptedServer() {
    int pair[2];
    SEKI_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    here_.reset(pair[0]);
    there_.reset(pair[1]);
}

void ScriptedServer::says(const command::Response& response) {
    const std::string payload = response.SerializePartialAsString();
    says_bytes(frame_prefix(payload.size() + 8) + payload);
}

void ScriptedServer::says(std::string_view response) { says(message_of<command::Response>(response)); }

void ScriptedServer::says_bytes(std::string_view bytes) {
    const ssize_t sent = ::send(there_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ASSERT_EQ(sent, static_cast<ssize_t>(bytes.size()));
}

void ScriptedServer::hangs_up() { ASSERT_EQ(::shutdown(there_.get(), SHUT_WR), 0); }

std::vector<command::Request> ScriptedServer::heard() {
    char piece[65'536];
    for (ssize_t got; (got = ::recv(there_.get(), piece, sizeof piece, MSG_DONTWAIT)) > 0;) {
        unread_.append(piece, static_cast<size_t>(got));
    }
    std::vector<command::Request> requests;
    while (unread_.size() >= 8) {
        uint64_t size = 0;
        std::memcpy(&size, unread_.data(), 8);
        size = le64toh(size);
        if (unread_.size() < size) break;
        EXPECT_TRUE(requests.emplace_back().ParseFromString(unread_.substr(8, size - 8)));
        unread_.erase(0, size);
    }
    return requests;
}

std::string frame_prefix(uint64_t size) {
    size = htole64(size);
    std::string prefix(sizeof size, '\0');
    std::memcpy(prefix.data(), &size, sizeof size);
    return prefix;
}

}  // namespace seki::ctl
