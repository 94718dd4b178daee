#include "supervisor/lifelines.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/unix_address.h"

namespace seki::supervisor {
namespace {

Result<UniqueFd> make_socket(int how = 0) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | how, 0));
    if (!fd.valid()) return failure("cannot make a socket: {}", system_error(errno));
    return fd;
}

// unix(7): of a connected socket, the credentials of who listened.
bool is_of_our_user(const UniqueFd& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

// connect(2) waits for room in the queue as long as a write may take.
void limit_connect(const UniqueFd& socket, Duration patience) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(patience);
    const timeval limit{.tv_sec = seconds.count(), .tv_usec = 0};
    static_cast<void>(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
}

}  // namespace

Result<UniqueFd> Lifelines::open(pid_t worker) const {
    const std::string path = path_of(worker);
    const auto address = UnixAddress::at(path);
    if (!address) return failure("{}: {}", path, address.error().message);
    auto fd = make_socket(SOCK_NONBLOCK);
    if (!fd) return fd;
    // Who had that number before has ended.
    ::unlink(path.c_str());
    const mode_t mask = ::umask(0177);
    const int bound = address->bind(fd->get());
    const int error = errno;
    ::umask(mask);
    if (bound != 0) return failure("{}: cannot bind: {}", path, system_error(error));
    if (::listen(fd->get(), SOMAXCONN) != 0) return failure("{}: cannot listen: {}", path, system_error(errno));
    return fd;
}

void Lifelines::remove(pid_t worker) const { ::unlink(path_of(worker).c_str()); }

std::vector<pid_t> Lifelines::workers() const {
    const std::filesystem::path prefix(prefix_);
    const std::filesystem::path folder = prefix.has_parent_path() ? prefix.parent_path() : ".";
    const std::string begin = prefix.filename();
    std::vector<pid_t> found;
    std::error_code error;
    for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
        const std::string name = file->path().filename();
        if (!name.starts_with(begin)) continue;
        pid_t pid = 0;
        const char* const last = name.data() + name.size();
        const auto [rest, wrong] = std::from_chars(name.data() + begin.size(), last, pid);
        if (wrong == std::errc() && rest == last && pid > 0) found.push_back(pid);
    }
    std::ranges::sort(found);
    return found;
}

Result<UniqueFd> Lifelines::connect(pid_t worker, Duration patience) const {
    const std::string path = path_of(worker);
    struct stat about{};
    if (::lstat(path.c_str(), &about) != 0 && errno == ENOENT) return UniqueFd();
    if (!S_ISSOCK(about.st_mode)) return failure("{}: there is a file that is no socket", path);
    const auto address = UnixAddress::at(path);
    if (!address) return failure("{}: {}", path, address.error().message);
    auto fd = make_socket();
    if (!fd) return fd;
    limit_connect(*fd, patience);
    const int error = address->connect(fd->get()) == 0 ? 0 : errno;
    if (error == ECONNREFUSED) return UniqueFd();
    if (error != 0) return failure("{}: {}", path, system_error(error));
    if (!is_of_our_user(*fd)) return failure("{}: it belongs to another user", path);
    return fd;
}

bool Lifelines::any() const {
    constexpr Duration patience = std::chrono::seconds(1);
    return std::ranges::any_of(workers(), [&](pid_t worker) {
        const auto socket = connect(worker, patience);
        return !socket || socket->valid();
    });
}

}  // namespace seki::supervisor
