#include "supervisor/command_server.h"

#include <deque>
#include <sys/stat.h>

#include "base/unix_address.h"
#include "command/frame.h"
#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A client that never waits: what is there is read, what fits is written.
class Client {
public:
    explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        connected = UnixAddress::at(path)->connect(fd_.get()) == 0;
    }

    bool connected = false;

    bool write(std::string_view bytes) {
        return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
    }
    bool ask(const command::Request& request) {
        std::string bytes;
        EXPECT_TRUE(command::append_frame(bytes, request, 10'000'000));
        return write(bytes);
    }
    void finish() { ::shutdown(fd_.get(), SHUT_WR); }

    std::vector<command::Response> answers() {
        char piece[65536];
        ssize_t got = 0;
        while ((got = ::recv(fd_.get(), piece, sizeof piece, 0)) > 0) bytes_.append(piece, static_cast<size_t>(got));
        closed = got == 0;
        std::vector<command::Response> found;
        for (;;) {
            const auto decoded = command::decode_frame(bytes_, 10'000'000);
            const auto* frame = std::get_if<command::Frame>(&decoded);
            if (frame == nullptr) return found;
            EXPECT_TRUE(found.emplace_back().ParsePartialFromArray(frame->payload.data(),
                                                                   static_cast<int>(frame->payload.size())));
            bytes_.erase(0, frame->consumed);
        }
    }
    std::vector<std::string> messages() {
        std::vector<std::string> texts;
        for (const command::Response& answer : answers()) {
            texts.push_back(ResponseStatus_Name(answer.status()) + " " + answer.message());
        }
        return texts;
    }

    bool closed = false;

private:
    UniqueFd fd_;
    std::string bytes_;
};

command::Request remove(const std::string& id) {
    command::Request request;
    request.set_remove_cluster(id);
    return request;
}

struct ServerTest : Scene {
    std::deque<std::pair<command::Request, CommandServer::Answer>> asked;
    std::unique_ptr<CommandServer> server;
    bool at_once = true;  // each request is answered with what it names

    void open() {
        auto opened = try_open();
        ASSERT_TRUE(opened) << opened.error().message;
        server = std::move(*opened);
    }
    Result<std::unique_ptr<CommandServer>> try_open() {
        return CommandServer::open(loop, log, settings.command,
                                   [this](command::Request request, CommandServer::Answer answer) {
                                       if (at_once) return answer(response_of(command::OK, request.remove_cluster()));
                                       asked.emplace_back(std::move(request), std::move(answer));
                                   });
    }
    ~ServerTest() override { server.reset(); }
};

TEST_F(ServerTest, answers_the_requests_of_one_connection_all_and_in_order) {
    open();
    Client client(settings.command.path);
    for (int number = 0; number < 100; ++number) ASSERT_TRUE(client.ask(remove(std::to_string(number))));
    turns(10);
    const auto answers = client.answers();
    ASSERT_THAT(answers, SizeIs(100));
    for (int number = 0; number < 100; ++number) {
        EXPECT_EQ(answers[static_cast<size_t>(number)].message(), std::to_string(number));
    }
}

TEST_F(ServerTest, reads_the_next_request_when_the_one_before_is_answered) {
    at_once = false;
    open();
    Client client(settings.command.path);
    ASSERT_TRUE(client.ask(remove("one")) && client.ask(remove("two")));
    turns();
    ASSERT_THAT(asked, SizeIs(1));
    asked[0].second(response_of(command::FAILURE, "no"));
    turns();
    ASSERT_THAT(asked, SizeIs(2));
    asked[1].second(response_of(command::OK, "yes"));
    turns();
    EXPECT_THAT(client.messages(), ElementsAre("FAILURE no", "OK yes"));
}

TEST_F(ServerTest, logs_who_asked_for_what_and_what_came_of_it) {
    at_once = false;
    open();
    Client client(settings.command.path);
    const auto ask_and_answer = [&](const command::Request& request, command::ResponseStatus status) {
        ASSERT_TRUE(client.ask(request));
        turns();
        asked.front().second(response_of(status, "no such\nthing"));
        asked.pop_front();
        turns();
    };
    const std::string by = fmt::format(" by uid {}, pid {}", ::getuid(), ::getpid());
    ask_and_answer(remove("one"), command::OK);
    EXPECT_THAT(logged(), HasSubstr("RemoveCluster one" + by + "\n"));
    ask_and_answer(remove("one"), command::FAILURE);
    EXPECT_THAT(logged(), HasSubstr("RemoveCluster one" + by + " failed: no such\\x0Athing\n"));

    command::Request question;
    question.mutable_status();
    ask_and_answer(question, command::OK);
    EXPECT_EQ(logged(), "");
    ASSERT_TRUE(client.ask(remove("one")));
    turns();
    command::Response warned = response_of(command::OK, "done");
    warned.add_warnings("left behind: 1 frontend");
    asked.front().second(warned);
    asked.pop_front();
    EXPECT_THAT(logged(),
                AllOf(HasSubstr("WARN"), HasSubstr("RemoveCluster one" + by + ": left behind: 1 frontend\n")));
    ASSERT_TRUE(log.set_filter("info,command=debug"));
    ask_and_answer(question, command::OK);
    EXPECT_THAT(logged(), HasSubstr("Status" + by + "\n"));
}

