#include "supervisor/start_report.h"

#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct StartReportTest : Scene {
    std::vector<std::string> report(const std::vector<command::Request>& changes) {
        config::State state;
        for (const command::Request& change : changes) EXPECT_TRUE(state.apply(checked(change)));
        command::ServerConfig server;
        server.set_max_connections(500);
        server.set_buffer_size(16'384);
        return start_report(state, server, 2);
    }
};

TEST_F(StartReportTest, says_where_it_listens_how_much_there_is_and_its_limits) {
    const SocketAddress address = *SocketAddress::parse("127.0.0.1:80");
    EXPECT_THAT(report({add_listener(address), activate(address)}),
                ElementsAre("listening: http 127.0.0.1:80", "0 clusters, 0 frontends, 0 backends, 0 certificates",
                            "2 workers, each with 500 clients at most and buffers of 16384 bytes"));
}

TEST_F(StartReportTest, a_listener_that_is_not_active_is_none) {
    const SocketAddress address = *SocketAddress::parse("127.0.0.1:80");
    EXPECT_EQ(report({add_listener(address)}).front(), "it listens nowhere");
}

TEST_F(StartReportTest, many_listeners_take_one_line) {
    std::vector<command::Request> changes;
    for (int port = 1; port <= 100; ++port) {
        const SocketAddress address = *SocketAddress::parse(fmt::format("127.0.0.1:{}", port));
        changes.push_back(add_listener(address));
        changes.push_back(activate(address));
    }
    EXPECT_THAT(report(changes).front(), HasSubstr("http 127.0.0.1:16 and 84 more"));
}

}  // namespace
}  // namespace seki::supervisor
