// What a worker says of itself whose supervisor has died, judged.

#include "supervisor/orphans.h"

#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::HasSubstr;

class SomeProcess final : public Process {
public:
    [[nodiscard]] pid_t pid() const override { return 4242; }
    [[nodiscard]] int ended_fd() const override { return -1; }
    void signal(int /*number*/) override {}
    std::string reap() override { return {}; }
    bool end() override { return true; }
};

struct OrphansTest : ::testing::Test {
    const ListenerKey key{command::HTTP, free_address()};
    ListeningSockets listening{3, 16};
    Orphan orphan;
    worker::Adopted answer;
    std::vector<UniqueFd> fds;

    OrphansTest() {
        SEKI_CHECK(listening.open(key).has_value());
        orphan.process = std::make_unique<SomeProcess>();
        answer.set_worker_id(7);
        answer.set_slot(1);
        answer.set_pid(4242);
        answer.set_last_order((uint64_t{3} << 48U) + 9);
        answer.set_state(worker::Condition::SERVING);
        answer.set_all_sockets(0);
    }

    void add_socket(uint32_t slot) {
        worker::ListeningSocket& socket = *answer.add_sockets();
        socket.set_type(key.type);
        *socket.mutable_address() = config::to_wire(key.address);
        socket.set_slot(slot);
        fds.push_back(std::move(*listening.copy(key, slot)));
        answer.set_all_sockets(static_cast<uint32_t>(answer.sockets_size()));
    }
    Result<bool> take() { return take_answer(orphan, answer, std::exchange(fds, {})); }
    void expect_refused(const std::string& why) {
        const auto taken = take();
        ASSERT_FALSE(taken) << why;
        EXPECT_THAT(taken.error().message, HasSubstr(why));
    }
};

TEST_F(OrphansTest, an_answer_says_what_it_is_and_brings_its_sockets) {
    add_socket(1);
    add_socket(2);
    EXPECT_EQ(take().value(), true);
    EXPECT_EQ(orphan.id, 7U);
    EXPECT_EQ(orphan.slot, 1U);
    EXPECT_EQ(orphan.generation, 3U);
    EXPECT_FALSE(orphan.draining);
    ASSERT_EQ(orphan.sockets.size(), 2U);
    EXPECT_EQ(orphan.sockets[1].key, key);
    EXPECT_EQ(orphan.sockets[1].slot, 2U);
    EXPECT_EQ(orphan.sockets[1].interface, "");
}

TEST_F(OrphansTest, many_sockets_come_in_several_answers) {
    add_socket(0);
    answer.set_all_sockets(2);
    EXPECT_EQ(take().value(), false);
    answer.clear_sockets();
    add_socket(1);
    answer.set_all_sockets(2);
    EXPECT_EQ(take().value(), true);
    EXPECT_EQ(orphan.sockets.size(), 2U);
}

TEST_F(OrphansTest, one_that_ends_already_has_no_sockets) {
    answer.set_state(worker::Condition::DRAINING);
    EXPECT_EQ(take().value(), true);
    EXPECT_TRUE(orphan.draining);
}

TEST_F(OrphansTest, what_does_not_say_what_it_is_is_refused) {
    answer.clear_worker_id();
    expect_refused("does not say what it is");
    answer.set_worker_id(7);
    answer.clear_slot();
    expect_refused("does not say what it is");
    answer.set_slot(1);
    answer.clear_state();
    expect_refused("does not say what it is");
}

TEST_F(OrphansTest, another_process_than_the_file_names_is_refused) {
    answer.set_pid(4243);
    expect_refused("it is process 4243");
}

TEST_F(OrphansTest, slots_that_cannot_be_are_refused) {
    answer.set_slot(5000);
    expect_refused("there is no slot 5000");
    answer.set_slot(1);
    add_socket(1);
    answer.mutable_sockets(0)->set_slot(5000);
    expect_refused("there is no slot 5000");
}

TEST_F(OrphansTest, sockets_that_are_not_what_it_says_are_refused) {
    add_socket(1);
    answer.mutable_sockets(0)->mutable_address()->set_port(1);
    expect_refused("does not listen on");
    answer.clear_sockets();
    add_socket(1);
    fds.back() = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    expect_refused("does not listen on");
    answer.clear_sockets();
    add_socket(1);
    fds.back() = UniqueFd(::memfd_create("none", MFD_CLOEXEC));
    expect_refused("does not listen on");
    answer.clear_sockets();
    add_socket(1);
    answer.mutable_sockets(0)->clear_type();
    expect_refused("");
}

TEST_F(OrphansTest, other_numbers_of_sockets_than_it_says_are_refused) {
    add_socket(1);
    fds.clear();
    expect_refused("0 of 1 listening sockets arrived");
    answer.clear_sockets();
    answer.set_all_sockets(1);
    expect_refused("it has 1 listening sockets and told of 0");
    add_socket(1);
    answer.set_all_sockets(0);
    expect_refused("it has 0 listening sockets and told of 1");
    answer.set_all_sockets(UINT32_MAX);
    expect_refused("listening sockets");
}

}  // namespace
}  // namespace seki::supervisor