TEST_F(ServerTest, turns_a_worker_away_whoever_its_user_is) {
    settings.command.is_worker = [](pid_t pid) { return pid == ::getpid(); };
    open();
    Client client(settings.command.path);
    turns();
    EXPECT_THAT(client.messages(), IsEmpty());
    EXPECT_TRUE(client.closed);
    EXPECT_THAT(logged(), HasSubstr(fmt::format("uid {}, pid {} is turned away: workers do not command\n", ::getuid(),
                                                ::getpid())));
}

TEST_F(ServerTest, turns_away_what_a_worker_that_is_gone_has_left_in_the_queue) {
    bool is_there = true;
    settings.command.is_worker = [&is_there](pid_t) { return is_there; };
    open();
    std::deque<Client> left;
    for (int number = 0; number < 100; ++number)
        ASSERT_TRUE(left.emplace_back(settings.command.path).ask(remove("one")));
    is_there = false;
    server->worker_ended(::getpid());
    Client other(settings.command.path);  // who has its number now
    ASSERT_TRUE(other.ask(remove("two")));
    turns(20);
    for (Client& client : left) EXPECT_THAT(client.messages(), IsEmpty());
    EXPECT_THAT(other.messages(), ElementsAre("OK two"));
}

TEST_F(ServerTest, logs_who_wants_it_to_stop_before_it_has_stopped) {
    at_once = false;
    open();
    Client client(settings.command.path);
    command::Request stop;
    stop.mutable_soft_stop();
    ASSERT_TRUE(client.ask(stop));
    turns();
    EXPECT_THAT(logged(), HasSubstr(fmt::format("SoftStop by uid {}, pid {}\n", ::getuid(), ::getpid())));
}

TEST_F(ServerTest, removes_its_file_only_if_no_other_has_taken_its_place) {
    open();
    ASSERT_EQ(::unlink(settings.command.path.c_str()), 0);
    std::unique_ptr<CommandServer> first = std::move(server);
    open();
    first.reset();
    EXPECT_EQ(::access(settings.command.path.c_str(), F_OK), 0);
    server.reset();
    EXPECT_NE(::access(settings.command.path.c_str(), F_OK), 0);
}

TEST_F(ServerTest, tells_a_client_that_waits_that_its_answer_is_on_the_way) {
    at_once = false;
    open();
    Client client(settings.command.path);
    ASSERT_TRUE(client.ask(remove("one")));
    turns();
    for (int count = 0; count < 3; ++count) pass(CommandSession::pulse + std::chrono::milliseconds(1));
    EXPECT_THAT(client.messages(), SizeIs(3));
    asked[0].second(response_of(command::OK, "done"));
    pass(CommandSession::pulse * 3);
    EXPECT_THAT(client.messages(), ElementsAre("OK done"));
}

TEST_F(ServerTest, refuses_what_it_cannot_understand_and_goes_on) {
    open();
    Client client(settings.command.path);
    const std::string undecodable("\x0c\0\0\0\0\0\0\0\xff\xff\xff\xff", 12);
    const std::string unknown_verb("\x0c\0\0\0\0\0\0\0\xc2\xbb\x01\0", 12);
    const std::string nothing("\x08\0\0\0\0\0\0\0", 8);
    const std::string below_prefix("\x01\0\0\0\0\0\0\0", 8);
    ASSERT_TRUE(client.write(undecodable + unknown_verb + nothing + below_prefix));
    ASSERT_TRUE(client.ask(remove("good")));
    turns();
    const auto answers = client.answers();
    ASSERT_THAT(answers, SizeIs(5));
    for (size_t index = 0; index < 4; ++index) EXPECT_EQ(answers[index].status(), command::FAILURE);
    EXPECT_EQ(answers[4].message(), "good");
}

