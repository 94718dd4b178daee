#include "ctl/client.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unix_address.h"
#include "ctl/scripted_server.h"
#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct ClientTest : testing::Test {
    ScriptedServer server;
    std::vector<std::string> progress;

    // How asking for the status ends: "OK <message>" or the error's message.
    std::string ask(Timeout timeout = std::nullopt, size_t max_frame_bytes = 100'000) {
        Client client = server.client(max_frame_bytes);
        const auto response = client.ask(message_of<command::Request>("status {}"), timeout,
                                         [&](const auto& working) { progress.push_back(working.message()); });
        if (!response) return response.error().message;
        return ResponseStatus_Name(response->status()) + " " + response->message();
    }
};

TEST_F(ClientTest, an_answer_ends_the_question) {
    server.says("status: OK message: 'fine'");
    EXPECT_EQ(ask(), "OK fine");
    ASSERT_THAT(server.heard(), SizeIs(1));
}

TEST_F(ClientTest, a_failure_is_an_answer_too) {
    server.says("status: FAILURE message: 'no'");
    EXPECT_EQ(ask(), "FAILURE no");
}

TEST_F(ClientTest, progress_is_told_until_the_answer_comes) {
    server.says("status: PROCESSING message: 'one'");
    server.says("status: PROCESSING message: 'two'");
    server.says("status: OK message: 'done'");
    server.says("status: OK message: 'of another question'");
    EXPECT_EQ(ask(), "OK done");
    EXPECT_THAT(progress, ElementsAre("one", "two"));
}

TEST_F(ClientTest, required_fields_that_nobody_gave_are_sent_with_their_defaults) {
    Client client = server.client();
    ASSERT_TRUE(client.send(message_of<command::Request>("query_metrics { list: true }"), 1s));
    const auto heard = server.heard();
    ASSERT_THAT(heard, SizeIs(1));
    EXPECT_TRUE(heard[0].query_metrics().has_workers());
    EXPECT_TRUE(heard[0].IsInitialized());
}

TEST_F(ClientTest, a_server_that_says_nothing_is_not_waited_for_without_end) {
    EXPECT_EQ(ask(1ms), "no answer within 1 ms; --timeout sets another limit, 0 means none");
}

TEST_F(ClientTest, half_an_answer_is_not_waited_for_without_end) {
    server.says_bytes(frame_prefix(50) + "half");
    EXPECT_THAT(ask(1ms), HasSubstr("no answer within 1 ms"));
}

TEST_F(ClientTest, progress_is_no_answer_and_the_limit_holds_again) {
    server.says("status: PROCESSING message: 'one'");
    EXPECT_THAT(ask(1ms), HasSubstr("no answer within 1 ms"));
    EXPECT_THAT(progress, ElementsAre("one"));
}

TEST_F(ClientTest, a_server_that_takes_nothing_is_not_waited_for_without_end) {
    command::Request request;
    request.set_load_state(std::string(10'000'000, 'x'));
    Client client = server.client(20'000'000);
    const auto sent = client.send(request, 1ms);
    ASSERT_FALSE(sent);
    EXPECT_THAT(sent.error().message, HasSubstr("no answer within 1 ms"));
}

TEST_F(ClientTest, a_server_that_hangs_up_is_told) {
    const std::string told = "the server closed the connection before its answer was complete";
    server.hangs_up();
    EXPECT_EQ(ask(), told);
}

TEST_F(ClientTest, a_server_that_hangs_up_within_its_answer_is_told) {
    for (const std::string& beginning : {std::string("abc"), frame_prefix(50), frame_prefix(50) + "half"}) {
        ScriptedServer fresh;
        fresh.says_bytes(beginning);
        fresh.hangs_up();
        Client client = fresh.client();
        const auto response = client.receive(std::nullopt);
        ASSERT_FALSE(response);
        EXPECT_THAT(response.error().message, HasSubstr("closed the connection"));
    }
}

TEST_F(ClientTest, a_server_that_is_gone_already_is_told) {
    Client client = server.client();
    server = ScriptedServer();
    const auto sent = client.send(message_of<command::Request>("status {}"), 1s);
    ASSERT_FALSE(sent);
    EXPECT_THAT(sent.error().message, HasSubstr("cannot send the request"));
}

TEST_F(ClientTest, a_frame_larger_than_allowed_is_not_read) {
    server.says_bytes(frame_prefix(100'001));
    EXPECT_EQ(ask(), "the server sent a frame of 100001 bytes; max_command_buffer_size allows 100000");
}

TEST_F(ClientTest, a_size_beyond_all_memory_is_not_read) {
    server.says_bytes("HTTP/1.1 400 Bad Request\r\n\r\n");
    EXPECT_THAT(ask(), HasSubstr("max_command_buffer_size allows 100000"));
}

TEST_F(ClientTest, a_frame_smaller_than_its_prefix_is_no_frame) {
    server.says_bytes(frame_prefix(7));
    EXPECT_EQ(ask(), "the server does not speak the command protocol (a frame of 7 bytes)");
}

TEST_F(ClientTest, a_frame_without_an_answer_is_no_answer) {
    server.says_bytes(frame_prefix(12) + "\xff\xff\xff\xff");
    EXPECT_EQ(ask(), "the server does not speak the command protocol (its frame holds no answer)");
}

TEST_F(ClientTest, a_request_larger_than_allowed_is_not_sent) {
    command::Request request;
    request.set_load_state(std::string(100'000, 'x'));
    Client client = server.client();
    const auto sent = client.send(request, 1s);
    ASSERT_FALSE(sent);
    EXPECT_THAT(sent.error().message, HasSubstr("more than max_command_buffer_size allows (100000)"));
    EXPECT_THAT(server.heard(), SizeIs(0));
}

TEST(Connect, to_nobody_is_told_with_the_path) {
    const Directory directory;
    const std::string path = directory.path() + "/seki.sock";
    const auto refused = [&] {
        const auto client = Client::connect(path, 1000);
        return client ? "connected" : client.error().message;
    };
    EXPECT_EQ(refused(), "no Seki listens on " + path +
                             " (No such file or directory); is it running? -c FILE or --socket PATH names another one");
    directory.file("seki.sock", "");
    EXPECT_EQ(refused(), "no Seki listens on " + path +
                             " (Connection refused); is it running? -c FILE or --socket PATH names another one");
}

TEST(Connect, a_path_that_no_socket_can_have_is_refused) {
    const auto client = Client::connect(std::string(108, 'x'), 1000);
    ASSERT_FALSE(client);
    EXPECT_THAT(client.error().message, HasSubstr("a path of 108 bytes is too long for a socket (at most 107)"));
}

TEST(Connect, a_listening_socket_takes_the_question) {
    const Directory directory;
    const std::string path = directory.path() + "/s";
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(UnixAddress::at(path)->bind(listener.get()), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    auto client = Client::connect(path, 1000);
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_TRUE(client->send(message_of<command::Request>("status {}"), 1s));
}

}  // namespace
}  // namespace seki::ctl
