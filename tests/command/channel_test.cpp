#include "command/channel.h"

#include <fcntl.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/few_descriptors.h"
#include "command.pb.h"
#include "command/frame.h"

namespace seki::command {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Owner final : Channel::Owner {
    std::vector<std::string> heard;
    std::vector<std::string> malformed;
    std::vector<std::string> closed;
    bool answers_later = false;
    std::function<void(std::string_view)> react = [](std::string_view) {};

    void on_frame(std::string_view payload) override {
        ::command::Request request;
        ASSERT_TRUE(request.ParsePartialFromArray(payload.data(), static_cast<int>(payload.size())));
        heard.push_back(request.remove_cluster());
        react(heard.back());
    }
    void on_malformed(const std::string& reason) override { malformed.push_back(reason); }
    void on_closed(const std::string& reason) override { closed.push_back(reason); }
    bool on_finished() override { return answers_later; }
};

::command::Request say(std::string text) {
    ::command::Request request;
    request.set_remove_cluster(std::move(text));
    return request;
}

std::string bytes_of(const ::command::Request& request) {
    std::string out;
    EXPECT_TRUE(append_frame(out, request, 100'000'000));
    return out;
}

UniqueFd a_file(std::string* name = nullptr) {
    char path[] = "/tmp/seki-channel-XXXXXX";
    UniqueFd fd(mkostemp(path, O_CLOEXEC));
    unlink(path);
    if (name != nullptr) *name = path;
    return fd;
}

ino_t inode(const UniqueFd& fd) {
    struct stat about{};
    EXPECT_EQ(fstat(fd.get(), &about), 0);
    return about.st_ino;
}

struct ChannelTest : ::testing::Test {
    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    UniqueFd here;
    UniqueFd there;
    Owner owner;
    Owner other_owner;
    Channel::Limits limits{.max_frame_bytes = 1000, .max_waiting_fds = 16};
    std::unique_ptr<Channel> channel;
    std::unique_ptr<Channel> other;

    ChannelTest() {
        int pair[2];
        SEKI_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        here.reset(pair[0]);
        there.reset(pair[1]);
    }