TEST_F(ServerTest, refuses_and_skips_a_request_that_is_too_large) {
    settings.command.max_frame_bytes = 4096;
    open();
    Client client(settings.command.path);
    ASSERT_TRUE(client.ask(remove(std::string(20'000, 'x'))) && client.ask(remove("good")));
    turns();
    EXPECT_THAT(client.messages(), ElementsAre(HasSubstr("max_command_buffer_size"), "OK good"));
}

TEST_F(ServerTest, an_answer_that_is_too_large_becomes_a_failure) {
    settings.command.max_frame_bytes = 4096;
    at_once = false;
    open();
    Client client(settings.command.path);
    ASSERT_TRUE(client.ask(remove("list")));
    turns();
    asked[0].second(response_of(command::OK, std::string(5000, 'x')));
    turns();
    EXPECT_THAT(client.messages(), ElementsAre(HasSubstr("FAILURE the answer")));
}

TEST_F(ServerTest, a_client_that_reads_nothing_disturbs_nobody) {
    at_once = false;
    open();
    Client deaf(settings.command.path);
    Client other(settings.command.path);
    size_t sent = 0;
    for (int round = 0; round < 200; ++round) {
        while (sent < 10'000 && deaf.ask(remove("x"))) ++sent;
        turns(3);
        for (auto& [request, answer] : asked) answer(response_of(command::OK, std::string(50'000, 'x')));
        asked.clear();
    }
    EXPECT_LT(sent, 10'000U) << "it is read from no more";
    ASSERT_TRUE(other.ask(remove("mine")));
    turns();
    ASSERT_FALSE(asked.empty());
    asked.back().second(response_of(command::OK, "yours"));
    turns();
    EXPECT_THAT(other.messages(), ElementsAre("OK yours"));
}

TEST_F(ServerTest, a_client_that_is_gone_misses_nothing) {
    at_once = false;
    open();
    {
        Client client(settings.command.path);
        ASSERT_TRUE(client.ask(remove("one")));
        turns();
    }
    turns();
    ASSERT_THAT(asked, SizeIs(1));
    asked[0].second(response_of(command::OK, "nobody hears"));
    turns();
    EXPECT_EQ(server->sessions(), 0U);
}

TEST_F(ServerTest, a_client_that_stops_sending_still_gets_its_answers) {
    open();
    Client client(settings.command.path);
    ASSERT_TRUE(client.ask(remove("one")) && client.ask(remove("two")));
    client.finish();
    turns();
    EXPECT_THAT(client.messages(), ElementsAre("OK one", "OK two"));
    EXPECT_TRUE(client.closed);
    EXPECT_EQ(server->sessions(), 0U);
}

TEST_F(ServerTest, is_for_the_owner_of_the_process_only) {
    open();
    struct stat about{};
    ASSERT_EQ(::stat(settings.command.path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(ServerTest, refuses_users_that_are_not_named_when_some_are) {
    settings.command.allowed_uids = {::getuid() + 1};
    open();
    Client client(settings.command.path);
    ASSERT_TRUE(client.ask(remove("one")));
    turns();
    EXPECT_THAT(client.messages(), ElementsAre(HasSubstr("unauthorized")));
}

TEST_F(ServerTest, who_may_do_little_cannot_keep_others_out) {
    CommandServer::Settings restricted;
    restricted.allowed_uids = {4001};
    restricted.readonly_uids = {4002};
    const auto room = [](const CommandServer::Settings& of, std::optional<uid_t> uid) {
        Peer peer;
        if (uid) peer.credentials = ucred{.pid = 1, .uid = *uid, .gid = 1};
        return CommandServer::room_for(of, peer);
    };
    constexpr size_t all = CommandServer::max_sessions;
    constexpr size_t with_reserve = all + CommandServer::reserved_sessions;
    using Room = CommandServer::Room;
    EXPECT_EQ(room(restricted, 4001), (Room{all, all}));
    EXPECT_EQ(room(restricted, 4002), (Room{CommandServer::max_reader_sessions, all}));
    EXPECT_EQ(room(restricted, 4003), (Room{CommandServer::max_stranger_sessions, all}));
    EXPECT_EQ(room(restricted, {}), (Room{CommandServer::max_stranger_sessions, all}));
    EXPECT_EQ(room(restricted, 0), (Room{with_reserve, with_reserve}));
    EXPECT_EQ(room(restricted, geteuid()), (Room{with_reserve, with_reserve}));
    EXPECT_EQ(room({}, 4003), (Room{all, all})) << "where nobody is named, whoever can open the socket may all";
}

TEST_F(ServerTest, replaces_a_socket_file_that_nobody_serves) {
    {
        const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
        ASSERT_EQ(UnixAddress::at(settings.command.path)->bind(stale.get()), 0);
    }
    open();
    EXPECT_TRUE(Client(settings.command.path).connected);
}

TEST_F(ServerTest, is_refused_where_another_instance_answers) {
    open();
    const auto second = try_open();
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr(settings.command.path));
    EXPECT_TRUE(Client(settings.command.path).connected) << "the first one is not disturbed";
}

TEST_F(ServerTest, leaves_a_file_alone_that_is_no_socket) {
    const UniqueFd file(::open(settings.command.path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    EXPECT_FALSE(try_open());
    EXPECT_EQ(::access(settings.command.path.c_str(), F_OK), 0);
}

TEST_F(ServerTest, finishes_when_the_answers_that_are_owed_are_written) {
    at_once = false;
    open();
    Client idle(settings.command.path);
    Client waiting(settings.command.path);
    ASSERT_TRUE(waiting.ask(remove("one")));
    turns();
    bool finished = false;
    server->finish([&] { finished = true; });
    turns();
    EXPECT_THAT(idle.answers(), IsEmpty());
    EXPECT_TRUE(idle.closed);
    EXPECT_FALSE(finished);
    EXPECT_FALSE(Client(settings.command.path).connected);
    asked[0].second(response_of(command::OK, "last"));
    turns();
    EXPECT_THAT(waiting.messages(), ElementsAre("OK last"));
    EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace seki::supervisor
