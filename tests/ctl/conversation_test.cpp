#include "ctl/conversation.h"

#include <array>
#include <gmock/gmock.h>
#include <sstream>

#include "ctl/scripted_server.h"
#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct ConversationTest : testing::Test {
    std::array<ScriptedServer, 2> servers;
    ScriptedServer& server = servers[0];
    Settings settings;
    std::ostringstream out;
    std::ostringstream err;
    size_t connections = 0;

    ConversationTest() { settings.timeout = 10s; }

    int run(std::string_view line) {
        const CommandLine spoken = understood(line);
        return run(spoken, spoken.action);
    }
    int run(const CommandLine& line, const Action& action) {
        const auto connect = [&]() -> Result<Client> {
            if (connections == servers.size()) return failure("nobody listens");
            return servers[connections++].client();
        };
        return Conversation(line, settings, connect, {.out = out, .err = err, .terminal = true}).run(action);
    }
    std::vector<std::string> heard(ScriptedServer& by) {
        std::vector<std::string> verbs;
        for (const command::Request& request : by.heard()) {
            const auto& kinds = *command::Request::descriptor()->oneof_decl(0);
            verbs.push_back(request.GetReflection()->GetOneofFieldDescriptor(request, &kinds)->name());
        }
        return verbs;
    }
};

TEST_F(ConversationTest, a_message_without_content_is_all_that_people_see) {
    server.says("status: OK message: 'Successfully applied request to all workers'");
    EXPECT_EQ(run("cluster remove -i shop"), 0);
    EXPECT_EQ(out.str(), "Success: Successfully applied request to all workers\n");
    EXPECT_EQ(err.str(), "");
}

TEST_F(ConversationTest, content_without_a_message_is_all_that_people_see) {
    server.says("status: OK message: '' content { request_counts { map { key: 'add_cluster' value: 2 } } }");
    EXPECT_EQ(run("state stats"), 0);
    EXPECT_EQ(out.str(),
              "╭─────────────┬───────╮\n"
              "│ request     │ count │\n"
              "├─────────────┼───────┤\n"
              "│ add_cluster │     2 │\n"
              "╰─────────────┴───────╯\n");
}

TEST_F(ConversationTest, message_and_content_are_shown_both) {
    server.says("status: OK message: 'here' content { health_checks_list {} }");
    EXPECT_EQ(run("cluster health-check list"), 0);
    EXPECT_EQ(out.str(), "Success: here\nNo health checks\n");
}

TEST_F(ConversationTest, an_answer_that_says_nothing_is_a_success) {
    server.says("status: OK message: ''");
    EXPECT_EQ(run("status"), 0);
    EXPECT_EQ(out.str(), "Success\n");
}

TEST_F(ConversationTest, a_failure_goes_to_the_error_stream_and_into_the_exit_code) {
    for (const char* line : {"status", "status --json"}) {
        ScriptedServer& one = servers[connections];
        one.says("status: FAILURE message: 'there is no \\033[31mcluster'");
        EXPECT_EQ(run(line), 1);
    }
    EXPECT_EQ(out.str(), "");
    EXPECT_EQ(err.str(), "Request failed: there is no ?[31mcluster\nRequest failed: there is no ?[31mcluster\n");
}

TEST_F(ConversationTest, nobody_to_talk_to_is_an_error) {
    connections = servers.size();
    EXPECT_EQ(run("status"), 1);
    EXPECT_EQ(err.str(), "nobody listens\n");
}

TEST_F(ConversationTest, a_server_that_hangs_up_or_talks_nonsense_is_an_error) {
    server.hangs_up();
    EXPECT_EQ(run("status"), 1);
    servers[1].says_bytes(frame_prefix(12) + "\xff\xff\xff\xff");
    EXPECT_EQ(run("status"), 1);
    EXPECT_THAT(err.str(), HasSubstr("closed the connection"));
    EXPECT_THAT(err.str(), HasSubstr("does not speak the command protocol"));
}

TEST_F(ConversationTest, the_limit_of_the_configuration_holds_unless_the_line_names_one) {
    settings.timeout = 1ms;
    EXPECT_EQ(run("status"), 1);
    EXPECT_THAT(err.str(), HasSubstr("no answer within 1 ms"));
    settings.timeout = 10s;
    EXPECT_EQ(run("status -t 2"), 1);
    EXPECT_THAT(err.str(), HasSubstr("no answer within 2 ms"));
}

TEST_F(ConversationTest, the_limit_of_the_configuration_does_not_cut_a_drain_short) {
    settings.timeout = 1ms;
    server.hangs_up();
    EXPECT_EQ(run("shutdown"), 1);
    EXPECT_THAT(err.str(), HasSubstr("closed the connection"));
    EXPECT_EQ(run("shutdown -t 2"), 1);
    EXPECT_THAT(err.str(), HasSubstr("no answer within 2 ms"));
}

