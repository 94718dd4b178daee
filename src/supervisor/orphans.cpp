#include "supervisor/orphans.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "command/channel.h"
#include "command/frame.h"
#include "command/received_fds.h"
#include "config/limits.h"

namespace seki::supervisor {
namespace {

using observe::Module;

constexpr size_t max_answer_bytes = 1U << 20U;
constexpr uint32_t max_sockets = 1U << 20U;
constexpr int max_unasked = 1000;  // reports before the answer
constexpr unsigned generation_shift = 48;

// ---- frames, one after another

class Line {
public:
    Line(int socket, Monotonic deadline) : socket_(socket), deadline_(deadline) {}

    [[nodiscard]] Result<> send(const worker::Order& order) const {
        std::string bytes;
        static_cast<void>(command::append_frame(bytes, order, max_answer_bytes));
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == static_cast<ssize_t>(bytes.size())) return {};
        return failure("it cannot be asked: {}", system_error(sent < 0 ? errno : EAGAIN));
    }

    // Never reads beyond a frame: what follows is for who goes on with the socket.
    Result<worker::Report> receive(std::vector<UniqueFd>& fds) const {
        std::string bytes;
        size_t wanted = command::frame_prefix_bytes;
        for (;;) {
            if (auto more = read_up_to(bytes, wanted, fds); !more) return std::unexpected(more.error());
            const auto decoded = command::decode_frame(bytes, max_answer_bytes);
            if (const auto* const frame = std::get_if<command::Frame>(&decoded)) return report_of(frame->payload);
            const auto* const incomplete = std::get_if<command::Incomplete>(&decoded);
            if (incomplete == nullptr) return failure("its answer has no size that it may have");
            wanted = incomplete->frame_bytes;
        }
    }

private:
    static Result<worker::Report> report_of(std::string_view payload) {
        worker::Report report;
        if (report.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return report;
        return failure("its answer cannot be read");
    }

    Result<> read_up_to(std::string& bytes, size_t wanted, std::vector<UniqueFd>& fds) const {
        while (bytes.size() < wanted) {
            if (auto waited = wait(); !waited) return waited;
            const size_t had = bytes.size();
            bytes.resize(wanted);
            const ssize_t got = read_some(bytes.data() + had, wanted - had, fds);
            const int error = errno;
            bytes.resize(had + static_cast<size_t>(std::max<ssize_t>(got, 0)));
            if (got == 0) return failure("it has ended the conversation");
            if (got < 0 && error != EAGAIN && error != EINTR) return failure("{}", system_error(error));
        }
        return {};
    }

    [[nodiscard]] Result<> wait() const {
        // What is here already is read, though the time is over: another one took it.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - SystemClock().monotonic()).count();
        pollfd readable{socket_, POLLIN, 0};
        const int count = ::poll(&readable, 1, static_cast<int>(std::max<int64_t>(left, 0)));
        if (count > 0 || (count < 0 && errno == EINTR)) return {};
        return failure("it does not answer");
    }

    ssize_t read_some(char* into, size_t size, std::vector<UniqueFd>& fds) const {
        iovec bytes{into, size};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * command::Channel::max_fds_per_write)> control{};
        msghdr message{};
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t got = ::recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0) return got;
        command::collect_fds(message, fds);
        return got;
    }

    int socket_;
    Monotonic deadline_;
};

// ---- what it says

bool is_option(const UniqueFd& fd, int option, int wanted) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd.get(), SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

bool listens_at(const UniqueFd& fd, const SocketAddress& address) {
    sockaddr_storage kernel{};
    socklen_t size = sizeof kernel;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&kernel), &size) != 0) return false;
    return SocketAddress::from_kernel(kernel) == address && is_option(fd, SO_TYPE, SOCK_STREAM) &&
           is_option(fd, SO_ACCEPTCONN, 1);
}

std::string interface_of(const UniqueFd& fd) {
    std::array<char, IFNAMSIZ + 1> name{};
    socklen_t size = IFNAMSIZ;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size) != 0) return {};
    return name.data();
}

Result<> take_about(Orphan& orphan, const worker::Adopted& answer) {
    if (!answer.has_worker_id() || !answer.has_slot() || !answer.has_state())
        return failure("it does not say what it is");
    if (answer.pid() != orphan.process->pid()) return failure("it is process {}", answer.pid());
    if (answer.slot() >= config::max_workers) return failure("there is no slot {}", answer.slot());
    if (answer.all_sockets() > max_sockets) return failure("it has {} listening sockets", answer.all_sockets());
    orphan.id = answer.worker_id();
    orphan.slot = answer.slot();
    orphan.generation = static_cast<uint16_t>(answer.last_order() >> generation_shift);
    orphan.draining = answer.state() != worker::Condition::SERVING;
    return {};
}

