// Rules see the normal form of a path, whichever way a client writes it, and backends what the client wrote.

#include <gtest/gtest.h>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using Mode = command::PathNormalization;

// Everybody may have everything of host "a", but for what a rule before all others refuses.
struct Guarded : Stage {
    Guarded() { route_to_backends(1); }
    explicit Guarded(Mode::Mode mode) : Guarded() { compare(mode); }

    void compare(Mode::Mode mode) {
        command::Request listen;
        *listen.mutable_add_http_listener()->mutable_address() = config::to_wire(http.address);
        listen.mutable_add_http_listener()->set_path_normalization(mode);
        EXPECT_TRUE(change({listen}).has_done());
    }
    void deny(std::string_view path, command::PathRuleKind kind = command::PREFIX) {
        command::Request rule = add_frontend("nobody", "*", path);
        rule.mutable_add_http_frontend()->mutable_path()->set_kind(kind);
        rule.mutable_add_http_frontend()->set_position(command::PRE);
        rule.mutable_add_http_frontend()->set_redirect(command::UNAUTHORIZED);
        EXPECT_TRUE(change({rule}).has_done());
    }
    // The status of an answer that no backend gave; 0: the request went to the backend.
    int refused(std::string_view path) {
        const WirePtr wire = client(get(path));
        settle();
        if (!wire->received().empty()) return take_answer(wire).status();
        const WirePtr at = backend(1);
        sent = take_request(at).first_line;
        at->send(answer("x", "Connection: close\r\n"));
        settle();
        return 0;
    }
    std::string sent;  // to the backend
};

TEST(Paths, in_another_spelling_get_past_no_rule) {
    Guarded stage;
    stage.deny(R"(/\.(git|env).*)", command::REGEX);
    stage.deny("/admin");
    stage.deny("/@fs/");
    stage.deny("/exact", command::EQUALS);
    for (const std::string_view path :
         {"/.git/config", "/%2egit/config", "/%2Egit/config", "/./.git/config", "/x/../.git/config", "//.git/config",
          "/.%67it/config", "/%2e/%2E%65nv", "/../.env", "/x/y/../..//.env", "/%61dmin", "/x/%2e%2e/admin/",
          "//admin?x", "/%40fs/etc/passwd", "/exac%74", "/exact/x/.%2e/../exact"}) {
        EXPECT_EQ(stage.refused(path), 401) << path;
    }
    for (const std::string_view path : {"/git", "/x/.gi", "/%252egit", "/admi", "/x?/admin", "/x?y=/../.git"}) {
        EXPECT_EQ(stage.refused(path), 0) << path;
    }
}

TEST(Paths, reach_the_backend_as_the_client_wrote_them) {
    Guarded stage;
    for (const std::string path : {"/a/../b//%63?q=%64", "/%c3%a9", "//x", "/a%2fb"}) {
        EXPECT_EQ(stage.refused(path), 0);
        EXPECT_EQ(stage.sent, "GET " + path + " HTTP/1.1");
    }
}

TEST(Paths, of_rules_are_compared_in_their_normal_form_too) {
    Guarded stage;
    stage.deny("//%61dmin/../secret");
    EXPECT_EQ(stage.refused("/secret"), 401);
    EXPECT_EQ(stage.refused("//%61dmin/../secret"), 401);
    EXPECT_EQ(stage.refused("/admin"), 0);
    // What begins with a dot, not the root.
    stage.deny("/.");
    EXPECT_EQ(stage.refused("/%2ehtaccess"), 401);
    EXPECT_EQ(stage.refused("/open"), 0);
}

TEST(Paths, are_compared_as_bytes_where_the_listener_says_so) {
    Guarded stage(Mode::OFF);
    stage.deny("/%61dmin");
    EXPECT_EQ(stage.refused("/%61dmin"), 401);
    EXPECT_EQ(stage.refused("/admin"), 0);
    EXPECT_EQ(stage.refused("/x/../%61dmin"), 0);
    // It may be said while the rules are there.
    stage.compare(Mode::ON);
    EXPECT_EQ(stage.refused("/admin"), 401);
    EXPECT_EQ(stage.refused("/x/../%61dmin"), 401);
}

TEST(Paths, that_others_may_read_otherwise_are_refused_where_the_listener_is_strict) {
    Guarded stage(Mode::STRICT);
    stage.deny("/admin");
    for (const std::string_view path :
         {"/x%2f../admin", "/x%5Cy", "/x\\y", "/x%00", "/x/../y", "/x/%2e", "/..;/y", "/%x"}) {
        EXPECT_EQ(stage.refused(path), 400) << path;
    }
    EXPECT_EQ(stage.refused("/%61dmin"), 401);
    EXPECT_EQ(stage.refused("//%78?%2f..%00"), 0);
    EXPECT_NE(stage.log().find("ambiguous path"), std::string::npos);
}

TEST(Paths, give_their_normal_form_to_rewrites) {
    Guarded stage;
    command::Request rule = add_frontend("c", "b", "/pub/");
    rule.mutable_add_http_frontend()->set_rewrite_path("/files/$PATH[1]");
    ASSERT_TRUE(stage.change({rule}).has_done());
    const WirePtr wire = stage.client("GET /x/../pub/./%61//b/../c%2fd?e=/.. HTTP/1.1\r\nHost: b\r\n\r\n");
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET /files/a/c%2Fd?e=/.. HTTP/1.1");
}

TEST(Paths, that_only_a_redirect_takes_over_stay_as_they_were) {
    Guarded stage;
    command::Request rule = add_frontend("nobody", "b", "/old");
    rule.mutable_add_http_frontend()->set_redirect(command::FOUND);
    rule.mutable_add_http_frontend()->set_rewrite_host("c");
    ASSERT_TRUE(stage.change({rule}).has_done());
    const WirePtr wire = stage.client("GET /%6fld/%20/../x HTTP/1.1\r\nHost: b\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(wire).field("Location"), "http://c/%6fld/%20/../x");
}

TEST(Paths, that_are_none_go_by_the_rules_without_one) {
    Guarded stage;
    ASSERT_TRUE(stage.change({add_frontend("c", "b", "")}).has_done());
    stage.client("OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n");
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "OPTIONS * HTTP/1.1");
}

}  // namespace
}  // namespace seki::stage