TEST_F(ConversationTest, progress_is_told_to_those_who_want_it) {
    for (ScriptedServer& one : servers) {
        one.says("status: PROCESSING message: 'worker 0 stopped'");
        one.says("status: OK message: 'stopped'");
    }
    EXPECT_EQ(run("shutdown"), 0);
    EXPECT_EQ(err.str(), "");
    EXPECT_EQ(run("shutdown -v"), 0);
    EXPECT_EQ(err.str(), "Processing: worker 0 stopped\n");
    EXPECT_EQ(out.str(), "Success: stopped\nSuccess: stopped\n");
}

TEST_F(ConversationTest, json_is_the_content_alone) {
    server.says("status: OK message: 'fine' content { workers { vec { id: 0 pid: 42 run_state: RUNNING } } }");
    servers[1].says("status: OK message: 'fine'");
    EXPECT_EQ(run("status --json"), 0);
    EXPECT_EQ(run("cluster remove -i shop --json"), 0);
    EXPECT_EQ(out.str(), R"({
  "WORKERS": {
    "vec": [
      {
        "id": 0,
        "pid": 42,
        "run_state": "RUNNING"
      }
    ]
  }
}
{}
)");
}

TEST_F(ConversationTest, warnings_of_a_change_have_a_place_of_their_own_in_json) {
    for (ScriptedServer& one : servers) one.says("status: OK message: 'done\\nwarning: odd' warnings: 'odd'");
    EXPECT_EQ(run("cluster remove -i shop"), 0);
    EXPECT_EQ(run("cluster remove -i shop --json"), 0);
    EXPECT_EQ(out.str(), R"(Success: done
warning: odd
{
  "warnings": [
    "odd"
  ]
}
)");
}

TEST_F(ConversationTest, what_is_asked_for_by_name_and_not_there_ends_with_1) {
    struct Question {
        const char* line;
        const char* nothing;
        const char* something;
        const char* said;
    };
    const auto of_main = [](const std::string& content) {
        return "worker_responses { map { key: 'main' value { " + content + " } } }";
    };
    const std::string no_cluster = of_main("clusters {}");
    const std::string cluster = of_main("clusters { vec { configuration { cluster_id: 'shop' } } }");
    const std::string no_certificate = of_main("certificates_by_address { certificates { address { @80 } } }");
    const std::string certificate =
        of_main("certificates_by_address { certificates { address { @80 } certificate_summaries { domain: 'a' } } }");
    for (const Question& question : {
             Question{"cluster list -i shop", no_cluster.c_str(), cluster.c_str(), "there is no cluster 'shop'"},
             Question{"cluster list -d shop.example/cart", no_cluster.c_str(), cluster.c_str(),
                      "no cluster has a frontend for 'shop.example/cart'"},
             Question{"frontend list -d shop", "frontend_list {}", "frontend_list { https_frontends {} }",
                      "there is no frontend with 'shop' in its host name"},
             Question{"cluster health-check list -i shop", "health_checks_list {}",
                      "health_checks_list { map { key: 'shop' value {} } }",
                      "there is no health check of a cluster 'shop'"},
             Question{"certificate list -f ab", "certificates_with_fingerprints {}",
                      "certificates_with_fingerprints { certs { key: 'ab' value {} } }", "there is no certificate ab"},
             Question{"certificate list -w -d shop.example", no_certificate.c_str(), certificate.c_str(),
                      "there is no certificate for 'shop.example'"},
         }) {
        const auto ask = [&](const std::string& content, const char* option) {
            servers[0] = ScriptedServer();
            connections = 0;
            out.str("");
            err.str("");
            server.says("status: OK message: '' content { " + content + " }");
            return run(std::string(question.line) + option);
        };
        EXPECT_EQ(ask(question.nothing, ""), 1) << question.line;
        EXPECT_EQ(out.str(), "") << question.line;
        EXPECT_EQ(err.str(), std::string(question.said) + "\n");
        EXPECT_EQ(ask(question.nothing, " --json"), 1) << question.line;
        EXPECT_THAT(out.str(), HasSubstr("{")) << "programs get the answer all the same";
        EXPECT_EQ(ask(question.something, ""), 0) << question.line;
        EXPECT_EQ(err.str(), "");
    }
}

TEST_F(ConversationTest, lists_of_everything_may_be_empty) {
    for (const auto& [line, content] : {std::pair("frontend list --http", "frontend_list {}"),
                                        std::pair("certificate list", "certificates_with_fingerprints {}"),
                                        std::pair("cluster health-check list", "health_checks_list {}")}) {
        servers[0] = ScriptedServer();
        connections = 0;
        server.says("status: OK message: '' content { " + std::string(content) + " }");
        EXPECT_EQ(run(line), 0) << line;
    }
    EXPECT_EQ(err.str(), "");
}

