// Changing a frontend where it is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/state.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Undo> apply(State& state, const Request& request) {
    auto checked = check(request);
    if (!checked) return std::unexpected(checked.error());
    return state.apply(*checked);
}

struct FrontendUpdate : testing::Test {
    State state;

    FrontendUpdate() {
        must(http_listener("127.0.0.1:80"));
        must(rich());
    }
    static Request rich() {
        Request added = http_frontend("shop", "127.0.0.1:80", "a.example");
        command::RequestHttpFrontend& frontend = *added.mutable_add_http_frontend();
        frontend.set_position(command::PRE);
        (*frontend.mutable_tags())["owner"] = "ann";
        frontend.set_back_timeout(5);
        frontend.set_rewrite_host("b.example");
        frontend.mutable_match_headers()->Add()->set_name("X-Beta");
        frontend.mutable_match_headers(0)->set_kind(command::PRESENT);
        edit(*frontend.add_headers(), "X-A");
        return added;
    }
    static void edit(command::Header& header, const std::string& name) {
        header.set_position(command::REQUEST);
        header.set_key(name);
        header.set_val("1");
    }
    static Request update() {
        Request request = http_frontend_update("127.0.0.1:80", "A.example");
        request.mutable_update_http_frontend()->mutable_match_headers()->Add()->set_name("x-beta");
        request.mutable_update_http_frontend()->mutable_match_headers(0)->set_kind(command::PRESENT);
        return request;
    }
    static void share(command::ClusterShare& share, const std::string& cluster, uint32_t weight) {
        share.set_cluster_id(cluster);
        share.set_weight(weight);
    }
    void must(const Request& request) {
        const auto applied = apply(state, request);
        EXPECT_TRUE(applied.has_value()) << applied.error().message;
    }
    std::string refusal(const Request& request) {
        const auto applied = apply(state, request);
        return applied ? "" : applied.error().message;
    }
    const command::RequestHttpFrontend& only() {
        EXPECT_EQ(state.table<HttpFrontends>().entries().size(), 1);
        return state.table<HttpFrontends>().entries().begin()->second;
    }
};

TEST_F(FrontendUpdate, changes_what_it_names_and_keeps_the_rest) {
    Request request = update();
    request.mutable_update_http_frontend()->set_front_timeout(7);
    request.mutable_update_http_frontend()->set_redirect(command::FOUND);
    (*request.mutable_update_http_frontend()->mutable_tags())["tier"] = "gold";
    edit(*request.mutable_update_http_frontend()->add_headers(), "X-B");
    must(request);
    EXPECT_EQ(only().front_timeout(), 7);
    EXPECT_EQ(only().redirect(), command::FOUND);
    EXPECT_EQ(only().tags_size(), 1) << "of tags all are replaced";
    EXPECT_EQ(only().tags().at("tier"), "gold");
    ASSERT_EQ(only().headers_size(), 1) << "and so are lists";
    EXPECT_EQ(only().headers(0).key(), "X-B");
    EXPECT_EQ(only().back_timeout(), 5);
    EXPECT_EQ(only().position(), command::PRE);
    EXPECT_EQ(only().cluster_id(), "shop");
    EXPECT_EQ(only().match_headers_size(), 1);
}

TEST_F(FrontendUpdate, sends_requests_to_one_cluster_or_to_several) {
    Request canary = update();
    share(*canary.mutable_update_http_frontend()->add_split(), "shop", 90);
    share(*canary.mutable_update_http_frontend()->add_split(), "next", 10);
    must(canary);
    EXPECT_FALSE(only().has_cluster_id());
    EXPECT_EQ(only().split_size(), 2);
    EXPECT_TRUE(state.table<HttpFrontends>().has_any_of("next"));
    Request done = update();
    done.mutable_update_http_frontend()->set_cluster_id("next");
    must(done);
    EXPECT_EQ(only().cluster_id(), "next");
    EXPECT_EQ(only().split_size(), 0);
    EXPECT_FALSE(state.table<HttpFrontends>().has_any_of("shop"));
}

TEST_F(FrontendUpdate, takes_back_what_it_resets) {
    Request request = update();
    for (const char* name : {"tags", "headers", "back_timeout", "rewrite_host", "position", "cluster_id"}) {
        request.mutable_update_http_frontend()->add_reset(name);
    }
    must(request);
    EXPECT_EQ(only().tags_size(), 0);
    EXPECT_EQ(only().headers_size(), 0);
    EXPECT_FALSE(only().has_back_timeout());
    EXPECT_FALSE(only().has_rewrite_host());
    EXPECT_EQ(only().position(), command::TREE);
    EXPECT_FALSE(only().has_cluster_id());
}

