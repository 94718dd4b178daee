#include "supervisor/verbs.h"

#include "config/certificates.h"
#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct VerbsTest : Scene {
    std::vector<command::Response> answers;

    void begin() { start({checked(add_cluster("shop"))}); }
    ~VerbsTest() override { supervisor.reset(); }  // its workers still owe answers to the verbs
    void obey(command::Request request) {
        supervisor->verbs().obey(std::move(request),
                                 [this](const command::Response& answer) { answers.push_back(answer); });
        turns();
    }
    std::vector<std::string> states() {
        std::vector<std::string> names;
        for (const auto& info : answers.back().content().workers().vec())
            names.push_back(RunState_Name(info.run_state()));
        return names;
    }
};

TEST_F(VerbsTest, a_change_that_the_validator_refuses_is_a_failure_with_the_reason) {
    begin();
    obey(add_cluster(""));
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_THAT(answers.back().message(), HasSubstr("cluster_id"));
}

TEST_F(VerbsTest, a_change_is_answered_when_it_is_in_force) {
    begin();
    obey(add_cluster("new"));
    EXPECT_EQ(answers.back().status(), command::OK);
    EXPECT_TRUE(has_cluster("new"));
}

TEST_F(VerbsTest, a_change_is_answered_with_what_may_not_have_been_meant) {
    begin();
    command::Request request;
    request.mutable_add_backend()->set_cluster_id("shopp");
    request.mutable_add_backend()->set_backend_id("one");
    *request.mutable_add_backend()->mutable_address() = config::to_wire(free_address());
    for (const char* when : {"now", "and when it is sent again and changes nothing"}) {
        obey(request);
        EXPECT_EQ(answers.back().status(), command::OK);
        EXPECT_THAT(answers.back().warnings(), ElementsAre(HasSubstr("there is no cluster 'shopp'"))) << when;
        EXPECT_EQ(answers.back().message(),
                  "Successfully applied request to all workers\nwarning: " + answers.back().warnings(0))
            << "for clients that know of no warnings";
    }
    request.mutable_add_backend()->set_cluster_id("shop");
    obey(request);
    EXPECT_TRUE(answers.back().warnings().empty());
    EXPECT_EQ(answers.back().message(), "Successfully applied request to all workers");
    request.set_logging("info,backnd=debug");
    obey(request);
    EXPECT_THAT(answers.back().warnings(), ElementsAre(HasSubstr("nobody writes lines as 'backnd'")));
}

TEST_F(VerbsTest, what_does_not_exist_yet_is_refused_as_such) {
    begin();
    command::Request request;
    request.set_launch_worker("");
    obey(request);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_THAT(answers.back().message(), HasSubstr("not available yet"));
}

TEST_F(VerbsTest, the_configuration_is_answered_from_the_state) {
    begin();
    command::Request request;
    request.set_query_cluster_by_id("shop");
    obey(request);
    const auto& holders = answers.back().content().worker_responses().map();
    EXPECT_EQ(holders.at("main").clusters().vec(0).configuration().cluster_id(), "shop");
    EXPECT_EQ(holders.size(), 3U) << "and each of two workers that serve the same version";
    EXPECT_EQ(holders.at("1").SerializeAsString(), holders.at("main").SerializeAsString());
    request.mutable_query_clusters_hashes();
    obey(request);
    EXPECT_EQ(answers.back().content().worker_responses().map().at("main").cluster_hashes().map().size(), 1U);
    request.mutable_list_listeners();
    obey(request);
    EXPECT_TRUE(answers.back().content().has_listeners_list());
    request.mutable_query_certificates_from_the_state();
    obey(request);
    EXPECT_EQ(answers.back().status(), command::OK);
    EXPECT_TRUE(answers.back().content().has_certificates_with_fingerprints());
    request.mutable_count_requests();
    obey(request);
    EXPECT_EQ(answers.back().content().request_counts().map().at("AddCluster"), 1);
}

TEST_F(VerbsTest, no_worker_is_said_to_serve_what_it_does_not) {
    begin();
    command::Request request;
    request.set_query_cluster_by_id("shop");
    worker(1).state_version = 7;
    obey(request);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_THAT(answers.back().message(), HasSubstr("serves version 7 of the state instead of"));
    obey(add_cluster("next"));
    obey(request);
    EXPECT_EQ(answers.back().status(), command::OK) << "each commit says which version it makes";
    worker(1).silent_about = {Kind::kQuery};
    obey(request);
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_THAT(answers.back().message(), HasSubstr("does not answer"));
}

