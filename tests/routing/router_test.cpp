#include "routing/router.h"

#include <gtest/gtest.h>

namespace seki::routing {
namespace {

struct Routing : ::testing::Test {
    Router<int> router;
    void prefix(const char* host, const char* path, int target, const char* method = "") {
        ASSERT_TRUE(router.add({host, PathKind::prefix, path, method}, target));
    }
    void equals(const char* host, const char* path, int target, const char* method = "") {
        ASSERT_TRUE(router.add({host, PathKind::equals, path, method}, target));
    }
    int find(std::string_view host, std::string_view path, std::string_view method = "GET") {
        const int* target = router.find(host, path, method);
        return target == nullptr ? 0 : *target;
    }
};

TEST_F(Routing, an_unknown_host_or_path_finds_nothing) {
    prefix("shop.example", "/api", 1);
    EXPECT_EQ(find("other.example", "/api"), 0);
    EXPECT_EQ(find("shop.example", "/"), 0);
    EXPECT_EQ(find("", "/api"), 0);
    EXPECT_EQ(find(std::string(300, 'a'), "/api"), 0);
}

TEST_F(Routing, case_and_a_trailing_dot_of_the_host_do_not_matter) {
    prefix("shop.example", "", 1);
    EXPECT_EQ(find("SHOP.Example.", "/"), 1);
}

TEST_F(Routing, the_exact_path_goes_before_any_prefix) {
    prefix("shop.example", "/cart/items", 1);
    equals("shop.example", "/cart", 2);
    prefix("shop.example", "", 3);
    EXPECT_EQ(find("shop.example", "/cart"), 2);
    EXPECT_EQ(find("shop.example", "/cart/items/7"), 1);
    EXPECT_EQ(find("shop.example", "/cart/"), 3);
}

TEST_F(Routing, the_longer_prefix_wins_whatever_the_order_of_adding) {
    prefix("shop.example", "/a", 1);
    prefix("shop.example", "/a/b/c", 3);
    prefix("shop.example", "/a/b", 2);
    EXPECT_EQ(find("shop.example", "/a/b/c/d"), 3);
    EXPECT_EQ(find("shop.example", "/a/b/d"), 2);
    EXPECT_EQ(find("shop.example", "/ab"), 1);
}

TEST_F(Routing, a_rule_that_names_the_method_goes_before_one_that_takes_any) {
    prefix("shop.example", "/", 1);
    prefix("shop.example", "/", 2, "POST");
    EXPECT_EQ(find("shop.example", "/", "POST"), 2);
    EXPECT_EQ(find("shop.example", "/", "GET"), 1);
}

TEST_F(Routing, the_same_rule_cannot_be_added_twice_and_goes_when_removed) {
    equals("shop.example", "/cart", 1);
    EXPECT_FALSE(router.add({"shop.example", PathKind::equals, "/cart", ""}, 2));
    EXPECT_EQ(router.remove({"shop.example", PathKind::prefix, "/cart", ""}), std::nullopt);
    EXPECT_EQ(router.remove({"shop.example", PathKind::equals, "/cart", ""}), 1);
    EXPECT_EQ(find("shop.example", "/cart"), 0);
    EXPECT_EQ(router.size(), 0U);
}

}  // namespace
}  // namespace seki::routing