TEST_F(FrontendUpdate, is_judged_as_the_frontend_that_comes_of_it) {
    Request request = update();
    request.mutable_update_http_frontend()->set_rewrite_path("/$PATH[7]");
    EXPECT_THAT(refusal(request), HasSubstr("'rewrite_path'"));
    request = update();
    share(*request.mutable_update_http_frontend()->add_split(), "shop", 0);
    share(*request.mutable_update_http_frontend()->add_split(), "next", 0);
    EXPECT_THAT(refusal(request), HasSubstr("'split': at least one weight must be more than 0"));
    request = update();
    request.mutable_update_http_frontend()->set_front_timeout(0);
    EXPECT_THAT(refusal(request), HasSubstr("'front_timeout'"));
    for (const char* name : {"hostname", "match_headers", "no_such_thing", ""}) {
        request = update();
        request.mutable_update_http_frontend()->add_reset(name);
        EXPECT_EQ(refusal(request),
                  "Invalid value for field 'reset': '" + std::string(name) + "' is no setting of a frontend");
    }
    EXPECT_TRUE(same_message(only(), state.table<HttpFrontends>().entries().begin()->second));
    EXPECT_EQ(only().back_timeout(), 5);
}

TEST_F(FrontendUpdate, of_one_that_is_not_there_is_refused) {
    EXPECT_EQ(refusal(http_frontend_update("127.0.0.1:80", "a.example")),
              "Did not find HttpFrontend with address or id '127.0.0.1:80;a.example;P'");
}

TEST_F(FrontendUpdate, that_changes_nothing_is_empty_and_others_can_be_undone) {
    EXPECT_TRUE(apply(state, update())->empty());
    Request request = update();
    request.mutable_update_http_frontend()->set_back_timeout(5);
    EXPECT_TRUE(apply(state, request)->empty());
    request.mutable_update_http_frontend()->set_cluster_id("next");
    auto undo = apply(state, request);
    ASSERT_TRUE(undo.has_value());
    state.undo(std::move(*undo));
    EXPECT_EQ(only().cluster_id(), "shop");
}

TEST_F(FrontendUpdate, is_what_leads_from_any_frontend_to_any_other_of_its_key) {
    State to;
    EXPECT_TRUE(apply(to, http_listener("127.0.0.1:80")));
    Request other = http_frontend("", "127.0.0.1:80", "a.example");
    command::RequestHttpFrontend& frontend = *other.mutable_add_http_frontend();
    frontend.clear_cluster_id();
    *frontend.mutable_match_headers() = rich().add_http_frontend().match_headers();
    share(*frontend.add_split(), "shop", 1);
    share(*frontend.add_split(), "next", 2);
    frontend.set_required_auth(true);
    EXPECT_TRUE(apply(to, other));
    for (const auto& [from, into] : {std::pair(&state, &to), std::pair(&to, &state)}) {
        State changed;
        for (const Request& change : snapshot(*from)) EXPECT_TRUE(apply(changed, change));
        const auto changes = diff(*from, *into);
        ASSERT_EQ(changes.size(), 1);
        EXPECT_TRUE(changes[0].has_update_http_frontend());
        EXPECT_TRUE(apply(changed, changes[0]));
        EXPECT_TRUE(changed.same_as(*into));
    }
}

TEST_F(FrontendUpdate, has_the_fields_of_a_frontend) {
    const auto* update = command::UpdateHttpFrontend::descriptor();
    const auto* frontend = command::RequestHttpFrontend::descriptor();
    std::vector<std::string> own;
    for (int i = 0; i < update->field_count(); ++i) {
        const auto* same = frontend->FindFieldByName(update->field(i)->name());
        if (same == nullptr) {
            own.push_back(update->field(i)->name());
            continue;
        }
        EXPECT_EQ(same->number(), update->field(i)->number()) << same->name();
        EXPECT_EQ(same->type(), update->field(i)->type()) << same->name();
        EXPECT_EQ(same->is_repeated(), update->field(i)->is_repeated()) << same->name();
    }
    EXPECT_THAT(own, ElementsAre("reset"));
    EXPECT_EQ(update->field_count(), frontend->field_count() + 1);
}

}  // namespace
}  // namespace seki::config
