// Sticky sessions: a cookie takes a client back to the backend that served it.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

struct StickySite : Stage {
    StickySite() {
        route_to_backends(3);
        command::Request cluster;
        cluster.mutable_add_cluster()->set_cluster_id("c");
        cluster.mutable_add_cluster()->set_sticky_session(true);
        EXPECT_TRUE(change({cluster}).has_done());
    }
    // Which backend a request with these fields comes to, and what is set by its answer.
    struct Visit {
        int backend = 0;
        std::string cookies;  // that the backend saw
        std::string set;
    };
    Visit visit(std::string_view fields = {}) {
        const WirePtr wire = client(get("/", std::string(fields) + "Connection: close\r\n"));
        settle();
        for (uint8_t n = 1; n <= 3; ++n) {
            const bool fresh = has_connection(n);
            if (fresh) known[n] = backend(n);
            if (known[n] == nullptr || known[n]->received().empty()) continue;
            const Message request = take_request(known[n]);
            known[n]->send(answer("x"));
            settle();
            return {n, request.field("Cookie"), take_answer(wire).field("Set-Cookie")};
        }
        return {};
    }
    std::string id_of(int n) { return add_backend("c", static_cast<uint8_t>(n)).add_backend().backend_id(); }
    std::array<WirePtr, 4> known;
};

TEST(StickySessions, begin_with_a_cookie_and_stay) {
    StickySite site;
    const auto first = site.visit();
    EXPECT_EQ(first.set, "SOZUBALANCEID=" + site.id_of(first.backend) + "; Path=/; HttpOnly");
    const std::string cookie = "Cookie: SOZUBALANCEID=" + site.id_of(first.backend) + "\r\n";
    for (int i = 0; i < 5; ++i) {
        const auto again = site.visit(cookie);
        EXPECT_EQ(again.backend, first.backend);
        EXPECT_EQ(again.set, "");
    }
}

TEST(StickySessions, do_not_show_their_cookie_to_backends) {
    StickySite site;
    EXPECT_EQ(site.visit("Cookie: a=1; SOZUBALANCEID=x; b=2\r\n").cookies, "a=1; b=2");
    EXPECT_EQ(site.visit("Cookie: SOZUBALANCEID=x\r\n").cookies, "");
    EXPECT_EQ(site.visit("Cookie: a=1;b=2\r\n").cookies, "a=1;b=2");
}

TEST(StickySessions, move_on_when_their_backend_is_gone) {
    StickySite site;
    const std::string cookie = "Cookie: SOZUBALANCEID=" + site.id_of(2) + "\r\n";
    EXPECT_EQ(site.visit(cookie).backend, 2);
    ASSERT_TRUE(site.change({remove_backend("c", 2)}).has_done());
    const auto moved = site.visit(cookie);
    EXPECT_NE(moved.backend, 2);
    EXPECT_EQ(moved.set, "SOZUBALANCEID=" + site.id_of(moved.backend) + "; Path=/; HttpOnly");
}

TEST(StickySessions, move_on_when_their_backend_cannot_be_reached) {
    StickySite site;
    site.network.listen(backend_address(2), Network::Reception::refuse);
    const auto moved = site.visit("Cookie: SOZUBALANCEID=" + site.id_of(2) + "\r\n");
    EXPECT_NE(moved.backend, 2);
    EXPECT_NE(moved.set, "");
}

TEST(StickySessions, go_by_the_sticky_id_where_there_is_one) {
    StickySite site;
    command::Request named = add_backend("c", 3);
    named.mutable_add_backend()->set_sticky_id("blue; one");
    ASSERT_TRUE(site.change({named}).has_done());
    EXPECT_EQ(site.visit("Cookie: SOZUBALANCEID=blue%3B%20one\r\n").backend, 3);
}

}  // namespace
}  // namespace seki::stage