TEST_F(ConversationTest, a_new_listener_takes_the_timeouts_of_the_configuration) {
    settings.front_timeout = 11;
    settings.back_timeout = 12;
    settings.connect_timeout = 13;
    settings.request_timeout = 14;
    server.says("status: OK message: ''");
    servers[1].says("status: OK message: ''");
    EXPECT_EQ(run("listener http add -a 127.0.0.1:80 --back-timeout 5"), 0);
    EXPECT_EQ(run("listener tcp add -a 127.0.0.1:80"), 0);
    const auto http = server.heard().at(0).add_http_listener();
    EXPECT_THAT((std::array{http.front_timeout(), http.back_timeout(), http.connect_timeout(), http.request_timeout()}),
                ElementsAre(11, 5, 13, 14));
    const auto tcp = servers[1].heard().at(0).add_tcp_listener();
    EXPECT_THAT((std::array{tcp.front_timeout(), tcp.back_timeout(), tcp.connect_timeout()}), ElementsAre(11, 12, 13));
}

TEST_F(ConversationTest, events_are_told_until_the_server_goes) {
    server.says("status: PROCESSING message: 'subscribed'");
    server.says("status: PROCESSING message: '1' content { event { kind: BACKEND_DOWN cluster_id: 'shop' } }");
    server.says("status: PROCESSING message: 'main' content { event { kind: STATE_SAVED } }");
    server.hangs_up();
    EXPECT_EQ(run("events -t 1"), 1);
    EXPECT_EQ(out.str(), "worker 1  BACKEND_DOWN cluster=shop\nmain  STATE_SAVED\n");
    EXPECT_THAT(err.str(), HasSubstr("closed the connection"));
    EXPECT_THAT(heard(server), ElementsAre("subscribe_events"));
}

TEST_F(ConversationTest, events_as_json_are_one_in_a_line_with_their_source) {
    server.says("status: PROCESSING message: '1' content { event { kind: BACKEND_UP backend_id: 'b' } }");
    server.hangs_up();
    EXPECT_EQ(run("events --json"), 1);
    EXPECT_EQ(
        out.str(),
        R"({"EVENT":{"kind":"BACKEND_UP","cluster_id":null,"backend_id":"b","address":null,"metric_detail":null},)"
        R"("source":"1"})"
        "\n");
}

TEST_F(ConversationTest, events_that_are_refused_are_an_error) {
    server.says("status: FAILURE message: 'not available'");
    EXPECT_EQ(run("events"), 1);
    EXPECT_EQ(err.str(), "Request failed: not available\n");
}

TEST_F(ConversationTest, watching_asks_again_on_the_same_connection_and_redraws_a_terminal) {
    for (int count = 0; count < 2; ++count) server.says("status: OK message: '' content { metrics {} }");
    server.hangs_up();
    const CommandLine line = understood("metrics get -r 1");
    EXPECT_EQ(run(line, Watch{std::get<Watch>(line.action).request, 0s}), 1);
    EXPECT_EQ(out.str(), "\x1b[H\x1b[2JNo metrics\n\x1b[H\x1b[2JNo metrics\n");
    EXPECT_THAT(heard(server), SizeIs(3));
}

TEST_F(ConversationTest, switching_http2_puts_the_cluster_back_as_it_was_otherwise) {
    server.says(
        "status: OK message: '' content { worker_responses { "
        "map { key: '0' value { clusters { vec { configuration { cluster_id: 'shop' retry_after: 1 } } } } } "
        "map { key: 'main' value { clusters { vec { configuration { cluster_id: 'shop' retry_after: 2 } } } } } "
        "} }");
    server.says("status: OK message: 'done'");
    EXPECT_EQ(run("cluster h2 enable -i shop"), 0);
    const auto asked = server.heard();
    ASSERT_THAT(asked, SizeIs(2));
    EXPECT_EQ(asked[0].query_cluster_by_id(), "shop");
    EXPECT_EQ(asked[1].add_cluster().cluster_id(), "shop");
    EXPECT_EQ(asked[1].add_cluster().retry_after(), 2U);
    EXPECT_TRUE(asked[1].add_cluster().http2());
    EXPECT_EQ(out.str(), "Success: done\n");
}

TEST_F(ConversationTest, switching_http2_of_a_cluster_that_is_not_there_changes_nothing) {
    server.says("status: OK message: '' content { worker_responses { map { key: 'main' value { clusters {} } } } }");
    EXPECT_EQ(run("cluster h2 disable -i shop"), 1);
    EXPECT_EQ(err.str(), "Request failed: there is no cluster 'shop'\n");
    EXPECT_THAT(heard(server), ElementsAre("query_cluster_by_id"));
}

}  // namespace
}  // namespace seki::ctl
