// A start that finds workers whose supervisor has died.

#include <thread>

#include "command/frame.h"
#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One that waits at its lifeline, and says what it is to the first who asks. Then it is played like any other.
class PlayedOrphan {
public:
    PlayedOrphan(const Lifelines& lifelines, pid_t pid, worker::Adopted about, std::vector<UniqueFd> sockets)
        : about_(std::move(about)), sockets_(std::move(sockets)), lifeline_(lifelines.open(pid).value()) {
        SEKI_CHECK(::fcntl(lifeline_.get(), F_SETFL, 0) == 0);  // it waits
        about_.set_pid(pid);
        answering_ = std::thread([this] { answer(); });
    }
    ~PlayedOrphan() { wait(); }

    UniqueFd ended{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::vector<int> signals;
    std::unique_ptr<PlayedWorker> worker;

    // Nobody may have asked.
    void play(EventLoop& loop) {
        wait();
        worker = std::make_unique<PlayedWorker>(loop, about_.worker_id(), std::move(channel_));
        if (about_.state() == worker::Condition::DRAINING) worker->silent_about = {Kind::kHandOver, Kind::kDrain};
    }
    void end() {
        const uint64_t one = 1;
        ASSERT_EQ(::write(ended.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    }

private:
    void wait() {
        if (answering_.joinable()) answering_.join();
    }
    void answer() {
        channel_ = UniqueFd(::accept4(lifeline_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        std::array<char, 256> asked{};
        worker::Order order;
        const ssize_t got = ::recv(channel_.get(), asked.data(), asked.size(), 0);
        SEKI_CHECK(got > 0);
        const auto decoded = command::decode_frame({asked.data(), static_cast<size_t>(got)}, asked.size());
        const auto& payload = std::get<command::Frame>(decoded).payload;
        SEKI_CHECK(order.ParseFromArray(payload.data(), static_cast<int>(payload.size())) && order.has_adopt());
        worker::Report report;
        report.set_id(0);  // somebody is told of this
        report.mutable_event()->set_kind(command::METRIC_DETAIL_CHANGED);
        send(report, {});
        report.Clear();
        report.set_id(order.id());
        report.set_descriptors(static_cast<uint32_t>(sockets_.size()));
        *report.mutable_adopted() = about_;
        send(report, sockets_);
    }
    void send(const worker::Report& report, const std::vector<UniqueFd>& fds) const {
        std::string bytes;
        SEKI_CHECK(command::append_frame(bytes, report, 1'000'000));
        iovec part{bytes.data(), bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
        if (!fds.empty()) {
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
        SEKI_CHECK(::sendmsg(channel_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    }

    worker::Adopted about_;
    std::vector<UniqueFd> sockets_;
    UniqueFd lifeline_;
    UniqueFd channel_;
    std::thread answering_;
};

class OrphanProcess final : public Process {
public:
    OrphanProcess(pid_t pid, PlayedOrphan& orphan) : pid_(pid), orphan_(orphan) {}
    [[nodiscard]] pid_t pid() const override { return pid_; }
    [[nodiscard]] int ended_fd() const override { return orphan_.ended.get(); }
    void signal(int number) override { orphan_.signals.push_back(number); }
    std::string reap() override { return "has ended"; }
    bool end() override { return true; }

private:
    pid_t pid_;
    PlayedOrphan& orphan_;
};

struct AdoptionTest : Scene {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets former{2, 16};
    Lifelines lifelines{folder + "/seki.sock"};
    std::map<pid_t, std::unique_ptr<PlayedOrphan>> orphans;

    AdoptionTest() {
        SEKI_CHECK(former.open(key).has_value());
        launcher.on_find = [this](pid_t pid) -> Result<std::unique_ptr<Process>> {
            return std::make_unique<OrphanProcess>(pid, *orphans.at(pid));
        };
    }
    ~AdoptionTest() override { supervisor.reset(); }

    void add_orphan(pid_t pid, uint32_t id, uint32_t slot, worker::Condition::State state) {
        worker::Adopted about;
        about.set_worker_id(id);
        about.set_slot(slot);
        about.set_state(state);
        std::vector<UniqueFd> sockets;
        if (state == worker::Condition::SERVING) {
            worker::ListeningSocket& socket = *about.add_sockets();
            socket.set_type(key.type);
            *socket.mutable_address() = config::to_wire(key.address);
            socket.set_slot(slot);
            sockets.push_back(former.copy(key, slot).value());
        }
        about.set_all_sockets(static_cast<uint32_t>(sockets.size()));
        orphans.emplace(pid, std::make_unique<PlayedOrphan>(lifelines, pid, about, std::move(sockets)));
    }
    void begin() {
        launcher.on_launch = [this](PlayedWorker& worker) { prepare(worker); };
        supervisor = std::make_unique<Supervisor>(loop, log, launcher, settings);
        const auto started = supervisor->start({checked(add_listener(key.address)), checked(activate(key.address))});
        ASSERT_TRUE(started) << started.error().message;
        for (const auto& [pid, orphan] : orphans) orphan->play(loop);
        turns();
    }
    std::function<void(PlayedWorker&)> prepare = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    PlayedWorker& orphan(pid_t pid) { return *orphans.at(pid)->worker; }
    void let_serve() {
        for (size_t number = 0; number < launcher.workers.size(); ++number) worker(number).answer_late(Kind::kServe);
        turns();
        pass(std::chrono::milliseconds(2));  // they are replaced in a turn to come
    }
};

TEST_F(AdoptionTest, they_serve_until_each_slot_has_a_new_worker_that_gets_their_connections) {
    add_orphan(51, 5, 0, worker::Condition::SERVING);
    add_orphan(52, 6, 1, worker::Condition::SERVING);
    begin();
    EXPECT_EQ(worker(0).id, 7U) << "numbers go on";
    EXPECT_THAT(worker(0).slots_of(key.text()), ElementsAre(0));
    submit(add_cluster("later"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("pending")) << "who was adopted would not hear of it";
    worker(0).answer_late(Kind::kServe);
    turns();
    for (const pid_t pid : {51, 52}) EXPECT_THAT(orphan(pid).orders, IsEmpty()) << "not all serve yet";
    worker(1).answer_late(Kind::kServe);
    turns();
    pass(std::chrono::milliseconds(2));
    for (const pid_t pid : {51, 52}) {
        EXPECT_EQ(orphan(pid).count(Kind::kUnassign), 1U);
        EXPECT_EQ(orphan(pid).count(Kind::kHandOver), 1U);
        EXPECT_EQ(orphan(pid).count(Kind::kDrain), 1U);
        orphans.at(pid)->end();
    }
    turns();
    EXPECT_EQ(worker(0).count(Kind::kTakeOver), 1U) << "each slot's is its successor's";
    EXPECT_EQ(worker(1).count(Kind::kTakeOver), 1U);
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_THAT(lifelines.workers(), ElementsAre(1007, 1008));
    for (const auto& [pid, orphan] : orphans) EXPECT_THAT(orphan->signals, IsEmpty());
}

TEST_F(AdoptionTest, when_a_new_worker_cannot_begin_they_are_let_go_of) {
    add_orphan(51, 5, 0, worker::Condition::SERVING);
    add_orphan(52, 6, 1, worker::Condition::DRAINING);
    prepare = [](PlayedWorker& worker) { worker.refuses = "as the test wants"; };
    begin();
    ASSERT_FALSE(supervisor->outcome());
    EXPECT_THAT(supervisor->outcome().error().message, HasSubstr("it cannot begin: as the test wants"));
    for (const auto& [pid, orphan] : orphans) {
        EXPECT_TRUE(orphan->worker->hung_up);
        EXPECT_THAT(orphan->signals, IsEmpty());
    }
    EXPECT_EQ(orphan(51).count(Kind::kDrain) + orphan(51).count(Kind::kStop), 0U);
    EXPECT_EQ(orphan(52).count(Kind::kStop), 0U);
    EXPECT_THAT(lifelines.workers(), ElementsAre(51, 52)) << "the next one finds them";
}

TEST_F(AdoptionTest, one_that_drains_turns_to_a_new_worker_before_another_one_lets_go) {
    add_orphan(51, 4, 0, worker::Condition::DRAINING);
    add_orphan(52, 5, 0, worker::Condition::SERVING);
    begin();
    let_serve();
    EXPECT_EQ(orphan(51).count(Kind::kHandOver), 1U);
    EXPECT_EQ(orphan(52).count(Kind::kDrain), 0U);
    orphan(51).answer_late(Kind::kHandOver);
    turns();
    EXPECT_EQ(orphan(52).count(Kind::kDrain), 1U);
}

TEST_F(AdoptionTest, one_that_dies_before_it_is_replaced_is_nobodys_reason_to_stop) {
    add_orphan(51, 5, 0, worker::Condition::SERVING);
    begin();
    orphan(51).end();
    orphans.at(51)->end();
    turns();
    let_serve();
    EXPECT_TRUE(supervisor->outcome());
    submit(add_cluster("later"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_EQ(launcher.workers.size(), 2U);
}

TEST_F(AdoptionTest, of_two_with_one_number_the_second_gets_another) {
    add_orphan(51, 5, 0, worker::Condition::SERVING);
    add_orphan(52, 5, 1, worker::Condition::SERVING);
    begin();
    let_serve();
    for (const pid_t pid : {51, 52}) EXPECT_EQ(orphan(pid).count(Kind::kDrain), 1U);
    EXPECT_EQ(worker(0).id, 7U);
}

}  // namespace
}  // namespace seki::supervisor
