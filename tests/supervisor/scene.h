#pragma once

// A supervisor with workers that are played by the test: no process is started, the other end of each channel is here,
// in the same loop. A played worker obeys like a real one unless the test tells it otherwise.

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <signal.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/few_descriptors.h"
#include "command/channel.h"
#include "command/sealed_frames.h"
#include "config/check/check.h"
#include "config/convert.h"
#include "supervisor/launcher.h"
#include "supervisor/supervisor.h"

namespace seki::supervisor {

using Kind = worker::Order::KindCase;

// The kernel's, until the test wants a system that can watch nothing more.
class ScarcePoller final : public Poller {
public:
    bool exhausted = false;
    std::function<void()> before_refusal = [] {};
    Result<> add(int fd, uint32_t events, uint64_t key) override {
        if (exhausted) before_refusal();
        return exhausted ? failure("as the test wants") : real_.add(fd, events, key);
    }
    void remove(int fd) override { real_.remove(fd); }
    std::span<const Event> wait(Duration timeout) override { return real_.wait(timeout); }

private:
    EpollPoller real_;
};

class PlayedWorker final : private command::Channel::Owner {
public:
    PlayedWorker(EventLoop& loop, uint32_t id_, UniqueFd channel)
        : id(id_),
          ended(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          channel_(loop, std::move(channel), command::Channel::Limits::between_processes(), *this) {}

    uint32_t id;
    UniqueFd ended;
    bool killed = false;
    bool hung_up = false;    // by the supervisor
    bool ends_late = false;  // its channel closes at its end, and its process stays
    std::vector<worker::Order> orders;
    std::set<Kind> silent_about;  // orders of these kinds are not answered
    UniqueFd sources;             // the memory that came with hello
    std::vector<UniqueFd> log_files;
    std::vector<int> signals;
    std::string refuses;         // why every load and prepare is refused
    size_t prepares_before = 0;  // so many are not
    worker::Prepare snapshot;    // all of its slices
    size_t slices = 0;
    ino_t snapshot_inode = 0;
    worker::Condition::State condition = worker::Condition::SERVING;
    struct Socket {
        command::ListenerType type;
        std::string where;
        uint32_t slot;
        bool operator==(const Socket&) const = default;
    };
    std::vector<Socket> sockets;  // what it accepts from
    std::vector<Socket> prepared_sockets;
    std::string refuses_sockets;  // why every assign is refused
    uint64_t state_version = 0;   // that it serves
    std::function<command::Response(const command::Request&)> answers = [](const command::Request&) {
        return response_of(command::OK, "");
    };

    // Says what nobody asked for.
    void say(const worker::Report& report, std::vector<UniqueFd> fds = {}) {
        ASSERT_TRUE(channel_.send(report, std::move(fds)));
    }

    [[nodiscard]] size_t count(Kind kind) const {
        return static_cast<size_t>(std::ranges::count(orders, kind, &worker::Order::kind_case));
    }
    [[nodiscard]] std::vector<uint32_t> slots_of(const std::string& address) const {
        std::vector<uint32_t> slots;
        for (const Socket& socket : sockets) {
            if (socket.where == address) slots.push_back(socket.slot);
        }
        std::ranges::sort(slots);
        return slots;
    }

    // Answers the last order of this kind after all.
    void answer_late(Kind kind) {
        const auto last =
            std::find_if(orders.rbegin(), orders.rend(), [&](const auto& o) { return o.kind_case() == kind; });
        ASSERT_NE(last, orders.rend());
        answer(*last);
    }

    void end() {
        channel_.close();
        if (ends_late) return;
        const uint64_t one = 1;
        ASSERT_EQ(::write(ended.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    }

private:
    void on_frame(std::string_view payload) override {
        worker::Order order;
        ASSERT_TRUE(order.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
        orders.push_back(order);
        if (order.has_load()) state_version = order.load().state_version();
        if (order.commit().has_state_version()) state_version = order.commit().state_version();
        move_sockets(order);
        if (!silent_about.contains(order.kind_case())) answer(order);
    }
    void on_malformed(const std::string& reason) override { ADD_FAILURE() << reason; }
    void on_closed(const std::string& /*reason*/) override { hung_up = true; }

    void move_sockets(const worker::Order& order) {
        auto fds = channel_.take_fds(order.descriptors());
        ASSERT_EQ(fds.size(), order.descriptors());
        if (order.has_hand_over() || order.has_take_over()) {
            ASSERT_EQ(fds.size(), 1U);
            return;
        }
        if (order.has_hello()) {
            ASSERT_FALSE(fds.empty());
            sources = std::move(fds.front());
            fds.erase(fds.begin());
        }
        if (order.has_hello() || order.has_log_files()) {
            const worker::LogFiles& named = order.has_hello() ? order.hello().log_files() : order.log_files();
            const size_t logs = static_cast<size_t>(named.log()) + static_cast<size_t>(named.access_log());
            ASSERT_EQ(fds.size(), logs + static_cast<size_t>(order.hello().lifeline()));
            fds.resize(logs);
            log_files = std::move(fds);
            return;
        }
        if (order.has_load()) {
            ASSERT_EQ(fds.size(), 1U + static_cast<size_t>(order.load().segments_size()));
            return read_snapshot(std::move(fds.front()), order.load().bytes());
        }
        const auto name = [](const worker::ListeningSocket& socket) {
            return Socket{socket.type(), config::checked_address(socket.address()).text(), socket.slot()};
        };
        const auto named = static_cast<size_t>(order.assign().sockets_size() + order.prepare().sockets_size() +
                                               order.prepare().segments_size());
        ASSERT_EQ(fds.size(), named);
        if (refuses_sockets.empty()) {
            for (const auto& socket : order.assign().sockets()) sockets.push_back(name(socket));
        }
        for (const auto& socket : order.prepare().sockets()) prepared_sockets.push_back(name(socket));
        if (order.has_commit()) std::ranges::move(prepared_sockets, std::back_inserter(sockets));
        if (order.has_commit() || order.has_abort()) prepared_sockets.clear();
        for (const auto& socket : order.unassign().sockets()) {
            std::erase(sockets, name(socket));
            std::erase(prepared_sockets, name(socket));
        }
    }

    void read_snapshot(UniqueFd memory, uint64_t bytes) {
        struct stat about{};
        ASSERT_EQ(fstat(memory.get(), &about), 0);
        snapshot_inode = about.st_ino;
        auto frames = command::SealedFrames::open(std::move(memory), bytes);
        ASSERT_TRUE(frames) << frames.error().message;
        for (;;) {
            const auto frame = frames->next();
            ASSERT_TRUE(frame);
            if (!*frame) return;
            worker::Prepare slice;
            ASSERT_TRUE(slice.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size())));
            ++slices;
            snapshot.MergeFrom(slice);
        }
    }

    void answer(const worker::Order& order) {
        worker::Report report;
        report.set_id(order.id());
        switch (order.kind_case()) {
            case Kind::kHello:
                return;
            case Kind::kPrepare:
                if (refuses.empty() || count(Kind::kPrepare) <= prepares_before) {
                    report.mutable_prepared();
                } else {
                    report.mutable_refused()->set_reason(refuses);
                }
                break;
            case Kind::kLoad:
                if (refuses.empty()) {
                    report.mutable_done();
                } else {
                    report.mutable_refused()->set_reason(refuses);
                }
                break;
            case Kind::kStatus:
                report.mutable_condition()->set_state(condition);
                break;
            case Kind::kServe:
                report.mutable_ready();
                break;
            case Kind::kAssign:
                if (refuses_sockets.empty()) {
                    report.mutable_done();
                } else {
                    report.mutable_refused()->set_reason(refuses_sockets);
                }
                break;
            case Kind::kQuery:
                *report.mutable_answer()->mutable_response() = answers(order.query());
                if (order.query().has_query_state_version()) tell_version(report);
                break;
            default:
                report.mutable_done();
                break;
        }
        ASSERT_TRUE(channel_.send(report));
        if (order.has_stop() || order.has_drain()) {
            channel_.flush();
            end();
        }
    }

    void tell_version(worker::Report& report) const {
        auto& content = *report.mutable_answer()->mutable_response()->mutable_content();
        content.mutable_state_version()->set_version(state_version);
    }

    command::Channel channel_;
};

class PlayedProcess final : public Process {
public:
    explicit PlayedProcess(PlayedWorker& worker) : worker_(worker) {}
    [[nodiscard]] pid_t pid() const override { return static_cast<pid_t>(1000 + worker_.id); }
    [[nodiscard]] int ended_fd() const override { return worker_.ended.get(); }
    void signal(int number) override {
        worker_.signals.push_back(number);
        if (number != SIGKILL) return;
        worker_.killed = true;
        worker_.end();
    }
    std::string reap() override { return "ended as the test wanted"; }
    bool end() override {
        signal(SIGKILL);
        return true;
    }

private:
    PlayedWorker& worker_;
};

class PlayedLauncher final : public Launcher {
public:
    explicit PlayedLauncher(EventLoop& loop) : loop_(loop) {}
    // Called with each worker before it hears of anything.
    std::function<void(PlayedWorker&)> on_launch = [](PlayedWorker&) {};
    std::vector<std::unique_ptr<PlayedWorker>> workers;  // all that ever were, by id

    Result<Launched> launch(uint32_t id) override {
        int pair[2];
        SEKI_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        workers.push_back(std::make_unique<PlayedWorker>(loop_, id, UniqueFd(pair[1])));
        on_launch(*workers.back());
        return Launched{std::make_unique<PlayedProcess>(*workers.back()), UniqueFd(pair[0])};
    }
    // Who was there before.
    std::function<Result<std::unique_ptr<Process>>(pid_t)> on_find = [](pid_t pid) {
        return Result<std::unique_ptr<Process>>(failure("nobody is process {}", pid));
    };
    Result<std::unique_ptr<Process>> find(pid_t pid) override { return on_find(pid); }

private:
    EventLoop& loop_;
};

struct Scene : ::testing::Test {
    FakeClock clock;
    ScarcePoller poller;
    EventLoop loop{clock, poller};
    observe::LineHead head{"MAIN"};
    UniqueFd log_target{::memfd_create("log", MFD_CLOEXEC)};
    std::unique_ptr<observe::LogSink> sink = std::move(observe::LogSink::over(log_target.get(), head).value());
    observe::Log log{*sink, head, clock};
    std::string folder;
    PlayedLauncher launcher{loop};
    Supervisor::Settings settings;
    std::unique_ptr<Supervisor> supervisor;

    Scene() {
        char name[] = "/tmp/seki-supervisor-XXXXXX";
        SEKI_CHECK(mkdtemp(name) != nullptr);
        folder = name;
        settings.command.path = folder + "/seki.sock";
        settings.workers.command_socket = settings.command.path;
        settings.workers.count = 2;
        config::fill_required(settings.workers.server);
    }
    ~Scene() override {
        supervisor.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    void start(const std::vector<CheckedChange>& changes = {}) {
        supervisor = std::make_unique<Supervisor>(loop, log, launcher, settings);
        const auto started = supervisor->start(changes);
        ASSERT_TRUE(started) << started.error().message;
        turns();
    }

    // The lines since the last call.
    std::string logged() {
        sink->flush(clock.wall());
        const off_t end = ::lseek(log_target.get(), 0, SEEK_END);
        std::string text(static_cast<size_t>(end), '\0');
        EXPECT_EQ(::pread(log_target.get(), text.data(), text.size(), 0), end);
        EXPECT_EQ(::ftruncate(log_target.get(), 0) | ::lseek(log_target.get(), 0, SEEK_SET), 0);
        return text;
    }

    // Until nothing moves any more; time stands still.
    void turns(int count = 30) {
        for (int turn = 0; turn < count; ++turn) loop.turn(Duration::zero());
    }
    void pass(Duration time) {
        clock.advance(time);
        turns();
    }

    // Processes take the time that they take.
    template <typename Enough>
    void until(Enough enough) {
        for (int count = 0; count < 500 && !enough(); ++count) {
            loop.turn(std::chrono::milliseconds(20));
            clock.advance(std::chrono::milliseconds(20));
        }
        EXPECT_TRUE(enough());
    }

    // It dies, and the moment passes in which a first death is answered.
    void lose(size_t id) {
        worker(id).end();
        turns();
        pass(std::chrono::milliseconds(2));
    }

    PlayedWorker& worker(size_t id) { return *launcher.workers.at(id); }

    std::vector<std::string> outcomes;
    Changes::Warnings warnings;  // of the last one that was made
    void submit(command::Request request) {
        auto checked = config::check(std::move(request));
        ASSERT_TRUE(checked) << checked.error().message;
        const size_t index = outcomes.size();
        outcomes.emplace_back("pending");
        supervisor->changes().submit(std::move(*checked), [this, index](Changes::Outcome outcome) {
            outcomes[index] = outcome ? "OK" : outcome.error().message;
            if (outcome) warnings = outcome->warnings;
        });
    }

    bool has_cluster(const std::string& id) {
        return supervisor->state().table<config::Clusters>().find(id) != nullptr;
    }
};

inline command::Request add_cluster(const std::string& id) {
    command::Request request;
    request.mutable_add_cluster()->set_cluster_id(id);
    return request;
}

inline CheckedChange checked(command::Request request) {
    auto passed = config::check(std::move(request));
    SEKI_CHECK(passed.has_value());
    return std::move(*passed);
}

// An address that nobody listens on now.
inline SocketAddress free_address() {
    const UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage kernel{};
    const socklen_t size = SocketAddress::v4(0x7F000001, 0).to_kernel(kernel);
    SEKI_CHECK(::bind(probe.get(), reinterpret_cast<const sockaddr*>(&kernel), size) == 0);
    socklen_t got = sizeof kernel;
    SEKI_CHECK(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&kernel), &got) == 0);
    return *SocketAddress::from_kernel(kernel);
}

inline command::Request add_listener(const SocketAddress& address) {
    command::Request request;
    *request.mutable_add_http_listener()->mutable_address() = config::to_wire(address);
    config::fill_required(request);
    return request;
}
inline command::Request activate(const SocketAddress& address) {
    command::Request request;
    *request.mutable_activate_listener()->mutable_address() = config::to_wire(address);
    request.mutable_activate_listener()->set_proxy(command::HTTP);
    return request;
}
inline command::Request deactivate(const SocketAddress& address) {
    command::Request request;
    *request.mutable_deactivate_listener()->mutable_address() = config::to_wire(address);
    request.mutable_deactivate_listener()->set_proxy(command::HTTP);
    return request;
}
inline command::Request remove_listener(const SocketAddress& address) {
    command::Request request;
    *request.mutable_remove_listener()->mutable_address() = config::to_wire(address);
    request.mutable_remove_listener()->set_proxy(command::HTTP);
    return request;
}

inline command::Request update_listener(const SocketAddress& address, const std::string& id_header) {
    command::Request request;
    *request.mutable_update_http_listener()->mutable_address() = config::to_wire(address);
    request.mutable_update_http_listener()->set_sozu_id_header(id_header);
    return request;
}

// Whether a connection to the address is taken by the kernel.
inline bool accepts(const SocketAddress& address) {
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage kernel{};
    const socklen_t size = address.to_kernel(kernel);
    return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&kernel), size) == 0;
}

}  // namespace seki::supervisor
