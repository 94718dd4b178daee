// A worker of this version and a supervisor of the next one, which speaks worker_next.proto: after an upgrade the old
// worker is commanded, drained, or refuses what it does not know, and goes on serving.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "command/channel.h"
#include "command/frame.h"
#include "config/convert.h"
#include "net/source_table.h"
#include "worker.pb.h"
#include "worker/process.h"
#include "worker_next.pb.h"

namespace seki::worker {
namespace {

using ::testing::HasSubstr;

// An end of a pipe to give away, and whether whoever got it has closed it.
class Watched {
public:
    Watched() {
        int ends[2];
        SEKI_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
        reading_ = UniqueFd(ends[0]);
        given_ = UniqueFd(ends[1]);
    }
    UniqueFd give() { return std::move(given_); }
    // Waits for it.
    [[nodiscard]] bool closed() const {
        char byte = 0;
        return ::read(reading_.get(), &byte, 1) == 0;
    }

private:
    UniqueFd reading_;
    UniqueFd given_;
};

// A listening socket on a port of its own.
class Listening {
public:
    Listening() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_storage kernel{};
        socklen_t size = SocketAddress::v4(0x7F000001, 0).to_kernel(kernel);
        SEKI_CHECK(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&kernel), size) == 0);
        SEKI_CHECK(::listen(socket_.get(), 8) == 0);
        size = sizeof kernel;
        SEKI_CHECK(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&kernel), &size) == 0);
        address_ = *SocketAddress::from_kernel(kernel);
    }
    UniqueFd give() { return std::move(socket_); }
    [[nodiscard]] const SocketAddress& address() const { return address_; }
    [[nodiscard]] bool anybody_listens() const {
        const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_storage kernel{};
        const socklen_t size = address_.to_kernel(kernel);
        return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&kernel), size) == 0;
    }

private:
    UniqueFd socket_;
    SocketAddress address_;
};

struct VersionTest : ::testing::Test {
    UniqueFd supervisor;
    std::optional<int> exit_code;
    std::thread worker;
    net::SourceTable sources = net::SourceTable::create(1).value();