TEST_F(VerbsTest, what_may_still_be_taken_back_is_not_told) {
    begin();
    for (size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kPrepare};
    obey(add_cluster("new"));
    command::Request request;
    request.mutable_count_requests();
    obey(request);
    EXPECT_TRUE(answers.empty());
    for (size_t id : {0U, 1U}) worker(id).answer_late(Kind::kPrepare);
    turns();
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers.front().content().request_counts().map().count("AddCluster") +
                  answers.back().content().request_counts().map().count("AddCluster"),
              1U);
}

TEST_F(VerbsTest, the_limit_of_connections_is_shown_as_it_was_set_last) {
    begin();
    const auto limit = [this] {
        command::Request request;
        request.mutable_query_max_connections_per_ip();
        obey(request);
        return answers.back().content().max_connections_per_ip_limit().limit();
    };
    EXPECT_EQ(limit(), 0U);
    command::Request request;
    request.set_set_max_connections_per_ip(7);
    obey(request);
    EXPECT_EQ(answers.back().status(), command::OK);
    EXPECT_EQ(worker(0).orders.back().kind_case(), Kind::kCommit);
    EXPECT_EQ(limit(), 7U);
    request.set_set_max_connections_per_ip(0);
    obey(request);
    EXPECT_EQ(limit(), 0U);
    request.set_set_max_connections_per_ip(1'000'000'000);
    obey(request);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
}

TEST_F(VerbsTest, the_state_of_a_backend_that_is_not_there_cannot_be_set) {
    begin();
    command::Request request;
    request.mutable_set_backend_state()->set_cluster_id("shop");
    request.mutable_set_backend_state()->set_backend_id("b");
    *request.mutable_set_backend_state()->mutable_address() = config::to_wire(SocketAddress::v4(0x7F000001, 80));
    request.mutable_set_backend_state()->set_state(command::DRAIN);
    obey(request);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_EQ(answers.back().message(),
              "Did not find Backend with address or id 'b': cluster 'shop' has no backend 'b' on 127.0.0.1:80");
}

TEST_F(VerbsTest, status_names_the_worker_that_does_not_answer) {
    begin();
    worker(1).silent_about = {Kind::kStatus};
    command::Request request;
    request.mutable_status();
    obey(request);
    EXPECT_TRUE(answers.empty());
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_THAT(states(), ElementsAre("RUNNING", "NOT_ANSWERING"));
    EXPECT_FALSE(worker(1).killed) << "a question is no reason to kill";
    EXPECT_EQ(answers.back().content().workers().vec(0).pid(), 1000);
}

TEST_F(VerbsTest, a_question_to_a_worker_that_is_killed_for_hanging_is_answered_all_the_same) {
    begin();
    worker(1).silent_about = {Kind::kQuery, Kind::kPrepare};
    command::Request kill_session;
    kill_session.mutable_kill_session()->set_id("01HZX");
    worker(0).answers = [](const command::Request&) { return response_of(command::FAILURE, "not here"); };
    obey(kill_session);
    submit(add_cluster("new"));
    turns();
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_TRUE(worker(1).killed);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_THAT(answers.back().message(), HasSubstr("worker 1 does not answer"));
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

TEST_F(VerbsTest, status_does_not_wait_for_a_worker_that_dies) {
    begin();
    worker(1).silent_about = {Kind::kStatus};
    command::Request request;
    request.mutable_status();
    obey(request);
    worker(1).end();
    turns();
    EXPECT_THAT(states(), ElementsAre("RUNNING"));
}

TEST_F(VerbsTest, a_worker_that_does_not_serve_yet_does_not_run) {
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    begin();
    command::Request request;
    request.mutable_list_workers();
    obey(request);
    EXPECT_THAT(states(), ElementsAre("NOT_ANSWERING", "NOT_ANSWERING"));
    worker(0).answer_late(Kind::kServe);
    turns();
    request.mutable_status();
    obey(request);
    EXPECT_THAT(states(), ElementsAre("RUNNING", "NOT_ANSWERING"));
}

TEST_F(VerbsTest, questions_do_not_wait_for_a_worker_that_loads_the_configuration) {
    launcher.on_launch = [](PlayedWorker& worker) {
        if (worker.id == 1) worker.silent_about = {Kind::kLoad, Kind::kServe, Kind::kStatus, Kind::kQuery};
    };
    begin();
    command::Request request;
    request.mutable_status();
    obey(request);
    EXPECT_THAT(states(), ElementsAre("RUNNING", "NOT_ANSWERING"));
    request.mutable_query_sessions();
    obey(request);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers.back().status(), command::OK);
    EXPECT_EQ(worker(1).count(Kind::kStatus) + worker(1).count(Kind::kQuery), 0U);
}

TEST_F(VerbsTest, a_worker_that_says_that_it_drains_is_stopping) {
    begin();
    worker(0).condition = worker::Condition::DRAINING;
    command::Request request;
    request.mutable_status();
    obey(request);
    EXPECT_THAT(states(), ElementsAre("STOPPING", "RUNNING"));
}

TEST_F(VerbsTest, metrics_of_all_workers_become_one_or_stay_apart) {
    begin();
    for (const size_t id : {0U, 1U}) {
        worker(id).answers = [](const command::Request&) {
            command::Response response = response_of(command::OK, "");
            auto& proxy = *response.mutable_content()->mutable_worker_metrics()->mutable_proxy();
            proxy["http.requests"].set_count(21);
            return response;
        };
    }
    command::Request request;
    config::fill_required(*request.mutable_query_metrics());
    obey(request);
    EXPECT_EQ(answers.back().content().metrics().proxying().at("http.requests").count(), 42);
    EXPECT_TRUE(answers.back().content().metrics().workers().empty());
    request.mutable_query_metrics()->set_workers(true);
    obey(request);
    EXPECT_EQ(answers.back().content().metrics().workers().at("1").proxy().at("http.requests").count(), 21);
    EXPECT_TRUE(answers.back().content().metrics().proxying().empty());
}

TEST_F(VerbsTest, metrics_of_a_cluster_come_from_the_workers_that_know_it) {
    begin();
    worker(0).answers = [](const command::Request&) {
        command::Response response = response_of(command::OK, "");
        (*response.mutable_content()->mutable_worker_metrics()->mutable_clusters())["gone"];
        return response;
    };
    worker(1).answers = [](const command::Request&) {
        command::Response response = response_of(command::OK, "");
        response.mutable_content()->mutable_worker_metrics();
        return response;
    };
    for (const bool each : {false, true}) {
        const auto of = [&](const char* cluster_id) {
            command::Request request;
            request.mutable_query_metrics()->add_cluster_ids(cluster_id);
            request.mutable_query_metrics()->set_workers(each);
            config::fill_required(*request.mutable_query_metrics());
            obey(request);
            return answers.back();
        };
        EXPECT_EQ(of("gone").status(), command::OK);
        EXPECT_EQ(of("shop").status(), command::OK) << "it has had no traffic yet";
        EXPECT_EQ(of("nobody").status(), command::FAILURE);
        EXPECT_EQ(of("nobody").message(), "no metrics of cluster 'nobody'");
    }
}

TEST_F(VerbsTest, metrics_of_what_nobody_knows_are_refused) {
    begin();
    worker(0).answers = [](const command::Request&) {
        command::Response response = response_of(command::OK, "");
        auto& clusters = *response.mutable_content()->mutable_worker_metrics()->mutable_clusters();
        clusters["shop"].add_backends()->set_backend_id("measured");
        return response;
    };
    command::Request backend;
    backend.mutable_add_backend()->set_cluster_id("shop");
    backend.mutable_add_backend()->set_backend_id("configured");
    *backend.mutable_add_backend()->mutable_address() = config::to_wire(free_address());
    obey(backend);
    const auto message = [&](const auto& name) {
        command::Request request;
        name(*request.mutable_query_metrics());
        config::fill_required(*request.mutable_query_metrics());
        obey(request);
        return answers.back().status() == command::OK ? "OK" : answers.back().message();
    };
    const auto of_backend = [&](const char* id) { return message([id](auto& query) { query.add_backend_ids(id); }); };
    EXPECT_EQ(of_backend("measured"), "OK");
    EXPECT_EQ(of_backend("configured"), "OK") << "it has had no traffic yet";
    EXPECT_EQ(of_backend("nobody"), "no metrics of backend 'nobody'");
    const auto named = [&](const char* id) { return message([id](auto& query) { query.add_metric_names(id); }); };
    EXPECT_EQ(named("http.requests"), "OK");
    EXPECT_EQ(named("request_time_histogram"), "OK") << "nothing has been measured yet";
    EXPECT_EQ(named("configuration.backends"), "OK");
    EXPECT_EQ(named("http.request"), "there is no metric 'http.request'");
}

TEST_F(VerbsTest, metrics_of_the_configuration_have_names_like_others) {
    begin();
    const auto ask = [this](bool list, const char* name) {
        command::Request request;
        request.mutable_query_metrics()->set_list(list);
        if (name != nullptr) request.mutable_query_metrics()->add_metric_names(name);
        config::fill_required(*request.mutable_query_metrics());
        obey(request);
        return answers.back().content();
    };
    EXPECT_TRUE(ask(false, "http.requests").metrics().main().empty());
    EXPECT_EQ(ask(false, "configuration.clusters").metrics().main().size(), 1U);
    EXPECT_EQ(ask(false, nullptr).metrics().main().size(), 3U);
    EXPECT_THAT(ask(true, nullptr).available_metrics().proxy_metrics(),
                ElementsAre("configuration.backends", "configuration.clusters", "configuration.frontends"));
}

TEST_F(VerbsTest, metrics_tell_how_much_is_configured) {
    begin();
    obey(add_cluster("other"));
    command::Request backend;
    backend.mutable_add_backend()->set_cluster_id("shop");
    backend.mutable_add_backend()->set_backend_id("shop-1");
    *backend.mutable_add_backend()->mutable_address() = config::to_wire(free_address());
    obey(backend);
    const SocketAddress address = free_address();
    obey(add_listener(address));
    command::Request frontend;
    frontend.mutable_add_http_frontend()->set_cluster_id("shop");
    frontend.mutable_add_http_frontend()->set_hostname("shop.example");
    *frontend.mutable_add_http_frontend()->mutable_address() = config::to_wire(address);
    obey(frontend);

    const auto gauges = [&] {
        command::Request request;
        config::fill_required(*request.mutable_query_metrics());
        obey(request);
        std::vector<uint64_t> values;
        for (const char* name : {"configuration.clusters", "configuration.backends", "configuration.frontends"}) {
            values.push_back(answers.back().content().metrics().main().at(name).gauge());
        }
        return values;
    };
    EXPECT_THAT(gauges(), ElementsAre(2, 1, 1));
    command::Request removal;
    removal.set_remove_cluster("other");
    obey(removal);
    *removal.mutable_remove_http_frontend() = frontend.add_http_frontend();
    obey(removal);
    EXPECT_THAT(gauges(), ElementsAre(1, 1, 0));
}

TEST_F(VerbsTest, sessions_of_all_workers_are_one_list) {
    begin();
    for (const uint32_t id : {0U, 1U}) {
        worker(id).answers = [id](const command::Request&) {
            command::Response response = response_of(command::OK, "");
            command::SessionInfo& info = *response.mutable_content()->mutable_sessions()->add_vec();
            info.set_id(fmt::format("session-{}", id));
            info.set_worker_id(id);
            info.set_line("");
            return response;
        };
    }
    command::Request request;
    request.mutable_query_sessions();
    obey(request);
    const auto& sessions = answers.back().content().sessions();
    ASSERT_EQ(sessions.vec_size(), 2);
    EXPECT_EQ(sessions.vec(1).id(), "session-1");
    EXPECT_FALSE(sessions.truncated());
}

TEST_F(VerbsTest, answers_of_many_name_the_worker_that_does_not_answer) {
    begin();
    worker(1).silent_about = {Kind::kQuery};
    command::Request request;
    const auto ask = [&] {
        obey(request);
        pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
        return answers.back().content();
    };
    request.mutable_query_sessions();
    const auto sessions = ask().sessions();
    EXPECT_THAT(sessions.silent_workers(), ElementsAre(1));
    EXPECT_FALSE(sessions.truncated());
    config::fill_required(*request.mutable_query_metrics());
    EXPECT_THAT(ask().metrics().silent_workers(), ElementsAre(1));
    request.mutable_query_metrics()->set_list(true);
    EXPECT_THAT(ask().available_metrics().silent_workers(), ElementsAre(1));
}

TEST_F(VerbsTest, an_ocsp_response_that_has_run_out_is_refused) {
    begin();
    const SocketAddress address = free_address();
    const auto pair = x509::made::pair_for("a.example");
    auto request = config::certificate(address.text(), pair);
    auto& response = *request.mutable_add_certificate()->mutable_certificate()->mutable_ocsp_response();
    response = x509::made::good_ocsp_response(pair, x509::made::year_2020 + 1);
    obey(request);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_THAT(answers.back().message(), HasSubstr("it was good until 2020-01-01T00:00:01Z"));
    response = x509::made::good_ocsp_response(pair);
    obey(request);
    EXPECT_EQ(answers.back().status(), command::OK);
}

TEST_F(VerbsTest, certificates_of_workers_are_those_of_all_or_none_are_told) {
    begin();
    for (const size_t id : {0U, 1U}) {
        worker(id).answers = [id](const command::Request& asked) {
            EXPECT_EQ(asked.query_certificates_from_workers().domain(), "a.example");
            command::Response response = response_of(command::OK, "");
            response.mutable_content()->mutable_certificates_by_address()->add_certificates();
            return id == 0 || !asked.query_certificates_from_workers().has_fingerprint()
                       ? response
                       : response_of(command::FAILURE, "there is none");
        };
    }
    command::Request request;
    request.mutable_query_certificates_from_workers()->set_domain("a.example");
    obey(request);
    EXPECT_EQ(answers.back().content().worker_responses().map().size(), 2U);
    request.mutable_query_certificates_from_workers()->set_fingerprint("ab");
    obey(request);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    EXPECT_EQ(answers.back().message(), "worker 1: there is none");
    worker(1).silent_about = {Kind::kQuery};
    obey(request);
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_EQ(answers.back().message(), "worker 1: no answer");
}

TEST_F(VerbsTest, a_session_is_killed_by_whoever_has_it) {
    begin();
    for (const size_t id : {0U, 1U}) {
        worker(id).answers = [id](const command::Request& request) {
            const bool mine = id == 1 && request.kill_session().id() == "mine";
            return response_of(mine ? command::OK : command::FAILURE, mine ? "killed" : "none here");
        };
    }
    command::Request request;
    request.mutable_kill_session()->set_id("mine");
    obey(request);
    EXPECT_EQ(answers.back().status(), command::OK);
    request.mutable_kill_session()->set_id("other");
    obey(request);
    EXPECT_EQ(answers.back().status(), command::FAILURE);
}

TEST_F(VerbsTest, the_log_filter_reaches_workers_that_start_later) {
    begin();
    command::Request request;
    request.set_logging("debug");
    obey(request);
    EXPECT_EQ(answers.back().status(), command::OK);
    EXPECT_EQ(worker(0).orders.back().kind_case(), Kind::kCommit);
    EXPECT_TRUE(log.wants(observe::Level::debug, observe::Module::supervisor));
    lose(0);
    EXPECT_EQ(worker(2).orders[0].hello().config().log_level(), "debug");
}

TEST_F(VerbsTest, the_log_filter_reaches_a_worker_that_starts_while_it_is_undecided) {
    begin();
    worker(1).silent_about = {Kind::kPrepare};
    command::Request request;
    request.set_logging("debug");
    obey(request);
    lose(0);
    ASSERT_NE(worker(2).orders[0].hello().config().log_level(), "debug");
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_EQ(answers.back().status(), command::OK);
    ASSERT_GE(worker(2).orders.size(), 3U);
    EXPECT_EQ(worker(2).orders[1].prepare().changes(0).logging(), "debug");
    EXPECT_EQ(worker(2).orders[2].kind_case(), Kind::kCommit);
    EXPECT_EQ(worker(2).orders.back().kind_case(), Kind::kServe);
}

TEST_F(VerbsTest, the_log_filter_does_not_reach_a_worker_that_starts_while_it_is_undecided_when_it_is_refused) {
    begin();
    worker(1).silent_about = {Kind::kPrepare};
    command::Request request;
    request.set_logging("debug");
    obey(request);
    lose(0);
    worker(1).refuses = "no";
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_EQ(answers.back().status(), command::FAILURE);
    for (const worker::Order& order : worker(2).orders) {
        for (const auto& change : order.prepare().changes()) EXPECT_FALSE(change.has_logging());
    }
    EXPECT_EQ(worker(2).orders.back().kind_case(), Kind::kServe);
}

TEST_F(VerbsTest, a_soft_stop_is_answered_when_all_workers_have_ended) {
    begin();
    worker(0).silent_about = {Kind::kDrain};
    command::Request request;
    request.mutable_soft_stop();
    obey(request);
    EXPECT_TRUE(answers.empty());
    worker(0).answer_late(Kind::kDrain);
    turns();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers.back().status(), command::OK);
}

}  // namespace
}  // namespace seki::supervisor