Result<Orphan::Socket> take_socket(const worker::ListeningSocket& told, UniqueFd fd) {
    const auto key = config::listener_key(told);
    if (!key) return std::unexpected(key.error());
    if (told.slot() >= config::max_workers) return failure("there is no slot {}", told.slot());
    if (!listens_at(fd, key->address)) return failure("what it gave does not listen on {}", key->text());
    std::string interface = interface_of(fd);
    return Orphan::Socket{*key, told.slot(), std::move(interface), std::move(fd)};
}

Result<> ask(const Line& line, size_t first_socket) {
    worker::Order order;
    order.set_id(1);
    order.mutable_adopt()->set_first_socket(static_cast<uint32_t>(first_socket));
    return line.send(order);
}

// What it tells unasked may come in between.
Result<worker::Report> answer_of(const Line& line, std::vector<UniqueFd>& fds) {
    for (int reports = 0; reports < max_unasked; ++reports) {
        auto report = line.receive(fds);
        if (!report || report->has_adopted()) return report;
        if (report->has_refused()) return failure("it refuses: {}", report->refused().reason());
        fds.clear();
    }
    return failure("it tells much, and does not answer");
}

Result<> talk(Orphan& orphan, Monotonic deadline) {
    const Line line(orphan.channel.get(), deadline);
    for (;;) {
        std::vector<UniqueFd> fds;
        const auto report = answer_of(line, fds);
        if (!report) return std::unexpected(report.error());
        const auto whole = take_answer(orphan, report->adopted(), std::move(fds));
        if (!whole) return std::unexpected(whole.error());
        if (*whole) return {};
        if (auto asked = ask(line, orphan.sockets.size()); !asked) return asked;
    }
}

// Who it is is settled before it is asked: an answer then comes from a process that was there at that time.
Result<Orphan> begin(UniqueFd channel, pid_t pid, Launcher& launcher, Monotonic deadline) {
    Orphan orphan;
    auto process = launcher.find(pid);
    if (!process) return std::unexpected(process.error());
    orphan.process = std::move(*process);
    orphan.channel = std::move(channel);
    if (auto asked = ask(Line(orphan.channel.get(), deadline), 0); !asked) return std::unexpected(asked.error());
    return orphan;
}

}  // namespace

Result<bool> take_answer(Orphan& orphan, const worker::Adopted& answer, std::vector<UniqueFd> fds) {
    if (auto taken = take_about(orphan, answer); !taken) return std::unexpected(taken.error());
    if (fds.size() != static_cast<size_t>(answer.sockets_size()))
        return failure("{} of {} listening sockets arrived: too many descriptors are open", fds.size(),
                       answer.sockets_size());
    for (int number = 0; number < answer.sockets_size(); ++number) {
        auto socket = take_socket(answer.sockets(number), std::move(fds[static_cast<size_t>(number)]));
        if (!socket) return std::unexpected(socket.error());
        orphan.sockets.push_back(std::move(*socket));
    }
    if (orphan.sockets.size() == answer.all_sockets()) return true;
    if (orphan.sockets.size() > answer.all_sockets() || answer.sockets_size() == 0)
        return failure("it has {} listening sockets and told of {}", answer.all_sockets(), orphan.sockets.size());
    return false;
}

std::vector<Orphan> find_orphans(const Lifelines& lifelines, Launcher& launcher, observe::Log& log, Duration patience) {
    const Monotonic deadline = SystemClock().monotonic() + patience;
    std::vector<Orphan> orphans;
    const auto leave_alone = [&log](pid_t pid, const std::string& why) {
        log.error(Module::supervisor, "process {}, a worker without a supervisor, is left alone: {}", pid, why);
    };
    for (const pid_t pid : lifelines.workers()) {
        auto socket = lifelines.connect(pid, patience);
        if (!socket) {
            leave_alone(pid, socket.error().message);
        } else if (!socket->valid()) {
            lifelines.remove(pid);
        } else if (auto begun = begin(std::move(*socket), pid, launcher, deadline)) {
            orphans.push_back(std::move(*begun));
        } else {
            leave_alone(pid, begun.error().message);
        }
    }
    std::erase_if(orphans, [&](Orphan& orphan) {
        const auto told = talk(orphan, deadline);
        if (!told) leave_alone(orphan.process->pid(), told.error().message);
        return !told;
    });
    return orphans;
}

}  // namespace seki::supervisor
