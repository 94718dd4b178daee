#include "supervisor/preflight.h"

#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Preflight : Scene {
    std::vector<std::string> found(const std::string& text) {
        const std::string whole =
            fmt::format("command_socket = \"{}/seki.sock\"\nmax_connections = 10\n{}", folder, text);
        const auto file = config::parse(whole, "s.toml", config::read_file_text);
        EXPECT_TRUE(file) << config::text(file.error());
        std::vector<std::string> texts;
        if (file) std::ranges::transform(obstacles(*file), std::back_inserter(texts), &Obstacle::text);
        return texts;
    }
    static std::string listener(const SocketAddress& address) {
        return fmt::format("[[listeners]]\nprotocol = \"http\"\naddress = \"{}\"\n", address.text());
    }
};

TEST_F(Preflight, finds_nothing_in_the_way_and_leaves_nothing_behind) {
    const SocketAddress address = free_address();
    EXPECT_THAT(found(fmt::format("log_target = \"file://{}/log\"\npid_file_path = \"{}/pid\"\n", folder, folder) +
                      listener(address)),
                IsEmpty());
    EXPECT_NE(::access((folder + "/log").c_str(), F_OK), 0);
    EXPECT_NE(::access((folder + "/pid").c_str(), F_OK), 0);
    EXPECT_FALSE(accepts(address));
}

TEST_F(Preflight, names_every_file_that_cannot_be_written) {
    EXPECT_THAT(
        found(R"(
log_target = "file:///nonexistent/log"
access_logs_target = "file:///nonexistent/access"
pid_file_path = "/"
saved_state = "/nonexistent/state.json"
automatic_state_save = true
)"),
        ElementsAre("log_target: /nonexistent: No such file or directory",
                    "access_logs_target: /nonexistent: No such file or directory", "pid_file_path: /: Is a directory",
                    "saved_state: /nonexistent: No such file or directory"));
    const auto file = config::parse("command_socket = \"/nonexistent/seki.sock\"\nmax_connections = 10\n", "s.toml");
    ASSERT_TRUE(file);
    const std::vector<Obstacle> socket = obstacles(*file);
    ASSERT_EQ(socket.size(), 1U);
    EXPECT_EQ(socket.front().text(), "command_socket: /nonexistent: No such file or directory");
}

TEST_F(Preflight, names_more_connections_than_a_loop_can_watch) {
    const std::string text = fmt::format("command_socket = \"{}/seki.sock\"\nmax_connections = 600000\n", folder);
    const auto file = config::parse(text, "s.toml");
    ASSERT_TRUE(file);
    EXPECT_TRUE(std::ranges::any_of(obstacles(*file), [](const Obstacle& obstacle) {
        return obstacle.text().starts_with("max_connections: 600000 clients") && !obstacle.passing;
    }));
}

TEST_F(Preflight, names_an_address_that_somebody_else_has) {
    ListeningSockets others(1, 16);
    const SocketAddress address = free_address();
    ASSERT_TRUE(others.open({command::HTTP, address}));
    const std::string said = fmt::format("listeners: {}: the address is already in use", address.text());
    EXPECT_THAT(found(listener(address)), ElementsAre(HasSubstr(said)));
    EXPECT_THAT(found("activate_listeners = false\n" + listener(address)), IsEmpty());
    const auto of_everybody = SocketAddress::v4(0, address.port());
    EXPECT_THAT(found(listener(of_everybody)), ElementsAre(HasSubstr("in use")));
}

TEST_F(Preflight, minds_no_address_of_an_instance_that_runs_with_the_same_configuration) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    EXPECT_THAT(found(listener(address)), IsEmpty());
}

TEST_F(Preflight, minds_no_address_while_workers_serve_whose_supervisor_has_died) {
    ListeningSockets others(1, 16);
    const SocketAddress address = free_address();
    ASSERT_TRUE(others.open({command::HTTP, address}));
    {
        const auto worker = Lifelines(folder + "/seki.sock").open(4242);
        ASSERT_TRUE(worker) << worker.error().message;
        EXPECT_THAT(found(listener(address)), IsEmpty());
    }
    EXPECT_THAT(found(listener(address)), ElementsAre(HasSubstr("in use"))) << "it has ended, and its file is left";
}

TEST_F(Preflight, names_an_address_that_this_machine_does_not_have) {
    // RFC 5737: for documentation.
    EXPECT_THAT(found(listener(SocketAddress::v4(0xC0000201, 80))),
                ElementsAre(HasSubstr("192.0.2.1:80: cannot bind")));
}

}  // namespace
}  // namespace seki::supervisor
