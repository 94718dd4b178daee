#include "supervisor/peer.h"

#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <pwd.h>

namespace seki::supervisor {

namespace {

// Only what the file says: other sources of names may be far away, and slow.
std::string user_of(uid_t uid) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(
        std::fopen("/etc/passwd", "re"), [](FILE* open) { return open == nullptr ? 0 : std::fclose(open); });
    if (file == nullptr) return {};
    std::array<char, 4096> room;
    passwd entry{};
    passwd* found = nullptr;
    while (::fgetpwent_r(file.get(), &entry, room.data(), room.size(), &found) == 0) {
        if (entry.pw_uid == uid) return entry.pw_name;
    }
    return {};
}

std::string command_of(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/comm", pid));
    std::string name;
    std::getline(file, name);
    return name;
}

}  // namespace

Peer Peer::of(int socket, uint64_t id, const Ulid& session, WallTime now) {
    Peer peer;
    peer.id = id;
    peer.session = session;
    peer.connected = now;
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return peer;
    peer.credentials = credentials;
    return peer;
}

void Peer::look_up_names() {
    if (!credentials) return;
    user = user_of(credentials->uid);
    command = command_of(credentials->pid);
}

std::string Peer::text() const {
    return credentials ? fmt::format("uid {}, pid {}", credentials->uid, credentials->pid) : "an unknown process";
}

const char* Peer::role() const noexcept {
    constexpr uid_t first_user = 1000;
    if (!credentials) return "unknown";
    if (credentials->uid == 0) return "root";
    return credentials->uid < first_user ? "system" : "user";
}

}  // namespace seki::supervisor
