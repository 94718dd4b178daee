#include "net/splice.h"

#include "event/signals.h"
#include "net/sockets.h"

namespace seki::net {
namespace {

struct Transfer {
    Kernel kernel;
    Sockets from;
    Sockets to;
    PipePool pipes{65536, 4};
    Session& source = kernel.open(from, Session::Side::client, std::make_unique<Script>());
    Session& sink = kernel.open(to, Session::Side::backend, std::make_unique<Script>());
    SpliceTransfer splice{pipes, std::move(*pipes.take())};

    SpliceTransfer::Progress move(uint64_t limit = UINT64_MAX, uint64_t budget = UINT64_MAX) {
        kernel.turn();
        return splice.move(source, sink, limit, budget);
    }
};

TEST(Splice, moves_what_is_there_and_then_waits) {
    Transfer transfer;
    transfer.from.say("hello");
    const auto progress = transfer.move();
    EXPECT_EQ(progress.taken, 5U);
    EXPECT_EQ(progress.given, 5U);
    EXPECT_FALSE(progress.end || progress.broken || progress.sink_broken);
    EXPECT_EQ(transfer.to.hear(), "hello");
    EXPECT_FALSE(transfer.source.readable());
    EXPECT_EQ(transfer.splice.held(), 0U);
    EXPECT_EQ(transfer.source.bytes_read(), 5U);
    EXPECT_EQ(transfer.sink.bytes_written(), 5U);
}

TEST(Splice, takes_no_more_than_its_limit) {
    Transfer transfer;
    transfer.from.say("body|next request");
    EXPECT_EQ(transfer.move(4).taken, 4U);
    EXPECT_EQ(transfer.to.hear(), "body");
    char rest[100];
    EXPECT_EQ(transfer.source.read(rest).bytes, 13U);
}

TEST(Splice, keeps_in_its_pipe_what_the_sink_does_not_take) {
    Transfer transfer;
    std::string sent;
    while (transfer.sink.writable()) transfer.sink.write(std::string(100'000, 'f'));
    transfer.from.say(std::string(10'000, 'x'));
    const auto progress = transfer.move();
    EXPECT_EQ(progress.taken, 10'000U);
    EXPECT_LT(progress.given, 10'000U);
    EXPECT_FALSE(transfer.sink.writable());
    EXPECT_GT(transfer.splice.held(), 0U);
    std::string got = transfer.to.hear();
    transfer.move();
    got += transfer.to.hear();
    EXPECT_TRUE(got.ends_with("f" + std::string(10'000, 'x')));
    EXPECT_EQ(transfer.splice.held(), 0U);
}

TEST(Splice, says_when_the_source_ends) {
    Transfer transfer;
    transfer.from.say("last");
    ::shutdown(transfer.from.far.get(), SHUT_WR);
    const auto progress = transfer.move();
    EXPECT_EQ(progress.given, 4U);
    EXPECT_TRUE(progress.end);
    EXPECT_TRUE(transfer.source.read_closed());
}

TEST(Splice, says_when_the_sink_is_gone) {
    // There is no MSG_NOSIGNAL for splice(2).
    ignore_failing_writes();
    Transfer transfer;
    transfer.to.far.reset();
    transfer.from.say("nobody hears this");
    EXPECT_TRUE(transfer.move().sink_broken);
}

TEST(Splice, gives_way_after_its_budget) {
    Transfer transfer;
    transfer.from.say(std::string(100'000, 'x'));
    const auto progress = transfer.move(UINT64_MAX, 1000);
    EXPECT_GE(progress.given, 1000U);
    EXPECT_TRUE(transfer.source.readable());
    uint64_t all = progress.given;
    for (int n = 0; n < 100 && all < 100'000; ++n) all += transfer.move(UINT64_MAX, 1000).given;
    EXPECT_EQ(all, 100'000U);
    EXPECT_EQ(transfer.to.hear().size(), 100'000U);
}

TEST(Splice, does_not_give_back_a_pipe_with_bytes_in_it) {
    Kernel kernel;
    Sockets from;
    Sockets to;
    PipePool pipes(65536, 1);
    Session& source = kernel.open(from, Session::Side::client, std::make_unique<Script>());
    Session& sink = kernel.open(to, Session::Side::backend, std::make_unique<Script>());
    while (sink.writable()) sink.write(std::string(100'000, 'f'));
    from.say("stuck");
    {
        SpliceTransfer splice(pipes, std::move(*pipes.take()));
        kernel.turn();
        splice.move(source, sink, UINT64_MAX, UINT64_MAX);
        EXPECT_EQ(splice.held(), 5U);
    }
    EXPECT_EQ(pipes.in_use(), 0U);
    const auto pipe = pipes.take();
    ASSERT_TRUE(pipe);
    char byte = 0;
    EXPECT_EQ(::read(pipe->read_end.get(), &byte, 1), -1);
}

}  // namespace
}  // namespace seki::net
