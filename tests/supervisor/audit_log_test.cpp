#include "supervisor/audit_log.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/unique_fd.h"
#include "event/poller.h"

namespace seki::supervisor {
namespace {

using testing::HasSubstr;

constexpr WallTime noon{std::chrono::nanoseconds(1'772'619'072'345'678'901)};

struct AuditLogTest : testing::Test {
    AuditLogTest() {
        char name[] = "/tmp/seki-audit-XXXXXX";
        SEKI_CHECK(mkdtemp(name) != nullptr);
        folder = name;
        log = AuditLog::open({target("text"), target("json"), "/run/seki.sock"}, head, flusher).value();
        int ends[2];
        SEKI_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        const UniqueFd one(ends[0]);
        const UniqueFd other(ends[1]);
        peer = Peer::of(one.get(), 3, Ulid{1, 2}, noon);
        peer.look_up_names();
    }
    ~AuditLogTest() override { std::filesystem::remove_all(folder); }

    [[nodiscard]] std::string target(const std::string& name) const { return "file://" + (folder / name).string(); }
    std::string contents(const std::string& name) {
        for (observe::LogSink* sink : flusher.sinks()) sink->flush(noon);
        std::ifstream file(folder / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void write(const command::Request& request, command::ResponseStatus status = command::OK,
               const std::string& message = "") {
        command::Response response;
        response.set_status(status);
        response.set_message(message);
        log->write(peer, Ulid{3, 4}, Asked::of(request, true), response, std::chrono::milliseconds(5), noon);
    }

    std::filesystem::path folder;
    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    observe::LogFlusher flusher{loop};
    observe::LineHead head{"MAIN", 42};
    std::unique_ptr<AuditLog> log;
    Peer peer;
};

command::Request add_cluster(const std::string& id) {
    command::Request request;
    request.mutable_add_cluster()->set_cluster_id(id);
    return request;
}

TEST_F(AuditLogTest, a_line_of_text_says_who_did_what_and_what_came_of_it) {
    write(add_cluster("shop"));
    const std::string text = contents("text");
    EXPECT_TRUE(text.starts_with("2026-03-04T10:11:12.345678Z 1772619072345678901 42 INFO  MAIN\t[")) << text;
    EXPECT_THAT(text, HasSubstr(Ulid{1, 2}.text() + " " + Ulid{3, 4}.text() +
                                " shop -]\tAUDIT\tCommand(ts=2026-03-04T10:11:12.345678Z, verb=cluster_added, "));
    EXPECT_THAT(text,
                HasSubstr(fmt::format("actor_uid={}, actor_gid={}, actor_pid={}, ", getuid(), getgid(), getpid())));
    EXPECT_THAT(text, HasSubstr("client_id=3, connect_ts=2026-03-04T10:11:12.345678Z, socket=/run/seki.sock, "
                                "target=cluster:shop, result=ok, elapsed_ms=5, request_sha256="));
    EXPECT_TRUE(text.ends_with("boot_generation=0)\n")) << text;
}

TEST_F(AuditLogTest, json_says_the_same) {
    write(add_cluster("shop"), command::FAILURE, "it is stopping");
    const auto line = nlohmann::json::parse(contents("json"));
    EXPECT_EQ(line.at("verb"), "cluster_added");
    EXPECT_EQ(line.at("result"), "err");
    EXPECT_EQ(line.at("cluster_id"), "shop");
    EXPECT_EQ(line.at("target"), "cluster:shop");
    EXPECT_EQ(line.at("actor").at("uid"), getuid());
    EXPECT_EQ(line.at("actor").at("pid"), getpid());
    EXPECT_EQ(line.at("session_ulid"), (Ulid{1, 2}.text()));
    EXPECT_EQ(line.at("extras").at("reason"), "it is stopping");
    EXPECT_EQ(line.at("extras").at("request_sha256").get<std::string>().size(), 16U);
}

TEST_F(AuditLogTest, nobody_can_forge_a_line) {
    const std::string hostile = "a, result=ok)\n2026 1 1 INFO  MAIN\t[x] \x1b[2J\u202E\u2028\xff";
    write(add_cluster(hostile), command::FAILURE, hostile);
    const std::string text = contents("text");
    EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
    EXPECT_EQ(std::ranges::count(text, '\t'), 3) << text;
    EXPECT_THAT(text, HasSubstr(" a??result?ok??2026?1?1?INFO??MAIN??x?"));
    EXPECT_THAT(text, testing::Not(HasSubstr("result=ok")));
    EXPECT_THAT(text, testing::Not(HasSubstr("\x1b")));
    const auto line = nlohmann::json::parse(contents("json"));
    EXPECT_EQ(line.at("result"), "err");
    EXPECT_THAT(line.at("cluster_id").get<std::string>(), testing::Not(HasSubstr("\u202E")));
}

TEST_F(AuditLogTest, every_verb_has_a_name_and_questions_are_no_actions) {
    const auto* verbs = command::Request::descriptor()->oneof_decl(0);
    for (int i = 0; i < verbs->field_count(); ++i) {
        command::Request request;
        const auto* verb = verbs->field(i);
        if (verb->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
        request.GetReflection()->MutableMessage(&request, verb);
        const Asked asked = Asked::of(request, false);
        EXPECT_FALSE(asked.verb.empty()) << verb->name();
        EXPECT_EQ(asked.acts, !is_question(request));
        EXPECT_TRUE(asked.digest.empty());
    }
    command::Request query;
    query.mutable_query_metrics();
    EXPECT_FALSE(Asked::of(query, false).acts);
    EXPECT_TRUE(Asked::of(add_cluster("a"), false).acts);
}

TEST_F(AuditLogTest, secrets_are_not_shown) {
    command::Request request;
    request.mutable_add_certificate()->mutable_certificate()->set_key("SECRET KEY");
    write(request);
    EXPECT_THAT(contents("text"), testing::Not(HasSubstr("SECRET")));
    EXPECT_THAT(contents("json"), testing::Not(HasSubstr("SECRET")));
}

TEST_F(AuditLogTest, of_a_secret_of_tickets_there_is_not_even_a_digest) {
    command::Request request;
    request.set_set_tls_ticket_secret(std::string(40, 's'));
    command::Request several;
    *several.mutable_apply_changes()->add_changes() = request;
    for (const command::Request& asked : {request, several}) EXPECT_EQ(Asked::of(asked, true).digest, "");
    EXPECT_EQ(Asked::of(request, true).target, "");
    write(request);
    EXPECT_THAT(contents("text"), HasSubstr("verb=set_tls_ticket_secret, "));
    EXPECT_THAT(contents("text") + contents("json"), testing::Not(HasSubstr("sss")));
}

TEST_F(AuditLogTest, without_targets_there_is_none) {
    EXPECT_EQ(AuditLog::open({}, head, flusher).value(), nullptr);
    EXPECT_FALSE(AuditLog::open({"file:///nonexistent/audit", "", ""}, head, flusher));
}

}  // namespace
}  // namespace seki::supervisor
