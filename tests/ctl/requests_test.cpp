#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "ctl/certificate.h"
#include "ctl/spoken.h"
#include "ctl/spoken_lines.h"

namespace seki::ctl {
namespace {

using google::protobuf::util::MessageDifferencer;

std::string in_directory(std::string_view text, const std::string& directory) {
    std::string out;
    for (const char c : text) out += c == '$' ? directory : std::string(1, c);
    return out;
}

// Empty when both are the same; the order of repeated fields matters.
std::string difference(const command::Request& expected, const command::Request& actual) {
    std::string text;
    MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&text);
    return differencer.Compare(expected, actual) ? "" : text;
}

TEST(Requests, every_line_sends_what_it_says) {
    const Directory directory;
    directory.file("answer", "an answer");
    directory.file("key", "a key");
    directory.file("certificate.pem", shop_certificate);
    directory.file("chain.pem",
                   "first\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nbetween\n"
                   "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\nlast\n");
    directory.file("crl.pem", "-----BEGIN X509 CRL-----\nMIID\n-----END X509 CRL-----\n");
    for (const SpokenLine& spoken : spoken_lines()) {
        SCOPED_TRACE(spoken.line);
        const auto expected = message_of<command::Request>(in_directory(spoken.request, directory.path()));
        EXPECT_EQ(difference(expected, request_of(in_directory(spoken.line, directory.path()))), "");
    }
}

TEST(Requests, a_file_for_the_state_is_named_from_where_the_operator_stands) {
    const std::string expected = (std::filesystem::current_path() / "state.json").string();
    EXPECT_EQ(request_of("state save -f state.json").save_state(), expected);
}

TEST(Requests, enums_are_read_in_whichever_way_people_write_them) {
    for (const char* name : {"LEAST_LOADED", "least_loaded", "least-loaded", "LeastLoaded"}) {
        const auto request = request_of(fmt::format("cluster add -i a --load-balancing-policy {}", name));
        EXPECT_EQ(request.add_cluster().load_balancing(), command::LEAST_LOADED) << name;
    }
    const std::map<std::string, command::TlsVersion> versions{
        {"TLSv1", command::TLS_V1_0},   {"TLS_V11", command::TLS_V1_1}, {"TLS_V1_1", command::TLS_V1_1},
        {"TLSv1.2", command::TLS_V1_2}, {"TLS_V13", command::TLS_V1_3}, {"SSL_V3", command::SSL_V3},
    };
    for (const auto& [name, version] : versions) {
        const auto request = request_of("listener https add -a 127.0.0.1:1 --tls-versions " + name);
        ASSERT_EQ(request.add_https_listener().versions_size(), 1) << name;
        EXPECT_EQ(request.add_https_listener().versions(0), version) << name;
    }
}

TEST(Requests, the_password_of_a_user_may_be_hashed_by_crypt) {
    const std::string credential = "Ann A:$2y$12$U1J9tV/NEC1Z.cZe0rKuS.YVnnP3nyOpd5KP1P2FlW.H8vcIAm4jy";
    const auto request =
        request_of(fmt::format("cluster add -i a --load-balancing-policy random --authorized-hash '{}'", credential));
    ASSERT_EQ(request.add_cluster().authorized_hashes_size(), 1);
    EXPECT_EQ(request.add_cluster().authorized_hashes(0), credential);
}

TEST(Requests, only_the_stop_that_waits_for_clients_has_no_limit_of_its_own) {
    const auto patience = [](std::string_view line) { return std::get<Ask>(understood(line).action).patience; };
    EXPECT_EQ(patience("shutdown"), Ask::Patience::drain);
    EXPECT_EQ(patience("shutdown --hard"), Ask::Patience::configured);
    EXPECT_EQ(patience("upgrade"), Ask::Patience::minute);
    EXPECT_EQ(patience("reload"), Ask::Patience::minute);
    EXPECT_EQ(patience("upgrade --worker 1"), Ask::Patience::minute);
    EXPECT_EQ(patience("status"), Ask::Patience::configured);
}

TEST(Requests, some_lines_are_more_or_less_than_one_question) {
    EXPECT_TRUE(std::holds_alternative<Start>(understood("start").action));
    EXPECT_TRUE(std::holds_alternative<CheckConfig>(understood("config check").action));
    EXPECT_TRUE(std::holds_alternative<FollowEvents>(understood("events").action));
    const auto edited = [](const std::string& line, command::Cluster cluster) {
        const auto change = std::get<EditCluster>(understood(line).action);
        EXPECT_EQ(change.cluster_id, "shop");
        change.edit(cluster);
        return cluster;
    };
    EXPECT_TRUE(edited("cluster h2 enable -i shop", {}).http2());
    EXPECT_FALSE(edited("cluster h2 disable -i shop", edited("cluster h2 enable -i shop", {})).http2());
    const command::Cluster limited = edited("cluster connection-attempts set -i shop 7", {});
    EXPECT_EQ(limited.max_connection_attempts(), 7);
    EXPECT_FALSE(edited("cluster connection-attempts unset -i shop", limited).has_max_connection_attempts());
    EXPECT_EQ(std::get<ShowTags>(understood("cluster tags -i shop").action).request.query_cluster_by_id(), "shop");
    EXPECT_EQ(std::get<Watch>(understood("metrics get -r 5").action).interval, std::chrono::seconds(5));
}

TEST(Requests, global_options_may_stand_anywhere) {
    for (const char* line : {"-c a.toml --socket b -t 500 -j -v cluster list",
                             "cluster list --config a.toml --socket b "
                             "--timeout 500 --json --verbose",
                             "cluster --json -c a.toml list --socket b -t 500 -v"}) {
        const CommandLine spoken = understood(line);
        EXPECT_EQ(spoken.config_path, "a.toml") << line;
        EXPECT_EQ(spoken.socket_path, "b") << line;
        EXPECT_EQ(spoken.timeout, std::chrono::milliseconds(500)) << line;
        EXPECT_TRUE(spoken.json && spoken.verbose) << line;
    }
    EXPECT_EQ(understood("status -t 0").timeout, std::chrono::milliseconds(0));
    const CommandLine plain = understood("status");
    EXPECT_FALSE(plain.timeout || plain.json || plain.verbose);
    EXPECT_EQ(plain.config_path + plain.socket_path, "");
}

TEST(Requests, an_option_of_a_verb_hides_the_global_one_of_the_same_name) {
    const CommandLine line = understood("-t 7 cluster health-check set -i a -u / --timeout 2");
    EXPECT_EQ(line.timeout, std::chrono::milliseconds(7));
    EXPECT_EQ(std::get<Ask>(line.action).request.set_health_check().config().timeout(), 2U);
}

}  // namespace
}  // namespace seki::ctl