    VersionTest() {
        int pair[2];
        SEKI_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        supervisor = UniqueFd(pair[0]);
        const timeval patience{.tv_sec = 60, .tv_usec = 0};
        SEKI_CHECK(::setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
        worker = std::thread([this, channel = pair[1]] { exit_code = Process(7, UniqueFd(channel)).run(); });
    }
    ~VersionTest() override {
        supervisor.reset();
        if (worker.joinable()) worker.join();
    }

    int ends_with() {
        worker.join();
        return exit_code.value();
    }

    void send_bytes(const std::string& bytes, const std::vector<UniqueFd>& fds = {}) const {
        iovec part{const_cast<char*>(bytes.data()), bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
        if (!fds.empty()) {
            ASSERT_LE(fds.size(), 2U);
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            unsigned char* at = CMSG_DATA(header);
            for (const UniqueFd& fd : fds) {
                const int number = fd.get();
                std::memcpy(at, &number, sizeof number);
                at += sizeof number;
            }
        }
        ASSERT_EQ(::sendmsg(supervisor.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }

    template <typename AnyOrder>
    void send(AnyOrder order, std::optional<UniqueFd> fd = std::nullopt,
              std::optional<UniqueFd> another = std::nullopt) {
        order.set_id(++last);
        std::vector<UniqueFd> fds;
        for (std::optional<UniqueFd>* one : {&fd, &another}) {
            if (*one) fds.push_back(std::move(**one));
        }
        order.set_descriptors(static_cast<uint32_t>(fds.size()));
        std::string bytes;
        ASSERT_TRUE(command::append_frame(bytes, order, 1'000'000));
        send_bytes(bytes, fds);
    }

    // The answer to the last order.
    Report report() const {
        Report report;
        std::array<char, 4096> bytes{};
        size_t got = 0;
        for (;;) {
            const auto decoded = command::decode_frame({bytes.data(), got}, bytes.size());
            if (const auto* frame = std::get_if<command::Frame>(&decoded)) {
                EXPECT_TRUE(report.ParseFromArray(frame->payload.data(), static_cast<int>(frame->payload.size())));
                EXPECT_EQ(report.id(), last);
                return report;
            }
            const ssize_t more = ::recv(supervisor.get(), bytes.data() + got, 1, 0);
            if (more <= 0) {
                ADD_FAILURE() << "no report";
                return report;
            }
            got += static_cast<size_t>(more);
        }
    }
    std::string refusal() const { return report().refused().reason(); }

    // As the supervisor does that starts it, which is of its own version.
    void begin(std::optional<UniqueFd> lifeline = std::nullopt) {
        Order order;
        Hello& hello = *order.mutable_hello();
        hello.set_version(VERSION);
        hello.set_no_seccomp(true);  // it would be for all threads of this process, and the test is one
        hello.set_worker_id(7);
        hello.set_worker_count(1);
        hello.set_source_column(0);
        hello.set_ticket_secret(std::string(32, 's'));
        config::fill_required(hello);
        hello.mutable_config()->set_log_target("file:///dev/null");
        hello.set_slot(3);
        hello.set_lifeline(lifeline.has_value());
        send(order, sources.copy().value(), std::move(lifeline));
        Order serve;
        serve.mutable_serve();
        send(serve);
        ASSERT_TRUE(report().has_ready());
    }
    void assign(Listening& listening) {
        Order order;
        ListeningSocket& socket = *order.mutable_assign()->add_sockets();
        socket.set_type(command::HTTP);
        *socket.mutable_address() = config::to_wire(listening.address());
        socket.set_slot(0);
        send(order, listening.give());
        ASSERT_TRUE(report().has_done());
    }
    void expect_serving() {
        worker_next::Order status;
        status.mutable_status()->set_with_sessions(true);
        send(status);
        EXPECT_EQ(report().condition().state(), Condition::SERVING);
    }

    uint64_t last = 0;
};

TEST_F(VersionTest, of_a_later_supervisor_orders_of_the_stable_part_are_obeyed_whatever_they_say_besides) {
    begin();
    Listening listening;
    assign(listening);
    EXPECT_TRUE(listening.anybody_listens());

    worker_next::Order unassign;
    unassign.set_reason("upgrade");
    unassign.mutable_unassign()->set_at_once(true);
    unassign.mutable_unassign()->add_sockets()->set_type(9);
    for (const uint32_t type : {9U, static_cast<uint32_t>(command::HTTP)}) {
        worker_next::ListeningSocket& next = *unassign.mutable_unassign()->add_sockets();
        next.set_type(type);
        next.set_address(config::to_wire(listening.address()).SerializeAsString());
        next.set_slot(0);
        next.set_network_namespace(1);
    }
    send(unassign);
    EXPECT_TRUE(report().has_done());
    EXPECT_FALSE(listening.anybody_listens());
    expect_serving();

    worker_next::Order drain;
    drain.mutable_drain()->set_until(60);
    send(drain);
    EXPECT_TRUE(report().has_done());
    EXPECT_EQ(ends_with(), 0);
}

TEST_F(VersionTest, a_later_supervisor_can_stop_it) {
    begin();
    worker_next::Order stop;
    stop.mutable_stop()->set_exit_code(3);
    send(stop);
    EXPECT_TRUE(report().has_done());
    EXPECT_EQ(ends_with(), 0);
}

TEST_F(VersionTest, when_its_supervisor_is_gone_a_later_one_adopts_it) {
    UniqueFd lifeline(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un where{.sun_family = AF_UNIX, .sun_path = {}};
    socklen_t size = sizeof where.sun_family;  // the kernel chooses a name
    ASSERT_EQ(::bind(lifeline.get(), reinterpret_cast<const sockaddr*>(&where), size), 0);
    ASSERT_EQ(::listen(lifeline.get(), 8), 0);
    size = sizeof where;
    ASSERT_EQ(::getsockname(lifeline.get(), reinterpret_cast<sockaddr*>(&where), &size), 0);
    begin(std::move(lifeline));
    Listening listening;
    assign(listening);
    const uint64_t last_order = last;

    supervisor = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(supervisor.get(), reinterpret_cast<const sockaddr*>(&where), size), 0);
    Order adopt;
    adopt.mutable_adopt();
    send(adopt);
    const Adopted adopted = report().adopted();
    EXPECT_EQ(adopted.worker_id(), 7U);
    EXPECT_EQ(adopted.slot(), 3U);
    EXPECT_EQ(adopted.pid(), ::getpid());
    EXPECT_EQ(adopted.last_order(), last_order);
    EXPECT_EQ(adopted.state(), Condition::SERVING);
    EXPECT_EQ(adopted.all_sockets(), 1U);
    ASSERT_EQ(adopted.sockets_size(), 1);
    EXPECT_EQ(config::from_wire(adopted.sockets(0).address()).value(), listening.address());
    expect_serving();
    adopt.mutable_adopt()->set_first_socket(UINT32_MAX);
    send(adopt);
    EXPECT_EQ(report().adopted().sockets_size(), 0);
    EXPECT_TRUE(listening.anybody_listens());

    worker_next::Order drain;
    drain.mutable_drain()->set_until(60);
    send(drain);
    EXPECT_TRUE(report().has_done());
    EXPECT_EQ(ends_with(), 0);
}

TEST_F(VersionTest, one_that_has_nothing_to_be_found_by_refuses_to_be_adopted) {
    begin();
    Order adopt;
    adopt.mutable_adopt();
    send(adopt);
    EXPECT_EQ(refusal(), "this worker is nobody else's");
    expect_serving();
}

TEST_F(VersionTest, orders_that_it_does_not_know_are_refused_and_what_came_with_them_is_closed) {
    begin();
    for (const bool stable : {true, false}) {
        worker_next::Order order;
        if (stable) {
            order.mutable_freeze()->set_scope("all");
        } else {
            order.mutable_warm()->set_connections(8);
        }
        Watched sent;
        send(order, sent.give());
        EXPECT_EQ(refusal(), stable ? "unknown order 12" : "unknown order 30");
        EXPECT_TRUE(sent.closed());
        expect_serving();
    }
}

TEST_F(VersionTest, orders_that_have_become_others_are_refused) {
    begin();
    worker_next::Order prepare;
    prepare.mutable_prepare()->set_transaction(1);
    Watched sent;
    send(prepare, sent.give());
    EXPECT_EQ(refusal(), "the order is of another version than this worker");
    EXPECT_TRUE(sent.closed());
    expect_serving();
}

TEST_F(VersionTest, to_hand_over_is_refused_with_the_reason) {
    begin();
    worker_next::Order order;
    order.mutable_hand_over()->set_to_worker(8);
    send(order);
    EXPECT_EQ(refusal(), "no socket came: too many descriptors are open");
    expect_serving();
}

TEST_F(VersionTest, an_order_that_cannot_be_read_is_refused_while_its_id_can) {
    begin();
    Order order;
    order.set_id(++last);
    order.set_descriptors(1);
    const std::string payload = order.SerializeAsString() + "\x1a\x7f";  // an unassign that ends too early
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(8 + payload.size());
    std::vector<UniqueFd> fds;
    Watched sent;
    fds.push_back(sent.give());
    send_bytes(bytes + payload, fds);
    fds.clear();
    EXPECT_EQ(refusal(), "the order cannot be read");
    EXPECT_TRUE(sent.closed());
    expect_serving();
}

TEST_F(VersionTest, an_order_without_an_id_ends_it) {
    begin();
    worker_next::Order order;
    order.mutable_status();
    std::string bytes;
    ASSERT_TRUE(command::append_frame(bytes, order, 1'000'000));
    send_bytes(bytes);
    EXPECT_EQ(ends_with(), 1);
}

TEST_F(VersionTest, nothing_is_obeyed_before_hello) {
    worker_next::Order order;
    order.mutable_status();
    send(order);
    EXPECT_EQ(refusal(), "hello has not come yet");
}

TEST_F(VersionTest, a_supervisor_of_another_version_cannot_begin_one) {
    Order order;
    config::fill_required(*order.mutable_hello());
    order.mutable_hello()->set_version(VERSION + 1);
    send(order, sources.copy().value());
    EXPECT_EQ(refusal(), fmt::format("the supervisor's version is {}, this worker's {}", VERSION + 1, +VERSION));
    worker_next::Order next;
    next.mutable_hello()->set_version(VERSION + 1);
    next.mutable_hello()->set_name("seven");
    send(next);
    EXPECT_THAT(refusal(), HasSubstr("the order "));
}

}  // namespace
}  // namespace seki::worker