    void open() { channel = std::make_unique<Channel>(loop, std::move(here), limits, owner); }
    void open_other() { other = std::make_unique<Channel>(loop, std::move(there), limits, other_owner); }
    void turns(int count = 6) {
        for (int turn = 0; turn < count; ++turn) loop.turn(Duration::zero());
    }
    void write(std::string_view bytes) {
        ASSERT_EQ(::send(there.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
};

TEST_F(ChannelTest, delivers_frames_whole_wherever_the_bytes_are_split) {
    const std::string bytes = bytes_of(say("one")) + bytes_of(say("")) + bytes_of(say("three"));
    open();
    for (const char byte : bytes) {
        write(std::string_view(&byte, 1));
        turns(1);
    }
    EXPECT_THAT(owner.heard, ElementsAre("one", "", "three"));
    for (size_t split = 0; split <= bytes.size(); ++split) {
        owner.heard.clear();
        write(std::string_view(bytes).substr(0, split));
        turns(1);
        write(std::string_view(bytes).substr(split));
        turns(1);
        ASSERT_THAT(owner.heard, ElementsAre("one", "", "three")) << split;
    }
}

TEST_F(ChannelTest, a_frame_that_is_too_large_is_reported_and_skipped) {
    open();
    write(bytes_of(say("before")) + bytes_of(say(std::string(5000, 'x'))) + bytes_of(say("after")));
    turns();
    EXPECT_THAT(owner.heard, ElementsAre("before", "after"));
    EXPECT_THAT(owner.malformed, ElementsAre(HasSubstr("not within 8 and 1000")));
    EXPECT_TRUE(owner.closed.empty());
}

TEST_F(ChannelTest, a_frame_smaller_than_its_prefix_is_reported_and_skipped) {
    open();
    write(std::string("\x03\0\0\0\0\0\0\0", 8) + bytes_of(say("after")));
    turns();
    EXPECT_THAT(owner.heard, ElementsAre("after"));
    EXPECT_THAT(owner.malformed, SizeIs(1));
}

TEST_F(ChannelTest, what_the_peer_said_before_it_went_is_delivered_first) {
    open();
    write(bytes_of(say("one")) + bytes_of(say("two")) + "rest");
    there.reset();
    ASSERT_TRUE(channel->send(say("nobody hears this")));
    turns();
    EXPECT_THAT(owner.heard, ElementsAre("one", "two"));
    EXPECT_THAT(owner.closed, SizeIs(1));
    EXPECT_FALSE(channel->is_open());
}

TEST_F(ChannelTest, a_peer_that_only_stopped_sending_still_gets_its_answers) {
    owner.answers_later = true;
    open();
    write(bytes_of(say("question")));
    ::shutdown(there.get(), SHUT_WR);
    turns();
    EXPECT_TRUE(owner.closed.empty());
    ASSERT_TRUE(channel->send(say("answer")));
    channel->close_after_flush();
    turns();
    char bytes[100];
    EXPECT_EQ(::recv(there.get(), bytes, sizeof bytes, 0), static_cast<ssize_t>(bytes_of(say("answer")).size()));
    EXPECT_EQ(::recv(there.get(), bytes, sizeof bytes, 0), 0);
    EXPECT_THAT(owner.closed, SizeIs(1));
}

TEST_F(ChannelTest, reads_no_more_while_the_peer_does_not_take_its_answers) {
    limits.pause_reading_bytes = 10'000;
    limits.max_pending_bytes = 20'000'000;
    open();
    owner.react = [&](std::string_view) { ASSERT_TRUE(channel->send(say(std::string(900, 'a')))); };
    std::string questions;
    for (int count = 0; count < 1000; ++count) questions += bytes_of(say("q"));
    write(questions);
    turns(20);
    const size_t heard = owner.heard.size();
    EXPECT_LT(heard, 1000U);
    EXPECT_LT(channel->pending_bytes(), 12'000U);
    std::string taken(1000 * 1000, '\0');
    size_t got = 0;
    for (int round = 0; round < 1000 && owner.heard.size() < 1000; ++round) {
        const ssize_t size = ::recv(there.get(), taken.data(), taken.size(), MSG_DONTWAIT);
        if (size > 0) got += static_cast<size_t>(size);
        turns(2);
    }
    EXPECT_THAT(owner.heard, SizeIs(1000));
    EXPECT_GT(got, 0U);
}

TEST_F(ChannelTest, refuses_to_queue_without_a_bound) {
    limits.max_pending_bytes = 2000;
    open();
    EXPECT_TRUE(channel->send(say(std::string(900, 'a'))));
    EXPECT_TRUE(channel->send(say(std::string(900, 'b'))));
    EXPECT_FALSE(channel->send(say(std::string(900, 'c'))));
    EXPECT_FALSE(channel->send(say(std::string(1000, 'd')))) << "too large for a frame";
    turns();
    EXPECT_EQ(channel->pending_bytes(), 0U);
    EXPECT_TRUE(channel->send(say(std::string(900, 'e'))));
}

TEST_F(ChannelTest, keeps_frames_for_later_while_its_owner_pauses_it) {
    open();
    owner.react = [&](std::string_view) { channel->pause(); };
    write(bytes_of(say("one")) + bytes_of(say("two")));
    there.reset();
    turns();
    EXPECT_THAT(owner.heard, ElementsAre("one"));
    EXPECT_TRUE(owner.closed.empty());
    channel->resume();
    turns();
    EXPECT_THAT(owner.heard, ElementsAre("one", "two"));
    channel->resume();
    turns();
    EXPECT_THAT(owner.closed, SizeIs(1));
}

TEST_F(ChannelTest, may_be_closed_by_its_owner_in_the_middle_of_a_message) {
    open();
    owner.react = [&](std::string_view text) {
        channel->close();
        EXPECT_EQ(text, "one");
    };
    write(bytes_of(say("one")) + bytes_of(say("two")));
    turns();
    EXPECT_THAT(owner.heard, ElementsAre("one"));
    EXPECT_TRUE(owner.closed.empty());
}

TEST_F(ChannelTest, descriptors_stay_with_the_messages_that_name_them) {
    std::string order;
    std::vector<ino_t> sent;
    std::vector<ino_t> received;
    open();
    open_other();
    other_owner.react = [&](std::string_view text) {
        const size_t count = static_cast<size_t>(text.front() - '0');
        const auto fds = other->take_fds(count);
        ASSERT_THAT(fds, SizeIs(count));
        for (const UniqueFd& fd : fds) received.push_back(inode(fd));
    };
    for (const size_t count : {2U, 0U, 1U, 3U, 0U}) {
        std::vector<UniqueFd> fds;
        for (size_t index = 0; index < count; ++index) {
            fds.push_back(a_file());
            sent.push_back(inode(fds.back()));
        }
        ASSERT_TRUE(channel->send(say(std::to_string(count) + std::string(200, '.')), std::move(fds)));
    }
    turns(10);
    EXPECT_THAT(other_owner.heard, SizeIs(5));
    EXPECT_EQ(received, sent);
    EXPECT_THAT(other->take_fds(1), SizeIs(0));
}

TEST_F(ChannelTest, descriptors_arrive_also_when_the_messages_before_had_to_wait) {
    limits.max_frame_bytes = 2'000'000;
    limits.max_pending_bytes = 20'000'000;
    open();
    const UniqueFd file = a_file();
    for (int count = 0; count < 8; ++count) ASSERT_TRUE(channel->send(say(std::string(200'000, 'x'))));
    std::vector<UniqueFd> fds;
    fds.emplace_back(dup(file.get()));
    ASSERT_TRUE(channel->send(say("file"), std::move(fds)));
    turns();
    ASSERT_GT(channel->pending_bytes(), 0U);
    open_other();
    std::vector<UniqueFd> got;
    other_owner.react = [&](std::string_view text) {
        if (text == "file") got = other->take_fds(1);
    };
    turns(100);
    ASSERT_THAT(got, SizeIs(1));
    EXPECT_EQ(inode(got[0]), inode(file));
}

TEST_F(ChannelTest, a_peer_that_sends_more_descriptors_than_allowed_is_closed) {
    limits.max_waiting_fds = 3;
    open();
    open_other();
    std::vector<UniqueFd> fds;
    for (int count = 0; count < 4; ++count) fds.push_back(a_file());
    ASSERT_TRUE(channel->send(say("take these"), std::move(fds)));
    turns();
    EXPECT_THAT(other_owner.closed, SizeIs(1));
}

TEST_F(ChannelTest, descriptors_may_be_more_than_the_kernel_takes_at_once) {
    limits.max_waiting_fds = 1000;
    open();
    open_other();
    std::vector<UniqueFd> fds;
    std::vector<ino_t> sent;
    for (size_t count = 0; count < 2 * Channel::max_fds_per_write + 1; ++count) {
        fds.push_back(count % 100 == 0 ? a_file() : UniqueFd(dup(fds.back().get())));
        sent.push_back(inode(fds.back()));
    }
    ASSERT_TRUE(channel->send(say("many"), std::move(fds)));
    std::vector<UniqueFd> one;
    one.push_back(a_file());
    sent.push_back(inode(one.back()));
    ASSERT_TRUE(channel->send(say("one"), std::move(one)));
    std::vector<ino_t> received;
    other_owner.react = [&](std::string_view text) {
        for (const UniqueFd& fd : other->take_fds(text == "many" ? 2 * Channel::max_fds_per_write + 1 : 1))
            received.push_back(inode(fd));
    };
    turns();
    EXPECT_THAT(other_owner.heard, ElementsAre("many", "one"));
    EXPECT_EQ(received, sent);
}

TEST_F(ChannelTest, descriptors_that_there_is_no_room_for_are_missing_from_their_message_alone) {
    open();
    const auto files = [](int count) {
        std::vector<UniqueFd> fds;
        for (int made = 0; made < count; ++made) fds.push_back(a_file());
        return fds;
    };
    std::vector<size_t> got;
    other_owner.react = [&](std::string_view) { got.push_back(other->take_fds(3).size()); };
    ASSERT_TRUE(channel->send(say("more than there is room for"), files(3)));
    turns();
    {
        const FewDescriptors few(1);
        open_other();
        turns();
    }
    ASSERT_TRUE(channel->send(say("enough"), files(3)));
    turns();
    EXPECT_THAT(got, ElementsAre(1, 3));
    EXPECT_TRUE(other_owner.closed.empty());
}

// However a frame comes in parts, and whenever there is room again.
TEST_F(ChannelTest, descriptors_of_one_message_are_never_taken_for_those_of_another) {
    limits.max_frame_bytes = 2'000'000;
    limits.max_pending_bytes = 20'000'000;
    open();
    std::vector<ino_t> sent;
    for (int message = 0; message < 3; ++message) {
        std::vector<UniqueFd> fds;
        fds.push_back(a_file());
        sent.push_back(inode(fds.back()));
        ASSERT_TRUE(channel->send(say(std::string(300'000, 'x')), std::move(fds)));
    }
    std::vector<ino_t> got;
    other_owner.react = [&](std::string_view) {
        const auto fds = other->take_fds(1);
        got.push_back(fds.empty() ? 0 : inode(fds.front()));
    };
    turns();
    {
        const FewDescriptors few(0);
        open_other();
        turns(1);
    }
    turns(20);
    ASSERT_THAT(got, SizeIs(3));
    for (size_t message = 0; message < 3; ++message) EXPECT_TRUE(got[message] == 0 || got[message] == sent[message]);
    EXPECT_EQ(got[2], sent[2]);
}

TEST_F(ChannelTest, descriptors_that_nobody_asked_for_are_not_taken) {
    limits.max_waiting_fds = 0;
    open();
    open_other();
    std::vector<UniqueFd> fds;
    fds.push_back(a_file());
    ASSERT_TRUE(channel->send(say("take this"), std::move(fds)));
    turns();
    EXPECT_THAT(other_owner.heard, ElementsAre("take this"));
    EXPECT_THAT(other->take_fds(1), SizeIs(0));
}

}  // namespace
}  // namespace seki::command
